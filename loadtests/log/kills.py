"""python -m loadtests.log.kills: sequencer, PostgreSQL and witness are killed in turn while voters cast ballots.

Every acknowledged ballot must be in the log once, soon, and be proved by verify.py.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg
import click
import psutil

from loadtests.log.running import Acknowledged, Logged, logged, proved, vote
from loadtests.service import ID
from voting.engines import state

LOOK_SECONDS = 0.05
LATE_SECONDS = 60.0


@dataclass
class Outcome:
    """What was measured: seconds from a receipt to its leaf, and between checkpoints; and what was wrong."""

    ballots: int = 0
    inclusion: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    missing: int = 0
    twice: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether each ballot is in the log once and proved."""
        return not (self.missing or self.twice or self.findings)


def quantile(values: list[float], share: float) -> float:
    """Returns the value below which this share of them lies; 0 without values."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def trial(kills: int, every: float, rate: float, report: Callable[[Outcome], None]) -> Outcome:
    """Casts `rate` ballots a second, and kills a process every so many seconds; reports before receipts are checked."""
    outcome, acknowledged = Outcome(), Acknowledged()
    with logged() as place:
        place.witness.start()
        place.service.start()
        asyncio.run(_run(place, acknowledged, outcome, kills, every, rate))
        outcome.ballots = len(acknowledged.receipts)
        report(outcome)
        outcome.findings = proved(place, acknowledged.receipts)
    return outcome


async def _run(
    place: Logged, acknowledged: Acknowledged, outcome: Outcome, kills: int, every: float, rate: float
) -> None:
    until = time.monotonic() + kills * every + 5
    watching = asyncio.create_task(_watch(place, acknowledged, outcome, until))
    killing = asyncio.create_task(_kill(place, kills, every))
    await vote(place, acknowledged, until, rate)
    await killing
    await watching
    connection = await asyncpg.connect(place.environment["DATABASE_OWNER_URL"])
    twice = await connection.fetchval(
        "select coalesce(sum(leaves), 0) - (select count(*) from ballots where contest = $1) from log_batches"
        " where contest = $1",
        ID,
    )
    await connection.close()
    outcome.twice = max(0, int(twice))


async def _kill(place: Logged, kills: int, every: float) -> None:
    for number in range(kills):
        await asyncio.sleep(every)
        with suppress(psutil.Error, FileNotFoundError):
            match number % 3:
                case 0:
                    sequencers = [each for each in place.service.children() if each.cmdline()[-3:-1] == ["log", "run"]]
                    for each in sequencers:
                        each.kill()
                case 1:
                    psutil.Process(state.load(place.folder).postgres.pid).kill()
                case _:
                    place.witness.kill()
                    place.witness.start()


async def _watch(place: Logged, acknowledged: Acknowledged, outcome: Outcome, until: float) -> None:
    """Looks which batches are in the log, until all acknowledged ones are, or a minute after the last."""
    included: set[int] = set()
    size, grown_at, connection = 0, time.monotonic(), None
    while time.monotonic() < until + LATE_SECONDS:
        await asyncio.sleep(LOOK_SECONDS)
        pending = [batch for batch in list(acknowledged.at) if batch not in included]
        if not pending and time.monotonic() > until + 1:
            break
        try:
            connection = connection or await asyncpg.connect(place.environment["DATABASE_OWNER_URL"], timeout=2)
            rows = await connection.fetch(
                "select batch from log_batches where contest = $1 and batch = any($2)", ID, pending, timeout=2
            )
            now_size = await connection.fetchval("select size from logs where contest = $1", ID, timeout=2) or 0
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            if connection:
                connection.terminate()
            connection = None
            continue
        now = time.monotonic()
        for row in rows:
            included.add(row["batch"])
            outcome.inclusion.append(now - acknowledged.at[row["batch"]])
        if now_size > size and now < until:
            outcome.gaps += [now - grown_at] if size else []
            size, grown_at = now_size, now
    outcome.missing = sum(batch not in included for batch in acknowledged.at)


def report(outcome: Outcome) -> None:
    """Prints what was measured."""
    for name, values in (("inclusion", outcome.inclusion), ("checkpoint gap", outcome.gaps)):
        shown = [f"{quantile(values, share):.2f}" for share in (0.5, 0.99, 1.0)]
        click.echo(f"{name}: p50 {shown[0]} s, p99 {shown[1]} s, most {shown[2]} s")
    click.echo(f"{outcome.ballots} ballots: {outcome.missing} batches missing, {outcome.twice} twice")


@click.command(epilog="Example: python -m loadtests.log.kills --kills 50 --every 6 --rate 80")
@click.option("--kills", default=50, show_default=True, type=click.IntRange(0), help="In turn of the three processes.")
@click.option("--every", default=6.0, show_default=True, help="Seconds between two.")
@click.option("--rate", default=80.0, show_default=True, help="Ballots a second.")
def main(kills: int, every: float, rate: float) -> None:
    """Exit code 1: a ballot is not in the log, or twice, or verify.py finds something wrong."""
    outcome = trial(kills, every, rate, report)
    click.echo(f"verify.py: {len(outcome.findings)} findings {outcome.findings[:3]}")
    sys.exit(not outcome.is_right)


if __name__ == "__main__":
    main()
