"""voting notice: notices to voters on the contest's pages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from voting.cli.contest import moment_of
from voting.cli.shared.session import env_file, find, read_settings, tell, with_admin
from voting.domain.contest.announcement import Announcement
from voting.domain.contest.explain import local
from voting.wiring.admin import AdminServices

contest_option = click.option("--contest", required=True, help="The contest's id.")


@click.group(epilog="Example: voting notice list --contest demo")
def notice() -> None:
    """Publish notices on the voters' pages, and take them back."""


@notice.command(
    epilog="Example: voting notice publish --contest demo --text '今晚维护' --until 2026-12-05T18:00:00+08:00"
)
@contest_option
@click.option("--text", required=True, help="The notice in Chinese, plain text of 500 characters at most.")
@click.option("--text-en", default="", help="The same in English; without it English pages show the Chinese text.")
@click.option("--from", "starts_at", help="When it begins, with its UTC offset; default: now.")
@click.option("--until", "ends_at", required=True, help="When it ends by itself: 2026-12-05T18:00:00+08:00.")
@env_file
def publish(contest: str, text: str, text_en: str, starts_at: str | None, ends_at: str, env_file: Path | None) -> None:
    """Publish a notice, and print its number."""
    begins: datetime | None = moment_of(starts_at, "--from") if starts_at else None
    ends = moment_of(ends_at, "--until")

    async def work(office: AdminServices) -> int:
        snapshot = await find(office, contest)
        return await office.announcements.publish(snapshot, text, text_en, begins, ends, office.actor)

    click.echo(with_admin(read_settings(env_file), work))


@notice.command(name="list", epilog="Example: voting notice list --contest demo")
@contest_option
@env_file
def list_(contest: str, env_file: Path | None) -> None:
    """Print the notices that have not ended: number, time and text."""

    async def work(office: AdminServices) -> list[str]:
        rules = (await find(office, contest)).contest

        def line(each: Announcement) -> str:
            span = f"{local(each.starts_at, rules, 'en')} - {local(each.ends_at, rules, 'en')}"
            return "\t".join((str(each.number), span, " ".join(each.text.split()), " ".join(each.text_en.split())))

        return [line(each) for each in await office.announcements.lasting(contest)]

    for line in with_admin(read_settings(env_file), work):
        click.echo(line)


@notice.command(epilog="Example: voting notice end 3 --contest demo")
@click.argument("number", type=int)
@contest_option
@env_file
def end(number: int, contest: str, env_file: Path | None) -> None:
    """End notice NUMBER before its time."""
    with_admin(read_settings(env_file), lambda office: office.announcements.end(contest, number, office.actor))
    tell(f"notice {number} of contest {contest!r} is no longer shown")
