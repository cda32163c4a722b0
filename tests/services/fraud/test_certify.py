"""The certified result: void ballots, permanence, and explanation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from tests.conftest import Contests
from tests.fraud.rings import (
    POLICY,
    RECEIPT_KEY,
    SCRIPT,
    Cast,
    certifier,
    crowd,
    find_nothing,
    find_rings,
    history,
    in_question,
    record,
    tally,
    void_by_two,
)
from voting.domain.results.scoring import Tally
from voting.errors import Certified, NotCertifiable, NotFound
from voting.fraud.features import preprocess
from voting.fraud.sweep import sweep
from voting.services.fraud.apply_decisions import DecisionWriter, Swept
from voting.services.fraud.ballot_table import load_ballot_table
from voting.services.fraud.certify import Certifier
from voting.services.fraud.policy_comparison import PolicyComparison, Side
from voting.services.fraud.review import ReviewAction, Reviews
from voting.services.results.reports import as_json
from voting.services.second_person import Person
from voting.wiring.admin import AdminServices

HOUR = timedelta(hours=1)
# Only the first place in category two matters: A001 and A003 compete there, A002 and A004 do not.
AWARD = '[[award]]\nid = "first"\nname = "一等奖"\nby = "votes"\ncount = 1\ncategories = ["two"]\n'
RULES = f"[[quota]]\npicks = 5\n{AWARD}"
WANG = Person("key:1", "wang")
OTHER = replace(POLICY, version="another", sha256="0" * 64)


async def closed(contests: Contests, office: AdminServices, rules: str = RULES) -> str:
    """A closed contest with two rings; the near-line sweep held one of them together with an honest ballot."""
    contest = await contests.make(rules, opens=timedelta(hours=-3), closes=timedelta(minutes=-1), entries=20)
    honest = [*crowd(0, 60, "A001"), *crowd(100, 50, "A002"), Cast(180, "A003", state="hold", seen=SCRIPT)]
    honest += crowd(190, 2, "A004", "early-1")
    fraud = [*crowd(200, 30, "A002", "ring-1"), *crowd(300, 8, "A001", "late-1")]
    await record(office.database, contest, [*honest, *fraud], HOUR)
    ballots = await load_ballot_table(office.database, contest)
    swept = Swept(ballots, find_rings(ballots, POLICY, "nearline"), POLICY, "nearline")

    async def always(_: object) -> None:
        pass

    await DecisionWriter(office.database).apply(contest, swept, always)
    return contest


async def test_certification_voids_findings_and_cast_holds_and_counts_round_holds(
    contests: Contests, office: AdminServices
) -> None:
    contest = await closed(contests, office)
    snapshot = await office.contest_cache.get(contest)
    made = await certifier(office.database).certify(snapshot, POLICY)
    assert await tally(office.database, contest) == {
        "A001": (68, 0, 60),
        "A002": (80, 0, 50),
        "A003": (1, 0, 0),
        "A004": (2, 0, 2),
    }
    assert (made.number, made.policy_version, made.bound.policy_sha256) == (1, POLICY.version, POLICY.sha256)
    assert made.tallies["A002"].raw == 80
    assert made.tallies["A020"].raw == 0
    assert all(each.reasons for each in await in_question(office.database, contest))
    assert await history(office.database, contest) == [
        ("certification", "count", 2),
        ("certification", "hold", 9),
        ("certification", "void", 39),
        ("nearline", "hold", 32),
        ("online", "hold", 1),
    ]
    report = as_json(await office.reports.report(snapshot))
    assert (report["final"], report["policy_version"], report["certification"]) == (True, POLICY.version, 1)
    assert report["ballots_sha256"] == made.bound.ballots_sha256


async def test_it_is_the_same_again_and_not_under_another_policy(contests: Contests, office: AdminServices) -> None:
    contest = await closed(contests, office)
    snapshot = await office.contest_cache.get(contest)
    made = await certifier(office.database).certify(snapshot, POLICY)
    before = await history(office.database, contest)
    assert await certifier(office.database).certify(snapshot, POLICY) == made
    assert await history(office.database, contest) == before
    with pytest.raises(Certified):
        await certifier(office.database).certify(snapshot, OTHER)
    with pytest.raises(Certified):
        await certifier(office.database).propose(snapshot, POLICY)


async def test_not_before_the_window_has_closed(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make()
    await record(office.database, contest, crowd(0, 5, "A001", "ring-1"))
    snapshot = await office.contest_cache.get(contest)
    with pytest.raises(NotCertifiable, match="the window is open until"):
        await certifier(office.database).certify(snapshot, POLICY)
    assert await tally(office.database, contest) == {"A001": (5, 0, 5)}


async def test_released_ballots_count_and_certification_waits_for_proposals(
    contests: Contests, office: AdminServices
) -> None:
    contest = await closed(contests, office)
    snapshot, reviews = await office.contest_cache.get(contest), Reviews(office.database, 20)
    assert (await certifier(office.database).propose(snapshot, POLICY)).held == 8
    assert (await reviews.rule(snapshot, "ring-1", WANG, ReviewAction("release", "a school class")))[0] == "proposed"
    with pytest.raises(NotCertifiable, match="ring-1"):
        await certifier(office.database).certify(snapshot, POLICY)
    assert (await reviews.rule(snapshot, "ring-1", Person("key:2", "li"), ReviewAction("release", "yes")))[
        0
    ] == "decided"
    made = await certifier(office.database).certify(snapshot, POLICY)
    assert (made.tallies["A001"].counted, made.tallies["A002"].counted) == (60, 80)
    with pytest.raises(Certified):
        await reviews.rule(snapshot, "ring-1", WANG, ReviewAction("void", "too late"))


async def test_a_certification_prepares_its_table_once(
    contests: Contests, office: AdminServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    contest = await contests.make(opens=timedelta(hours=-3), closes=timedelta(minutes=-1))
    await record(office.database, contest, [*crowd(0, 30, "A001"), Cast(30, "A001", state="hold", seen=SCRIPT)], HOUR)
    ordered, times = preprocess._ordered, 0

    def count(*args: Any, **columns: Any) -> pl.DataFrame:
        nonlocal times
        times += 1
        return ordered(*args, **columns)

    monkeypatch.setattr(preprocess, "_ordered", count)
    made = await certifier(office.database, sweep).certify(await office.contest_cache.get(contest), POLICY)
    assert made.tallies["A001"] == Tally(31, 0, 30)
    assert times == 1


async def test_it_can_be_opened_again_on_record_and_the_first_result_is_kept(
    contests: Contests, office: AdminServices
) -> None:
    contest = await closed(contests, office)
    snapshot = await office.contest_cache.get(contest)
    with pytest.raises(NotFound):
        await certifier(office.database).reopen(snapshot, "nothing there")
    first = await certifier(office.database).certify(snapshot, POLICY)
    assert await certifier(office.database).reopen(snapshot, "an objection in the publication") == 1
    assert (await tally(office.database, contest))["A002"] == (80, 30, 50)
    reviews = Reviews(office.database, 1000)
    await reviews.rule(snapshot, "late-1", WANG, ReviewAction("release", "they came by bus"))
    await reviews.rule(snapshot, "late-1", Person("key:2", "li"), ReviewAction("release", "so they did"))
    second = await certifier(office.database).certify(snapshot, OTHER)
    assert (second.number, second.policy_version) == (2, "another")
    assert second.bound.ballots_sha256 == first.bound.ballots_sha256, "the same ballots"
    assert second.tallies["A001"].counted == 68
    async with office.database.connection() as connection:
        kept = await connection.fetch(
            "select number, reopened_reason from certifications where contest = $1 order by number", contest
        )
    assert [tuple(row) for row in kept] == [(1, "an objection in the publication"), (2, None)]


async def test_a_run_that_was_cut_short_is_finished_by_the_next(contests: Contests, office: AdminServices) -> None:
    contest = await closed(contests, office)
    snapshot = await office.contest_cache.get(contest)
    ballots = await load_ballot_table(office.database, contest)
    swept = Swept(ballots, find_rings(ballots, POLICY, "certification"), POLICY, "certification", "void")

    async def always(_: object) -> None:
        pass

    # The findings were applied, then the machine lost power before the result was frozen; now another policy is used.
    await DecisionWriter(office.database).apply(contest, swept, always)
    made = await certifier(office.database, find_nothing).certify(snapshot, OTHER)
    assert (made.tallies["A001"].counted, made.tallies["A002"].counted) == (68, 80)


async def test_a_retally_prints_the_differences_and_changes_nothing(contests: Contests, office: AdminServices) -> None:
    contest = await closed(contests, office)
    snapshot = await office.contest_cache.get(contest)
    await certifier(office.database).certify(snapshot, POLICY)
    before = await history(office.database, contest), await tally(office.database, contest)
    lines = {
        line.entry: line for line in await PolicyComparison(office.database, find_nothing).compare(snapshot, OTHER)
    }
    one, two = lines["A001"], lines["A002"]
    assert (one.raw, one.now, one.other) == (68, Side(0, 8, 60, 1), Side(0, 0, 68, 2))
    assert (two.now.rank, two.other.rank, two.raw_rank) == (2, 1, 1)
    assert not lines["A003"].differs
    assert (await history(office.database, contest), await tally(office.database, contest)) == before
    same = await PolicyComparison(office.database, find_rings).compare(snapshot, POLICY)
    assert not [line for line in same if line.differs]


async def test_certification_waits_for_groups_that_need_two_reviewers(
    contests: Contests, office: AdminServices
) -> None:
    contest = await closed(contests, office, RULES.replace('categories = ["two"]', ""))
    snapshot = await office.contest_cache.get(contest)
    with pytest.raises(NotCertifiable, match=r"1 groups .* wait for people: ring-1; look at each"):
        await certifier(office.database).certify(snapshot, POLICY)
    assert (await tally(office.database, contest))["A002"] == (80, 30, 50), "held, not void"
    await void_by_two(office.database, snapshot)
    made = await certifier(office.database).certify(snapshot, POLICY)
    assert (made.tallies["A001"], made.tallies["A002"]) == (Tally(68, 0, 60), Tally(80, 0, 50))
    async with office.database.connection() as connection:
        rows = await connection.fetch(
            "select id, decided_by from groups where contest = $1 and state = 'void'", contest
        )
    assert dict(map(tuple, rows)) == {"cast-A003": "certification", "late-1": "certification", "ring-1": "key:2"}


async def test_a_group_of_voters_with_a_history_is_not_void_without_people(
    contests: Contests, office: AdminServices
) -> None:
    contest = await closed(contests, office)
    for entry, ring, number in (("A006", None, 24), ("A004", "ring-choir", 24)):
        await record(office.database, contest, crowd(5000, number, entry, ring), timedelta(minutes=5))
    await record(office.database, contest, crowd(6000, 24, "A008", "ring-new"), timedelta(minutes=5))
    snapshot, reviews = await office.contest_cache.get(contest), Reviews(office.database, 1000)
    with pytest.raises(NotCertifiable, match=r"1 groups .* wait for people: ring-choir; look"):
        await certifier(office.database).certify(snapshot, POLICY)
    (choir,) = [each for each in await reviews.all(snapshot) if each.group.id == "ring-choir"]
    assert (choir.needs_two, choir.voters) == (False, (24, 24))
    release = ReviewAction("release", "a choir that comes each day")
    assert (await reviews.rule(snapshot, "ring-choir", Person("key:1", "wang"), release))[0] == "decided"
    made = await certifier(office.database).certify(snapshot, POLICY)
    assert made.tallies["A004"].counted == 2 + 24
    assert made.tallies["A008"].counted == 0, "a small group of new voters is void at once"


async def test_a_group_of_many_ballots_is_waited_for_wherever_it_stands(
    contests: Contests, office: AdminServices
) -> None:
    snapshot = await office.contest_cache.get(await closed(contests, office))
    careful = Certifier(office.database, "test", RECEIPT_KEY, Reviews(office.database, 30), find_rings)
    with pytest.raises(NotCertifiable, match="ring-1"):
        await careful.certify(snapshot, POLICY)
