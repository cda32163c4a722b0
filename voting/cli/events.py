"""voting events: what was recorded, for `voting backtest`."""

from __future__ import annotations

import gzip
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from voting.cli.session import env_file, find, read_settings, tell, with_admin
from voting.errors import SettingInvalid
from voting.services.fraud.export import EventExport
from voting.wiring import AdminServices


@click.group(epilog="Example: voting events export --contest demo --out events.jsonl.gz")
def events() -> None:
    """Recorded ballots as events."""


@events.command(epilog="Example: voting events export --contest demo --out events.jsonl.gz")
@click.option("--contest", required=True, help="The contest's id.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write, gzipped where its name ends in .gz; otherwise standard output.",
)
@click.option("--labels", is_flag=True, help="Add what reviewers decided about each ballot, to fit a fraud policy on.")
@env_file
def export(contest: str, out: Path | None, labels: bool, env_file: Path | None) -> None:
    """Writes each pick of each recorded ballot as a line that `voting backtest` reads.

    Voters, devices and addresses are keyed hashes, as they are stored.

    With --labels each line has "label": {"ruling": "honest" or "fraud", "review": the ruling's number, "group": its
    group}, or null. A ballot is honest where a reviewer's last decision released its group, and fraud where it voided
    it. No label: a ballot that nobody reviewed, an undone decision, a proposal that waits for a second person, and a
    ballot that only certification voided.
    """

    async def work(office: AdminServices) -> int:
        snapshot, count = await find(office, contest), 0
        with _opened(out) as file:
            async for line in EventExport(office.database).events(snapshot, labels=labels):
                file.write(line)
                count += 1
        return count

    count = with_admin(read_settings(env_file), work)
    tell(f"{count} picks" if out is None else f"{count} picks are in {out}")


def _opened(out: Path | None) -> Any:
    """A file of bytes, to be closed where it is one of ours. Raises SettingInvalid."""
    if out is None:
        return nullcontext(sys.stdout.buffer)
    try:
        return gzip.open(out, "wb") if out.suffix == ".gz" else out.open("wb")
    except OSError as error:
        raise SettingInvalid(f"{out} cannot be written ({error.strerror}); give another file with --out") from None
