"""voting events: exports recorded ballots for `voting backtest`."""

from __future__ import annotations

import gzip
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from voting.cli.session import env_file, find, read_settings, tell, with_admin
from voting.errors import SettingInvalid
from voting.wiring.admin import AdminServices


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
    tell(f"{count} picks" if out is None else f"{count} picks are in {out}")


def _opened(out: Path | None) -> Any:
    """A binary file to write to; standard output is not closed. Raises SettingInvalid."""
    if out is None:
        return nullcontext(sys.stdout.buffer)
    try:
        return gzip.open(out, "wb") if out.suffix == ".gz" else out.open("wb")
    except OSError as error:
        raise SettingInvalid(f"{out} cannot be written ({error.strerror}); give another file with --out") from None
