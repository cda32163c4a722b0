"""A world is driven against a real server: what was decided live is what a backtest of the same ballots decides."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner

from loadtests.fraud_lab.__main__ import main
from loadtests.fraud_lab.drive import Target, drive, listed
from loadtests.fraud_lab.profiles.standard import make_world
from tests.acceptance.test_cli import run
from tests.conftest import Contests, environment_of, serving
from tests.fraud.test_policy import TEXT
from voting.domain.contest.display import SETTLED
from voting.settings import Settings
from voting.wiring.admin import AdminServices

SECONDS = 11.0
ROUND_SECONDS = 12.0
Decisions = dict[str, tuple[str, tuple[str, ...]]]


def policy_with_a_round(folder: Path, after: float) -> tuple[Path, float]:
    """The packaged policy with another rhythm, by which the next near-line round is so many seconds from now."""
    now = round(time.time() * 1000)
    wanted = range(round(after * 1000), round(after * 1000) + 500)
    every = next(each for each in range(300_000, 900_000) if -now % each in wanted)
    file = folder / "policy.toml"
    file.write_text(TEXT.replace("every_minutes = 5\n", f"every_minutes = {every / 60_000!r}\n"), "utf-8")
    assert "every_minutes = 5\n" not in file.read_text("utf-8")
    return file, (now + -now % every) / 1000


async def live(settings: Settings, contest: str) -> Decisions:
    """What the ballots are now; the backtest says hold of what is void."""
    connection = await asyncpg.connect(settings.database_url)
    rows = await connection.fetch("select id, state, reasons from ballots where contest = $1", contest)
    await connection.close()
    return {str(row["id"]): (row["state"].replace("void", "hold"), tuple(sorted(row["reasons"]))) for row in rows}


async def close(settings: Settings, contest: str) -> None:
    """Ends the window now."""
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute("update contests set closes_at = now(), revision = revision + 1 where id = $1", contest)
    await connection.close()


async def certify(contests: Contests, contest: str, environment: dict[str, str], folder: Path) -> None:
    """Certifies; two persons void the groups that take two."""
    keys = []
    for name in ("Wang", "Li"):
        keys.append(folder / name)
        keys[-1].write_text(await contests.staff_key("organiser", contest, name), "utf-8")
    certified = run("certify", "--contest", contest, env=environment)
    waiting = re.search(r"wait for people: ([0-9a-f, ]+);", certified.stderr)
    for group in waiting[1].split(", ") if waiting else ():
        for key in keys:
            options = ("--contest", contest, "--reason", "bots", "--key-file", str(key))
            voided = run("review", "void", group, *options, env=environment)
            assert voided.returncode == 0, voided.stderr
    if waiting:
        certified = run("certify", "--contest", contest, env=environment)
    assert certified.returncode == 0, certified.stderr


def replayed(folder: Path, until: float | None = None) -> Decisions:
    """What the backtest decided: in the end, or before certification by the round of this moment."""
    final = dict(map(read, (folder / "decisions.jsonl").read_text("utf-8").splitlines()))
    if until is None:
        return final
    found: Decisions = dict.fromkeys(final, ("count", ()))
    for line in (folder / "history.jsonl").read_text("utf-8").splitlines():
        each = json.loads(line)
        in_time = datetime.fromisoformat(each["decided_at"]).timestamp() <= until
        if each["stage"] == "online" or (each["stage"] == "nearline" and in_time):
            found |= dict([read(line)])
    return found


def read(line: str) -> tuple[str, tuple[str, tuple[str, ...]]]:
    """One decision."""
    each = json.loads(line)
    return each["id"], (each["decision"], tuple(sorted(each["reasons"])))


def difference(one: Decisions, other: Decisions, families: Mapping[str, str]) -> str:
    """A table of the ballots about which they differ."""
    rows = [
        f"{id}  {families[id]:12}  live {one.get(id)}  backtest {other.get(id)}"
        for id in sorted({*one, *other})
        if one.get(id) != other.get(id)
    ]
    return "\n".join(rows)


@pytest.mark.campaign
async def test_live_and_backtest_decide_the_same(
    settings: Settings, contests: Contests, office: AdminServices, tmp_path: Path
) -> None:
    contest = await contests.make(entries=60)
    environment = environment_of(settings)
    with serving(environment | {"VOTING_TRUSTED_PROXIES": "127.0.0.1"}) as (url, _):
        codes = await listed(url, contest)
        world = make_world(2, 1000, 0.35, families=("A1", "A2", "A5"), entries=len(codes), rule="window", days=1)
        tokens = contests.tokens(contest, world.events["voter"].n_unique())
        policy, moment = policy_with_a_round(tmp_path, ROUND_SECONDS)
        found = await drive(world, Target(url, contest, codes, tokens), SECONDS)
    assert sum(found.refused.values()) == 0, found.refused
    labels = found.labels(world)
    families = dict(labels.select("id", "instance").iter_rows())

    environment |= {"VOTING_POLICY": str(policy)}
    time.sleep(max(0, moment + SETTLED.total_seconds() + 0.5 - time.time()))
    assert "ballots held" in run("sweep", "--once", env=environment).stderr
    early = await live(settings, contest)
    await close(settings, contest)
    await certify(contests, contest, environment, tmp_path)
    late = await live(settings, contest)

    events, rules, folder = tmp_path / "events.jsonl.gz", tmp_path / "contest.toml", tmp_path / "backtest"
    rules.write_text((await office.contest_cache.get(contest)).document, "utf-8")
    assert run("events", "export", "--contest", contest, "--out", str(events), env=environment).returncode == 0
    options = ["--contest", rules, "--events", events, "--policy", policy, "--out", folder]
    assert run("backtest", *map(str, options), env=environment).returncode == 0
    assert difference(late, replayed(folder), families) == ""
    assert difference(early, replayed(folder, moment), families) == ""

    assert len(early) == len(late) == len(world.events)
    # How much is found is the fraud bench's to say: it hangs on how the machine's load moves the ballots.
    fraud = set(labels.filter("fraud")["id"])
    removed = {id for decisions in (early, late) for id, (state, _) in decisions.items() if state == "hold"}
    assert removed & fraud, "what agrees about nothing says nothing"
    assert len(removed - fraud) <= 10


@pytest.mark.parametrize("url", ["http://example.com", "http://192.0.2.7:8000", "127.0.0.1:8000"])
def test_only_this_machine_is_driven(url: str) -> None:
    done = CliRunner().invoke(main, ["drive", "--url", url, "--contest", "demo"])
    assert done.exit_code == 2
    assert "not this machine" in done.output


def test_it_is_told_that_nobody_answers(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["drive", "--url", "http://127.0.0.1:9", "--contest", "demo"])
    assert done.exit_code == 1
    assert "does not list the entries of 'demo'" in done.output
