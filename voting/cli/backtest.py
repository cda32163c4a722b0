"""voting backtest: replays recorded attempts under a fraud policy."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from voting.cli.contest import read_text
from voting.cli.session import tell
from voting.domain.contest.contest_file import read_contest
from voting.networks.lookup import load_networks
from voting.services.fraud.backtest.run import Input
from voting.services.fraud.backtest.run import backtest as run
from voting.services.fraud.policy_files import load_sweep_policy

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog="Example: voting backtest --contest contest.toml --events events.jsonl.gz --out backtest")
@click.option("--contest", required=True, type=_FILE, help="The contest's file; its window and quotas apply.")
@click.option("--events", required=True, type=_FILE, help="Recorded attempts: JSON Lines, plain or gzipped.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the results.")
@click.option("--policy", type=_FILE, help="The fraud policy; default: the packaged one.")
@click.option(
    "--networks",
    type=_FILE,
    help="MaxMind DB file of autonomous systems, for addresses without a recorded one.",
)
@click.option(
    "--hosting",
    type=_FILE,
    help="Autonomous systems known for hosting, one number a line, for attempts without a recorded `hosting`;"
    " default: the packaged list.",
)
def backtest(
    contest: Path, events: Path, out: Path, policy: Path | None, networks: Path | None, hosting: Path | None
) -> None:
    """Replay attempts through the live rules on a simulated clock. Needs no server and stores no ballot.

    Writes decisions.jsonl, history.jsonl, summary.json and report.html.

    Each line of --events is one attempt to cast one pick, a JSON object, sorted by `at`. The first four fields are
    required; the others may be null or absent and then weigh nothing. Moments have an offset from UTC.

    \b
    id                text, no two alike: names the attempt in the output
    at                moment: when the server received it
    voter             text: the voter's opaque identity
    entry             text: what is voted for
    channel           "web", "wechat" or "mini_program"
    device            text: key of the device's token
    device_issued_at  moment: when that token was issued
    opened_at         moment: when the page was issued
    ip                text: the client's IPv4 or IPv6 address
    asn               whole number: the address's network (AS)
    hosting           true or false: whether that is known for hosting
    user_agent        text, as received
    headers           object of those received, names in lower case, of:
                      accept-language, sec-ch-ua, sec-ch-ua-platform,
                      sec-ch-ua-mobile, sec-fetch-site, origin, referer
    client            object of what the page reported: screen ("412x915"),
                      dpr (number), languages, timezone, platform
    challenge         object, if a proof of work was asked for:
                      passed (true or false), ms (number)
    facts             as `voting events export` writes it, in place of those
                      from channel to challenge
    category          text: the entry's; quotas per category need it
                      where the contest has several
    ballot            text: the same for all picks of one ballot, whose
                      lines stand one after another

    \b
    {"id":"e1","at":"2026-07-16T08:00:00+08:00","voter":"v1","entry":"A1"}
    """
    rules = read_contest(read_text(contest), str(contest))
    looked_up = load_networks(networks, hosting)
    summary = run(rules, Input(events), load_sweep_policy(policy), looked_up, out, _progress)
    counts = summary["decisions"]
    told = ", ".join(f"{counts[each]} {word}" for each, word in _WORDS.items())
    if sys.stderr.isatty():
        tell("")
    tell(f"{summary['attempts']} attempts: {told}; the report is {out / 'report.html'}")


_WORDS = {"count": "counted", "hold": "held", "refuse": "refused"}


def _progress(part: str, done: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{part}: {done:,}   ", nl=False, err=True)
