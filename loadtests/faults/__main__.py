"""make faults, make faults-bugs: the campaign, and the checker against planted bugs."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import click

from loadtests.faults import patroni
from loadtests.faults.bugs import BUGS
from loadtests.faults.campaign import PROBES, Run
from loadtests.faults.checker import named
from loadtests.faults.failover import KINDS as KINDS_OF_FAILOVER
from loadtests.faults.failover import Trial, cluster
from loadtests.faults.kinds import KINDS
from loadtests.faults.outage import read_in_an_outage
from loadtests.faults.report import lines, save_runs
from loadtests.faults.schedule import planned
from loadtests.faults.session import session
from loadtests.service import ROOT, temporary_folder

TOKENS_A_SECOND = 200
SHOWN = 170


@click.group(epilog="Example: python -m loadtests.faults run --seed 1 --seconds 120")
def main() -> None:
    """Kill, stop and cut parts of the service while a fleet votes, and check the invariants."""
    # Between two runs; during one, session.py handles it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


@main.command(epilog="Example: make faults SEED=1 SECONDS=120")
@click.option("--seed", default=1, show_default=True, help="The first seed; the same seed plans the same faults.")
@click.option("--seeds", default=1, show_default=True, help="The number of runs, each with the next seed.")
@click.option("--seconds", default=120.0, show_default=True, help="The length of each run.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(KINDS)), help="Only these kinds of faults.")
@click.option("--length", default=0.0, help="The length of each fault; 0: 0.2 to 4 s, by the seed.")
@click.option("--fleets", default=1, show_default=True, help="Client processes.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the logs of clients and service in this folder.")
def run(
    seed: int, seeds: int, seconds: float, kinds: tuple[str, ...], length: float, fleets: int, keep: Path | None
) -> None:
    """Run campaigns on the service; exit code 1 if an invariant did not hold."""
    with session(keep, click.echo) as place:
        found = []
        for number in range(seed, seed + seeds):
            wanted = [name for name in kinds or KINDS if place.disk or not KINDS[name].disk]
            tokens = int(seconds * TOKENS_A_SECOND) + PROBES
            faults = planned(number, wanted, length)
            outcome = place.play(Run(number, seconds, faults, tokens=tokens, fleets=fleets))
            found.append((number, outcome))
            click.echo("\n".join(lines(outcome, number)))
    click.echo(f"{sum(outcome.accepted for _, outcome in found)} ballots acknowledged in total")
    click.echo(f"the figures are in {save_runs(found).relative_to(ROOT)}")
    sys.exit(1 if any(outcome.violations for _, outcome in found) else 0)


@main.command(epilog="Example: python -m loadtests.faults bugs 'counts twice'")
@click.argument("names", nargs=-1, type=click.Choice(list(BUGS)))
def bugs(names: tuple[str, ...]) -> None:
    """Plant one bug after another in the service: the checker must name an invariant that it breaks."""
    missed = []
    with session(None, click.echo) as place:
        for name in names or BUGS:
            outcome = place.hunt(BUGS[name])
            found = named(outcome.violations)
            caught = BUGS[name].breaks <= found
            missed += [] if caught else [name]
            click.echo(f"{'caught' if caught else 'MISSED'}  {name} ({outcome.seconds:.0f} s)")
            for violation in outcome.violations:
                click.echo(f"          {str(violation)[:SHOWN]}")
    click.echo(f"{len(names or BUGS) - len(missed)} of {len(names or BUGS)} caught")
    sys.exit(1 if missed else 0)


@main.command(epilog="Example: python -m loadtests.faults failover --trials 20")
@click.option("--trials", default=20, show_default=True, help="Half with one address that moves, half with two hosts.")
@click.option("--within", default=10.0, show_default=True, help="Seconds within which votes must succeed again.")
def failover(trials: int, within: float) -> None:
    """Switch over, freeze and kill the primary of two PostgreSQL servers; exit code 1 if a trial fails."""
    found: list[Trial] = []
    for several_hosts in (False, True):
        found += asyncio.run(_trials(several_hosts, trials // 2 if several_hosts else trials - trials // 2))
    good = [trial for trial in found if trial.gap <= within and not trial.lost]
    click.echo(f"{len(good)} of {len(found)}: votes within {within:g} s of a writable primary, none lost")
    sys.exit(len(good) < len(found))


async def _trials(several_hosts: bool, count: int) -> list[Trial]:
    found = []
    with temporary_folder() as folder:
        async with cluster(folder, several_hosts=several_hosts) as place:
            for number in range(count):
                found.append(await place.trial(KINDS_OF_FAILOVER[number % len(KINDS_OF_FAILOVER)]))
                click.echo(f"  {found[-1]}")
    return found


@main.command("patroni", epilog="Example: make failover ARGS='--trials 20'")
@click.option("--trials", default=1, show_default=True, help="Of each kind.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(patroni.KINDS), help="Only these kinds.")
@click.option(
    "--bug", default="", type=click.Choice(["", *patroni.BUGS]), help="Plant it: the kind `hung` must find it."
)
def patroni_(trials: int, kinds: tuple[str, ...], bug: str) -> None:
    """Fail over a Patroni cluster behind HAProxy; exit code 1 for a ballot lost, doubled or acknowledged early."""
    if absent := patroni.missing():
        raise click.ClickException(f"not installed: {', '.join(absent)}; run: make failover")

    async def play() -> list[patroni.Trial]:
        found = []
        with temporary_folder() as folder:
            async with patroni.cluster(folder, bug=bug) as place:
                for kind in [kind for _ in range(trials) for kind in kinds or patroni.KINDS]:
                    found.append(await place.trial(kind))
                    click.echo(f"  {found[-1]}")
        return found

    found = asyncio.run(play())
    click.echo(f"{sum(trial.acknowledged for trial in found)} ballots acknowledged in {len(found)} failovers")
    sys.exit(not all(trial.is_right for trial in found))


@main.command(epilog="Example: python -m loadtests.faults outage --seconds 60 --redis")
@click.option("--seconds", default=60.0, show_default=True, help="The length of the outage.")
@click.option("--rate", default=50.0, show_default=True, help="Reads a second.")
@click.option(
    "--fault", default="cut", show_default=True, type=click.Choice(["cut", "hang"]), help="Refused, or silent."
)
@click.option("--redis", is_flag=True, help="Redis is away too.")
def outage(seconds: float, rate: float, fault: str, redis: bool) -> None:
    """Read pages, entries and tallies while PostgreSQL is away; exit code 1 if less than 99.9 % are answered 200."""
    with session(None, click.echo, with_disk=False) as place:
        reads = asyncio.run(read_in_an_outage(place.folder, place.addresses, seconds, rate, fault, redis))
    for (path, status), count in sorted(reads.answers.items()):
        click.echo(f"  {status} {count:6} {path}")
    click.echo(f"{reads.good:.3%} of {reads.answers.total()} reads answered 200, the slowest in {reads.slowest:.2f} s")
    sys.exit(reads.good < 0.999)


if __name__ == "__main__":
    main()
