"""A live service's records are replayed with the same decisions."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
from pathlib import Path

import asyncpg
import httpx
import msgspec

from tests.conftest import (
    ERASE_FACTS,
    VOTING,
    Contests,
    Service,
    as_owner,
    cast,
    environment_of,
    solve,
    without_settings,
)
from tests.screening.test_screening import BROWSER, SCRIPT, send, ticket
from voting.fraud.facts.attempt import Attempt
from voting.fraud.facts.facts import Facts
from voting.fraud.facts.observe import recorded_facts
from voting.fraud.online.counters import Counters
from voting.fraud.online.scorecard import judge
from voting.services.fraud.policy_files import load_policy
from voting.settings import Settings

RULES = '[ballot]\nmost = 2\n[[quota]]\npicks = 2\nper = "contest"\nperiod = "day"\n'


def export(settings: Settings, contest: str, *more: str) -> subprocess.CompletedProcess[bytes]:
    environment = without_settings() | environment_of(settings)
    return subprocess.run(
        [*VOTING, "events", "export", "--contest", contest, *more], env=environment, capture_output=True, check=False
    )


async def stored(settings: Settings, contest: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    connection = await asyncpg.connect(settings.database_url)
    rows = await connection.fetch("select id, state, reasons from ballots where contest = $1", contest)
    await connection.close()
    return {str(row["id"]): (row["state"], tuple(row["reasons"])) for row in rows}


async def vote(http: httpx.AsyncClient, contest: str, tokens: list[str]) -> None:
    """Casts ballots of all kinds: honest, held, challenged and solved, of one pick and of two."""
    dice = random.Random(4)
    for token in tokens:
        agent = dice.choice([BROWSER, BROWSER, SCRIPT, {**BROWSER, "Sec-Fetch-Site": "cross-site"}])
        more = {"ticket": ticket(contest, dice.choice([0.1, 0.6, 30]))} if dice.random() < 0.8 else {}
        more["entries"] = dice.choice([["A001"], ["A002"], ["A001", "A003"]])  # type: ignore[assignment]
        more["client"] = {"screen": dice.choice(["1920x1080", "1366x768"]), "dpr": 1}  # type: ignore[assignment]
        answer = await send(http, contest, token, agent, **more)
        if answer.status_code == 403:
            solved = solve(answer.json()["challenge"])
            answer = await send(http, contest, token, agent, **{**more, "challenge": solved})
        assert answer.status_code == 201, answer.text


async def test_a_replay_of_recorded_ballots_decides_online_as_live(
    http: httpx.AsyncClient, contests: Contests, service: Service, tmp_path: Path
) -> None:
    contest = await contests.make(RULES)
    await vote(http, contest, contests.tokens(contest, 80))
    live = await stored(service.settings, contest)
    assert {state for state, _ in live.values()} == {"count", "hold"}
    file = tmp_path / "events.jsonl.gz"
    done = export(service.settings, contest, "--out", str(file))
    assert done.returncode == 0, done.stderr
    lines = gzip.decompress(file.read_bytes()).splitlines()
    policy, counters = load_policy(service.settings.policy).online, Counters()
    times = []
    for line in lines:
        attempt = msgspec.json.decode(line, type=Attempt)
        facts = recorded_facts(attempt)
        judgement = judge(facts, counters.add(attempt.at, attempt.entry, attempt.voter, facts), policy)
        replayed = ("hold", judgement.reasons) if judgement.response == "hold" else ("count", ())
        assert replayed == live[attempt.id.partition("/")[0]]
        times.append(attempt.at)
    assert {json.loads(line)["id"].partition("/")[0] for line in lines} == set(live)
    assert times == sorted(times)
    assert b"127.0.0" not in b"".join(lines)


async def test_a_replay_refuses_no_ballot_that_counted_live(
    http: httpx.AsyncClient, contests: Contests, service: Service, tmp_path: Path
) -> None:
    quotas = '[[quota]]\nballots = 2\nperiod = "sliding"\nminutes = 60\n[[quota]]\npicks = 2\nper = "category"\n'
    contest = await contests.make("[ballot]\nmost = 3\n" + quotas)
    (token,) = contests.tokens(contest, 1)
    sent = [["A001", "A003", "A002"], ["A001", "A002"], ["A004"], ["A006"]]
    answers = [(await cast(http, contest, token, picks)).status_code for picks in sent]
    # The second would be a third pick of category two, the last a third ballot.
    assert answers == [201, 409, 201, 409]
    rules, events = tmp_path / "contest.toml", tmp_path / "events.jsonl"
    connection = await asyncpg.connect(service.settings.database_url)
    rules.write_text(await connection.fetchval("select document from contests where id = $1", contest), "utf-8")
    await connection.close()
    assert export(service.settings, contest, "--out", str(events)).returncode == 0
    # As if a refused one had been recorded as well: it is refused here, too.
    recorded = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    third = recorded[-1] | {"id": "third", "entry": "A006"}
    events.write_text("".join(json.dumps(each) + "\n" for each in [*recorded, third]), "utf-8")
    files = ["--contest", str(rules), "--events", str(events), "--out", str(tmp_path / "out")]
    subprocess.run([*VOTING, "backtest", *files], check=True)
    decisions = [
        json.loads(line)["decision"] for line in (tmp_path / "out" / "decisions.jsonl").read_text().splitlines()
    ]
    assert decisions == ["count"] * 4 + ["refuse"]


async def test_the_export_goes_to_standard_output(
    http: httpx.AsyncClient, contests: Contests, service: Service
) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    answer = await cast(http, contest, token, ["A002"])
    done = export(service.settings, contest)
    assert done.returncode == 0
    assert done.stderr.strip().endswith(b"1 pick")
    line = json.loads(done.stdout)
    assert (line["id"], line["entry"], line["channel"]) == (answer.json()["ballot"], "A002", None)
    # The class of its client is known a moment after the ballot.
    assert set(line) - {"client_class"} <= set(Attempt.__struct_fields__)


async def test_ballots_whose_facts_were_deleted_are_exported_without(
    http: httpx.AsyncClient, contests: Contests, service: Service
) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    await cast(http, contest, token, ["A002"])
    async with as_owner(service.settings) as connection:
        await connection.execute(ERASE_FACTS, contest)
    attempt = msgspec.json.decode(export(service.settings, contest).stdout, type=Attempt)
    assert recorded_facts(attempt) == Facts()


def test_there_is_no_such_contest_or_file(settings: Settings, contests: Contests, tmp_path: Path) -> None:
    assert b"there is no contest 'nowhere'" in export(settings, "nowhere").stderr


async def test_a_file_that_cannot_be_written(settings: Settings, contests: Contests, tmp_path: Path) -> None:
    contest = await contests.make()
    done = export(settings, contest, "--out", str(tmp_path / "no" / "file"))
    assert done.returncode == 1
    assert b"cannot be written" in done.stderr
