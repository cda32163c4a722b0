"""make bench: a durable ballot compared with a request that does nothing, in one run on one machine."""

from __future__ import annotations

import asyncio
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import click

from loadtests.bench.bare_insert import insert_for
from loadtests.bench.load_generator import Volley, send
from loadtests.bench.processor_time import PARTS, measured, microseconds
from loadtests.bench.routes import ballots
from loadtests.contests import stored
from loadtests.http import request
from loadtests.report import RESULTS, save, table
from loadtests.service import ID, Prepared, Service, prepared

OUT = RESULTS / "bench.json"
ENTRIES = 60
CORES = os.cpu_count() or 1
# More than any machine answers: requests are made beforehand, and sent once.
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
    """The rounds of one figure; `volleys` is empty without HTTP."""

    rates: list[float] = field(default_factory=list)
    volleys: list[Volley] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    """Processor time by part."""


@click.command(epilog="Example: make bench ARGS='--rounds 7 --connections 128'")
@click.option("--rounds", default=5, show_default=True, help="Rounds; each measures all four.")
@click.option("--seconds", default=2, show_default=True, help="The length of each measurement.")
@click.option("--connections", default=128, show_default=True, help="Connections, each with one request at a time.")
@click.option("--workers", default=CORES, show_default=True, help="Worker processes of each server.")
@click.option("--out", default=OUT, show_default=True, type=click.Path(path_type=Path), help="The file of figures.")
def main(rounds: int, seconds: int, connections: int, workers: int, out: Path) -> None:
    """Measure (a) to (d) in turn, and check that every accepted ballot is in the database and the tally, once.

    The client takes a share of the same cores: compare the ratios, not machines.
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
    save(out, content)
    click.echo(f"{CORES} cores, {workers} workers, {connections} connections, {rounds} rounds of {seconds} s each\n")
    click.echo(bench_table(series))
    for fault in faults:
        click.echo(f"wrong: {fault}", err=True)
    sys.exit(1 if faults else 0)


@contextmanager
def _servers(environment: dict[str, str], workers: int) -> Iterator[dict[str, int]]:
    """The ports of the three servers, which share the engines; two of them are idle."""
    with (
        Service(environment, workers, program=("loadtests.bench.noop",)) as noop,
        Service(environment, workers) as ballot,
        Service(environment | {"VOTING_BATCH": "1"}, workers) as single,
    ):
        yield {"noop": noop.port, "ballot": ballot.port, "single": single.port}


def _measure(
    ready: Prepared, ports: Mapping[str, int], rounds: int, seconds: int, connections: int
) -> tuple[dict[str, Series], list[str]]:
    stream = ballots(ready.tokens, ready.entries)
    series = {name: Series() for name in LEGEND}
    answered = sent = 0

    def volley(name: str) -> float:
        nonlocal answered, sent
        requests = [_NOOP] if name == "noop" else list(islice(stream, MOST_PER_SECOND[name] * seconds))
        # Each waits for all before it: more at once would be refused.
        at_once = min(connections, SINGLE_CONNECTIONS) if name == "single" else connections
        with measured(series[name].seconds):
            found = send(ports[name], requests, at_once, seconds)
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
            # The first round warms up connections, plans and caches.
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
    """Accepted ballots are stored, with some of those that the end of a volley cut off; the tally is the recount."""
    found = await stored(environment["DATABASE_URL"], ID)
    recorded = sum(key != "bench" for _, key, _ in found.ballots)
    faults = [] if answered <= recorded <= sent else [f"{answered} ballots were answered, {recorded} are recorded"]
    return faults + ([f"the tallies of {found.drift} entries are not their recounts"] if found.drift else [])


def figures(series: Mapping[str, Series]) -> dict[str, float]:
    """Median, minimum and maximum of every rate; ratios are taken within a round."""
    values = {f"{name}_per_s": each.rates for name, each in series.items()}
    for name, (over, under) in RATIOS.items():
        pairs = zip(series[over].rates, series[under].rates, strict=True)
        values[name] = [upper / lower for upper, lower in pairs]
    found: dict[str, float] = {}
    for name, each in values.items():
        spread = {name: statistics.median(each), f"{name}_min": min(each), f"{name}_max": max(each)}
        found |= {key: round(value, 3) for key, value in spread.items()}
    return found


def bench_table(series: Mapping[str, Series]) -> str:
    """The figures in Markdown."""
    found, rates, ratios = figures(series), [], []
    for name, each in series.items():
        rate = [f"{found[f'{name}_per_s{suffix}']:,.0f}" for suffix in ("", "_min", "_max")]
        times = [statistics.median(values) for values in zip(*((v.p50, v.p99) for v in each.volleys), strict=True)]
        rates.append((LEGEND[name], *rate, *([f"{value:.1f}" for value in times] or ["", ""])))
    for name, (over, under) in RATIOS.items():
        ratios.append((f"{over} / {under}", *(f"{found[f'{name}{suffix}']:.2f}" for suffix in ("", "_min", "_max"))))
    parts = [*PARTS, "client"]
    shares = [(LEGEND[name], *(f"{cost.get(part, 0):.0f}" for part in parts)) for name, cost in costs(series).items()]
    return "\n\n".join(
        (
            table(("what", "median /s", "min", "max", "p50 ms", "p99 ms"), rates),
            table(("ratio", "median", "min", "max"), ratios),
            table(("µs of a processor for one", *parts), shares),
        )
    )


def costs(series: Mapping[str, Series]) -> dict[str, dict[str, float]]:
    """The processor time of one request by part, in microseconds, of everything that uses HTTP."""
    return {
        name: microseconds(each.seconds, sum(volley.answered for volley in each.volleys))
        for name, each in series.items()
        if each.volleys
    }


if __name__ == "__main__":
    main()
