"""voting complaints: what voters complain of."""

from __future__ import annotations

from pathlib import Path

import click

from voting.cli.shared.session import env_file, find, not_blank, read_settings, tell, with_admin
from voting.domain.contest.explain import local
from voting.services.complaints import Complaint
from voting.wiring.admin import AdminServices

contest_option = click.option("--contest", required=True, help="The contest's id.")


@click.group(epilog="Example: voting complaints list --contest demo")
def complaints() -> None:
    """List voters' complaints, answer and close them."""


@complaints.command(name="list", epilog="Example: voting complaints list --contest demo")
@contest_option
@env_file
def list_(contest: str, env_file: Path | None) -> None:
    """Print the complaints, those that wait first: number, moment, state, subject, contact, text, answer."""

    async def work(office: AdminServices) -> list[str]:
        snapshot = await find(office, contest)

        def line(each: Complaint) -> str:
            stored = each.stored
            state = "closed" if stored.closed_at else "answered" if stored.answered_at else "waiting"
            subject = " ".join([stored.about, *(str(part) for part in (stored.entry, stored.ballot) if part)])
            moment = local(stored.received_at, snapshot.contest, "en")
            texts = [" ".join((text or "-").split()) for text in (each.contact, stored.body, stored.answer)]
            return "\t".join((str(stored.number), moment, state, subject, *texts))

        return [line(each) for each in await office.complaints.all(snapshot)]

    for line in with_admin(read_settings(env_file), work):
        click.echo(line)


@complaints.command(epilog="Example: voting complaints answer 12 --contest demo --text '已核实，作品信息已更正。'")
@click.argument("number", type=int)
@contest_option
@click.option("--text", required=True, callback=not_blank, help="The answer, for whoever has the reference.")
@env_file
def answer(number: int, contest: str, text: str, env_file: Path | None) -> None:
    """Answer complaint NUMBER, in place of an earlier answer."""
    with_admin(read_settings(env_file), lambda office: office.complaints.answer(contest, number, text, office.actor))
    tell(f"complaint {number} of contest {contest!r} is answered")


@complaints.command(epilog="Example: voting complaints close 12 --contest demo --reason '已电话答复'")
@click.argument("number", type=int)
@contest_option
@click.option("--reason", required=True, callback=not_blank, help="Why, for the audit log; no personal data.")
@env_file
def close(number: int, contest: str, reason: str, env_file: Path | None) -> None:
    """Close complaint NUMBER, answered or not."""
    with_admin(read_settings(env_file), lambda office: office.complaints.close(contest, number, reason, office.actor))
    tell(f"complaint {number} of contest {contest!r} is closed")
