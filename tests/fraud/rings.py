"""Ballots with stored facts in the database, and a detector that finds the marked ones."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from tests.conftest import SECRET, Contests, insert_batch
from voting.domain.ballots.ballot import State
from voting.domain.results.scoring import Tally
from voting.fraud.facts.facts import Facts, Oddity
from voting.fraud.features.history import Past
from voting.fraud.features.preprocess import prepare
from voting.fraud.model.model import Model
from voting.fraud.model.tree_ensemble import Trees
from voting.fraud.policy import SweepPolicy
from voting.fraud.reasons.findings import Evidence, Group, Stage, Sweep
from voting.postgres import tallies
from voting.postgres.ballots import BallotRow
from voting.postgres.database import Database
from voting.postgres.fraud import decisions
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.fraud.apply_decisions import Detector
from voting.services.fraud.certify import Certifier
from voting.services.fraud.policy_files import DEFAULT, load_sweep_policy
from voting.services.fraud.review import ReviewAction, Reviews
from voting.services.identity.keyring import Keyring, ReceiptKey
from voting.services.second_person import Person

_PACKAGED = load_sweep_policy()
_PASSES = ("quick_first", "quick_second", "first", "second")
# The detector below needs no weights.
_TREELESS = Model(*(Trees(-9.0, ()) for _ in _PASSES))
POLICY = replace(_PACKAGED, model=_TREELESS, sweep=replace(_PACKAGED.sweep, every_minutes=15.0, hours=12))
EARLIER = timedelta(minutes=2)
SCRIPT = Facts(oddities=int(Oddity.AUTOMATION | Oddity.CROSS_SITE), reading=100, hosting=True)
"""Facts of a ballot that is held when cast."""
_JSON = msgspec.json.Encoder()
_ZONE = timezone(timedelta(hours=8))


def write_policy(file: Path, version: str, trees: Sequence[object] = (), edit: Mapping[str, str] | None = None) -> Path:
    """Writes the packaged rules with another version to `file`, and a model with these trees in every pass."""
    body = json.dumps({each: {"bias": -9.0, "trees": trees} for each in _PASSES}).encode()
    model = file.with_suffix(".json")
    model.write_bytes(body)
    text = (files("voting.fraud") / "policies" / DEFAULT / "rules.toml").read_text("utf-8")
    changes = {
        f'version = "{DEFAULT}"': f'version = "{version}"',
        'model = "model.json"': f'model = "{model.name}"',
        _PACKAGED.sweep.model_sha256: hashlib.sha256(body).hexdigest(),
    }
    for old, new in (changes | dict(edit or {})).items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, "utf-8")
    return file


class Cast(NamedTuple):
    """A ballot of the voter with this number; `ring` is the device that the detector below reads, `seen` are other
    facts."""

    voter: int
    entry: str
    ring: str | None = None
    state: State = "count"
    seen: Facts = Facts()


def crowd(first: int, count: int, entry: str, ring: str | None = None) -> list[Cast]:
    """Returns ballots of `count` voters for one entry."""
    return [Cast(first + number, entry, ring) for number in range(count)]


async def record(database: Database, contest: str, casts: Iterable[Cast], ago: timedelta = EARLIER) -> None:
    """Stores ballots as casting does, each in a separate batch."""
    now = datetime.now(UTC)
    async with database.connection() as connection, connection.transaction():
        for number, each in enumerate(casts):
            voter, id = hashlib.sha256(f"{contest} {each.voter}".encode()).digest(), uuid.uuid4()
            facts = msgspec.structs.replace(each.seen, device=each.ring, agent=1 + each.voter % 7)
            before = await connection.fetchval(
                "select count(*) from ballots where contest = $1 and voter = $2", contest, voter
            )
            row = BallotRow(
                voter=voter,
                ordinal=before + 1,
                key=id.hex,
                id=id,
                picks=[each.entry],
                state=each.state,
                reasons=["C1"] if each.state == "hold" else [],
                salts=id.bytes * 3,
                facts=_JSON.encode(facts).decode(),
                remaining="{}",
            )
            await insert_batch(connection, contest, [row], now - ago + timedelta(milliseconds=number))


RECEIPT_KEY = ReceiptKey(Keyring(SECRET.encode()).public_key)


async def dripped(contests: Contests, database: Database) -> str:
    """A closed contest: A002 leads A001 by votes cast at night."""
    contest = await contests.make(opens=timedelta(days=-2), closes=timedelta(minutes=-1))
    noon = datetime.now(_ZONE).replace(hour=12, minute=0) - timedelta(days=1)
    by_day = datetime.now(_ZONE) - noon
    by_night = by_day + timedelta(hours=9)
    await record(database, contest, [*crowd(0, 700, "A001"), *crowd(1000, 600, "A002")], by_day)
    await record(database, contest, [*crowd(2000, 30, "A001"), *crowd(3000, 150, "A002")], by_night)
    return contest


def find_rings(ballots: pl.DataFrame, policy: SweepPolicy, stage: Stage, past: Past | None = None) -> Sweep:
    """Finds each device whose name begins with `ring` as one group; `late` at certification only, `early` before it."""
    also = "late" if stage == "certification" else "early"
    sought = pl.col("device").str.starts_with("ring") | pl.col("device").str.starts_with(also)
    marked = ballots.select("id", "entry", "device", hold=sought.fill_null(value=False)).with_columns(
        reasons=pl.when("hold").then(pl.lit(["A1", "C3"])).otherwise(pl.lit([], pl.List(pl.String))),
        group=pl.when("hold").then("device"),
    )
    groups = []
    for (device,), some in marked.filter("hold").group_by("device", maintain_order=True):
        entries = dict(some["entry"].value_counts().iter_rows())
        evidence = Evidence("C3", {"entry": min(entries)}, some.height, 1.5, 20.0, {"fresh": 0.97})
        groups.append(Group(str(device), ("A1", "C3"), some.height, entries, (evidence,)))
    return Sweep(marked.select("id", "hold", "reasons", "group"), tuple(groups), prepare(ballots))


def find_nothing(ballots: pl.DataFrame, policy: SweepPolicy, stage: Stage, past: Past | None = None) -> Sweep:
    """Finds nothing."""
    return find_rings(ballots.with_columns(device=pl.lit(None, pl.String)), policy, stage)


async def tally(database: Database, contest: str) -> dict[str, tuple[int, int, int]]:
    """Returns raw, held and counted picks by entry, after checking that they match the ballots."""
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read"):
        found, again = await tallies.select(connection, contest), await tallies.recount(connection, contest)
    assert _figures(found) == _figures(again)
    return _figures(found)


def _figures(found: dict[str, Tally]) -> dict[str, tuple[int, int, int]]:
    return {entry: (each.raw, each.held, each.counted) for entry, each in sorted(found.items())}


async def history(database: Database, contest: str) -> list[tuple[str, str, int]]:
    """Returns stage, state and number of every line of the history."""
    async with database.connection() as connection:
        rows = await connection.fetch("select stage, state from decisions where contest = $1", contest)
    return sorted((stage, state, count) for (stage, state), count in Counter(map(tuple, rows)).items())


async def in_question(database: Database, contest: str) -> list[decisions.UnresolvedBallot]:
    """Returns every ballot that is not counted or belongs to a group."""
    async with database.connection() as connection:
        return await decisions.select_in_question(connection, contest)


def certifier(database: Database, detect: Detector = find_rings) -> Certifier:
    """Returns a certifier with the tests' secret; no group needs two reviewers for its size."""
    return Certifier(database, "test", RECEIPT_KEY, Reviews(database, 1000), detect)


async def void_by_two(database: Database, snapshot: ContestSnapshot) -> None:
    """Two reviewers void the findings of the certification's sweep that one may not void."""
    reviews = Reviews(database, 1000)
    await certifier(database).propose(snapshot, POLICY)
    async with database.connection() as connection:
        waiting = await reviews.undecided(connection, snapshot)
    for group in waiting:
        for person in (Person("key:1", "wang"), Person("key:2", "li")):
            await reviews.rule(snapshot, group, person, ReviewAction("void", "one script"))
