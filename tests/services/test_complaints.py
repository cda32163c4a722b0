"""Complaints from the form to the answer; what is stored of whoever complains, and that it ends."""

from __future__ import annotations

import httpx
import pytest

from tests.conftest import Contests, Service, as_owner, cast, eventually, refusal
from voting.errors import ComplaintsFull, Malformed, NotFound
from voting.services.complaint_limits import OF_ADDRESS
from voting.services.complaints import GivenComplaint
from voting.services.identity.retention import UNCERTIFIED
from voting.wiring.admin import AdminServices

WHY = "这件作品是别人去年发表过的。"


async def filed(http: httpx.AsyncClient, contest: str, **given: str) -> str:
    """Files a complaint, and returns its reference."""
    answer = await http.post(f"/api/v1/contests/{contest}/complaints", json={"about": "contest", "body": WHY} | given)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])


async def test_a_complaint_is_answered_to_whoever_has_its_reference_and_closed(
    http: httpx.AsyncClient, contests: Contests
) -> None:
    contest, (token,) = await contests.make(), contests.tokens("x", 1)
    headers = {"Authorization": f"Bearer {await contests.staff_key('organiser', contest)}"}
    reference = await filed(http, contest, about="entry", entry="A001", contact="13800001234")
    number, code = reference.split("-")
    page = (await http.get(f"/control/{contest}/complaints", headers=headers)).text
    assert WHY in page
    assert "13800001234" in page
    path = f"/api/v1/staff/contests/{contest}/complaints/{number}"
    assert (await http.post(f"{path}/answer", json={"answer": "已核实，属实。"}, headers=headers)).status_code == 200
    shown = (await http.get(f"/c/{contest}/complaints", params={"reference": f" {number}{code.lower()}"})).text
    assert "已核实，属实。" in shown
    assert '<form method="post"' in shown, "without its script the text does not get into an address"
    assert WHY not in shown
    for wrong in (f"{number}-{'A' * 8}", f"{int(number) + 1}-{code}", code, "投诉"):
        assert "没有找到这个编号" in (await http.get(f"/c/{contest}/complaints", params={"reference": wrong})).text
    assert (await http.post(f"{path}/close", json={"reason": "已处理"}, headers=headers)).status_code == 200
    for end, body in (("answer", {"answer": "x"}), ("close", {"reason": "x"})):
        assert refusal(await http.post(f"{path}/{end}", json=body, headers=headers)) == (404, "not_found")
    assert "已办结" in (await http.get(f"/c/{contest}/complaints", params={"reference": reference})).text
    # Its own ballot, by the receipt; nothing else names one.
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    receipt = (await cast(http, contest, token, ["A002"])).json()["receipt"]
    await filed(http, contest, about="ballot", receipt=receipt)
    wrong_ones = (
        ({"about": "ballot", "receipt": receipt[:-9]}, (404, "receipt_unknown")),
        ({"about": "entry", "entry": "Z999"}, (404, "entry_unknown")),
        ({"about": "entry", "body": "短"}, (400, "malformed")),
        ({"about": "contest", "body": f"短{' ' * 20}"}, (400, "malformed")),
    )
    for given, wanted in wrong_ones:
        sent = await http.post(f"/api/v1/contests/{contest}/complaints", json={"body": WHY} | given)
        assert refusal(sent) == wanted


async def test_an_address_files_a_few_an_hour(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    most = OF_ADDRESS.burst // OF_ADDRESS.interval
    references = {await filed(http, contest) for _ in range(most)}
    assert len(references) == most
    sent = await http.post(f"/api/v1/contests/{contest}/complaints", json={"about": "contest", "body": WHY})
    assert refusal(sent) == (429, "slow_down")


async def test_only_complaints_that_wait_count_and_the_oldest_comes_first(
    contests: Contests, office: AdminServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voting.services.complaints._MOST_WAITING", 2)
    snapshot = await office.contest_cache.get(await contests.make())
    contest, given = snapshot.contest.id, GivenComplaint("contest", WHY)
    first, second = [int((await office.complaints.file(snapshot, given)).split("-")[0]) for _ in range(2)]
    with pytest.raises(ComplaintsFull):
        await office.complaints.file(snapshot, given)
    assert [each.stored.number for each in await office.complaints.all(snapshot)] == [first, second]
    await office.complaints.answer(contest, first, "已核实。", "test")
    third = int((await office.complaints.file(snapshot, given)).split("-")[0])
    assert [each.stored.number for each in await office.complaints.all(snapshot)] == [second, third, first]
    with pytest.raises(Malformed):
        await office.complaints.answer(contest, second, " " * 3, "test")


async def test_a_contact_is_stored_encrypted_and_everything_ends_with_the_retention(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, service: Service
) -> None:
    contest = await contests.make()
    number = int((await filed(http, contest, contact="wang@example.cn")).split("-")[0])
    await office.complaints.answer(contest, number, "王先生，已电话答复。", "test")
    async with as_owner(service.settings) as connection:
        row = await connection.fetchrow("select * from complaints where number = $1", number)
        assert row
        assert b"wang" not in row["contact"]
        acts = await connection.fetch("select details::text from audit_log where contest = $1", contest)
        logged = "".join(act["details"] for act in acts)
        assert not [text for text in (WHY, "wang", "王先生") if text in logged]
        await connection.execute(
            "update contests set opens_at = now() - $2::interval * 2, closes_at = now() - $2::interval,"
            " revision = revision + 1 where id = $1",
            contest,
            UNCERTIFIED * 2,
        )
        assert [purged.complaints for purged in await office.retention.purge(30, contest)] == [1]
        row = await connection.fetchrow("select * from complaints where number = $1", number)
        assert row
        assert [row[name] for name in ("body", "contact", "ballot", "answer")] == [None] * 4
    with pytest.raises(NotFound):
        await office.complaints.answer(contest, number, "王先生，再次答复。", "test")
    (kept,) = await office.complaints.all(await office.contest_cache.renew(contest))
    assert (kept.contact, kept.stored.about) == (None, "contest")

    async def is_over() -> bool:
        sent = await http.post(f"/api/v1/contests/{contest}/complaints", json={"about": "contest", "body": WHY})
        return sent.status_code == 409 and refusal(sent) == (409, "complaints_over")

    await eventually(is_over)
