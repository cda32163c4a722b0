"""WeChat's one message to who is asked to confirm in the mini program, agreed to it, and has not answered."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import httpx

from tests.conftest import Contests, as_owner, cast, eventually, refusal
from tests.wechat.standin import Standin
from voting.demo.wechat.world import MINI_PROGRAM_APP, TEMPLATE, person
from voting.settings import Settings

RULES = """
[voters]
channels = ["mini_program", "web"]
[verification]
share = 1.0
by = ["phone"]
[[quota]]
picks = 2
"""
SEND = "/cgi-bin/message/subscribe/send"


class Phone:
    """The mini program on somebody's phone."""

    def __init__(self, http: httpx.AsyncClient, contest: str, standin: Standin, number: int) -> None:
        self.http, self.standin, self.number = http, standin, number
        self.path = f"/api/v1/contests/{contest}"
        self.headers: dict[str, str] = {}
        self.contest = contest

    async def vote(self) -> None:
        proof = {"mini_program": {"code": self.standin.mini_program_code(self.number)}}
        token = (await self.http.post(f"{self.path}/voters", json=proof)).raise_for_status().json()["token"]
        self.headers = {"Authorization": f"Bearer {token}"}
        assert (await cast(self.http, self.contest, token, ["A001"])).status_code == 201

    async def template(self) -> str:
        found: str = (await self.http.get(f"{self.path}/me", headers=self.headers)).json()["confirmation"]["template"]
        return found

    async def wish(self, *, agrees: bool = True) -> httpx.Response:
        if agrees:
            self.standin.agree_to_message(self.number)
        proof = {"mini_program": {"code": self.standin.mini_program_code(self.number)}}
        return await self.http.post(f"{self.path}/me/confirmation/reminder", json=proof, headers=self.headers)


async def openids(settings: Settings, contest: str) -> list[bytes]:
    """Returns the openids that are stored, encrypted."""
    async with as_owner(settings) as owner:
        rows = await owner.fetch(
            "select openid from confirmations where contest = $1 and openid is not null order by voter", contest
        )
    return [row["openid"] for row in rows]


async def are_forgotten(settings: Settings, contest: str) -> bool:
    """Whether none is left."""
    return not await openids(settings, contest)


async def must_confirm(settings: Settings, contest: str) -> None:
    """All must confirm within two hours, as two persons decide about a cell."""
    async with as_owner(settings) as owner:
        await owner.execute("update confirmations set due_at = now() + interval '2 hours' where contest = $1", contest)


async def test_a_voter_who_wished_for_it_is_told_once(
    http: httpx.AsyncClient, contests: Contests, settings: Settings, wechat_standin: Standin
) -> None:
    contest = await contests.make(RULES, closes=timedelta(days=5))
    first, second, third = (Phone(http, contest, wechat_standin, number) for number in (1, 2, 3))
    for phone in (first, second, third):
        await phone.vote()
        assert await phone.template() == TEMPLATE
    assert await openids(settings, contest) == [], "nothing is kept of who did not wish it"
    for phone, agrees in ((first, True), (second, False), (third, True)):
        assert (await phone.wish(agrees=agrees)).status_code == 204
    stored = await openids(settings, contest)
    assert len(stored) == 3
    plain = [person(number).openid(MINI_PROGRAM_APP.id).encode() for number in (1, 2, 3)]
    assert not any(openid in row for openid in plain for row in stored)
    # Who has answered is not told, and nothing is kept of them.
    denial = f"/api/v1/contests/{contest}/me/confirmation/denial"
    assert (await http.post(denial, headers=third.headers)).status_code == 204
    assert len(await openids(settings, contest)) == 2
    assert wechat_standin.messages() == [], "not before it is needed"
    wechat_standin.spoil(SEND, "code", code=-1, times=3)
    wechat_standin.spoil(SEND, "code", code=40037)
    await must_confirm(settings, contest)
    # The second has not agreed: 43101. A busy WeChat, and an error of the operator's, lose nobody.
    await eventually(lambda: are_forgotten(settings, contest))
    codes = [code for path, code in wechat_standin.answers() if path == SEND]
    assert sorted(codes) == [-1, -1, -1, 0, 40037, 43101]
    (message,) = wechat_standin.messages()
    assert (message["person"], message["page"]) == (1, "pages/confirm/index")
    assert message["texts"]["thing3"] == "请确认您投的选票"
    assert "A001" not in str(message)
    assert await first.template() == "", "it is too late to wish for another"
    assert refusal(await first.wish()) == (409, "not_asked")


async def test_a_contest_whose_messages_are_refused_does_not_stop_the_others(
    http: httpx.AsyncClient, contests: Contests, settings: Settings, wechat_standin: Standin
) -> None:
    phones = [
        Phone(http, await contests.make(RULES, closes=timedelta(days=5)), wechat_standin, number) for number in (6, 7)
    ]
    for phone in phones:
        await phone.vote()
        assert (await phone.wish()).status_code == 204
    wechat_standin.spoil(SEND, "code", code=47003)
    async with as_owner(settings) as owner:
        # At once, the first one's before the other's.
        await owner.execute(
            "update confirmations set due_at = now() + interval '1 hour' * (1 + (contest = $2)::int)"
            " where contest in ($1, $2)",
            phones[0].contest,
            phones[1].contest,
        )
    for phone in phones:
        await eventually(partial(are_forgotten, settings, phone.contest))
    delivered = [message["person"] for message in wechat_standin.messages() if message["person"] in (6, 7)]
    assert delivered == [7, 6], "the one that was refused is sent in the next round"


async def test_openids_end_with_the_time_to_confirm_and_on_request(
    http: httpx.AsyncClient, contests: Contests, settings: Settings, wechat_standin: Standin
) -> None:
    contest = await contests.make(RULES, closes=timedelta(days=5))
    first, second = (Phone(http, contest, wechat_standin, number) for number in (4, 5))
    for phone in (first, second):
        await phone.vote()
        assert (await phone.wish()).status_code == 204
    assert (await http.delete(f"/api/v1/contests/{contest}/me", headers=first.headers)).status_code == 204
    assert len(await openids(settings, contest)) == 1
    async with as_owner(settings) as owner:
        await owner.execute("update contests set closes_at = now(), revision = revision + 1 where id = $1", contest)
    await eventually(lambda: are_forgotten(settings, contest))
    assert wechat_standin.messages() == []
