"""Another policy over the same ballots: its online holds, and decisions that apply under any policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.conftest import ERASE_FACTS, Contests, as_owner
from tests.fraud.rings import POLICY, SCRIPT, Cast, certifier, crowd, find_nothing, record
from voting.fraud.facts.facts import Counts, Facts, Oddity
from voting.fraud.policy import SweepPolicy
from voting.services.fraud.policy_comparison import PolicyComparison, Side
from voting.services.fraud.review import ReviewAction, Reviews
from voting.services.second_person import Person
from voting.wiring.admin import AdminServices

# Challenged and solved under the packaged policy; with fewer signals or counts, hardly suspicious.
ODD = Facts(oddities=int(Oddity.CROSS_SITE), reading=1000, challenge_passed=True, counts=Counts(voters=9))


def holding(points: int) -> SweepPolicy:
    """A policy that holds a ballot from this many points on when it is cast."""
    return replace(POLICY, version="another", sha256="0" * 64, online=replace(POLICY.online, hold=points))


async def made(contests: Contests, office: AdminServices) -> str:
    """A closed contest: a script held when cast, one odd ballot counted, and honest ones."""
    contest = await contests.make(opens=timedelta(hours=-3), closes=timedelta(minutes=-1), entries=3)
    script, odd = Cast(100, "A003", state="hold", seen=SCRIPT), Cast(101, "A002", seen=ODD)
    await record(
        office.database, contest, [*crowd(0, 9, "A001"), *crowd(50, 2, "A002"), script, odd], timedelta(hours=1)
    )
    return contest


async def sides(office: AdminServices, contest: str, policy: SweepPolicy) -> dict[str, tuple[Side, Side]]:
    snapshot = await office.contest_cache.get(contest)
    lines = await PolicyComparison(office.database, find_nothing).compare(snapshot, policy)
    return {line.entry: (line.now, line.other) for line in lines if line.differs}


async def test_cast_holds_count_under_a_policy_without_online_holds(contests: Contests, office: AdminServices) -> None:
    contest = await made(contests, office)
    assert await sides(office, contest, POLICY) == {}
    assert await sides(office, contest, holding(1000)) == {"A003": (Side(1, 0, 0, 3), Side(0, 0, 1, 3))}


async def test_a_stricter_policy_judges_by_the_counts_when_cast(contests: Contests, office: AdminServices) -> None:
    contest = await made(contests, office)
    assert await sides(office, contest, holding(70)) == {"A002": (Side(0, 0, 3, 2), Side(1, 0, 2, 2))}


async def test_certification_keeps_reviewers_decisions_and_voids_new_findings(
    contests: Contests, office: AdminServices
) -> None:
    contest = await made(contests, office)
    snapshot = await office.contest_cache.get(contest)
    await certifier(office.database).propose(snapshot, POLICY)
    await Reviews(office.database, 1000).rule(
        snapshot, "cast-A003", Person("key:1", "wang"), ReviewAction("void", "a script")
    )
    await Reviews(office.database, 1000).rule(
        snapshot, "cast-A003", Person("key:2", "li"), ReviewAction("void", "so it is")
    )
    assert await sides(office, contest, holding(1000)) == {}
    await certifier(office.database).certify(snapshot, POLICY)
    assert await sides(office, contest, holding(70)) == {"A002": (Side(0, 0, 3, 2), Side(0, 1, 2, 2))}


async def test_a_ballot_without_facts_keeps_its_state_when_cast(contests: Contests, office: AdminServices) -> None:
    contest = await made(contests, office)
    async with as_owner(contests.settings) as connection:
        await connection.execute(ERASE_FACTS, contest)
    assert await sides(office, contest, holding(1000)) == await sides(office, contest, holding(70)) == {}
