"""voting roster: the entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from operator import itemgetter
from pathlib import Path

import click

from voting.cli.contest import read_text
from voting.cli.shared.session import env_file, find, read_settings, tell, with_admin
from voting.cli.shared.tables import Beside, checked, load_sheet
from voting.domain.contest.contest_file import read_contest
from voting.domain.roster.change import RosterChange
from voting.domain.roster.sheet import Sheet
from voting.errors import Fault, FileInvalid
from voting.wiring.admin import AdminServices

_SHOWN = 20
_path = click.Path(path_type=Path)
_PAST_WINNERS = "Past winners to exclude by the contest's past_winners: CSV, XLSX or one a line."
_MEDIA = "Folder of the files in the contest's media column; what they hold fills empty cells and is compared."
_REPORT = "Workbook to write if there are faults, with each fault marked."


def beside_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that both commands share, passed to them as `beside`."""

    @click.option("--past-winners", type=_path, help=_PAST_WINNERS)
    @click.option("--media", type=_path, help=_MEDIA)
    @click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help=_REPORT)
    @wraps(command)
    def gathered(
        *, past_winners: Path | None, media: Path | None, report: Path | None, file: Path, **given: object
    ) -> None:
        if report and report.resolve() == file.resolve():
            raise click.UsageError("--report would overwrite the roster; give it another name")
        command(file=file, beside=Beside(past_winners, media, report), **given)

    return gathered


@click.group(epilog="Example: voting roster import roster.csv --contest demo --covers covers/")
def roster() -> None:
    """Check and import rosters: CSV or XLSX files with one row for each entry."""


@roster.command(epilog="Example: voting roster check roster.csv --contest-file contest.toml")
@click.argument("file", type=_path)
@click.option("--contest-file", required=True, type=_path, help="The contest's file.")
@beside_options
def check(file: Path, contest_file: Path, beside: Beside) -> None:
    """Check FILE: report each fault with its line, column and correction."""
    contest = read_contest(read_text(contest_file), str(contest_file))
    entries = checked(file, load_sheet(file), contest, beside)
    tell(f"{file}: {len(entries)} {'entry is' if len(entries) == 1 else 'entries are'} right")


@roster.command(name="import", epilog="Example: voting roster import roster.csv --contest demo --covers covers/")
@click.argument("file", type=_path)
@click.option("--contest", required=True, help="The contest's id.")
@click.option("--covers", type=_path, help="Folder of the pictures in the cover column.")
@click.option("--amend", is_flag=True, help="Change entries after voting has begun; the audit log records old and new.")
@click.option("--replace", "replacing", is_flag=True, help="Remove entries that FILE lacks; only before voting begins.")
@beside_options
@env_file
def import_(
    file: Path,
    contest: str,
    covers: Path | None,
    amend: bool,
    replacing: bool,
    beside: Beside,
    env_file: Path | None,
) -> None:
    """Import all entries of FILE, or none. An entry of the same code is updated; entries that FILE lacks are kept.

    Reports how many are new, changed and unchanged, and lists those that FILE lacks.
    """
    sheet = load_sheet(file)

    async def work(office: AdminServices) -> RosterChange:
        snapshot = await find(office, contest)
        stored = await office.contest_admin.stored_entries(contest)
        if replacing:
            # Only withdrawn entries stay.
            stored = tuple(entry for entry in stored if entry.code not in snapshot.entries)
        entries = checked(file, sheet, snapshot.contest, beside, stored)
        pictures = _pictures(file, sheet, covers)
        return await office.contest_admin.import_roster(contest, entries, pictures, amend, replacing)

    change = with_admin(read_settings(env_file), work)
    tell(
        f"{change.total} entries are in contest {contest!r}: {len(change.added)} new, {len(change.changed)} changed,"
        f" {change.unchanged} unchanged" + (f", {len(change.absent)} that the file lacks" if change.absent else "")
    )
    if change.absent:
        tell(
            f"not in the file, and still in the contest: {_listed(change.absent)}; to take them out: --replace before"
            " voting begins, voting contest withdraw after that"
        )
    if change.removed:
        tell(f"removed, because the file lacks them: {_listed(change.removed)}")
    if change.withdrawn:
        tell(f"in the file, but withdrawn before, and they stay withdrawn: {_listed(change.withdrawn)}")


def _listed(codes: Sequence[str]) -> str:
    return ", ".join(codes[:_SHOWN]) + (f" and {len(codes) - _SHOWN} more" if len(codes) > _SHOWN else "")


def _pictures(file: Path, sheet: Sheet, covers: Path | None) -> dict[str, bytes]:
    """The pictures by name. Raises FileInvalid, which lists each missing one."""
    lines = {row.cells["cover"]: row.line for row in reversed(sheet.rows) if row.cells.get("cover")}
    if lines and covers and not covers.is_dir():
        raise click.BadParameter(f"there is no folder {str(covers)!r}", param_hint="--covers")
    found, faults = {}, []
    for name, line in sorted(lines.items(), key=itemgetter(1)):
        path = covers / name if covers else None
        if path and Path(name).name == name and path.is_file():
            found[name] = path.read_bytes()
        else:
            mend = f"put it into {covers}" if covers else "give the pictures' folder with --covers"
            faults.append(Fault(line, "cover", f"there is no picture {name!r}", mend))
    if faults:
        raise FileInvalid(str(file), tuple(faults))
    return found
