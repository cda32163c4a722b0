"""voting verify, recount: check receipts, certified results and tallies against the recorded ballots."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from voting.cli.session import env_file, find, read_settings, tell, with_admin
from voting.cli.tables import progress
from voting.domain.results.scoring import Tally
from voting.services.ballots.consistency import check_consistency
from voting.services.ballots.receipts import ReceiptReport, check_receipts
from voting.services.identity.keyring import check_receipt
from voting.services.tallies.recount import Difference
from voting.wiring.admin import AdminServices

if TYPE_CHECKING:
    from voting.postgres.certifications import Certification
    from voting.services.fraud.verification import Verified


@click.group(epilog="Example: voting verify receipt --public-key KEY RECEIPT")
def verify() -> None:
    """Check receipts offline, and certified results against the database."""


@verify.command(epilog="Example: voting verify receipt --public-key KEY RECEIPT")
@click.option("--public-key", required=True, help="`receipt_key` of GET /api/v1/contests/{contest}.")
@click.argument("receipt", nargs=-1, required=True)
def receipt(public_key: str, receipt: tuple[str, ...]) -> None:
    """Check RECEIPT and print its statement; exit code 1 if it is not genuine.

    RECEIPT may have the line breaks, spaces and quotes that chat programs add.
    """
    statement = check_receipt(public_key, "".join(receipt))
    if statement is None:
        click.echo("voting: this receipt was not signed with this key; check both texts", err=True)
        sys.exit(1)
    click.echo(statement)


@verify.command(name="results", epilog="Example: voting verify results --contest demo")
@click.option("--contest", required=True, help="The contest's id.")
@env_file
def check_results(contest: str, env_file: Path | None) -> None:
    """Recompute the hashes of all inputs of the certified result; exit code 1 if one differs.

    Prints a line for each: name, certified SHA-256, and whether it still agrees. The policy is not stored: compare its
    hash with your file's. `tally` is counted from the ballots. Ballots whose state or voter are not as
    recorded are listed, too.
    """

    async def work(office: AdminServices) -> tuple[Certification, tuple[Verified, ...], list[str]]:
        # It imports polars, which a receipt's check does without.
        from voting.services.fraud.verification import verify_result

        snapshot = await find(office, contest)
        stands, checks = await verify_result(office.database, snapshot, progress("ballots read"))
        return stands, checks, await check_consistency(office.database, snapshot.contest.id)

    stands, checks, contradictions = with_admin(read_settings(env_file), work)
    click.echo(f"policy\t{stands.bound.policy_sha256}\t{stands.policy_version}")
    for each in checks:
        click.echo(f"{each.name}\t{each.certified or '-'}\t{'agrees' if each.agrees else f'differs: {each.now}'}")
    for line in contradictions:
        click.echo(line)
    wrong = [each.name for each in checks if not each.agrees]
    if wrong:
        tell(f"certification {stands.number} does not stand for what is stored now: {', '.join(wrong)} changed since")
    if contradictions:
        tell("somebody changed ballots past the service: find out who, and restore them from a backup")
    if wrong or contradictions:
        raise click.exceptions.Exit(1)
    tell(f"certification {stands.number} of {stands.certified_at.isoformat()}: everything is as it was certified")


@click.command(epilog="Example: voting recount --contest demo")
@click.option("--contest", required=True, help="The contest's id.")
@click.option("--mend", metavar="REASON", help="Set the tally to the recount, on record; ballots wait meanwhile.")
@env_file
def recount(contest: str, mend: str | None, env_file: Path | None) -> None:
    """Recount the ballots, compare the tally, and check each ballot against its receipt, batch and decisions.

    Lists ballots whose picks differ from their receipt, ballots without a receipt of this service, missing ballots, and
    ballots whose state or voter are not as recorded. Exit code 1 if anything is wrong and not corrected; only a
    tally can be corrected.
    """
    settings = read_settings(env_file)
    settings.need_secret()

    async def work(office: AdminServices) -> tuple[tuple[Difference, ...], ReceiptReport, list[str]]:
        snapshot = await find(office, contest)
        found = await (office.recounts.mend(snapshot, mend) if mend else office.recounts.differences(snapshot))
        receipts = await check_receipts(office.database, contest, office.receipt_key, progress("receipts checked"))
        return found, receipts, await check_consistency(office.database, snapshot.contest.id)

    found, receipts, contradictions = with_admin(settings, work)
    changed = [*receipts.wrong, *contradictions]
    for each in found:
        click.echo(f"{each.entry}\ttally {_counts(each.tally)}\tballots {_counts(each.recount)}")
    for line in changed:
        click.echo(line)
    if not found:
        tell(f"the tally of contest {contest!r} is what its ballots give")
    elif mend:
        tell(f"{len(found)} entries are set to what their ballots give; the pages follow within seconds")
    else:
        tell(f"{len(found)} entries differ; find out why, then: voting recount --contest {contest} --mend REASON")
    if changed:
        tell("somebody changed ballots past the service: find out who, and restore them from a backup")
    else:
        tell(f"{receipts.ballots} ballots are what their receipts, batches and decisions say")
    if changed or (found and not mend):
        raise click.exceptions.Exit(1)


def _counts(tally: Tally) -> str:
    return f"raw={tally.raw} held={tally.held} counted={tally.counted}"
