"""The values of Retry-After: never 0, never before the limit, and spread over their whole range."""

from __future__ import annotations

from collections import Counter

import pytest

from voting import retry_after


@pytest.mark.parametrize(("seconds", "value"), [(-3.0, 1), (0.0, 1), (0.2, 1), (1.0, 1), (1.001, 2), (59.5, 60)])
def test_a_known_wait_is_rounded_up_to_whole_seconds(seconds: float, value: int) -> None:
    assert retry_after.at_least(seconds) == value


def test_clients_refused_together_come_back_evenly_over_the_range() -> None:
    values = Counter(retry_after.spread(0, 3) for _ in range(3000))
    assert values.keys() == {1, 2, 3}
    assert all(count == pytest.approx(1000, abs=150) for count in values.values())
