"""python -m loadtests.fraud_lab: simulates labelled contests, fits fraud policies, and measures them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import click
import httpx
import polars as pl

from loadtests.fraud_lab.answers.attackers import ATTACKERS, FRAMING, SLOW_DRIP
from loadtests.fraud_lab.answers.bench import report, runs_of
from loadtests.fraud_lab.answers.bench import save as save_answers
from loadtests.fraud_lab.answers.figures import Run
from loadtests.fraud_lab.answers.worlds import BALLOTS
from loadtests.fraud_lab.drive import Driven, Target, drive, listed
from loadtests.fraud_lab.families import EVERY, LOOKALIKES
from loadtests.fraud_lab.profiles import PROFILES
from loadtests.fraud_lab.profiles.standard import make_world
from loadtests.fraud_lab.scoring.bench import RESULTS, SCENARIOS, BacktestFailed, Found, run, save
from loadtests.fraud_lab.scoring.figures import evaluate
from loadtests.fraud_lab.scoring.table import parts_table, rules_table, table
from loadtests.fraud_lab.scoring.verdicts import judged, read_verdicts
from loadtests.fraud_lab.simulator.world import DAYS
from loadtests.fraud_lab.simulator.writing import EVENTS, LABELS, write
from loadtests.fraud_lab.training.fit import fit
from loadtests.fraud_lab.training.labelled import Labelled, NotLabelledError
from loadtests.fraud_lab.training.training_set import PLANS
from loadtests.fraud_lab.training.trees import OneSidedError, written

# Seeds below are for tuning.
FIRST_SEED = 4001
# A driven world is held in memory.
MOST_DRIVEN = 20_000
FEWEST_ENTRIES = 20
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_SHOWN = ("removed", "lost", "framing")
Command = TypeVar("Command", bound=Callable[..., None])


@click.group(epilog="Example: python -m loadtests.fraud_lab write --seed 7 --ballots 20000 --out world")
def main() -> None:
    """Simulated contests with honest and fraudulent ballots, for fraud policies. All figures are of such contests."""


def _world_options(command: Command) -> Command:
    """Options of every command that makes one world of the standard profile."""
    for option in (
        click.option("--fraud", default=0.22, show_default=True, help="The share of fraudulent ballots."),
        click.option("--family", "families", multiple=True, type=click.Choice(EVERY), help="Only these attacks."),
        click.option("--seed", default=1, show_default=True, help="The same seed and options give the same world."),
    ):
        command = option(command)
    return command


@main.command(
    "write", epilog="Example: python -m loadtests.fraud_lab write --seed 7 --ballots 600000 --fraud 0.22 --out world"
)
@_world_options
@click.option("--ballots", default=200_000, show_default=True, help="The number of attempts.")
@click.option("--days", default=DAYS, show_default=True, help="The length of the window.")
@click.option("--crowd", "crowds", multiple=True, type=click.Choice([*LOOKALIKES, "none"]), help="Only these crowds.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write to.")
def write_command(
    seed: int, ballots: int, fraud: float, out: Path, *, days: int, families: tuple[str, ...], crowds: tuple[str, ...]
) -> None:
    """Write contest.toml, events.jsonl.gz (the input of `voting backtest`) and labels.parquet."""
    world = make_world(seed, ballots, fraud, families=families or EVERY, crowds=crowds or tuple(LOOKALIKES), days=days)
    write(world, out)
    fraudulent = int(world.labels["fraud"].sum())
    click.echo(f"{len(world.events)} attempts for {len(world.entries)} entries, {fraudulent} fraudulent, in {out}")


@main.command(
    "drive",
    epilog="Example: VOTING_TRUSTED_PROXIES=127.0.0.1 voting serve; then, in another terminal: python -m"
    " loadtests.fraud_lab drive --url http://127.0.0.1:8000 --contest demo --seed 7 --ballots 3000 --minutes 3",
)
@_world_options
@click.option("--url", required=True, help="A server of this machine, which trusts 127.0.0.1 as a proxy.")
@click.option("--contest", required=True, help="The contest's id; its window is open, and it has 20 entries or more.")
@click.option(
    "--ballots", default=3000, show_default=True, type=click.IntRange(100, MOST_DRIVEN), help="The number of attempts."
)
@click.option(
    "--minutes", default=3.0, show_default=True, type=click.FloatRange(0.1, 60), help="The length of the drive."
)
@click.option(
    "--credentials",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The output of `voting credentials issue`, one for each voter; if not given they are issued here, with the"
    " settings of the environment.",
)
@click.option(
    "--out", default=Path("labels.parquet"), show_default=True, type=click.Path(path_type=Path), help="For the labels."
)
def drive_command(  # noqa: PLR0913 (an option each)
    url: str,
    contest: str,
    seed: int,
    ballots: int,
    minutes: float,
    fraud: float,
    out: Path,
    *,
    families: tuple[str, ...],
    credentials: Path | None,
) -> None:
    """Play a small world against a running server and write the labels of its ballots.

    Each voter has a credential and votes once. A day of the world takes some minutes, reading times stay as they are.
    The first quarter of the time is for opening pages; a ballot whose page would have been opened before has no ticket.
    Challenges are solved. --out has the columns of labels.parquet with the ballots' ids, to compare with the output of
    `voting events export` and `voting backtest`.
    """
    url = url.rstrip("/")
    if urlsplit(url).hostname not in ("127.0.0.1", "::1", "localhost"):
        raise click.UsageError(f"{url} is not this machine; only servers here are driven: --url http://127.0.0.1:8000")
    try:
        codes = asyncio.run(listed(url, contest))
    except httpx.HTTPError as error:
        raise click.ClickException(f"{url} does not list the entries of {contest!r}: {error}") from None
    if len(codes) < FEWEST_ENTRIES:
        raise click.ClickException(f"{contest!r} has {len(codes)} entries; a world needs {FEWEST_ENTRIES}")
    world = make_world(seed, ballots, fraud, families=families or EVERY, entries=len(codes), rule="window", days=1)
    voters = world.events["voter"].n_unique()
    tokens = credentials.read_text("utf-8").split() if credentials else _issued(contest, voters)
    if len(tokens) < voters:
        raise click.ClickException(f"{len(tokens)} credentials for {voters} voters; issue more")
    driven = asyncio.run(drive(world, Target(url, contest, codes, tokens), minutes * 60))
    driven.labels(world).write_parquet(out)
    _report(driven, out)
    if not driven.ballots:
        raise SystemExit(1)


def _issued(contest: str, voters: int) -> list[str]:
    command = [sys.executable, "-m", "voting", "credentials", "issue", "--contest", contest, "--count", str(voters)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"voting credentials issue: {done.stderr}")
    return done.stdout.split()


def _report(driven: Driven, out: Path) -> None:
    refused = "".join(f", {count} {code}" for code, count in driven.refused.most_common())
    click.echo(
        f"{len(driven.ballots)} ballots recorded{refused}; {driven.challenged} were challenged, {driven.unread} had no"
        f" ticket; the labels are in {out}"
    )


@main.command("fit", epilog="Example: make fit > model.json")
@click.option(
    "--work",
    default=RESULTS / "fitting",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keeps intermediate results, 30 GB; the next run with the same program continues from there.",
)
@click.option(
    "--labelled",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A real contest, from `voting events export --labels`; learnt from beside the simulated worlds.",
)
@click.option(
    "--worlds",
    type=click.IntRange(2),
    help="Only this many worlds of the standard profile, small ones with fraud: for a try.",
)
def fit_command(work: Path, labelled: tuple[Path, ...], worlds: int | None) -> None:
    """Fit the model of a policy's sweeps and print it as JSON."""
    fraudulent = sorted((plan for plan in PLANS if plan.fraud and plan.is_close), key=lambda plan: plan.ballots)
    plans = PLANS if worlds is None else fraudulent[:worlds]
    sources = (*plans, *map(Labelled, labelled))
    try:
        click.echo(written(fit(sources, work, lambda text: click.echo(text, err=True))))
    except (NotLabelledError, OneSidedError) as error:
        raise click.ClickException(str(error)) from None


@main.command(epilog="Example: make fraud-bench ARGS='--seeds 5 --scenario main'")
@click.option("--seeds", default=20, show_default=True, help="The number of worlds of the main scenario.")
@click.option("--side-seeds", default=5, show_default=True, help="The number of worlds of each other scenario.")
@click.option("--first", default=FIRST_SEED, show_default=True, help="The first seed; those below 4001 are for tuning.")
@click.option("--ballots", default=200_000, show_default=True, help="Attempts in each world.")
@click.option("--profile", default="standard", show_default=True, type=click.Choice(list(PROFILES)), help="The maker.")
@click.option("--scenario", "scenarios", multiple=True, type=click.Choice(list(SCENARIOS)), help="Only these.")
@click.option("--policy", type=click.Path(exists=True, path_type=Path), help="A policy file; else the packaged one.")
@click.option("--rules-only", is_flag=True, help="Only the naive rules, without `voting backtest`.")
def bench(  # noqa: PLR0913 (options of a command)
    seeds: int,
    side_seeds: int,
    first: int,
    ballots: int,
    profile: str,
    scenarios: tuple[str, ...],
    *,
    policy: Path | None,
    rules_only: bool,
) -> None:
    """Make worlds, replay them and print the table; exit code 1 if a floor is missed."""
    found = Found()
    for scenario in scenarios or (["main"] if rules_only else SCENARIOS):
        for seed in range(first, first + (seeds if scenario == "main" else side_seeds)):
            try:
                figures = run(scenario, seed, ballots, found, profile=profile, policy=policy, replay=not rules_only)
            except BacktestFailed as fault:
                raise click.ClickException(f"voting backtest failed on {scenario} {seed}:\n{fault}") from fault
            if figures:
                cost = found.costs[-1]
                shares = {name: f"{100 * value:.2f} %" for name, value in figures.values.items() if name in _SHOWN}
                click.echo(f"{scenario} {seed}: {shares}, {cost.seconds:.0f} s, {cost.mebibytes:.0f} MiB", err=True)
    options: dict[str, object] = {"seeds": seeds, "side_seeds": side_seeds, "first": first}
    options |= {"ballots": ballots, "profile": profile}
    text = table(found.scenarios)
    click.echo(f"{text}\n")
    if "main" in found.scenarios:
        click.echo(f"{parts_table(found.scenarios['main'])}\n")
    if found.rules:
        click.echo(f"{rules_table(found.rules)}\n")
    click.echo(f"the figures, all of simulated contests, are in {save(found, options).name}")
    sys.exit(1 if "MISSED" in text else 0)


@main.command("evaluate", epilog="Example: python -m loadtests.fraud_lab evaluate --world world --out backtest")
@click.option("--world", required=True, type=_FOLDER, help="The folder that `write` wrote.")
@click.option("--out", required=True, type=_FOLDER, help="The folder that `voting backtest` wrote.")
def evaluate_command(world: Path, out: Path) -> None:
    """Print the figures of one backtest that was run by hand."""
    schema = {"id": pl.String, "at": pl.String, "entry": pl.String}
    events = pl.read_ndjson(world / EVENTS, schema=schema).with_columns(
        pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="ms")
    )
    rows = judged(events, pl.read_parquet(world / LABELS), read_verdicts(out, events))
    figures = evaluate(rows, sorted(events["entry"].unique()))
    click.echo(f"{table({'main': [figures]})}\n\n{parts_table([figures])}")


@main.command(epilog="Example: make fraud-answers ARGS='--seeds 20 --processes 2'")
@click.option("--seeds", default=20, show_default=True, type=click.IntRange(1), help="The number of contests.")
@click.option("--first", default=1, show_default=True, help="The first seed.")
@click.option(
    "--ballots", default=BALLOTS, show_default=True, type=click.IntRange(2000), help="Honest ballots of each."
)
@click.option(
    "--attacker",
    "attackers",
    multiple=True,
    type=click.Choice([each.name for each in (*ATTACKERS, SLOW_DRIP, FRAMING)]),
    help="Only these.",
)
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1), help="Seeds played side by side.")
def answers(seeds: int, first: int, ballots: int, attackers: tuple[str, ...], processes: int) -> None:
    """Play contests in which some voters are asked to confirm, with and without attacks.

    Exit code 1 if a floor is missed. Attacks have 4,000, 1,000 and 300 ballots, in smaller contests in proportion. The
    tables and the numbers of each contest go to loadtests/results/answers-*.
    """
    runs: list[Run] = []
    with ProcessPoolExecutor(processes) as pool:
        play = partial(runs_of, ballots=ballots, attackers=attackers)
        for seed, played in enumerate(pool.map(play, range(first, first + seeds)), first):
            runs += played
            click.echo(f"seed {seed}: {len(played)} contests", err=True)
    text = report(runs)
    click.echo(f"{text}\n\nthe figures, all of simulated contests, are in {save_answers(runs, text).name}")
    sys.exit(1 if "MISSED" in text else 0)


if __name__ == "__main__":
    main()
