"""Windows: boundaries to the second, 24:00, leap days, and clock changes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.domain.results.test_outcome import SMALL_004
from voting.domain.contest.contest import Contest
from voting.domain.contest.contest_file import read_contest
from voting.domain.contest.explain import explain
from voting.errors import FileInvalid

SECOND = timedelta(seconds=1)


def window(zone: str, *lines: str) -> Contest:
    """Returns a contest in `zone` whose [window] contains these lines."""
    text = SMALL_004.replace("SCOPE", "all").replace("opens_at = 2023-08-01T00:00:00\ndays = 10", "\n".join(lines))
    return read_contest(f'time_zone = "{zone}"\n{text}')


@pytest.mark.parametrize(
    ("zone", "opens", "end", "first", "last"),
    [
        # 24:00 of the last day is the next day's 00:00.
        ("Asia/Shanghai", "2019-01-01T00:00:00", "closes_on = 2019-01-15", "2018-12-31T16:00Z", "2019-01-15T16:00Z"),
        (
            "Asia/Shanghai",
            "2022-07-08T00:00:00",
            "closes_at = 2022-07-10T18:00:00",
            "2022-07-07T16:00Z",
            "2022-07-10T10:00Z",
        ),
        # A leap day ends at 24:00, too.
        ("Asia/Shanghai", "2028-02-20T00:00:00", "closes_on = 2028-02-29", "2028-02-19T16:00Z", "2028-02-29T16:00Z"),
        ("Asia/Kathmandu", "2026-08-01T00:00:00", "closes_on = 2026-08-10", "2026-07-31T18:15Z", "2026-08-10T18:15Z"),
        # New York: eight days of 24 hours, minus the hour missing on 2026-03-08, plus the extra one on 2026-11-01.
        ("America/New_York", "2026-03-01T00:00:00", "closes_on = 2026-03-08", "2026-03-01T05:00Z", "2026-03-09T04:00Z"),
        ("America/New_York", "2026-11-01T00:00:00", "closes_on = 2026-11-01", "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
        # `days` are multiples of 24 hours, regardless of clock changes.
        ("America/New_York", "2026-03-01T00:00:00", "days = 10", "2026-03-01T05:00Z", "2026-03-11T05:00Z"),
        # Beirut's clocks skip midnight on 2026-03-29: the day before ends at the change.
        ("Asia/Beirut", "2026-03-20T00:00:00", "closes_on = 2026-03-28", "2026-03-19T22:00Z", "2026-03-28T22:00Z"),
        ("America/New_York", "2026-11-01T01:30:00-05:00", "days = 1", "2026-11-01T06:30Z", "2026-11-02T06:30Z"),
    ],
)
def test_a_window_begins_and_ends_at_its_second(zone: str, opens: str, end: str, first: str, last: str) -> None:
    contest = window(zone, f"opens_at = {opens}", end)
    begins, ends = datetime.fromisoformat(first), datetime.fromisoformat(last)
    phases = [contest.phase(at) for at in (begins - SECOND, begins, ends - SECOND, ends)]
    assert phases == ["not_open", "open", "open", "closed"]
    microsecond = timedelta(microseconds=1)
    assert (contest.phase(begins - microsecond), contest.phase(ends - microsecond)) == ("not_open", "open")


@pytest.mark.parametrize(
    ("lines", "place", "says"),
    [
        (
            ("opens_at = 2026-03-08T02:30:00", "days = 1"),
            "window.opens_at",
            "is a time that America/New_York's clocks skip; "
            "write it with its offset, such as 2026-03-08T03:30:00-04:00",
        ),
        (
            ("opens_at = 2026-10-01T00:00:00", "closes_at = 2026-11-01T01:30:00"),
            "window.closes_at",
            "is a time that America/New_York's clocks show twice; "
            "write it with its offset, such as 2026-11-01T01:30:00-04:00",
        ),
    ],
)
def test_a_time_that_clocks_skip_or_show_twice_is_refused(lines: tuple[str, str], place: str, says: str) -> None:
    with pytest.raises(FileInvalid) as refused:
        window("America/New_York", *lines)
    assert [(fault.place, says in str(fault)) for fault in refused.value.faults] == [(place, True)], refused.value


def test_an_end_at_midnight_reads_as_the_last_day_at_24_00() -> None:
    contest = window("Asia/Shanghai", "opens_at = 2019-01-01T00:00:00", "closes_on = 2019-01-15")
    said = "投票时间：2019年1月1日 00:00（北京时间）起，至2019年1月15日 24:00（北京时间）止。"
    assert said in explain(contest, "zh")
    kathmandu = window("Asia/Kathmandu", "opens_at = 2026-08-01T00:00:00", "closes_on = 2026-08-10")
    assert "closes on 2026-08-10 24:00 (Asia/Kathmandu)" in " ".join(explain(kathmandu, "en"))
