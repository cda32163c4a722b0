"""Until when a published result takes objections."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from voting.domain.contest.schema import Publication
from voting.domain.results.publication import ends_at

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("begun", "days", "working", "ends"),
    [
        ("2026-12-14T09:00", 5, False, "2026-12-20T00:00"),
        # A Monday: Tuesday to Friday, and the next Monday.
        ("2026-12-14T09:00", 5, True, "2026-12-22T00:00"),
        ("2026-12-12T23:59", 1, True, "2026-12-15T00:00"),
    ],
)
def test_it_ends_with_the_last_day(begun: str, days: int, working: bool, ends: str) -> None:
    begun_at = datetime.fromisoformat(begun).replace(tzinfo=ZONE)
    found = ends_at(Publication(days=days, working_days=working), begun_at, ZONE)
    assert found == datetime.fromisoformat(ends).replace(tzinfo=ZONE)
