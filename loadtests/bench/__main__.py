"""make bench: what a durable ballot costs, compared with a request that does nothing, in one run on one machine."""

from __future__ import annotations

import asyncio
import os
import platform
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import asyncpg
import click

from loadtests.bench.bare_insert import insert_for
from loadtests.bench.load_generator import Volley, connect, send
from loadtests.bench.processor_time import PARTS, SERVERS, measured, microseconds
from loadtests.bench.requests import BALLOTS_EACH, NOOP, READS, board, lean, phones
from loadtests.contests import now
from loadtests.report import RESULTS, save, table
from loadtests.service import ID, Prepared, Service, prepared
from loadtests.stored_ballots import fill
from voting.settings import load
from voting.wiring import admin

OUT = RESULTS / "bench.json"
ENTRIES = 60
CORES = os.cpu_count() or 1
FULL = 3_000_000
# More than any machine answers: requests are made beforehand, and sent once.
MOST_PER_SECOND = {"ballot": 12_000, "phone": 8_000, "single": 4_000}
# Single ballots wait for all before them: more at once would be refused. Reads that are under way at the end of their
# measurement must not take the processor in the next.
MOST_CONNECTIONS = {"single": 8, "page": 16, "entries": 16, "tallies": 16, "live": 16}
REPLAYED = 1000
LEGEND = {
    "noop": "(a) POST that does nothing",
    "ballot": "(b) POST ballots, durable: lean",
    "phone": "(b) as phones send them",
    "single": "(c) lean, one transaction each",
    "insert": "(d) batch insert without HTTP",
    "replay": "ballots sent again",
    "page": "GET the voter's page",
    "entries": "GET entries",
    "tallies": "GET tallies",
    "live": "board opened, until its first event",
}
# What is measured again with many ballots in the tables, and its name there.
WHEN_FULL = {"noop": "full_noop", "ballot": "full", "phone": "full_phone"}
SHOWN = LEGEND | {WHEN_FULL[name]: f"{LEGEND[name]}, full tables" for name in WHEN_FULL}
RATES = {"ballot_vs_noop": ("ballot", "noop"), "ballot_vs_single": ("ballot", "single")}
TIMES = {
    "ballot_vs_noop_cpu": ("ballot", "noop"),
    "phone_vs_noop_cpu": ("phone", "noop"),
    "full_vs_noop_cpu": ("full", "full_noop"),
    "full_phone_vs_noop_cpu": ("full_phone", "full_noop"),
}


@dataclass
class Series:
    """The rounds of one figure, without the one that warms up; without HTTP there are only rates."""

    rates: list[float] = field(default_factory=list)
    volleys: list[Volley] = field(default_factory=list)
    costs: list[dict[str, float]] = field(default_factory=list)
    """Microseconds of a processor for one request, by part."""
    bytes: list[dict[str, float]] = field(default_factory=list)
    """Bytes for one ballot, in the tables and in the WAL."""


@click.command(epilog="Example: make bench ARGS='--rounds 7 --full'")
@click.option("--rounds", default=5, show_default=True, help="Rounds; each measures everything once.")
@click.option("--seconds", default=2, show_default=True, help="The length of each measurement.")
@click.option("--connections", default=128, show_default=True, help="Connections, each with one request at a time.")
@click.option("--workers", default=CORES, show_default=True, help="Worker processes of each server.")
@click.option("--only", multiple=True, type=click.Choice(list(LEGEND)), help="Measure only these; (a) is always.")
@click.option("--full", is_flag=False, flag_value=FULL, default=0, help=f"Again with {FULL} (or N) ballots stored.")
@click.option("--out", default=OUT, show_default=True, type=click.Path(path_type=Path), help="The file of figures.")
def main(
    rounds: int, seconds: int, connections: int, workers: int, only: tuple[str, ...], full: int, out: Path
) -> None:
    """Measure in turn, and check that every accepted ballot is in the database and the tally, once.

    \b
    noop     (a) a POST of JSON that does nothing, on the same framework and server
    ballot   (b) ballots of programs: the fewest headers
    phone    (b) ballots as WeChat's browser on 400 phones sends them: 18 header fields, ticket, client
             report, cookie, through a proxy, the body in a second packet
    single   (c) lean ballots with one transaction each (VOTING_BATCH=1)
    insert   (d) the same rows in batches of 64, without HTTP and rules
    replay, page, entries, tallies, live: ballots sent again, and what voters and organisers read

    \b
    X_per_s          answers a second; median, minimum and maximum of the rounds
    ballot_vs_noop   (b) / (a) by rate, within each round; ballot_vs_single: (b) / (c)
    X_vs_noop_cpu    processor time of (a) / that of a ballot, within each round: workers, PostgreSQL and
                     Redis, and the client where wrk sent both. full_...: with many ballots in the tables
    X_stored_bytes   growth of the database for a ballot;  X_wal_bytes: of its write-ahead log
    costs_us         processor time of one request by part

    The client takes a share of the same cores: compare the ratios, not machines.
    """
    names = [name for name in LEGEND if not only or name in ("noop", *only)]
    series, faults = _measure(names, rounds, seconds, connections, workers)
    if full:
        names = [name for name in names if name in WHEN_FULL]
        more, wrong = _measure(names, rounds, seconds, connections, workers, full)
        series |= {WHEN_FULL[name]: each for name, each in more.items()}
        faults += wrong
    content: dict[str, object] = {
        "cores": CORES,
        "workers": workers,
        "connections": connections,
        "rounds": rounds,
        "seconds": seconds,
        "full": full,
    }
    content |= {"python": platform.python_version(), **figures(series), "costs_us": costs(series)}
    save(out, content)
    click.echo(f"{CORES} cores, {workers} workers, {connections} connections, {rounds} rounds of {seconds} s each\n")
    click.echo(bench_table(series))
    for fault in faults:
        click.echo(f"wrong: {fault}", err=True)
    sys.exit(1 if faults else 0)


def _measure(
    names: Sequence[str], rounds: int, seconds: int, connections: int, workers: int, full: int = 0
) -> tuple[dict[str, Series], list[str]]:
    """Measures these on new engines, with `full` ballots in the tables."""
    voters = (rounds + 1) * seconds * sum(MOST_PER_SECOND.values()) // BALLOTS_EACH
    with prepared(ENTRIES, voters) as ready:
        if full:
            asyncio.run(_fill(ready, full))
        with _servers(ready.environment, workers) as ports:
            run = _Run(ready, ports, seconds, connections, asyncio.run(_staff_key(ready.environment)))
            for number in range(rounds + 1):
                for name in names:
                    # The first round warms up connections, plans and caches.
                    rate = run.measure(name, keep=number > 0)
                    print(f"round {number} {name}{' (full)' * bool(full)}: {rate:,.0f}/s", file=sys.stderr)
        faults = [f"{LEGEND[name]}: {failed} failed" for name, failed in run.failed.items() if failed]
        return run.series, faults + asyncio.run(_check(ready.environment, run.answered, run.sent))


@contextmanager
def _servers(environment: dict[str, str], workers: int) -> Iterator[dict[str, int]]:
    """The ports of the three servers, which share the engines; two of them are idle."""
    behind_a_proxy = environment | {"VOTING_TRUSTED_PROXIES": "127.0.0.0/8"}
    with (
        Service(environment, workers, program=("loadtests.bench.noop",)) as noop,
        Service(behind_a_proxy, workers) as ballot,
        Service(environment | {"VOTING_BATCH": "1"}, workers) as single,
    ):
        yield {"noop": noop.port, "ballot": ballot.port, "single": single.port}


async def _fill(ready: Prepared, ballots: int) -> None:
    await fill(ready.environment, ballots, ready.entries)
    async with admin.services(load(ready.environment), "loadtests") as office:
        await office.recounts.mend(await office.contest_cache.get(ID), "filled")


async def _staff_key(environment: Mapping[str, str]) -> str:
    async with admin.services(load(environment), "loadtests") as office:
        return await office.staff_keys.create("bench", "organiser", ID)


class _Run:
    """Measures one thing at a time on running servers."""

    def __init__(
        self, ready: Prepared, ports: Mapping[str, int], seconds: int, connections: int, staff_key: str
    ) -> None:
        self._environment = ready.environment
        self._ports = ports
        self._seconds = seconds
        self._connections = connections
        self._board = board(staff_key)
        phone_voters = len(ready.tokens) * MOST_PER_SECOND["phone"] // sum(MOST_PER_SECOND.values())
        self._phones = phones(ready.tokens[:phone_voters], ready.entries, now())
        self._lean = lean(ready.tokens[phone_voters:], ready.entries)
        # The round that warms up casts them.
        self._replayed = list(islice(self._lean, REPLAYED))
        self.series: dict[str, Series] = {}
        self.failed: dict[str, int] = {}
        self.answered, self.sent = 0, REPLAYED

    def measure(self, name: str, *, keep: bool) -> float:
        """The rate of one measurement; its figures are kept or not."""
        series = self.series.setdefault(name, Series())
        if name == "insert":
            rate = insert_for(self._environment, self._seconds)
        else:
            rate = self._volley(name, series if keep else Series())
        if keep:
            series.rates.append(rate)
        return rate

    def _volley(self, name: str, series: Series) -> float:
        requests = self._requests(name)
        at_once = min(self._connections, MOST_CONNECTIONS.get(name, self._connections))
        port = self._ports.get(name, self._ports["ballot"])
        before = asyncio.run(_sizes(self._environment))
        with measured() as seconds:
            if name == "live":
                volley = connect(port, self._board, at_once, self._seconds)
            else:
                volley = send(port, requests, at_once, self._seconds, body_later=name == "phone")
        series.volleys.append(volley)
        series.costs.append(microseconds(seconds, volley.answered))
        self.failed[name] = self.failed.get(name, 0) + volley.failed
        if name in MOST_PER_SECOND:
            grown = asyncio.run(_sizes(self._environment))
            series.bytes.append({each: (grown[each] - before[each]) / max(1, volley.answered) for each in grown})
            self.answered += volley.answered
            self.sent += volley.answered + volley.failed + at_once
        return volley.rate

    def _requests(self, name: str) -> list[bytes]:
        if name in MOST_PER_SECOND:
            stream = self._phones if name == "phone" else self._lean
            return list(islice(stream, MOST_PER_SECOND[name] * self._seconds))
        return self._replayed if name == "replay" else [READS.get(name, NOOP)]


_SIZES = {
    "stored": "select pg_database_size(current_database())",
    "wal": "select (pg_current_wal_insert_lsn() - '0/0')::bigint",
}


async def _sizes(environment: Mapping[str, str]) -> dict[str, int]:
    connection = await asyncpg.connect(environment["DATABASE_OWNER_URL"])
    try:
        return {name: await connection.fetchval(sql) for name, sql in _SIZES.items()}
    finally:
        await connection.close()


async def _check(environment: Mapping[str, str], answered: int, sent: int) -> list[str]:
    """Accepted ballots are stored, with some of those that the end of a volley cut off; the tally is the recount."""
    connection = await asyncpg.connect(environment["DATABASE_OWNER_URL"])
    try:
        recorded = await connection.fetchval("select count(*) from ballots where idempotency_key like 'bench-%'")
    finally:
        await connection.close()
    async with admin.services(load(environment), "loadtests") as office:
        differences = await office.recounts.differences(await office.contest_cache.get(ID))
    faults = [] if answered <= recorded <= sent else [f"{answered} ballots were answered, {recorded} are recorded"]
    return faults + ([f"the tallies of {len(differences)} entries are not their recounts"] if differences else [])


def figures(series: Mapping[str, Series]) -> dict[str, float]:
    """Median, minimum and maximum of every rate, ratio and number of bytes."""
    found: dict[str, float] = {}
    for name, rounds in _values(series).items():
        spread = {name: statistics.median(rounds), f"{name}_min": min(rounds), f"{name}_max": max(rounds)}
        found |= {key: round(value, 3) for key, value in spread.items()}
    return found


def _values(series: Mapping[str, Series]) -> dict[str, list[float]]:
    """The rounds of every figure; ratios are taken within a round."""
    values = {f"{name}_per_s": each.rates for name, each in series.items()}
    for ratio, (over, under) in RATES.items():
        if {over, under} <= series.keys():
            pairs = zip(series[over].rates, series[under].rates, strict=True)
            values[ratio] = [upper / lower for upper, lower in pairs]
    for ratio, (ballot, noop) in TIMES.items():
        if {ballot, noop} <= series.keys():
            values[ratio] = cpu_ratios(series[ballot], series[noop])
    for name, each in series.items():
        for kind in _SIZES if each.bytes else ():
            values[f"{name}_{kind}_bytes"] = [sizes[kind] for sizes in each.bytes]
    return values


def cpu_ratios(ballot: Series, noop: Series) -> list[float]:
    """The processor time of (a) in each round, divided by that of a ballot."""
    same_client = all(volley.by_wrk for volley in (*ballot.volleys, *noop.volleys))
    parts = PARTS if same_client else SERVERS
    return [
        sum(nothing[part] for part in parts) / sum(costly[part] for part in parts)
        for costly, nothing in zip(ballot.costs, noop.costs, strict=True)
    ]


def bench_table(series: Mapping[str, Series]) -> str:
    """The figures in Markdown."""
    found, rates, others, shares = figures(series), [], [], []
    for name, each in series.items():
        rate = [f"{found[f'{name}_per_s{suffix}']:,.0f}" for suffix in ("", "_min", "_max")]
        times = [statistics.median(values) for values in zip(*((v.p50, v.p99) for v in each.volleys), strict=True)]
        rates.append((SHOWN[name], *rate, *([f"{value:.1f}" for value in times] or ["", ""])))
    for name in (*RATES, *TIMES, *(name for name in found if name.endswith("_bytes"))):
        if name in found:
            digits = 0 if name.endswith("_bytes") else 2
            others.append((name, *(f"{found[name + suffix]:.{digits}f}" for suffix in ("", "_min", "_max"))))
    for name, cost in costs(series).items():
        servers = sum(cost[part] for part in SERVERS)
        shares.append((SHOWN[name], *(f"{cost[part]:.0f}" for part in PARTS), f"{servers:.0f}"))
    return "\n\n".join(
        (
            table(("what", "median /s", "min", "max", "p50 ms", "p99 ms"), rates),
            table(("ratio or bytes for a ballot", "median", "min", "max"), others),
            table(("µs of a processor for one", *PARTS, "without client"), shares),
        )
    )


def costs(series: Mapping[str, Series]) -> dict[str, dict[str, float]]:
    """The processor time of one request by part, in microseconds: medians, of everything that uses HTTP."""
    return {
        name: {part: round(statistics.median(cost[part] for cost in each.costs), 1) for part in PARTS}
        for name, each in series.items()
        if each.costs
    }


if __name__ == "__main__":
    main()
