"""Near-line rounds of a replay with few ballots: only rounds that can change nothing are skipped."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec

from tests.services.fraud.test_backtest import A_DAY, OPENS, RULES, Event, event, moment
from voting.domain.contest.contest_file import read_contest
from voting.fraud.facts.attempt import Attempt
from voting.fraud.replay import Backtest, Replayed
from voting.services.fraud.policy_files import load_sweep_policy

PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36"
)


class EveryRound(Backtest):
    """Runs every round."""

    def _can_change(self, first: int, last: int) -> bool:
        return True


def replayed(kind: type[Backtest], events: Iterable[Event]) -> tuple[Replayed, int]:
    """Returns the findings of a replay, and the number of rounds run."""
    parts: list[str] = []
    with ThreadPoolExecutor(1) as executor:
        test = kind(read_contest(RULES + A_DAY), load_sweep_policy(), executor, lambda part, done: parts.append(part))
        for attempt in msgspec.convert(sorted(events, key=lambda each: moment(each["at"])), list[Attempt]):
            test.offer([attempt])
        return test.finish(), parts.count("nearline")


def rented(number: int) -> Event:
    """One ballot of a ring: from a rented machine, with a new token, three a minute."""
    at = moment("2026-03-02T08:00:00+08:00") + timedelta(seconds=20 * number)
    return event(
        number,
        at.isoformat(),
        channel="web",
        device=f"d{number}",
        device_issued_at=(at - timedelta(seconds=9)).isoformat(),
        opened_at=(at - timedelta(seconds=4)).isoformat(),
        ip=f"45.77.1.{number % 9}",
        asn=20473,
        hosting=True,
        user_agent=PHONE,
        headers={},
    )


def alone(number: int) -> Event:
    """A ballot every three hours."""
    at = moment(OPENS) + timedelta(hours=3 * number, minutes=7)
    return event(1000 + number, at.isoformat(), entry=f"B{number % 7}", ip=f"61.{number}.10.1", user_agent=PHONE)


def test_rounds_of_too_few_ballots_are_left_out_and_nothing_else_changes() -> None:
    events = [*map(rented, range(40)), *map(alone, range(30))]
    found, looks = replayed(Backtest, events)
    same, every = replayed(EveryRound, events)
    assert found == same
    assert ("hold", "nearline") in {(each.decision, each.stage) for each in found.history}
    # Each isolated ballot has a round. Rounds before the ring cannot hold anybody; rounds that see it can release it.
    assert every >= 30
    assert 0 < looks < every / 2
