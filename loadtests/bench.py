"""make bench: a durable ballot beside a request that does nothing, in one run on one machine."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import asyncpg
import click

from loadtests.client import request
from loadtests.costs import PARTS, measured, microseconds
from loadtests.firing import Volley, fire
from loadtests.inserting import insert_for
from loadtests.routes import ballots
from loadtests.service import ID, Prepared, free_port, prepared, serving, started

RESULTS = Path(__file__).parent / "results" / "bench.json"
ENTRIES = 60
CORES = os.cpu_count() or 1
# More than any machine answers: requests are made beforehand, and none is sent twice.
MOST_PER_SECOND = {"ballot": 12_000, "single": 4_000}
BALLOTS_EACH = 5
SINGLE_CONNECTIONS = 16
LEGEND = {
    "noop": "(a) POST that does nothing",
    "ballot": "(b) POST ballots, durable",
    "single": "(c) the same, one transaction each",
    "insert": "(d) batch insert without HTTP",
}
RATIOS = {"ballot_vs_noop": ("ballot", "noop"), "ballot_vs_single": ("ballot", "single")}


@dataclass
class Series:
    """One figure's rounds. `volleys` is empty for what goes without HTTP."""

    rates: list[float] = field(default_factory=list)
    volleys: list[Volley] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    """Of the processor, by part."""


@click.command(epilog="Example: make bench ARGS='--rounds 7 --connections 128'")
@click.option("--rounds", default=5, show_default=True, help="Rounds; each measures all four, one after another.")
@click.option("--seconds", default=2, show_default=True, help="How long each of them takes.")
@click.option("--connections", default=128, show_default=True, help="Connections, each with one request at a time.")
@click.option("--workers", default=CORES, show_default=True, help="Worker processes of each server.")
@click.option("--out", default=RESULTS, show_default=True, type=click.Path(path_type=Path), help="Where the JSON goes.")
def bench(rounds: int, seconds: int, connections: int, workers: int, out: Path) -> None:
    """Measures (a) to (d) in turn, and checks that every ballot answered is in the database and the tally, once.

    The client takes its share of the same cores: compare the ratios, not machines.
    """
    voters = (rounds + 1) * seconds * sum(MOST_PER_SECOND.values()) // BALLOTS_EACH
    with prepared(ENTRIES, voters) as ready, _servers(ready.environment, workers) as ports:
        series, faults = _measure(ready, ports, rounds, seconds, connections)
    content: dict[str, object] = {
        "cores": CORES,
        "workers": workers,
        "connections": connections,
        "rounds": rounds,
        "seconds": seconds,
    }
    content |= {"python": platform.python_version(), **figures(series), "costs_us": costs(series)}
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(content, indent=1) + "\n")
    click.echo(f"{CORES} cores, {workers} workers, {connections} connections, {rounds} rounds of {seconds} s each\n")
    click.echo(table(series))
    for fault in faults:
        click.echo(f"wrong: {fault}", err=True)
    sys.exit(1 if faults else 0)


@contextmanager
def _servers(environment: dict[str, str], workers: int) -> Iterator[dict[str, int]]:
    """The ports of the three servers; they share the engines, and two of them idle."""
    port = free_port()
    command = [sys.executable, "-m", "loadtests.noop", str(port), str(workers)]
    single = environment | {"VOTING_BATCH": "1"}
    with (
        started(command, environment, port, "/ready"),
        serving(environment, workers) as ballot,
        serving(single, workers) as one_each,
    ):
        yield {"noop": port, "ballot": ballot, "single": one_each}


def _measure(
    ready: Prepared, ports: Mapping[str, int], rounds: int, seconds: int, connections: int
) -> tuple[dict[str, Series], list[str]]:
    stream = ballots(ready.tokens, ready.entries)
    series = {name: Series() for name in LEGEND}
    answered = sent = 0

    def volley(name: str) -> float:
        nonlocal answered, sent
        requests = [_NOOP] if name == "noop" else list(islice(stream, MOST_PER_SECOND[name] * seconds))
        # More at once would only be refused: each waits for all that came before it.
        at_once = min(connections, SINGLE_CONNECTIONS) if name == "single" else connections
        with measured(series[name].seconds):
            found = fire(ports[name], requests, at_once, seconds)
        series[name].volleys.append(found)
        if name != "noop":
            answered, sent = answered + found.answered, sent + found.answered + found.failed + connections
        return found.rate

    measures: dict[str, Callable[[], float]] = {
        **{name: lambda name=name: volley(name) for name in ports},  # type: ignore[misc]
        "insert": lambda: insert_for(ready.environment, seconds),
    }
    for number in range(rounds + 1):
        for name, measure in measures.items():
            rate = measure()
            # The first round warms up: connections, plans, caches.
            if number:
                series[name].rates.append(rate)
            print(f"round {number} {name}: {rate:,.0f}/s", file=sys.stderr)
    faults = [f"{LEGEND[name]}: {failed} failed" for name, failed in _failures(series).items() if failed]
    return series, [*faults, *asyncio.run(_check(ready.environment, answered, sent))]


_NOOP = request(
    "POST", "/noop", {"Authorization": f"Bearer {'x' * 60}", "Idempotency-Key": "bench"}, b'{"entries": ["E001"]}'
)


def _failures(series: Mapping[str, Series]) -> dict[str, int]:
    return {name: sum(volley.failed for volley in each.volleys) for name, each in series.items()}


async def _check(environment: Mapping[str, str], answered: int, sent: int) -> list[str]:
    """Every answered ballot is there; of those that the end of a volley cut off, some are. The tally is the recount."""
    connection = await asyncpg.connect(environment["DATABASE_URL"])
    by_http = "select count(*) from ballots where contest = $1 and idempotency_key <> 'bench'"
    recorded = await connection.fetchval(by_http, ID)
    drift = await connection.fetchval(_DRIFT, ID)
    await connection.close()
    faults = [] if answered <= recorded <= sent else [f"{answered} ballots were answered, {recorded} are recorded"]
    return faults + ([f"the tallies of {drift} entries are not their recounts"] if drift else [])


_DRIFT = """
select count(*) from (
    select entry, sum(counted) as n from tallies where contest = $1 group by entry
    except
    select entry, count(*) as n from ballots, unnest(picks) as entry where contest = $1 group by entry
) as different
"""


def figures(series: Mapping[str, Series]) -> dict[str, float]:
    """Median, least and most of every rate; the ratios are of the rounds, each with its own."""
    values = {f"{name}_per_s": each.rates for name, each in series.items()}
    for name, (over, under) in RATIOS.items():
        pairs = zip(series[over].rates, series[under].rates, strict=True)
        values[name] = [upper / lower for upper, lower in pairs]
    found: dict[str, float] = {}
    for name, each in values.items():
        spread = {name: statistics.median(each), f"{name}_min": min(each), f"{name}_max": max(each)}
        found |= {key: round(value, 3) for key, value in spread.items()}
    return found


def table(series: Mapping[str, Series]) -> str:
    """The figures in Markdown."""
    found = figures(series)
    rows = ["| what | median /s | min | max | p50 ms | p99 ms |", "|---|---:|---:|---:|---:|---:|"]
    for name, each in series.items():
        rate = [f"{found[f'{name}_per_s{suffix}']:,.0f}" for suffix in ("", "_min", "_max")]
        times = [statistics.median(values) for values in zip(*((v.p50, v.p99) for v in each.volleys), strict=True)]
        p50, p99 = (f"{value:.1f}" for value in times) if times else ("", "")
        rows.append(f"| {LEGEND[name]} | {' | '.join(rate)} | {p50} | {p99} |")
    rows += ["", "| ratio | median | min | max |", "|---|---:|---:|---:|"]
    for name, (over, under) in RATIOS.items():
        ratio = [f"{found[f'{name}{suffix}']:.2f}" for suffix in ("", "_min", "_max")]
        rows.append(f"| {over} / {under} | {' | '.join(ratio)} |")
    parts = [*PARTS, "client"]
    rows += ["", f"| µs of a processor for one | {' | '.join(parts)} |", f"|---|{'---:|' * len(parts)}"]
    for name, cost in costs(series).items():
        rows.append(f"| {LEGEND[name]} | {' | '.join(f'{cost.get(part, 0):.0f}' for part in parts)} |")
    return "\n".join(rows)


def costs(series: Mapping[str, Series]) -> dict[str, dict[str, float]]:
    """By what goes over HTTP, the processor time of one in every part, in microseconds."""
    return {
        name: microseconds(each.seconds, sum(volley.answered for volley in each.volleys))
        for name, each in series.items()
        if each.volleys
    }


if __name__ == "__main__":
    bench()
