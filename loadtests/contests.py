"""Contests for load tests, the credentials of their voters, and what PostgreSQL holds of them afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry
from voting.services.identity.keyring import Keyring
from voting.wiring.admin import AdminServices

SECRET = "a-load-tests-secret-which-protects-nothing-0123456789"
CATEGORIES = ("one", "two")
# Two quotas, one of them for each entry: the rules under which a ballot costs most.
QUOTAS = {"contest": 5, "entry": 1}


def now() -> datetime:
    """The time of day of this machine, whose clock the embedded database shares."""
    return datetime.now(UTC)  # noqa: TID251


def entries(count: int) -> dict[str, str]:
    """Codes of entries with their categories."""
    return {f"E{number:03d}": CATEGORIES[number % 2] for number in range(1, count + 1)}


def contest_text(id: str, opens: datetime, closes: datetime, quotas: Mapping[str, int]) -> str:
    """A contest file; `quotas` are picks of a voter in the window, by contest, category or entry."""
    categories = "".join(f'[[category]]\nid = "{each}"\nname = "{each}"\n\n' for each in CATEGORIES)
    rules = "".join(f'[[quota]]\npicks = {n}\nper = "{per}"\nperiod = "window"\n\n' for per, n in quotas.items())
    return (
        f'id = "{id}"\ntitle = "负载测试"\nhost = "负载测试"\n\n[window]\nopens_at = {opens.isoformat()}\n'
        f"closes_at = {closes.isoformat()}\n\n{categories}[ballot]\nleast = 1\nmost = 5\n\n{rules}"
    )


async def create_contest(
    office: AdminServices,
    id: str,
    codes: Mapping[str, str],
    quotas: Mapping[str, int],
    *,
    opens: datetime | None = None,
    closes: datetime | None = None,
) -> UUID:
    """Creates a contest with these entries, open for a day unless a window is given."""
    begin = opens or now().replace(microsecond=0) - timedelta(minutes=1)
    text = contest_text(id, begin, closes or begin + timedelta(days=1), quotas)
    roster = [
        Entry(code, f"作品 {code}", f"作者 {number % 40}", category, f"简介 {code} " * 5)
        for number, (code, category) in enumerate(codes.items())
    ]
    await office.contest_admin.create(read_contest(text), text)
    await office.contest_admin.import_roster(id, roster, {}, amend=True)
    return (await office.contest_cache.get(id)).uid


def credentials(contest: str) -> Iterator[str]:
    """Issued credentials, each of another voter, without end."""
    keyring, issued = Keyring(SECRET.encode()), now()
    while True:
        yield keyring.issue_credential(contest, "issued", issued)


@dataclass(frozen=True)
class Stored:
    """A contest as of one moment: its ballots (voter, key, id), their picks by entry, and the tally."""

    ballots: Sequence[tuple[bytes, str, UUID]]
    recount: Mapping[str, int]
    tally: Mapping[str, int]

    @property
    def drift(self) -> int:
        """The number of entries whose tally is not their recount."""
        return sum(self.tally.get(entry) != self.recount.get(entry) for entry in {*self.tally, *self.recount})


_BALLOTS = "select voter, idempotency_key, id from ballots where contest = $1"
_RECOUNT = "select entry, count(*) from ballots, unnest(picks) as entry where contest = $1 group by 1"
_TALLY = "select entry, sum(counted)::bigint from tallies where contest = $1 group by 1 having sum(counted) > 0"


async def stored(database_url: str, contest: str) -> Stored:
    """Reads a contest in which every ballot counts."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            ballots, recount, tally = [await connection.fetch(sql, contest) for sql in (_BALLOTS, _RECOUNT, _TALLY)]
    finally:
        await connection.close()
    return Stored([(voter, key, id) for voter, key, id in ballots], dict(map(tuple, recount)), dict(map(tuple, tally)))
