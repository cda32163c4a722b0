"""python -m loadtests.fraud: measures what a fraud policy does to labelled worlds."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import click
import polars as pl

from loadtests.fraud.bench import RESULTS, SCENARIOS, BacktestFailed, Found, run, save
from loadtests.fraud.figures import evaluate
from loadtests.fraud.fit import fit
from loadtests.fraud.learning import written
from loadtests.fraud.plans import PLANS
from loadtests.fraud.scale import costs
from loadtests.fraud.table import parts_table, rules_table, table
from loadtests.fraud.verdicts import judged, read_verdicts
from loadtests.fraud.worlds import HANDS
from loadtests.traffic.writing import EVENTS, LABELS

# Worlds below are for tuning.
FIRST_SEED = 4001
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(epilog="Example: python -m loadtests.fraud bench --seeds 3 --ballots 50000")
def main() -> None:
    """What a fraud policy removes and what it costs honest voters, on worlds of loadtests.traffic."""


@main.command("fit", epilog="Example: make fit > trees.toml")
@click.option(
    "--work",
    default=RESULTS / "fitting",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keeps what is made on the way there, 30 GB: with the same program, the next run goes on where this one ends.",
)
def fit_trees(work: Path) -> None:
    """Fits the trees of a policy's sweeps anew and prints their tables."""
    click.echo(written(fit(PLANS, work, lambda text: click.echo(text, err=True))))


@main.command(epilog="Example: make fraud-bench ARGS='--seeds 5 --scenario main'")
@click.option("--seeds", default=20, show_default=True, help="How many worlds of the main scenario.")
@click.option("--side-seeds", default=5, show_default=True, help="How many worlds of each other scenario.")
@click.option("--first", default=FIRST_SEED, show_default=True, help="The first seed; those below 4001 are for tuning.")
@click.option("--ballots", default=200_000, show_default=True, help="Attempts in each world.")
@click.option("--hand", default="traffic", show_default=True, type=click.Choice(list(HANDS)), help="Who makes them.")
@click.option("--scenario", "scenarios", multiple=True, type=click.Choice(list(SCENARIOS)), help="Only these.")
@click.option("--policy", type=click.Path(exists=True, path_type=Path), help="A policy file; else the program's own.")
@click.option("--rules-only", is_flag=True, help="Only the naive rules, without `voting backtest`.")
def bench(  # noqa: PLR0913 (options of a command)
    seeds: int,
    side_seeds: int,
    first: int,
    ballots: int,
    hand: str,
    scenarios: tuple[str, ...],
    *,
    policy: Path | None,
    rules_only: bool,
) -> None:
    """Makes worlds, replays them and prints the table; exit code 1 where a floor is missed."""
    found = Found()
    for scenario in scenarios or (["main"] if rules_only else SCENARIOS):
        for seed in range(first, first + (seeds if scenario == "main" else side_seeds)):
            try:
                figures = run(scenario, seed, ballots, found, hand=hand, policy=policy, replay=not rules_only)
            except BacktestFailed as fault:
                raise click.ClickException(f"voting backtest failed on {scenario} {seed}:\n{fault}") from fault
            if figures:
                cost = found.costs[-1]
                told = {name: f"{100 * value:.2f} %" for name, value in figures.values.items() if name in _TOLD}
                click.echo(f"{scenario} {seed}: {told}, {cost.seconds:.0f} s, {cost.mebibytes:.0f} MiB", err=True)
    options: dict[str, object] = {
        "seeds": seeds,
        "side_seeds": side_seeds,
        "first": first,
        "ballots": ballots,
        "hand": hand,
    }
    text = table(found.scenarios)
    click.echo(f"{text}\n")
    if "main" in found.scenarios:
        click.echo(f"{parts_table(found.scenarios['main'])}\n")
    if found.rules:
        click.echo(f"{rules_table(found.rules)}\n")
    click.echo(f"the figures are in {save(found, options).name}")
    sys.exit(1 if "MISSED" in text else 0)


_TOLD = ("removed", "lost", "framing")


@main.command("evaluate", epilog="Example: python -m loadtests.fraud evaluate --world world --out backtest")
@click.option("--world", required=True, type=_FOLDER, help="What `python -m loadtests.traffic write` wrote.")
@click.option("--out", required=True, type=_FOLDER, help="What `voting backtest` wrote.")
def evaluate_command(world: Path, out: Path) -> None:
    """Prints the figures of one backtest that was run by hand."""
    schema = {"id": pl.String, "at": pl.String, "entry": pl.String}
    events = pl.read_ndjson(world / EVENTS, schema=schema).with_columns(
        pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="ms")
    )
    rows = judged(events, pl.read_parquet(world / LABELS), read_verdicts(out, events))
    figures = evaluate(rows, sorted(events["entry"].unique()))
    click.echo(f"{table({'main': [figures]})}\n\n{parts_table([figures])}")


@main.command("scale", epilog="Example: python -m loadtests.fraud scale --ballots 10000000")
@click.option("--ballots", default=1_000_000, show_default=True, help="How many; a tenth of them is certified before.")
def scale_command(ballots: int) -> None:
    """Certifies so many made ballots: seconds, memory, and how both grow."""
    less, more = costs(ballots // 10), costs(ballots)
    for cost in (less, more):
        click.echo(
            f"{cost.ballots:,} ballots: {cost.seconds:.1f} s ({cost.processor_seconds:.1f} s of processor), "
            f"peak {cost.mebibytes:,.0f} MiB, {cost.held:,} held"
        )
    told = ", ".join(
        f"{name} {math.log10(getattr(more, field) / getattr(less, field)):.2f}"
        for name, field in (("time", "seconds"), ("processor", "processor_seconds"), ("memory", "mebibytes"))
    )
    click.echo(f"exponents: {told}")


if __name__ == "__main__":
    main()
