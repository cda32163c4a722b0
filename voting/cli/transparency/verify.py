"""voting verify, recount: check receipts, results and tallies against the recorded ballots, and the audit log."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from voting.cli.shared.session import env_file, find, read_settings, tell, with_admin
from voting.cli.shared.tables import progress
from voting.domain.audit_chain import ChainCheck, read_head, read_line
from voting.domain.results.scoring import Tally
from voting.errors import AuditBroken
from voting.services import audit
from voting.services.ballots.consistency import check_consistency
from voting.services.ballots.receipts import ReceiptReport, check_receipts, find_unrecorded
from voting.services.identity.keyring import check_receipt
from voting.services.tallies.recount import Difference
from voting.text_file import read_text_file
from voting.wiring.admin import AdminServices

if TYPE_CHECKING:
    from voting.postgres.results.certifications import Certification
    from voting.services.fraud.verification import Verified


@click.group(epilog="Example: voting verify receipt --public-key KEY RECEIPT")
def verify() -> None:
    """Check receipts offline, and certified results and the audit log against the database."""


@verify.command(epilog="Example: voting verify receipt --public-key KEY RECEIPT")
@click.option("--public-key", required=True, help="`receipt_key` of GET /api/v1/contests/{contest}.")
@click.argument("receipt", nargs=-1, required=True)
def receipt(public_key: str, receipt: tuple[str, ...]) -> None:
    """Check RECEIPT and print its statement; exit code 1 if it is not genuine.

    RECEIPT is the text itself or its file, and may have the line breaks, spaces and quotes that chat programs add.
    """
    statement = check_receipt(public_key, _receipt_text("".join(receipt)))
    if statement is None:
        click.echo("voting: this receipt was not signed with this key; check both texts", err=True)
        sys.exit(1)
    click.echo(statement)


@verify.command(epilog="Example: voting verify proof --key VKEY --receipt RECEIPT ballot.tlog-proof")
@click.option(
    "--key", required=True, help="The log's vkey, from the log's page; better from elsewhere, such as a paper."
)
@click.option("--receipt", required=True, help="The receipt of the ballot, or its file.")
@click.argument("file", type=click.Path(path_type=Path))
def proof(key: str, receipt: str, file: Path) -> None:
    """Check that the ballot of a receipt is in the log that FILE, a .tlog-proof, is of; without the service.

    Prints the ballot's leaf, its number in the log, from 0, and the log's size; exit code 1 names what is wrong.
    """
    from voting.services.transparency.proving import check_proof

    proven = check_proof(key, _receipt_text(receipt), read_text_file(file))
    click.echo(proven.leaf, nl=False)
    tell(f"it is number {proven.leaf_index} in the log {proven.origin}, which had {proven.size} leaves")


def _receipt_text(given: str) -> str:
    # os.path: a receipt is too long for a file's name, which Path takes as an error.
    return read_text_file(Path(given)) if os.path.isfile(given) else given


@verify.command(name="receipts", epilog="Example: voting verify receipts --contest demo receipts.txt")
@click.option("--contest", required=True, help="The contest's id.")
@click.argument("file", type=click.Path(path_type=Path))
@env_file
def check_recorded(contest: str, file: Path, env_file: Path | None) -> None:
    """Check that the ballots of the receipts in FILE, one a line, are recorded; exit code 1 if one is not.

    After a restore, it lists the ballots that were acknowledged later than the moment restored. Prints a line for
    each: `missing`, its ballot and its time; or `refused` and the line's number, if the receipt is not one of this
    contest that this service signed.
    """
    settings = read_settings(env_file)
    settings.need_secret()
    lines = [line for line in read_text_file(file).splitlines() if line.strip()]

    async def work(office: AdminServices) -> tuple[dict[str, str], list[int], set[str]]:
        await find(office, contest)
        moments: dict[str, str] = {}
        refused = []
        for number, line in enumerate(lines, 1):
            statement = check_receipt(office.keyring.public_key, line) or ""
            _, of_contest, ballot, moment, *_ = [*statement.split("\n"), "", "", "", ""]
            if of_contest == contest:
                moments[ballot] = moment
            else:
                refused.append(number)
        return moments, refused, await find_unrecorded(office.database, contest, set(moments))

    moments, refused, missing = with_admin(settings, work)
    for ballot in sorted(missing, key=moments.__getitem__):
        click.echo(f"missing\t{ballot}\t{moments[ballot]}")
    for number in refused:
        click.echo(f"refused\tline {number}")
    tell(f"{len(moments) - len(missing)} of {len(lines)} receipts are of ballots that are recorded")
    if missing or refused:
        raise click.exceptions.Exit(1)


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
    certified_at = stands.certified_at.isoformat(timespec="seconds")
    tell(f"certification {stands.number} of {certified_at}: everything is as it was certified")


@verify.command(name="audit", epilog="Example: voting verify audit --head 125:9f86d081884c7d65...")
@click.option("--head", help="NUMBER:HASH of the last record, as an earlier export reported it.")
@click.option("--export", type=click.Path(path_type=Path), help="An earlier export: its records must still be there.")
@click.option("--offline", is_flag=True, help="Check the file of --export alone, without the database.")
@env_file
def check_audit(head: str | None, export: Path | None, offline: bool, env_file: Path | None) -> None:
    """Check the audit log's chain of hashes; exit code 1 names the first record that was tampered with.

    The chain alone finds records that were edited, deleted, inserted or moved. Whoever can rewrite the table and its
    head can rewrite the chain, too: --head or --export, kept elsewhere, shows that.
    """
    if offline and not export:
        raise click.UsageError("--offline checks the file of --export: name one")
    known = _noted(head)
    if export:
        known = _exported(export, known if offline else {}) | known
    if offline:
        tell(f"the export has {len(known)} records, and its chain is intact")
        return
    last = with_admin(
        read_settings(env_file), lambda office: office.database.transact(lambda tx: audit.verify(tx, known))
    )
    tell(f"the audit log has {last.seq} records, and its chain is intact; its head is {last}")


def _noted(head: str | None) -> dict[int, bytes]:
    if head is None:
        return {}
    noted = read_head(head)
    if noted is None:
        raise click.BadParameter("write it as NUMBER:HASH, as `voting audit export` reports it", param_hint="--head")
    return dict([noted])


def _exported(file: Path, known: Mapping[int, bytes]) -> dict[int, bytes]:
    """Returns the hashes of an export whose chain is intact. Raises AuditBroken."""
    check, hashes = ChainCheck(known), {}
    # Not splitlines: a record may hold other separators than the line feed.
    for number, line in enumerate(read_text_file(file).rstrip("\n").split("\n"), 1):
        link = read_line(line)
        if link is None:
            raise AuditBroken(f"line {number} of {file} is no record of an export", seq=number)
        check.add(link)
        hashes[link.seq] = link.hash
    check.end(check.head)
    return hashes


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
    if changed and not receipts.of_another_key:
        tell("somebody changed ballots past the service: find out who, and restore them from a backup")
    elif not changed:
        tell(f"{receipts.ballots} ballots are what their receipts, batches and decisions say")
    if changed or (found and not mend):
        raise click.exceptions.Exit(1)


def _counts(tally: Tally) -> str:
    tiers = " ".join(f"{tier}={count}" for tier, count in tally.by_tier.items() if count)
    return f"raw={tally.raw} held={tally.held} counted={tally.counted} {tiers}".rstrip()
