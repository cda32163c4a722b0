"""The story of deploy/runbooks/invented-votes.md on a running service: invented web votes, found, decided, certified.

Phones are those of the log sender, WeChat is the stand-in. Hours pass by moving the times of requests in the database.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import SECRET, Contests, as_owner, cast, environment_of, free_port, serving
from tests.fraud.rings import write_policy
from tests.wechat.standin import Standin, standin
from tests.wechat.test_sign_in import HTML, agree
from voting.demo.wechat.process import settings_of
from voting.services.identity.keyring import Keyring
from voting.settings import Settings
from voting.web.auth import voter_cookie_name

pytestmark = pytest.mark.campaign
RULES = """
[voters]
channels = ["web"]
[verification]
share = 0.25
by = ["phone", "wechat"]
telephone = "010-12345678"
[[quota]]
picks = 5
"""
ATTACK = 320
PEOPLE = {"A001": 60} | {f"A{number:03d}": 45 for number in range(2, 11)}
KEYRING = Keyring(SECRET.encode())
AT_ONCE = 8


class Codes:
    """The codes that the log sender writes, by the last digits of the number."""

    def __init__(self, log: Iterable[str]) -> None:
        self._codes: dict[str, str] = {}
        threading.Thread(target=self._read, args=[log], daemon=True).start()

    def _read(self, log: Iterable[str]) -> None:
        for line in log:
            if found := re.search(r"code for the phone \S*?(\d{4}): (\d{6})", line):
                self._codes[found[1]] = found[2]

    async def of(self, number: str) -> str:
        async with asyncio.timeout(30):
            while number[-4:] not in self._codes:
                await asyncio.sleep(0.02)
        return self._codes[number[-4:]]


class Vote:
    """The contest as its organiser and its voters use it."""

    def __init__(self, url: str, contest: str, settings: Settings, environment: dict[str, str], codes: Codes) -> None:
        self.url, self.contest, self.settings, self.codes = url, contest, settings, codes
        self.environment = environment
        self.path = f"/api/v1/contests/{contest}"
        self._numbers = iter(range(1000, 10_000))

    def office(self, *arguments: str, code: int = 0) -> str:
        done = run(*arguments, "--contest", self.contest, env=self.environment)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def cells(self) -> list[dict[str, Any]]:
        listed = run("review", "list", "--json", "--contest", self.contest, env=self.environment)
        cells: list[dict[str, Any]] = json.loads(listed.stdout)["cells"]
        return cells

    def sweep(self) -> None:
        """Does what the process beside the workers does within minutes."""
        done = run("sweep", "--once", env=self.environment)
        assert done.returncode == 0, done.stderr

    async def pass_hours(self) -> None:
        """Lets hours pass for requests, and for sweeps, which come at intervals."""
        async with as_owner(self.settings) as owner:
            await owner.execute(
                "update confirmations set asked_at = asked_at - interval '2 hours',"
                " due_at = due_at - interval '2 hours' where contest = $1",
                self.contest,
            )

    async def cast(self, http: httpx.AsyncClient, entry: str) -> str:
        token = KEYRING.issue_credential(self.contest, "web", datetime.now(UTC))
        assert (await cast(http, self.contest, token, [entry])).status_code == 201
        return token

    async def asked(self, http: httpx.AsyncClient, token: str) -> dict[str, Any]:
        answer = await http.get(f"{self.path}/me", headers={"Authorization": f"Bearer {token}"})
        return answer.raise_for_status().json()["confirmation"] or {"state": "never"}

    async def confirm(self, http: httpx.AsyncClient, token: str) -> None:
        """The voter confirms with a phone."""
        number, headers = f"+861380000{next(self._numbers)}", {"Authorization": f"Bearer {token}"}
        sent = await http.post(f"{self.path}/me/confirmation/phone-codes", json={"phone": number}, headers=headers)
        assert sent.status_code == 202, sent.text
        proof = {"phone": number, "code": await self.codes.of(number)}
        done = await http.post(f"{self.path}/me/confirmation", json=proof, headers=headers)
        assert done.status_code == 204, done.text


@asynccontextmanager
async def running(settings: Settings, contests: Contests, wechat: Standin, folder: Path) -> AsyncIterator[Vote]:
    port = free_port()
    environment = environment_of(settings) | settings_of(wechat.url, f"http://127.0.0.1:{port}")
    environment |= {
        "VOTING_PHONE_SENDER": "log",
        "VOTING_POLICY": str(write_policy(folder / "policy.toml", "blind")),
        **{
            f"VOTING_LIMIT_{name}": "1000000/hour"
            for name in ("ADDRESS", "PHONE_ADDRESS", "PHONE_CONTEST", "REGISTRATION")
        },
    }
    contest = await contests.make(RULES, opens=timedelta(hours=-3), closes=timedelta(days=2))
    with serving(environment, "--workers", "1", port=port) as (url, process):
        yield Vote(url, contest, settings, environment, Codes(process.stderr))


async def in_turns(work: Iterable[Any]) -> list[Any]:
    """Awaits the work, a few at once."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(each: Any) -> Any:
        async with turns:
            return await each

    return await asyncio.gather(*(one(each) for each in work))


async def test_an_attack_is_found_decided_and_certified_with_the_commands(
    settings: Settings, contests: Contests, tmp_path: Path
) -> None:
    with standin() as wechat:
        async with (
            running(settings, contests, wechat, tmp_path) as vote,
            httpx.AsyncClient(base_url=vote.url, timeout=60) as http,
        ):
            await follow(vote, http, contests, tmp_path)


async def follow(vote: Vote, http: httpx.AsyncClient, contests: Contests, folder: Path) -> None:
    # The vote: people, and an attacker whom nothing that is observed tells from them.
    entries = [entry for entry, voters in PEOPLE.items() for _ in range(voters)]
    people = await in_turns(vote.cast(http, entry) for entry in entries)
    await in_turns(vote.cast(http, "A001") for _ in range(ATTACK))
    asked = [token for token in people if (await vote.asked(http, token))["state"] == "asked"]
    assert len(asked) > 60
    # Two in three people answer: by phone, one with WeChat.
    await confirm_with_wechat(vote, asked[0])
    await in_turns(vote.confirm(http, token) for place, token in enumerate(asked[1:]) if place % 3)
    await vote.pass_hours()
    vote.sweep()
    # 1. The cell is found, and named to the organiser.
    (cell,) = [each for each in vote.cells() if each["state"] == "open" and each["kind"] == "channel"]
    assert (cell["entry"], cell["value"]) == ("A001", "web")
    # The sample is random, and of twenty intervals one misses: by far none does.
    picks = cell["estimate"]["picks"]
    assert cell["estimate"]["low"] * picks < 1.15 * ATTACK
    assert cell["estimate"]["high"] * picks > 0.85 * ATTACK
    # 2. Two persons decide that all its voters must confirm.
    keys = []
    for name in ("wang", "li"):
        (folder / name).write_text(await contests.staff_key("organiser", vote.contest, name), "utf-8")
        keys.append(str(folder / name))
    ask = ("review", "ask", cell["cell"], "--hours", "1", "--reason", "few of those asked confirmed")
    assert "proposed" in vote.office(*ask, "--key-file", keys[0])
    assert "decided" in vote.office(*ask, "--key-file", keys[1])
    vote.sweep()
    # 3. Nearly all people of the entry answer; one tells the organiser the code, one says that it was somebody else.
    own = people[: PEOPLE["A001"]]
    waiting = [token for token in own if (await vote.asked(http, token))["state"] == "asked"]
    caller, other, *rest = waiting
    found = await vote.asked(http, caller)
    assert (found["required"], found["telephone"]) == (True, "010-12345678")
    reason = ("--reason", "known at the home of the aged", "--key-file", keys[0])
    vote.office("review", "confirm", found["code"], *reason)
    headers = {"Authorization": f"Bearer {other}"}
    assert (await http.post(f"{vote.path}/me/confirmation/denial", headers=headers)).status_code == 204
    silent = len(rest) // 10
    await in_turns(vote.confirm(http, token) for token in rest[silent:])
    # 4. After the time, the surplus of unconfirmed ballots is void.
    await vote.pass_hours()
    vote.sweep()
    counted = (await contests.counted(vote.contest))["A001"]
    assert 50 <= counted <= 60 + ATTACK // 10, "most people count, and few of the invented"
    states = [(await vote.asked(http, token))["state"] for token in own]
    assert states.count("denied") == 1
    # 5. Certified, as soon as everything is decided.
    async with as_owner(vote.settings) as owner:
        await owner.execute(
            "update contests set closes_at = now(), revision = revision + 1 where id = $1", vote.contest
        )
    refused = vote.office("certify", code=1) if any(each["state"] == "open" for each in vote.cells()) else ""
    for narrower in (each["cell"] for each in vote.cells() if each["state"] == "open"):
        assert narrower in refused
        for key in keys:
            vote.office("review", "accept", narrower, "--reason", "asked as part of the whole", "--key-file", key)
    assert f"counted={counted}" in vote.office("certify")
    vote.office("verify", "results")


async def confirm_with_wechat(vote: Vote, token: str) -> None:
    """The voter confirms on WeChat's page."""
    async with httpx.AsyncClient(base_url=vote.url, timeout=60) as browser:
        browser.cookies.set(voter_cookie_name(vote.contest), token)
        leaves = await browser.get(f"/c/{vote.contest}/confirm/wechat", headers=HTML)
        back = await agree(leaves.headers["location"], 1)
        assert (await browser.get(back, headers=HTML)).status_code == 303
        assert (await vote.asked(browser, token))["state"] == "confirmed"
