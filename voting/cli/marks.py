"""voting marks, metrics, awards: experts' marks, outside figures, revoked awards."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from voting.cli.shared.acting import Signed, as_person
from voting.cli.shared.session import env_file, find, not_blank, read_settings, tell, with_admin
from voting.cli.shared.tables import notice, progress, read_bytes
from voting.domain.identity.roles import ORGANISING
from voting.wiring.admin import AdminServices

file_argument = click.argument("file", type=click.Path(path_type=Path))
contest_option = click.option("--contest", required=True, help="The contest's id.")


@click.group(epilog="Example: voting marks import marks.csv --contest demo --round first")
def marks() -> None:
    """Import experts' marks."""


@marks.command(name="import", epilog="Example: voting marks import marks.csv --contest demo --round first")
@file_argument
@contest_option
@click.option("--round", "round_", required=True, help="The round's id in the contest's file.")
@env_file
def import_marks(file: Path, contest: str, round_: str, env_file: Path | None) -> None:
    """Replace the round's marks by FILE (CSV or XLSX: judge, entry, one column for each criterion)."""
    body = read_bytes(file)

    async def work(office: AdminServices) -> int:
        snapshot = await find(office, contest)
        return await office.marks.import_marks(snapshot, round_, body, str(file), progress("rows read"), notice(file))

    tell(f"{with_admin(read_settings(env_file), work)} marks are in round {round_!r}, from {_sha256(body)}")


@click.group(epilog="Example: voting metrics import clicks.csv --contest demo --metric clicks")
def metrics() -> None:
    """Import outside figures, such as clicks."""


@metrics.command(name="import", epilog="Example: voting metrics import clicks.csv --contest demo --metric clicks")
@file_argument
@contest_option
@click.option("--metric", required=True, help="The metric's id in the contest's file.")
@env_file
def import_metric(file: Path, contest: str, metric: str, env_file: Path | None) -> None:
    """Replace the metric's figures by FILE (CSV or XLSX: entry or organisation, and value)."""
    body = read_bytes(file)

    async def work(office: AdminServices) -> int:
        snapshot = await find(office, contest)
        return await office.marks.import_metric(snapshot, metric, body, str(file), notice(file))

    tell(f"{with_admin(read_settings(env_file), work)} figures are in metric {metric!r}, from {_sha256(body)}")


@click.group(epilog="Example: voting awards revoke --contest demo --award gold --from A017 --reason plagiarism")
def awards() -> None:
    """Manage awards."""


@awards.command(epilog="Example: voting awards revoke --contest demo --award gold --from A017 --reason plagiarism")
@contest_option
@click.option("--award", required=True, help="The award's id in the contest's file.")
@click.option("--from", "holder", required=True, help="The entry's code, or the organisation's name.")
@click.option("--reason", required=True, callback=not_blank, help="The reason, shown with the results.")
@as_person
@env_file
def revoke(contest: str, award: str, holder: str, reason: str, signed: Signed, env_file: Path | None) -> None:
    """Revoke an award; the next in line receives it."""

    async def work(office: AdminServices) -> None:
        person = await signed.person(office, contest, ORGANISING)
        await office.marks.revoke(await find(office, contest), award, holder, reason, person)

    with_admin(read_settings(env_file), work)
    tell(f"award {award!r} is taken back from {holder}")


def _sha256(body: bytes) -> str:
    """Returns a file's hash, as the audit log has it."""
    return f"the file with SHA-256 {hashlib.sha256(body).hexdigest()}"
