"""voting roster: the entries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from voting.cli.contest import read_text
from voting.cli.session import env_file, find, in_office, read_settings, tell
from voting.cli.tables import checked, load_sheet
from voting.domain.contest_file import read_contest
from voting.domain.entry import Entry
from voting.errors import Fault, FileInvalid
from voting.wiring import Office

_path = click.Path(path_type=Path)
past_winners_option = click.option(
    "--past-winners", type=_path, help="List (CSV, XLSX or a text a line) of what the contest's past_winners excludes."
)
report_option = click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Workbook to write where there are faults."
)


@click.group(epilog="Example: voting roster import roster.csv --contest demo --covers covers/")
def roster() -> None:
    """Checks and imports rosters: CSV or XLSX files with a row for each entry."""


@roster.command(epilog="Example: voting roster check roster.csv --contest-file contest.toml")
@click.argument("file", type=_path)
@click.option("--contest-file", required=True, type=_path, help="The contest's file.")
@past_winners_option
@report_option
def check(file: Path, contest_file: Path, past_winners: Path | None, report: Path | None) -> None:
    """Says whether FILE is right, and every fault with its line, column and mend."""
    contest = read_contest(read_text(contest_file), str(contest_file))
    _keep_apart(file, report)
    entries = checked(file, load_sheet(file), contest, past_winners, report)
    tell(f"{file}: {len(entries)} entries are right")


@roster.command(name="import", epilog="Example: voting roster import roster.csv --contest demo --covers covers/")
@click.argument("file", type=_path)
@click.option("--contest", required=True, help="The contest's id.")
@click.option("--covers", type=_path, help="Folder of the pictures that the cover column names.")
@click.option("--amend", is_flag=True, help="Change entries although voting has begun; the audit log has old and new.")
@past_winners_option
@report_option
@env_file
def import_(
    file: Path,
    contest: str,
    covers: Path | None,
    amend: bool,
    past_winners: Path | None,
    report: Path | None,
    env_file: Path | None,
) -> None:
    """Imports every entry of FILE, or none. Entries of the same code are renewed."""
    _keep_apart(file, report)
    sheet = load_sheet(file)

    async def work(office: Office) -> int:
        listing = await find(office, contest)
        entries = checked(file, sheet, listing.contest, past_winners, report)
        await office.organising.import_roster(contest, entries, _pictures(file, entries, covers), amend)
        return len(entries)

    tell(f"{in_office(read_settings(env_file), work)} entries are in contest {contest!r}")


def _keep_apart(file: Path, report: Path | None) -> None:
    if report and report.resolve() == file.resolve():
        raise click.UsageError("--report would overwrite the roster; give it another name")


def _pictures(file: Path, entries: Sequence[Entry], covers: Path | None) -> dict[str, bytes]:
    """The pictures by name. Raises FileInvalid with each that is missing."""
    names = sorted({entry.cover for entry in entries if entry.cover})
    found, faults = {}, []
    for name in names:
        path = covers / name if covers else None
        if path and Path(name).name == name and path.is_file():
            found[name] = path.read_bytes()
        else:
            mend = f"put it into {covers}" if covers else "give the pictures' folder with --covers"
            faults.append(Fault(0, "cover", f"there is no picture {name!r}", mend))
    if faults:
        raise FileInvalid(str(file), tuple(faults))
    return found
