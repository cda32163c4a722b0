"""voting backtest, events, retally: recorded ballots under other fraud policies."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from voting.cli.contest import read_text
from voting.cli.shared.session import env_file, find, read_settings, tell, with_admin
from voting.cli.shared.tables import progress
from voting.domain.contest.contest import Contest
from voting.domain.contest.contest_file import read_contest
from voting.domain.contest.explain import local
from voting.errors import SettingInvalid, WindowClosed, WindowNotOpen
from voting.networks.lookup import load_networks
from voting.services.fraud.backtest.run import Input
from voting.services.fraud.backtest.run import backtest as run
from voting.services.fraud.policy_files import load_sweep_policy
from voting.wiring.admin import AdminServices

if TYPE_CHECKING:
    from voting.services.fraud.policy_comparison import Line


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
    risk              0 to 4: WeChat's risk rank of a mini program's user
    facts             as `voting events export` writes it, in place of those
                      from channel to challenge
    verification      object, as `voting events export --labels` writes it: asked
                      (true if chance chose the voter to confirm with this
                      ballot), confirmed (true or false), share (of voters
                      that chance chose, 0 to 1); summary.json then names
                      the cells whose voters confirmed too seldom
    category          text: the entry's; quotas per category need it
                      where the contest has several
    ballot            text: the same for all picks of one ballot, whose
                      lines stand one after another

    \b
    {"id":"e1","at":"2026-07-16T08:00:00+08:00","voter":"v1","entry":"A1"}
    """

    def show_progress(part: str, done: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{part}: {done:,}   ", nl=False, err=True)

    rules = read_contest(read_text(contest), str(contest))
    looked_up = load_networks(networks, hosting)
    summary = run(rules, Input(events), load_sweep_policy(policy), looked_up, out, show_progress)
    counts = summary["decisions"]
    told = ", ".join(f"{counts[each]} {word}" for each, word in _WORDS.items())
    if sys.stderr.isatty():
        tell("")
    tell(f"{summary['attempts']} attempts: {told}; the report is {out / 'report.html'}")
    _tell_if_outside(rules, contest, summary)


def _tell_if_outside(rules: Contest, file: Path, summary: Mapping[str, Any]) -> None:
    """Names the window if no attempt is in it: a contest created with --open-now has another one than its file."""
    outside = sum(summary["reasons"].get(refusal.code, 0) for refusal in (WindowNotOpen, WindowClosed))
    if 0 < outside == summary["attempts"]:
        opens, closes = local(rules.opens_at, rules, "en"), local(rules.closes_at, rules, "en")
        tell(f"no attempt is in the window of {file}, {opens} to {closes}: set the window that the vote had")


_WORDS = {"count": "counted", "hold": "held", "refuse": "refused"}


@click.group(epilog="Example: voting events export --contest demo --out events.jsonl.gz")
def events() -> None:
    """Export recorded ballots as events."""


@events.command(epilog="Example: voting events export --contest demo --out events.jsonl.gz")
@click.option("--contest", required=True, help="The contest's id.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write, gzipped if its name ends in .gz; default: standard output.",
)
@click.option(
    "--labels", is_flag=True, help="Add the reviewers' decision about each ballot, for fitting a fraud policy."
)
@env_file
def export(contest: str, out: Path | None, labels: bool, env_file: Path | None) -> None:
    """Write each pick of each recorded ballot as a line for `voting backtest`.

    Voters, devices and addresses are keyed hashes, as stored.

    With --labels each line has "label": {"ruling": "honest" or "fraud", "review": the ruling's number, "group": its
    group}, or null. A ballot is honest if the reviewers' last decision released its group, and fraud if it voided it.
    A ballot has no label if nobody reviewed it, the decision was undone, a proposal waits for a second person, or only
    certification voided it.
    """

    async def work(office: AdminServices) -> int:
        snapshot, count = await find(office, contest), 0
        with _opened(out) as file:
            async for line in office.event_export.events(snapshot, labels=labels):
                file.write(line)
                count += 1
        return count

    count = with_admin(read_settings(env_file), work)
    told = f"{count} {'pick' if count == 1 else 'picks'}"
    tell(told if out is None else f"{told} in {out}")


def _opened(out: Path | None) -> Any:
    """A binary file to write to; standard output is not closed. Raises SettingInvalid."""
    if out is None:
        return nullcontext(sys.stdout.buffer)
    try:
        return gzip.open(out, "wb") if out.suffix == ".gz" else out.open("wb")
    except OSError as error:
        raise SettingInvalid(f"{out} cannot be written ({error.strerror}); give another file with --out") from None


@click.command(epilog="Example: voting retally --contest demo --policy stricter.toml")
@click.option("--contest", required=True, help="The contest's id.")
@click.option("--policy", required=True, type=click.Path(path_type=Path), help="The other policy's file.")
@click.option("--json", "json", is_flag=True, help="Print all entries as JSON.")
@env_file
def retally(contest: str, policy: Path, json: bool, env_file: Path | None) -> None:
    """Show what another fraud policy would change for each entry; nothing is changed.

    Each ballot is screened as if it had been cast under that policy, then swept by it; reviewers' decisions stand under
    any policy.
    """
    other = load_sweep_policy(policy)

    async def work(office: AdminServices) -> tuple[Line, ...]:
        snapshot = await find(office, contest)
        return await office.policy_comparison.compare(snapshot, other, progress("ballots read"))

    lines = with_admin(read_settings(env_file), work)
    if json:
        content = {
            "contest": contest,
            "policy_version": other.version,
            "policy_sha256": other.sha256,
            "entries": [asdict(line) for line in lines],
        }
        click.echo(msgspec.json.format(msgspec.json.encode(content), indent=2))
        return
    for line in lines:
        if line.differs:
            now, then = asdict(line.now), asdict(line.other)
            moves = (f"{name}={now[name]}" + ("" if now[name] == then[name] else f" -> {then[name]}") for name in now)
            click.echo("\t".join((line.entry, f"raw={line.raw}", *moves)))
    tell(f"{sum(line.differs for line in lines)} of {len(lines)} entries differ under policy {other.version}")
