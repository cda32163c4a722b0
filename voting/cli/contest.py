"""voting contest: contest files."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from voting.cli.session import env_file, in_office, read_settings, tell
from voting.domain.contest import Contest
from voting.domain.contest_file import read_contest
from voting.domain.document import reference
from voting.domain.explain import explain as sentences
from voting.domain.explain import local
from voting.domain.language import Language
from voting.errors import Fault, FileInvalid
from voting.wiring import Office

file_argument = click.argument("file", type=click.Path(path_type=Path))


@click.group(epilog="Example: voting contest create contest.toml")
def contest() -> None:
    """Checks, explains and creates contests from their files."""


@contest.command(epilog="Example: voting contest check contest.toml")
@file_argument
@click.option("--json", "as_json", is_flag=True, help="Faults as JSON on standard output.")
def check(file: Path, as_json: bool) -> None:
    """Says whether FILE is right, and every fault with its line."""
    try:
        found = read_contest(read_text(file), str(file))
    except FileInvalid as error:
        if as_json:
            rows = [asdict(fault) for fault in error.faults]
            click.echo(json.dumps({"file": str(file), "faults": rows}, ensure_ascii=False))
        raise
    if as_json:
        click.echo(json.dumps({"file": str(file), "faults": []}))
    tell(f"{file}: contest {found.id!r} is right")


@contest.command(epilog="Example: voting contest explain contest.toml --language en")
@file_argument
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language.")
def explain(file: Path, language: str) -> None:
    """Says FILE's rules in words, as the voters read them."""
    found = read_contest(read_text(file), str(file))
    chosen: Language = "zh" if language == "zh" else "en"
    click.echo(found.title if chosen == "zh" else found.title_en or found.title)
    for number, sentence in enumerate(sentences(found, chosen), 1):
        click.echo(f"{number}. {sentence}")


@contest.command(epilog="Example: voting contest create contest.toml")
@file_argument
@click.option("--open-now", is_flag=True, help="Let the window begin at this moment, as long as the file says.")
@env_file
def create(file: Path, open_now: bool, env_file: Path | None) -> None:
    """Stores the contest of FILE under its id."""
    text = read_text(file)
    found = read_contest(text, str(file))

    async def work(office: Office) -> Contest:
        await office.organising.create(found, text, open_now)
        return (await office.catalogue.get(found.id)).contest

    stored = in_office(read_settings(env_file), work)
    opens, closes = (local(moment, stored, "en") for moment in (stored.opens_at, stored.closes_at))
    tell(f"contest {stored.id!r} is created: open from {opens} to {closes}")


@contest.command(epilog="Example: voting contest pause --contest demo")
@click.option("--contest", "id", required=True, help="The contest's id.")
@env_file
def pause(id: str, env_file: Path | None) -> None:
    """Refuses new ballots until `voting contest resume`; ballots under way are finished first."""
    in_office(read_settings(env_file), lambda office: office.organising.pause(id, True))
    tell(f"contest {id!r} is paused")


@contest.command(epilog="Example: voting contest resume --contest demo")
@click.option("--contest", "id", required=True, help="The contest's id.")
@env_file
def resume(id: str, env_file: Path | None) -> None:
    """Takes ballots again after a pause."""
    in_office(read_settings(env_file), lambda office: office.organising.pause(id, False))
    tell(f"contest {id!r} takes ballots again")


@contest.command(name="reference", epilog="Example: voting contest reference > contest-file.md")
def show_reference() -> None:
    """Prints every key of a contest file as Markdown."""
    click.echo(reference(Contest), nl=False)


def read_text(file: Path) -> str:
    """A UTF-8 file's text. Raises FileInvalid."""
    try:
        return file.read_text("utf-8")
    except OSError as error:
        why = error.strerror or "cannot be read"
        raise FileInvalid(str(file), (Fault(0, "", why.lower(), "give an existing file"),)) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise FileInvalid(str(file), (Fault(line, "", "is not UTF-8", "save the file as UTF-8"),)) from None
