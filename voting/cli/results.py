"""voting results: tallies, ranks and public points."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from voting.cli.shared.session import env_file, find, read_settings, tell, with_admin
from voting.errors import SettingInvalid
from voting.services.results.reports import Report, as_csv, as_json, awards_as_csv
from voting.services.results.workbook import as_xlsx
from voting.wiring.admin import AdminServices


@click.command(epilog="Example: voting results --contest demo --format csv --out results.csv")
@click.option("--contest", required=True, help="The contest's id.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["json", "csv", "xlsx"]),
    default="json",
    show_default=True,
    help="Output format.",
)
@click.option("--out", type=click.Path(path_type=Path), help="File to write; default: standard output.")
@click.option("--blend", "blended", is_flag=True, help="Add experts' marks: cuts, final scores and awards.")
@click.option("--awards", is_flag=True, help="With --blend --format csv: print the award list instead of the entries.")
@env_file
def results(contest: str, kind: str, out: Path | None, blended: bool, awards: bool, env_file: Path | None) -> None:
    """Print raw, held and counted picks, rank and exact public points of each entry.

    In a workbook (xlsx) the figures are formulas over its own votes and marks, with a sheet for each step.
    """

    if awards and (kind != "csv" or not blended):
        raise click.UsageError("--awards goes with --blend --format csv; json and xlsx hold the award list too")

    if kind == "xlsx" and out is None and sys.stdout.isatty():
        raise click.UsageError("a workbook cannot be shown on a terminal; write it to a file with --out")

    async def work(office: AdminServices) -> Report:
        return await office.reports.report(await find(office, contest), blended=blended)

    report = with_admin(read_settings(env_file), work)
    if report.changed:
        tell(
            f"not final: {', '.join(report.changed)} changed since the certification, past every command; find out who"
            f" did that: voting verify results --contest {contest}"
        )
    for note in report.notes:
        tell(note)
    if kind == "json":
        content = msgspec.json.format(msgspec.json.encode(as_json(report)), indent=2) + b"\n"
    elif kind == "csv":
        content = (awards_as_csv(report) if awards else as_csv(report)).encode()
    else:
        content = as_xlsx(report)
    if out is None:
        sys.stdout.buffer.write(content)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        raise SettingInvalid(f"{out} cannot be written ({error.strerror}); give another file with --out") from None
    tell(f"{len(report.awards)} lines of awards are in {out}" if awards else f"{len(report.rows)} entries are in {out}")
