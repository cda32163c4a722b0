"""Bundles of contests of every kind: the verifier finds nothing wrong, counts again, and names what was bent."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page

from tests.conftest import SECRET, Contests, as_owner, insert_batch
from tests.fraud.rings import POLICY, certifier, find_nothing
from tests.services.transparency.test_log import NOON, SEED, let_go, sequencer_of
from tests.verifier import made
from tests.verifier.conftest import Verify, page, program, verify
from tests.verifier.test_page import check
from voting.domain.ballots import merkle
from voting.domain.ballots.ballot import State
from voting.domain.ballots.leaf import leaf
from voting.domain.identity.roles import Grant
from voting.domain.identity.tier import Tier
from voting.postgres.ballots import BallotRow
from voting.postgres.fraud import decisions
from voting.postgres.fraud.decisions import Authority, Change
from voting.postgres.results import certifications
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring, receipt_text
from voting.services.results.marking import Marking
from voting.services.results.reports import as_json
from voting.services.second_person import Person
from voting.services.transparency.bundles.export import export_bundle
from voting.services.transparency.bundles.openings import export_openings
from voting.services.transparency.log_key import LogKey
from voting.services.transparency.sequencing import Sequencer
from voting.settings import Settings
from voting.wiring.admin import AdminServices

__all__ = ["page", "program", "verify"]
NEW = b"n" * 32
QUOTA = '[[quota]]\npicks = 2\nper = "category"\nperiod = "day"\n'
APART = '[voters]\nchannels = ["web", "issued"]\napart = ["web"]\n'
WITNESS = '[[witness]]\nname = "notary"\nvkey = "{}"\nurl = "http://notary.invalid"\n'
MARKED = """
[[round]]
id = "final"
name = "终评"
[[round.criterion]]
name = "创新"
weight = 100
[blend]
[[blend.part]]
source = "round:final"
points = 80
[[blend.part]]
source = "public"
points = 20
"""


@dataclass
class Trial:
    """A contest from its first ballot to its bundle."""

    contests: Contests
    office: AdminServices
    settings: Settings
    contest: str
    sequencer: Sequencer
    folder: Path
    seeds: tuple[bytes, ...] = (SEED,)

    @property
    def vkey(self) -> str:
        return str(LogKey(self.seeds[0]).signer(f"vote.example.org/log/{self.contest}").key)

    async def snapshot(self) -> ContestSnapshot:
        return await self.office.contest_cache.renew(self.contest)

    async def cast(self, count: int, *picks: str, tier: Tier = "issued", state: State = "count") -> None:
        """Stores a batch of ballots, cast yesterday."""
        is_apart = tier in (await self.snapshot()).contest.voters.apart
        rows = [
            BallotRow(
                *(uuid.uuid4().bytes, 1, "k", uuid.uuid4(), picks, state, ("burst",) if state == "hold" else ()),
                *(bytes(48), "[]", "{}", None, tier, is_apart),
            )
            for _ in range(count)
        ]
        async with self.office.database.connection() as connection:
            await insert_batch(connection, self.contest, rows, datetime.now(UTC) - timedelta(days=1))

    async def forget_leaves(self) -> None:
        """Makes the ballots so far those of a version without a log, whose receipts were of another form."""
        keyring = Keyring(SECRET.encode())
        async with as_owner(self.settings) as connection:
            await connection.execute("delete from log_queue where contest = $1 and batch is not null", self.contest)
            for (batch,) in await connection.fetch("select id from batches where contest = $1", self.contest):
                rows = await connection.fetch(
                    "select id, recorded_at, salt, picks from ballots where contest = $1 and batch = $2 order by place",
                    *(self.contest, batch),
                )
                statements = [
                    leaf(self.contest, str(row["id"]), row["recorded_at"], row["salt"], row["picks"], None)
                    for row in rows
                ]
                root, paths = merkle.tree([merkle.leaf_hash(each) for each in statements])
                await connection.execute(
                    "update batches set parts = null, leaves = $3, signature = $4 where contest = $1 and id = $2",
                    *(self.contest, batch, b"".join(map(merkle.leaf_hash, statements)), keyring.sign(root)),
                )
            receipt = receipt_text(statements[0], paths[0], keyring.sign(root))
        (self.folder / "old.txt").write_text(receipt)

    async def decide(self, state: State, most: int) -> None:
        """A reviewer decides about some ballots."""

        async def work(tx: Any) -> None:
            await certifications.lock_result(tx, self.contest)
            rows = await tx.fetch(
                "select sequence, voter from ballots where contest = $1 and state <> $2 order by sequence limit $3",
                *(self.contest, state, most),
            )
            changes = [Change(row["sequence"], row["voter"], state, ("雷同",), None) for row in rows]
            await decisions.change(tx, self.contest, changes, Authority("review", "test", ruling=1))

        await self.office.database.transact(work)

    async def rotate(self) -> None:
        self.seeds = (NEW, SEED)
        await let_go(self.office)
        self.sequencer = sequencer_of(self.office, *self.seeds)

    async def certify(self, *, without_witnesses: bool = False) -> None:
        for _ in range(2):
            await self.sequencer.round()
        await certifier(self.office.database, find_nothing).certify(
            await self.snapshot(), POLICY, without_witnesses=without_witnesses
        )
        for _ in range(2):
            await self.sequencer.round()


Live = Callable[[Trial], Awaitable[None]]


async def tallied_apart(trial: Trial) -> None:
    await trial.cast(5, "A001", "A002", "A003", tier="web")
    await trial.cast(2, "A002", tier="web", state="hold")
    await trial.cast(7, "A001", "A002")
    await trial.cast(5, "A003")
    await trial.sequencer.round()
    await trial.decide("void", 8)
    await trial.certify()


async def from_before_the_log(trial: Trial) -> None:
    await trial.cast(5, "A001", "A004", tier="web")
    await trial.cast(6, "A001", "A002")
    await trial.decide("hold", 9)
    async with as_owner(trial.settings) as connection:
        await connection.execute("delete from log_queue where contest = $1", trial.contest)
        await connection.execute("update decisions set leaf = null where contest = $1", trial.contest)
        await connection.execute("delete from decision_leaves where contest = $1", trial.contest)
    await trial.forget_leaves()
    await trial.cast(7, "A003")
    await trial.sequencer.round()
    await trial.decide("void", 2)
    await trial.certify()


async def with_another_key(trial: Trial) -> None:
    await trial.cast(3, "A001")
    await trial.sequencer.round()
    await trial.rotate()
    await trial.certify()


async def certified_twice(trial: Trial) -> None:
    await trial.cast(9, "A001", "A003")
    await trial.certify()
    await certifier(trial.office.database, find_nothing).reopen(await trial.snapshot(), "an objection")
    await trial.decide("void", 2)
    await trial.rotate()
    await trial.certify()


async def without_witnesses(trial: Trial) -> None:
    await trial.cast(3, "A001")
    await trial.certify(without_witnesses=True)


async def with_an_entry_less(trial: Trial) -> None:
    await trial.cast(3, "A001", "A004")
    await trial.sequencer.round()
    await trial.office.contest_admin.withdraw(trial.contest, "A004", "plagiarism")
    await trial.certify()


async def with_marks_from_the_web(trial: Trial) -> None:
    await trial.cast(3, "A001", "A002")
    name = f"judge-{trial.contest}"
    await trial.office.staff_accounts.add(name, [Grant("judge", trial.contest)], with_code=False)
    judge = Person(f"account:{name}", name, name)
    snapshot, marking = await trial.snapshot(), Marking(trial.office.database)
    for code in ("A001", "A002", "A003", "A004"):
        await marking.save(snapshot, "final", judge, code, {"创新": "80"}, "")
    assert await marking.submit(snapshot, "final", judge) == 4
    await trial.certify()


KINDS: dict[str, tuple[str, Live, Sequence[str]]] = {
    "tallied_apart": (APART + QUOTA, tallied_apart, ["Votes tallied apart: 17", "tallied apart: 7"]),
    "from_before_the_log": (
        APART + QUOTA,
        from_before_the_log,
        ["Votes from before the log, not in it: 22", "from before the log, which it does not prove: 11"],
    ),
    "with_another_key": (QUOTA, with_another_key, ["New key of the log"]),
    "certified_twice": (QUOTA, certified_twice, ["New key of the log"]),
    "without_witnesses": (
        WITNESS.format(LogKey(b"w" * 32).witness("notary.example.org").key) + QUOTA,
        without_witnesses,
        ["This result was certified without witnesses", "约定的见证方已经见证（核定时没有见证方）"],
    ),
    "with_an_entry_less": (QUOTA, with_an_entry_less, []),
    "with_marks_from_the_web": (QUOTA + MARKED, with_marks_from_the_web, []),
}


@pytest.fixture(params=KINDS)
async def trial(
    request: pytest.FixtureRequest, contests: Contests, office: AdminServices, settings: Settings, tmp_path: Path
) -> Trial:
    """A certified contest; in a folder `given` its bundle and openings."""
    rules, live, _ = KINDS[request.param]
    window = {"opens": timedelta(days=-3), "closes": timedelta(minutes=-1)}
    contest = await contests.make(rules, top=NOON + 'changeable = ["withdrawal"]\n', entries=4, **window)
    await let_go(office)
    trial = Trial(contests, office, settings, contest, sequencer_of(office), tmp_path)
    await live(trial)
    (tmp_path / "given").mkdir()
    await export_bundle(office.database, await trial.snapshot(), tmp_path / "given" / "bundle", None)
    await export_openings(office.database, "test", await trial.snapshot(), tmp_path / "given" / "openings")
    (tmp_path / "policy").write_bytes((tmp_path / "given" / "bundle" / "witnesses.policy").read_bytes())
    return trial


def openings_bent(file: Path) -> Iterator[str]:
    """Writes them otherwise than they are, one change after another; yields the finding that must name it."""
    lines = file.read_text().splitlines(keepends=True)

    def write(at: int, *instead: str) -> None:
        file.write_text("".join([*lines[:at], *instead, *lines[at + 1 :]]))

    at = next(at for at, line in enumerate(lines) if line.startswith('["ballot"'))
    bent = json.loads(lines[at])
    bent[4][0] = "A002" if bent[4][0] == "A001" else "A001"
    write(at, made.canonical(bent).decode() + "\n")
    yield "opening"
    for what, instead in ((',"apart"]', "]"), ('["unlogged"', None)):
        for at in [at for at, line in enumerate(lines) if what in line][:1]:
            write(at, *([lines[at].replace(what, instead)] if instead else []))
            yield "result"
    file.write_text("".join(lines))


def move_a_vote(bundle: Path) -> None:
    """Gives a vote of an entry to another, in every file that nobody has to sign."""
    result = json.loads((bundle / "result.json").read_bytes())
    for entry, more in zip(result["entries"][:2], (1, -1), strict=True):
        entry.update({name: entry[name] + more for name in ("raw", "counted")})
    (bundle / "result.json").write_bytes(made.canonical(result) + b"\n")
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    manifest["files"]["result.json"] = made.sha256((bundle / "result.json").read_bytes())
    (bundle / "manifest.json").write_bytes(made.canonical(manifest) + b"\n")
    made.write_sums(bundle)


async def test_a_bundle_of_every_kind_is_checked(
    trial: Trial, request: pytest.FixtureRequest, http: httpx.AsyncClient, verify: Verify, page: Page
) -> None:
    kind, given = request.node.callspec.params["trial"], trial.folder / "given"
    bundle, openings, old = given / "bundle", given / "openings", trial.folder / "old.txt"
    trusted, trust = ("--policy", trial.folder / "policy"), (trial.folder / "policy").read_text()

    async def codes() -> set[str]:
        """Returns what both verifiers find."""
        found = verify("openings", openings, "--bundle", bundle, *trusted).codes
        assert {code for code, _ in await check(page, given, trust=trust)} == found
        return found

    assert await codes() == verify("bundle", bundle, *trusted).codes == set()
    words = verify("openings", openings, "--bundle", bundle, *trusted).words
    for said in KINDS[kind][2]:
        assert said in words
        assert said in await page.locator("#details").inner_text()
    if old.exists():
        key = ("--receipt-key", trial.office.keyring.public_key)
        checked = verify("log", bundle / "log", *trusted, "--receipt", old, *key)
        assert (checked.codes, "older than the log" in checked.words) == (set(), True)
    report = as_json(await trial.office.reports.report(await trial.snapshot()))
    results = await http.get(f"/c/{trial.contest}/results?lang=en", headers={"accept": "text/html"})
    # A contest without witnesses is certified without them, too.
    assert report["without_witnesses"] is ('id="unwitnessed"' in results.text) is True
    if kind == "certified_twice":
        # The key was changed in between; the first bundle is checked with the policy of its time.
        await export_bundle(trial.office.database, await trial.snapshot(), trial.folder / "first", 1)
        (trial.folder / "old-policy").write_bytes((trial.folder / "first" / "witnesses.policy").read_bytes())
        assert verify("bundle", trial.folder / "first", "--policy", trial.folder / "old-policy").findings == []
    for expected in openings_bent(openings):
        assert expected in await codes()
    move_a_vote(bundle)
    assert "certificate" in await codes()
