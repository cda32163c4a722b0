"""Counts of similar ballots: exact, by window, and of bounded size."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from voting.fraud.facts.facts import Counts, Facts
from voting.fraud.online.counters import QUICK, SIZE, SLOW, Counters, cells

START = datetime(2026, 9, 1, tzinfo=UTC)
_FEW = st.integers(1, 4)


@given(st.lists(st.tuples(st.integers(0, 400), _FEW, _FEW, _FEW, _FEW, _FEW), max_size=80))
def test_counts_equal_plain_counting(steps: list[tuple[int, int, int, int, int, int]]) -> None:
    counters, at = Counters(), START
    seen: list[tuple[datetime, str, str, Facts]] = []
    for seconds, entry, agent, prefix, device, voter in steps:
        at += timedelta(seconds=seconds)
        facts = Facts(device=f"d{device}", prefix=f"p{prefix}", agent=agent)
        seen.append((at, f"E{entry}", f"v{voter}", facts))
        assert counters.add(*seen[-1]) == plainly(seen)


def plainly(seen: list[tuple[datetime, str, str, Facts]]) -> Counts:
    at, entry, _, facts = seen[-1]

    def within(seconds: int) -> list[tuple[datetime, str, str, Facts]]:
        return [each for each in seen if each[0].timestamp() // seconds == at.timestamp() // seconds]

    slow, quick = within(SLOW), within(QUICK)
    alike = [each for each in quick if (each[3].prefix, each[3].agent) == (facts.prefix, facts.agent)]
    return Counts(
        ballots=len(slow),
        entry=sum(each[1] == entry for each in slow),
        fingerprint=sum(each[3].agent == facts.agent for each in slow),
        entry_fingerprint=sum((each[1], each[3].agent) == (entry, facts.agent) for each in slow),
        prefix_fingerprint=len(alike),
        place=sum(each[1] == entry for each in alike),
        voters=len({each[2] for each in slow if each[3].device == facts.device}),
    )


def test_unknown_values_are_not_counted() -> None:
    counters = Counters()
    assert counters.add(START, "E1", "v1", Facts()) == Counts(ballots=1, entry=1)
    assert counters.add(START, "E1", "v2", Facts()) == Counts(ballots=2, entry=2)
    # A web voter's device is the voter.
    assert counters.add(START, "E1", "v3", Facts(device="v3")) == Counts(ballots=3, entry=3)


def test_live_counts_take_precedence() -> None:
    live = Counts(ballots=77, place=9)
    counters = Counters()
    assert counters.add(START, "E1", "v1", Facts(agent=5, counts=live)) == live
    assert counters.add(START, "E1", "v1", Facts(agent=5)).ballots == 1


def test_every_counter_is_one_of_the_sketch() -> None:
    for number in range(2000):
        found = cells(f"E{number}", f"v{number}", Facts(device=f"d{number}", prefix=f"p{number}", agent=number + 1))
        places = [*found.quick, *found.slow, *found.device]
        assert len(places) == 10
        assert all(0 <= place < SIZE for place in places)
