"""python -m loadtests.traffic: writes labelled worlds."""

from __future__ import annotations

from pathlib import Path

import click

from loadtests.traffic.families import EVERY, WITHHELD
from loadtests.traffic.world import DAYS, Rule, make_world
from loadtests.traffic.writing import write


@click.group(epilog="Example: python -m loadtests.traffic write --seed 7 --ballots 20000 --out world")
def main() -> None:
    """Worlds of honest and fraudulent ballots, with labels."""


@main.command(
    "write", epilog="Example: python -m loadtests.traffic write --seed 7 --ballots 600000 --fraud 0.22 --out world"
)
@click.option("--seed", default=1, show_default=True, help="The same seed and options give the same files.")
@click.option("--ballots", default=200_000, show_default=True, help="How many attempts.")
@click.option("--fraud", default=0.22, show_default=True, help="Which share of them is fraudulent.")
@click.option("--entries", type=int, help="How many entries; without it the seed decides.")
@click.option("--days", default=DAYS, show_default=True, help="How long the window is.")
@click.option(
    "--rule", type=click.Choice(["day", "window"]), default="day", show_default=True, help="One pick a voter in each."
)
@click.option("--family", "families", multiple=True, type=click.Choice(EVERY), help="Only these families of attacks.")
@click.option("--development", is_flag=True, help="Without the families that are withheld while a detector is tuned.")
@click.option("--small", is_flag=True, help="Only campaigns of 40 to 350 ballots.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write to.")
def write_command(  # noqa: PLR0913 (an option each)
    seed: int,
    ballots: int,
    fraud: float,
    out: Path,
    *,
    entries: int | None,
    days: int,
    rule: Rule,
    families: tuple[str, ...],
    development: bool,
    small: bool,
) -> None:
    """Writes contest.toml, events.jsonl.gz (what `voting backtest` reads) and labels.parquet."""
    wanted = [name for name in families or EVERY if not (development and name in WITHHELD)]
    world = make_world(seed, ballots, fraud, families=wanted, entries=entries, rule=rule, days=days, small=small)
    write(world, out)
    fraudulent = int(world.labels["fraud"].sum())
    click.echo(f"{len(world.events)} attempts for {len(world.entries)} entries, {fraudulent} fraudulent, in {out}")


if __name__ == "__main__":
    main()
