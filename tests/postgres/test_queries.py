"""The statements in voting/postgres/queries: plans must stay fast when the tables are large."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import asyncpg
import pytest

from tests.conftest import ROOT, Contests, as_owner
from voting.postgres.activity import NOTHING_COUNTED
from voting.postgres.queries import named
from voting.settings import Settings

# Tables that grow with the ballots.
LARGE = "ballots|batches|clients|spent_challenges|decisions|tallies|shown_tallies|audit_log"
# PostgreSQL evaluates these for each row, so a comparison with them cannot use an index.
VOLATILE = r"(?:clock_timestamp|timeofday|random|gen_random_uuid|nextval|pg_sleep)\s*\("
CONDITIONS = re.compile(
    r"\b(?:where|having|on(?!\s+conflict))\b(.*?)(?=\b(?:where|group\s+by|order\s+by|limit|returning|union|set)\b|;|\Z)",
    re.I | re.S,
)


def slow_conditions(statement: str) -> list[str]:
    """Returns the conditions with a volatile function in a statement that reads a large table."""
    code = re.sub(r"--[^\n]*", "", statement)
    if not re.search(rf"\b(?:from|join|update|into)\s+(?:{LARGE})\b", code, re.I):
        return []
    # A comparison with a parameter is not evaluated per row.
    compared = [re.sub(r"clock_timestamp\(\) < \$\d+", "", condition) for condition in CONDITIONS.findall(code)]
    return [condition for condition in compared if re.search(VOLATILE, condition, re.I)]


def statements() -> dict[str, str]:
    folder = files("voting.postgres") / "queries"
    nouns = [item.name.removesuffix(".sql") for item in folder.iterdir() if item.name.endswith(".sql")]
    return {f"{noun}.{name}": text for noun in nouns for name, text in named(noun).items()}


@pytest.mark.parametrize(
    "statement",
    [
        "select count(*) from ballots where recorded_at > clock_timestamp() - make_interval(secs => $1)",
        "delete from spent_challenges where clock_timestamp() - interval '1 hour' > expires_at",
        "select 1 from decisions where decided_at between $1 and clock_timestamp()",
        "update ballots set state = 'count' where random() < 0.5",
        "select 1 from batches join ballots b on b.recorded_at < (clock_timestamp() - interval '1 day')",
    ],
)
def test_a_volatile_clock_compared_with_a_large_table_is_found(statement: str) -> None:
    assert slow_conditions(statement)


def test_no_statement_compares_a_large_table_with_a_volatile_function() -> None:
    found = {name: slow for name, text in statements().items() if (slow := slow_conditions(text))}
    assert not found, f"use statement_timestamp() or a parameter: {found}"


def test_nothing_takes_an_advisory_lock_or_locks_a_table() -> None:
    """Advisory locks do not survive a pooler, and a table's lock stops every contest: rows are locked, or leased."""
    sources = [path for path in (ROOT / "voting").rglob("*") if path.suffix in (".py", ".sql")]
    found = [
        str(path) for path in sources if re.search(r"advisory_(xact_)?lock|\block\s+table\b", path.read_text("utf-8"))
    ]
    assert sources
    assert not found


async def test_the_decisions_of_a_large_contest_are_read_once_for_its_openings(settings: Settings) -> None:
    async with as_owner(settings) as connection:
        plan = "\n".join(row[0] for row in await connection.fetch(f"explain {named('openings')['leaves']}", "x"))
    assert "on decisions" in plan, plan
    assert "SubPlan" not in plan, plan


async def test_the_rate_of_a_large_contest_is_read_by_an_index(settings: Settings, contests: Contests) -> None:
    contest = await contests.make()
    connection = await asyncpg.connect(settings.database_owner_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(
            """
            insert into ballots
                (contest, voter, ordinal, idempotency_key, id, picks, state, recorded_at, salt, batch, place)
            select $1, decode(md5(n::text), 'hex'), 1, 'k', gen_random_uuid(), '{A001}', 'count',
                clock_timestamp() - n / 15 * interval '1 hour', '', 0, 0
            from generate_series(1, 200000) as n
            """,
            contest,
        )
        await connection.execute("analyze ballots")
        present = named("activity")["present"]
        plan = "\n".join(
            row[0] for row in await connection.fetch(f"explain (analyze) {present}", contest, *NOTHING_COUNTED)
        )
        assert "ballots_by_moment" in plan, plan
        assert "Seq Scan on ballots " not in plan, plan
        # What bounds the later ballots must be known to the plan: of millions it would read them all.
        assert re.search(r"Index Cond: .*recorded_at >= \(statement_timestamp\(\) - '01:00:00'::interval\)", plan), plan
        since = datetime.now(UTC) - timedelta(hours=1)
        lines = await connection.fetch(f"explain {named('activity')['in_question']}", contest, since)
        plan = "\n".join(row[0] for row in lines)
        assert "ballots_in_question_by_moment" in plan, plan
        # None is close to the end of the minute, however long the statements take.
        assert await connection.fetchval(present, contest, *NOTHING_COUNTED) == 14
    finally:
        await transaction.rollback()
        await connection.close()


async def test_who_is_to_be_reminded_is_found_by_an_index(settings: Settings, contests: Contests) -> None:
    contest = await contests.make()
    async with as_owner(settings) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "insert into confirmations (contest, voter, asked_at, channel, share, code)"
            " select $1, decode(md5(n::text), 'hex'), now(), 'web', 1, n from generate_series(1, 20000) as n",
            contest,
        )
        await connection.execute("analyze confirmations")
        reminders = named("reminders")
        over = await connection.fetch(f"explain {reminders['forget_over']}")
        due = await connection.fetch(f"explain {reminders['due']}", timedelta(days=1), 100, [])
        for plan in ("\n".join(row[0] for row in lines) for lines in (over, due)):
            assert "confirmations_to_remind" in plan, plan
        await transaction.rollback()
