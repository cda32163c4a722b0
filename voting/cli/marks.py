"""voting marks, metrics, awards: what judges and outside figures bring, and what is taken back."""

from __future__ import annotations

from pathlib import Path

import click

from voting.cli.session import env_file, find, not_blank, read_settings, tell, with_admin
from voting.cli.tables import notice, progress, read_bytes
from voting.wiring import AdminServices

file_argument = click.argument("file", type=click.Path(path_type=Path))
contest_option = click.option("--contest", required=True, help="The contest's id.")


@click.group(epilog="Example: voting marks import marks.csv --contest demo --round first")
def marks() -> None:
    """Takes experts' marks."""


@marks.command(name="import", epilog="Example: voting marks import marks.csv --contest demo --round first")
@file_argument
@contest_option
@click.option("--round", "round_", required=True, help="The round's id in the contest's file.")
@env_file
def import_marks(file: Path, contest: str, round_: str, env_file: Path | None) -> None:
    """Puts the marks of FILE (CSV or XLSX: judge, entry, a column for each criterion) in the place of the round's."""
    body = read_bytes(file)

    async def work(office: AdminServices) -> int:
        snapshot = await find(office, contest)
        return await office.marks.import_marks(snapshot, round_, body, str(file), progress("rows read"), notice(file))

    tell(f"{with_admin(read_settings(env_file), work)} marks are in round {round_!r}")


@click.group(epilog="Example: voting metrics import clicks.csv --contest demo --metric clicks")
def metrics() -> None:
    """Takes figures from outside, such as clicks."""


@metrics.command(name="import", epilog="Example: voting metrics import clicks.csv --contest demo --metric clicks")
@file_argument
@contest_option
@click.option("--metric", required=True, help="The metric's id in the contest's file.")
@env_file
def import_metric(file: Path, contest: str, metric: str, env_file: Path | None) -> None:
    """Puts the figures of FILE (CSV or XLSX: entry, or organisation, and value) in the place of the metric's."""
    body = read_bytes(file)

    async def work(office: AdminServices) -> int:
        snapshot = await find(office, contest)
        return await office.marks.import_metric(snapshot, metric, body, str(file), notice(file))

    tell(f"{with_admin(read_settings(env_file), work)} figures are in metric {metric!r}")


@click.group(epilog="Example: voting awards revoke --contest demo --award gold --from A017 --reason plagiarism")
def awards() -> None:
    """Looks after awards that were given."""


@awards.command(epilog="Example: voting awards revoke --contest demo --award gold --from A017 --reason plagiarism")
@contest_option
@click.option("--award", required=True, help="The award's id in the contest's file.")
@click.option("--from", "holder", required=True, help="The entry's code, or the organisation's name.")
@click.option("--reason", required=True, callback=not_blank, help="Why; it is shown with the results.")
@env_file
def revoke(contest: str, award: str, holder: str, reason: str, env_file: Path | None) -> None:
    """Takes an award back from its holder; the next one comes up in its place."""

    async def work(office: AdminServices) -> None:
        await office.marks.revoke(await find(office, contest), award, holder, reason)

    with_admin(read_settings(env_file), work)
    tell(f"award {award!r} is taken back from {holder}")
