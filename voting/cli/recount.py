"""voting recount: compares the tally with the ballots, and the ballots with all that was recorded with them."""

from __future__ import annotations

from pathlib import Path

import click

from voting.cli.session import env_file, find, read_settings, tell, with_admin
from voting.cli.tables import progress
from voting.domain.results.scoring import Tally
from voting.services.ballots.receipts import ReceiptReport, check_receipts
from voting.services.ballots.traces import check_traces
from voting.services.tallies.recount import Difference
from voting.wiring.admin import AdminServices


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
        return found, receipts, await check_traces(office.database, snapshot.contest.id)

    found, receipts, traces = with_admin(settings, work)
    changed = [*receipts.wrong, *traces]
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
