"""voting backtest: what a fraud policy would have done to recorded attempts."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from voting.cli.contest import read_text
from voting.cli.session import tell
from voting.domain.contest_file import read_contest
from voting.services.backtesting import Input
from voting.services.backtesting import backtest as run
from voting.services.networks import load_networks
from voting.services.policies import load_policy

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog="Example: voting backtest --contest contest.toml --events events.jsonl.gz --out backtest")
@click.option("--contest", required=True, type=_FILE, help="The contest's file: its window and quotas hold.")
@click.option("--events", required=True, type=_FILE, help="Recorded attempts: JSON Lines, plain or gzipped.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the results.")
@click.option("--policy", type=_FILE, help="The fraud policy; without it the one that comes with the program.")
@click.option(
    "--networks",
    type=_FILE,
    help="MaxMind DB file of autonomous systems, for addresses whose own is not recorded.",
)
@click.option(
    "--hosting",
    type=_FILE,
    help="Autonomous systems known for hosting, one number a line, for attempts whose `hosting` is not recorded;"
    " without it the packaged list.",
)
def backtest(
    contest: Path, events: Path, out: Path, policy: Path | None, networks: Path | None, hosting: Path | None
) -> None:
    """Replays attempts through the live rules on a simulated clock. Needs no server and stores no ballot.

    Writes decisions.jsonl, history.jsonl, summary.json and report.html.
    """
    rules = read_contest(read_text(contest), str(contest))
    looked_up = load_networks(networks, hosting)
    summary = run(rules, Input(events), load_policy(policy), looked_up, out, _progress)
    counts = summary["decisions"]
    told = ", ".join(f"{counts.get(each, 0)} {word}" for each, word in _WORDS.items())
    if sys.stderr.isatty():
        tell("")
    tell(f"{summary['attempts']} attempts: {told}; the report is {out / 'report.html'}")


_WORDS = {"count": "counted", "hold": "held", "refuse": "refused"}


def _progress(part: str, done: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{part}: {done:,}   ", nl=False, err=True)
