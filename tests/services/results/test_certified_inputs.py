"""The inputs of a certified result do not change; changes by direct SQL are reported."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, as_owner, environment_of
from tests.fraud.rings import POLICY, certifier, crowd, find_nothing, find_rings, record
from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry
from voting.errors import Certified, NotCertifiable, VotingError
from voting.postgres.results import certifications
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.fraud.apply_decisions import DecisionWriter, Swept
from voting.services.fraud.ballot_table import load_ballot_table
from voting.services.fraud.review import ReviewAction, Reviews
from voting.services.results.reports import as_csv, as_json, awards_as_csv
from voting.services.results.workbook import as_xlsx
from voting.services.second_person import Person
from voting.settings import Settings
from voting.wiring.admin import AdminServices

RULES = """
[[quota]]
picks = 5
[[round]]
id = "final"
name = "终评"
[[round.criterion]]
name = "创新"
weight = 60
[[round.criterion]]
name = "表现"
weight = 40
[[metric]]
id = "clicks"
name = "点击"
[blend]
[[blend.part]]
source = "round:final"
points = 70
[[blend.part]]
source = "metric:clicks"
points = 10
[[blend.part]]
source = "public"
points = 20
[[award]]
id = "first"
name = "一等奖"
count = 1
"""
MARKS = "judge,entry,创新,表现\n张三,A001,70,70\n张三,A002,75,75\n"
LATE = "judge,entry,创新,表现\n张三,A001,100,100\n张三,A002,1,1\n"
CLICKS = "entry,value\nA001,0\nA002,100\n"
TOP = 'changeable = ["extension", "withdrawal"]\n'


async def certified(contests: Contests, office: AdminServices, rules: str = RULES) -> ContestSnapshot:
    """A certified contest: A002 has the award."""
    times = {"opens": timedelta(hours=-3), "closes": timedelta(minutes=-1)}
    contest = await contests.make(rules, entries=2, top=TOP, **times)
    await record(
        office.database, contest, [*crowd(0, 30, "A001"), *crowd(100, 20, "A002", "ring-1")], timedelta(hours=1)
    )
    snapshot = await office.contest_cache.get(contest)
    await office.marks.import_marks(snapshot, "final", MARKS.encode(), "m.csv")
    await office.marks.import_metric(snapshot, "clicks", CLICKS.encode(), "c.csv")
    await certifier(office.database, find_nothing).certify(snapshot, POLICY)
    return snapshot


async def blended(office: AdminServices, snapshot: ContestSnapshot) -> dict[str, Any]:
    report = as_json(await office.reports.report(await office.contest_cache.renew(snapshot.contest.id), blended=True))
    return {name: value for name, value in report.items() if name != "as_of"}


async def sweep(office: AdminServices, snapshot: ContestSnapshot) -> None:
    ballots = await load_ballot_table(office.database, snapshot.contest.id)

    async def always(_: object) -> None:
        pass

    swept = Swept(ballots, find_rings(ballots, POLICY, "nearline"), POLICY, "nearline")
    await DecisionWriter(office.database).apply(snapshot.contest.id, swept, always)


def entries(*codes: str) -> list[Entry]:
    return [Entry(code, "改名", "作者", "one") for code in codes]


ACTS: dict[str, Callable[[AdminServices, ContestSnapshot], Awaitable[object]]] = {
    "marks": lambda office, each: office.marks.import_marks(each, "final", LATE.encode(), "late.csv"),
    "metrics": lambda office, each: office.marks.import_metric(each, "clicks", CLICKS.encode(), "c.csv"),
    "revocation": lambda office, each: office.marks.revoke(each, "first", "A002", "抄袭"),
    "roster": lambda office, each: office.contest_admin.import_roster(each.contest.id, entries("A003"), {}, amend=True),
    "amended roster": lambda office, each: office.contest_admin.import_roster(
        each.contest.id, entries("A001"), {}, amend=True
    ),
    "withdrawal": lambda office, each: office.contest_admin.withdraw(each.contest.id, "A002", "asked"),
    "extension": lambda office, each: office.contest_admin.extend(
        each.contest.id, datetime.now(UTC) + timedelta(days=1), "flood"
    ),
    "rules": lambda office, each: office.contest_admin.replace(read_contest(each.document), each.document),
    "seal": lambda office, each: office.contest_admin.seal(each.contest.id, each.document),
    "mend": lambda office, each: office.recounts.mend(each, "why not"),
    "sweep": sweep,
    "proposal": lambda office, each: certifier(office.database).propose(each, POLICY),
    "review": lambda office, each: Reviews(office.database, 20).rule(
        each, "ring-1", Person("key:1", "li"), ReviewAction("void", "x")
    ),
}


async def test_nothing_changes_a_certified_result(contests: Contests, office: AdminServices) -> None:
    snapshot = await certified(contests, office)
    before = await blended(office, snapshot)
    assert before["final"] is True
    assert before["awards"][0]["holder"] == "A002"
    for name, act in ACTS.items():
        with pytest.raises(Certified, match=f"voting certify --contest {snapshot.contest.id} --reopen") as refused:
            await act(office, snapshot)
        assert refused.value.code == "certified", name
    assert await blended(office, snapshot) == before


async def test_a_reopened_result_can_change_and_binds_its_new_inputs(contests: Contests, office: AdminServices) -> None:
    snapshot = await certified(contests, office)
    before = await blended(office, snapshot)
    await certifier(office.database).reopen(snapshot, "an objection")
    await office.marks.import_marks(snapshot, "final", LATE.encode(), "late.csv")
    assert (await blended(office, snapshot))["final"] is False
    made = await certifier(office.database, find_nothing).certify(snapshot, POLICY)
    after = await blended(office, snapshot)
    assert (after["final"], after["certification"], after["awards"][0]["holder"]) == (True, 2, "A001")
    assert after["marks_sha256"] == made.bound.marks_sha256 != before["marks_sha256"]
    for name in ("ballots", "document", "roster", "metrics", "revocations"):
        assert after[f"{name}_sha256"] == before[f"{name}_sha256"]


PAST_THE_SERVICE = {
    "marks": "update marks set mark = 100 where contest = $1 and entry = 'A001'",
    "metrics": "delete from metrics where contest = $1 and entry = 'A001'",
    "roster": "update entries set category = 'one' where contest = $1",
    "revocations": "insert into revocations (contest, award, entry, reason) values ($1, 'first', 'A002', 'x')",
    "document": "update contests set document = document || '# x' where id = $1",
    "tally": "update tallies set counted = counted + 500 where contest = $1 and entry = 'A001'",
    "window": "update contests set closes_at = closes_at - interval '1 hour' where id = $1",
    "ballots": "update ballots set picks = '{A001}' where contest = $1 and picks = '{A002}'",
}


@pytest.mark.parametrize("what", PAST_THE_SERVICE)
async def test_inputs_changed_by_sql_are_reported_and_the_result_is_not_final(
    contests: Contests, office: AdminServices, settings: Settings, what: str
) -> None:
    snapshot = await certified(contests, office)
    verify = ("verify", "results", "--contest", snapshot.contest.id)
    async with as_owner(settings) as connection:
        await connection.execute(PAST_THE_SERVICE[what], snapshot.contest.id)
    report = as_json(await office.reports.report(await office.contest_cache.renew(snapshot.contest.id)))
    # `verify` reads every ballot, results do not; their tally is the certified one.
    expected = [] if what == "ballots" else [what]
    assert (report["final"], report["changed_since"]) == (not expected, expected)
    assert [row["counted"] for row in report["entries"]] == [30, 20]
    done = run(*verify, env=environment_of(settings))
    differs = {line.split("\t")[0] for line in done.stdout.splitlines() if "\tdiffers" in line}
    # `recount` finds a tally that was forged alone: the ballots still give the certified one.
    assert differs == ({"ballots", "tally"} if what == "ballots" else {what} - {"tally"}), done.stdout
    assert done.returncode == (1 if differs else 0)
    if what == "marks":
        told = run("results", "--contest", snapshot.contest.id, "--blend", env=environment_of(settings))
        assert json.loads(told.stdout)["final"] is False
        assert "not final: marks changed since the certification" in told.stderr


async def test_an_unscorable_result_is_certified_only_on_request_and_on_record(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await contests.make(RULES, entries=2, opens=timedelta(hours=-3), closes=timedelta(minutes=-1))
    await record(office.database, contest, [*crowd(0, 30, "A001"), *crowd(100, 20, "A002")], timedelta(hours=1))
    snapshot = await office.contest_cache.get(contest)
    with pytest.raises(NotCertifiable, match=r"round 'final' has no marks .* --contest t-.* --public-only"):
        await certifier(office.database, find_nothing).certify(snapshot, POLICY)
    await office.marks.import_marks(snapshot, "final", MARKS.encode(), "m.csv")
    with pytest.raises(NotCertifiable, match="metric 'clicks' has no figures"):
        await certifier(office.database, find_nothing).certify(snapshot, POLICY)
    done = run("certify", "--contest", contest, "--public-only", "--json", env=environment_of(settings))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["public_only"] is True
    report = await office.reports.report(await office.contest_cache.renew(contest))
    assert (as_json(report)["final"], as_json(report)["public_only"]) == (True, True)
    assert all(line["public_only"] == "true" for line in csv.DictReader(io.StringIO(as_csv(report).lstrip("\ufeff"))))
    async with office.database.connection() as connection:
        details = await connection.fetchval(
            "select details from audit_log where contest = $1 and action = 'certification.certify'", contest
        )
    assert json.loads(details)["public_only"] is True


async def test_every_format_shows_the_hashes(contests: Contests, office: AdminServices, settings: Settings) -> None:
    snapshot = await certified(contests, office)
    report = await office.reports.report(snapshot, blended=True)
    content = as_json(report)
    places = [(row["entry"], row["public_rank"], row["place"], row["final"]) for row in content["entries"]]
    # A002: 70 x 0.75 + 10 x 1 + 20 x 20 / 30; A001: 70 x 0.7 + 10 x 0 + 20.
    assert places == [("A002", 2, 1, "75.8333"), ("A001", 1, 2, "69.0000")]
    assert content["notes"] == []
    hashes = {name: value for name, value in content.items() if name.endswith("_sha256") and name != "input_sha256"}
    assert {name.removesuffix("_sha256") for name in hashes} == {
        *("policy", "ballots", "document", "roster", "marks", "metrics", "revocations", "window")
    }
    for table in (as_csv(report), awards_as_csv(report)):
        for row in csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))):
            assert row["result_final"] == "true"
            assert {name: row[name] for name in hashes} == hashes
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(report)))
    cells = {str(cell.value) for row in book["results"].iter_rows() for cell in row}
    assert {f"{name}: {value}" for name, value in hashes.items()} <= cells
    done = run("verify", "results", "--contest", snapshot.contest.id, env=environment_of(settings))
    assert done.returncode == 0, done.stdout
    assert all(value in done.stdout for value in hashes.values())


async def test_a_change_that_races_a_certification_comes_before_it_or_is_refused(
    contests: Contests, office: AdminServices
) -> None:
    for _ in range(5):
        snapshot = await certified(contests, office)
        await certifier(office.database).reopen(snapshot, "again")
        async with contests.office() as other:
            outcomes = await asyncio.gather(
                certifier(office.database, find_nothing).certify(snapshot, POLICY),
                *(other.marks.import_marks(snapshot, "final", LATE.encode(), "late.csv") for _ in range(4)),
                return_exceptions=True,
            )
        assert not [each for each in outcomes if isinstance(each, BaseException) and not isinstance(each, VotingError)]
        assert (await blended(office, snapshot))["final"] is True


async def test_a_change_waits_for_the_certification_under_way(contests: Contests, office: AdminServices) -> None:
    snapshot = await certified(contests, office)
    contest = snapshot.contest.id
    await certifier(office.database).reopen(snapshot, "again")
    async with contests.office() as other, office.database.connection() as connection:
        async with connection.transaction():
            await certifications.lock_uncertified_result(connection, contest)
            late = asyncio.create_task(other.marks.import_marks(snapshot, "final", LATE.encode(), "late.csv"))
            await asyncio.sleep(0.5)
            assert not late.done()
            await connection.execute(
                "update certifications set reopened_at = null where contest = $1 and number = 1", contest
            )
        with pytest.raises(Certified):
            await late


async def test_an_import_of_fewer_rows_reports_the_former_number(contests: Contests, office: AdminServices) -> None:
    snapshot = await office.contest_cache.get(await contests.make(RULES, entries=2, top=TOP))
    heard: list[str] = []

    async def marks(text: str) -> None:
        await office.marks.import_marks(snapshot, "final", text.encode(), "m.csv", notice=heard.append)

    async def clicks(text: str) -> None:
        await office.marks.import_metric(snapshot, "clicks", text.encode(), "c.csv", notice=heard.append)

    for _ in range(2):
        await marks(MARKS)
        await clicks(CLICKS)
    assert heard == []
    await marks(MARKS.partition("张三,A002")[0])
    await clicks("entry,value\nA001,0\n")
    assert heard == [
        "2 marks in place of the 4 that round 'final' had",
        "1 figures in place of the 2 that metric 'clicks' had",
    ]


async def test_panels_of_unequal_size_are_noted_in_the_results(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    snapshot = await certified(contests, office)
    await certifier(office.database).reopen(snapshot, "marks were missing")
    await office.marks.import_marks(snapshot, "final", f"{MARKS}李四,A001,80,80\n".encode(), "m.csv")
    done = run("results", "--contest", snapshot.contest.id, "--blend", env=environment_of(settings))
    (note,) = json.loads(done.stdout)["notes"]
    assert note.startswith("round 'final': ")
    assert "means of fewer" in note
    assert note in done.stderr
