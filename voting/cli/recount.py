"""voting recount: whether the tally is what the ballots give."""

from __future__ import annotations

from pathlib import Path

import click

from voting.cli.session import env_file, find, in_office, read_settings, tell
from voting.domain.scoring import Tally
from voting.services.recounting import Difference
from voting.wiring import Office


@click.command(epilog="Example: voting recount --contest demo")
@click.option("--contest", required=True, help="The contest's id.")
@click.option("--mend", metavar="REASON", help="Set the tally to the recount; ballots wait, the audit log has it.")
@env_file
def recount(contest: str, mend: str | None, env_file: Path | None) -> None:
    """Counts the ballots anew and compares; exit code 1 where the tally differs and is not mended."""

    async def work(office: Office) -> tuple[Difference, ...]:
        listing = await find(office, contest)
        if mend:
            return await office.recounting.mend(listing, mend)
        return await office.recounting.differences(listing)

    found = in_office(read_settings(env_file), work)
    for each in found:
        click.echo(f"{each.entry}\ttally {_counts(each.tally)}\tballots {_counts(each.recount)}")
    if not found:
        tell(f"the tally of contest {contest!r} is what its ballots give")
    elif mend:
        tell(f"{len(found)} entries are set to what their ballots give; the pages follow within seconds")
    else:
        tell(f"{len(found)} entries differ; find out why, then: voting recount --contest {contest} --mend REASON")
        raise click.exceptions.Exit(1)


def _counts(tally: Tally) -> str:
    return f"raw={tally.raw} held={tally.held} counted={tally.counted}"
