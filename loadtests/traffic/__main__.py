"""python -m loadtests.traffic: writes labelled worlds, or plays one against a server of this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import httpx

from loadtests.hosts import is_loopback
from loadtests.service import issued
from loadtests.traffic.driving import Driven, Target, drive, listed
from loadtests.traffic.families import EVERY, LOOKALIKES
from loadtests.traffic.world import DAYS, Rule, make_world
from loadtests.traffic.writing import write

# A drive is no load test: what it plays fits into memory, and into the patience of who watches.
MOST_DRIVEN = 20_000
FEWEST_ENTRIES = 20


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
@click.option("--crowd", "crowds", multiple=True, type=click.Choice([*LOOKALIKES, "none"]), help="Only these crowds.")
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
    crowds: tuple[str, ...],
    small: bool,
) -> None:
    """Writes contest.toml, events.jsonl.gz (what `voting backtest` reads) and labels.parquet."""
    world = make_world(
        seed,
        ballots,
        fraud,
        families=families or EVERY,
        crowds=crowds or tuple(LOOKALIKES),
        entries=entries,
        rule=rule,
        days=days,
        small=small,
    )
    write(world, out)
    fraudulent = int(world.labels["fraud"].sum())
    click.echo(f"{len(world.events)} attempts for {len(world.entries)} entries, {fraudulent} fraudulent, in {out}")


@main.command(
    "drive",
    epilog="Example: VOTING_TRUSTED_PROXIES=127.0.0.1 voting serve; then, in another terminal: python -m"
    " loadtests.traffic drive --url http://127.0.0.1:8000 --contest demo --seed 7 --ballots 3000 --minutes 3",
)
@click.option("--url", required=True, help="A server of this machine, which trusts 127.0.0.1 as a proxy.")
@click.option("--contest", required=True, help="The contest's id; its window is open, and it has 20 entries or more.")
@click.option("--seed", default=1, show_default=True, help="Which world.")
@click.option(
    "--ballots", default=3000, show_default=True, type=click.IntRange(100, MOST_DRIVEN), help="How many attempts."
)
@click.option(
    "--minutes",
    default=3.0,
    show_default=True,
    type=click.FloatRange(0.1, 60),
    help="A day of the world takes so long.",
)
@click.option("--fraud", default=0.22, show_default=True, help="Which share of them is fraudulent.")
@click.option("--family", "families", multiple=True, type=click.Choice(EVERY), help="Only these families of attacks.")
@click.option(
    "--credentials",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What `voting credentials issue` printed, one for each voter; otherwise they are issued here, by the settings"
    " of the environment.",
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
    """Plays a small world against a running server and writes the labels by ballot.

    A voter has a credential and votes once. Reading times are true, and begin in the first quarter of the time, before
    anybody votes: a ballot whose page would have been opened earlier comes without a ticket. Challenges are solved.
    --out has the columns of `write`, with the ballots' ids, so that what `voting events export` and `voting backtest`
    say of them can be judged.
    """
    url = url.rstrip("/")
    if not is_loopback(url):
        raise click.UsageError(f"{url} is not this machine; only servers here are driven: --url http://127.0.0.1:8000")
    try:
        codes = asyncio.run(listed(url, contest))
    except httpx.HTTPError as error:
        raise click.ClickException(f"{url} does not list the entries of {contest!r}: {error}") from None
    if len(codes) < FEWEST_ENTRIES:
        raise click.ClickException(f"{contest!r} has {len(codes)} entries; a world needs {FEWEST_ENTRIES}")
    world = make_world(seed, ballots, fraud, families=families or EVERY, entries=len(codes), rule="window", days=1)
    voters = world.events["voter"].n_unique()
    tokens = credentials.read_text("utf-8").split() if credentials else issued(contest, voters)
    if len(tokens) < voters:
        raise click.ClickException(f"{len(tokens)} credentials for {voters} voters; issue more")
    driven = asyncio.run(drive(world, Target(url, contest, codes, tokens), minutes * 60))
    driven.labels(world).write_parquet(out)
    _tell(driven, out)
    if not driven.ballots:
        raise SystemExit(1)


def _tell(driven: Driven, out: Path) -> None:
    refused = "".join(f", {count} {code}" for code, count in driven.refused.most_common())
    click.echo(
        f"{len(driven.ballots)} ballots recorded{refused}; {driven.challenged} were challenged, {driven.unread} had no"
        f" ticket; the labels are in {out}"
    )


if __name__ == "__main__":
    main()
