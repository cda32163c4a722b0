"""voting contest: contest files, contests, and simulations of other rules."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import get_args

import click

from voting.cli.shared.acting import Signed, as_person
from voting.cli.shared.session import env_file, find, not_blank, read_settings, tell, with_admin
from voting.cli.shared.tables import load_sheet
from voting.domain.contest.cautions import cautions
from voting.domain.contest.contest import Contest
from voting.domain.contest.contest_file import read_contest
from voting.domain.contest.explain import explain as sentences
from voting.domain.contest.explain import local
from voting.domain.contest.schema import Display, DisplayPolicy
from voting.domain.contest.toml_schema import reference
from voting.domain.entry import Entry
from voting.domain.identity.roles import ORGANISING
from voting.domain.language import LANGUAGES, Language
from voting.domain.results.comparison import EntryResult, changes, standings
from voting.domain.results.marks import Mark, read_marks, read_metric
from voting.domain.results.outcome import Figures, compute
from voting.domain.results.scoring import rounded
from voting.domain.roster.roster import read_roster
from voting.errors import FileInvalid, NotFound
from voting.services.results.simulation import figures, made_entries
from voting.text_file import read_text_file
from voting.web.i18n.words import WORDS
from voting.wiring.admin import AdminServices

file_argument = click.argument("file", type=click.Path(path_type=Path))


@click.group(epilog="Example: voting contest create contest.toml")
def contest() -> None:
    """Check, explain, create and change contests."""


@contest.command(epilog="Example: voting contest check contest.toml")
@file_argument
@click.option("--json", "as_json", is_flag=True, help="Faults as JSON on standard output.")
def check(file: Path, as_json: bool) -> None:
    """Check FILE: report each fault with its line, and the limits of a vote under its rules."""
    try:
        found = read_contest(read_text(file), str(file))
    except FileInvalid as error:
        if as_json:
            rows = [asdict(fault) for fault in error.faults]
            click.echo(json.dumps({"file": str(file), "faults": rows}, ensure_ascii=False))
        raise
    if as_json:
        told = {language: cautions(found, language) for language in LANGUAGES}
        click.echo(json.dumps({"file": str(file), "faults": [], "cautions": told}, ensure_ascii=False))
    tell(f"{file}: contest {found.id!r} is right")
    for language in LANGUAGES:
        for caution in cautions(found, language):
            tell(caution)


@contest.command(epilog="Example: voting contest explain contest.toml --language en")
@file_argument
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language.")
def explain(file: Path, language: str) -> None:
    """Print the rules of FILE in words, as voters read them."""
    found = read_contest(read_text(file), str(file))
    chosen: Language = "zh" if language == "zh" else "en"
    click.echo(found.title if chosen == "zh" else found.title_en or found.title)
    for number, sentence in enumerate(sentences(found, chosen), 1):
        click.echo(f"{number}. {sentence}")


@contest.command(epilog="Example: voting contest create contest.toml")
@file_argument
@click.option("--open-now", is_flag=True, help="Open the window now; it keeps its length. For trials.")
@env_file
def create(file: Path, open_now: bool, env_file: Path | None) -> None:
    """Create the contest of FILE under its id."""
    text = read_text(file)
    found = read_contest(text, str(file))

    async def work(office: AdminServices) -> Contest:
        await office.contest_admin.create(found, text, open_now)
        return (await office.contest_cache.get(found.id)).contest

    stored = with_admin(read_settings(env_file), work)
    opens, closes = (local(moment, stored, "en") for moment in (stored.opens_at, stored.closes_at))
    tell(f"contest {stored.id!r} is created: open from {opens} to {closes}")


@contest.command(epilog="Example: voting contest replace contest.toml")
@file_argument
@env_file
def replace(file: Path, env_file: Path | None) -> None:
    """Replace the contest's rules by those of FILE, until they are sealed or the window opens."""
    text = read_text(file)
    found = read_contest(text, str(file))
    with_admin(read_settings(env_file), lambda office: office.contest_admin.replace(found, text))
    tell(f"contest {found.id!r} has the rules of {file}")


@contest.command(epilog="Example: voting contest seal contest.toml")
@file_argument
@env_file
def seal(file: Path, env_file: Path | None) -> None:
    """Seal the contest's rules, which must equal FILE, and print their SHA-256 for publication."""
    text = read_text(file)
    found = read_contest(text, str(file))
    click.echo(with_admin(read_settings(env_file), lambda office: office.contest_admin.seal(found.id, text)))
    tell(f"the rules of {found.id!r} are sealed")


@contest.command(epilog="Example: voting contest overlaps --contest demo")
@click.option("--contest", "id", required=True, help="The contest's id.")
@env_file
def overlaps(id: str, env_file: Path | None) -> None:
    """Print how many persons were first taken for two voters, and what they voted as the second one."""

    async def work(office: AdminServices) -> str:
        await find(office, id)
        return str(WORDS["en"].overlaps.format(*await office.persons.overlaps(id)))

    click.echo(with_admin(read_settings(env_file), work))


@contest.command(
    epilog="Example: voting contest extend --contest demo --closes-at 2026-12-05T18:00:00+08:00 --reason flood"
)
@click.option("--contest", "id", required=True, help="The contest's id.")
@click.option("--closes-at", required=True, help="The new, later end with its UTC offset: 2026-12-05T18:00:00+08:00.")
@click.option("--reason", required=True, callback=not_blank, help="The reason, for the audit log.")
@as_person
@env_file
def extend(id: str, closes_at: str, reason: str, signed: Signed, env_file: Path | None) -> None:
    """Extend the window, by a year at most, if the rules declare `extension` changeable."""
    moment = moment_of(closes_at, "--closes-at")

    async def work(office: AdminServices) -> None:
        person = await signed.person(office, id, ORGANISING)
        await office.contest_admin.extend(id, moment, reason, person)

    with_admin(read_settings(env_file), work)
    tell(f"contest {id!r} closes at {closes_at}")


@contest.command(
    epilog="Example: voting contest withdraw --contest demo --entry A017 --reason 'the author asks for it'"
)
@click.option("--contest", "id", required=True, help="The contest's id.")
@click.option("--entry", required=True, help="The entry's code.")
@click.option("--reason", required=True, callback=not_blank, help="The reason, for the audit log.")
@as_person
@env_file
def withdraw(id: str, entry: str, reason: str, signed: Signed, env_file: Path | None) -> None:
    """Withdraw an entry, if the rules declare `withdrawal` changeable; its ballots are kept.

    Once voting has begun, a second account must run the same command.
    """

    async def work(office: AdminServices) -> None:
        person = await signed.person(office, id, ORGANISING)
        await office.contest_admin.withdraw(id, entry, reason, person)

    with_admin(read_settings(env_file), work)
    tell(f"entry {entry} is withdrawn from contest {id!r}")


@contest.command(epilog="Example: voting contest display --contest demo --policy hidden --reason 'the last day'")
@click.option("--contest", "id", required=True, help="The contest's id.")
@click.option("--policy", required=True, type=click.Choice(get_args(DisplayPolicy)), help="What voters see.")
@click.option("--minutes", default=5, show_default=True, type=click.IntRange(1, 1440), help="For `delayed`: how often.")
@click.option("--at", default="18:00", show_default=True, type=click.DateTime(["%H:%M"]), help="For `daily`: when.")
@click.option("--reason", required=True, callback=not_blank, help="The reason, for the audit log.")
@env_file
def display(id: str, policy: DisplayPolicy, minutes: int, at: datetime, reason: str, env_file: Path | None) -> None:
    """Change what voters see of the tally, if the rules declare `display` changeable."""
    shown = Display(policy, minutes, at.time())
    with_admin(read_settings(env_file), lambda office: office.contest_admin.show(id, shown, reason))
    tell(f"the tally of contest {id!r} is shown: {policy}")


@contest.command(epilog="Example: voting contest pause --contest demo")
@click.option("--contest", "id", required=True, help="The contest's id.")
@click.option("--reason", default="", help="The reason, for voters and the audit log.")
@as_person
@env_file
def pause(id: str, reason: str, signed: Signed, env_file: Path | None) -> None:
    """Refuse new ballots until `voting contest resume`; ballots in progress are completed first.

    Where several accounts decide, a second one must run the same command within half an hour; otherwise the vote goes
    on by itself, and for six hours the same account cannot begin another pause.
    """

    async def work(office: AdminServices) -> datetime | None:
        person = await signed.person(office, id, ORGANISING)
        return await office.contest_admin.pause(id, reason.strip(), person)

    until = with_admin(read_settings(env_file), work)
    tell(f"contest {id!r} is paused")
    if until:
        tell(f"it goes on by itself at {until:%H:%M} UTC, unless a second account runs the same command before")


@contest.command(epilog="Example: voting contest resume --contest demo")
@click.option("--contest", "id", required=True, help="The contest's id.")
@env_file
def resume(id: str, env_file: Path | None) -> None:
    """Accept ballots again after a pause."""
    with_admin(read_settings(env_file), lambda office: office.contest_admin.resume(id))
    tell(f"contest {id!r} takes ballots again")


@contest.command(name="reference", epilog="Example: voting contest reference > contest-file.md")
def show_reference() -> None:
    """Print every key of a contest file as Markdown."""
    click.echo(reference(Contest), nl=False)


def moment_of(text: str, option: str) -> datetime:
    """The moment that an option names. Raises BadParameter."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.BadParameter("write it with its offset, such as 2026-12-05T18:00:00+08:00", param_hint=option)
    return moment


def read_text(file: Path) -> str:
    """The text of a UTF-8 file with \\n as line ends. Raises FileInvalid."""
    return io.StringIO(read_text_file(file), newline=None).read()


@dataclass(frozen=True, slots=True)
class _Given:
    """Inputs from the command line; the others are generated."""

    entries: int
    roster: Path | None
    votes: Path | None
    marks: tuple[str, ...]
    seed: int


@contest.command(epilog="Example: voting contest simulate contest.toml --against other.toml --seed 7")
@file_argument
@click.option(
    "--against", type=click.Path(path_type=Path), help="File of the other rules; default: show the order under FILE."
)
@click.option(
    "--entries", default=130, show_default=True, type=click.IntRange(1, 10_000), help="The number of generated entries."
)
@click.option(
    "--roster", type=click.Path(path_type=Path), help="Roster (CSV or XLSX) of the entries; default: generated."
)
@click.option(
    "--votes",
    type=click.Path(path_type=Path),
    help="Picks (columns entry, value); without --roster these are the entries.",
)
@click.option("--marks", multiple=True, help="ROUND=FILE, the marks of a round; default: generated.")
@click.option("--seed", default=1, show_default=True, help="Seed of what is generated.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def simulate(file: Path, against: Path | None, as_json: bool, **given: object) -> None:
    """Show which entries change places under other rules, with the same votes and marks, and why."""
    rules = read_contest(read_text(file), str(file))
    found = _figures(rules, _Given(**given))  # type: ignore[arg-type]
    before = standings(rules, compute(rules, found))
    if against is None:
        best = sorted(before.items(), key=lambda item: (item[1].place is None, item[1].place or 0, item[0]))
        _print([{"entry": entry, **_described(standing, rules)} for entry, standing in best], as_json)
        return
    other = read_contest(read_text(against), str(against))
    moved = changes(before, standings(other, compute(other, found)))
    _print(
        [
            {
                "entry": change.entry,
                "before": _described(change.before, rules),
                "after": _described(change.after, other),
                "why": change.why,
            }
            for change in moved
        ],
        as_json,
    )
    tell(f"{len(moved)} of {len(found.entries)} entries stand elsewhere under {against}")


def _figures(rules: Contest, given: _Given) -> Figures:
    sheet = load_sheet(given.votes) if given.votes else None
    if given.roster:
        entries = {entry.code: entry for entry in read_roster(load_sheet(given.roster), rules, str(given.roster))}
    elif sheet:
        codes = [row.cells.get("entry", "") for row in sheet.rows]
        entries = {code: Entry(code, code, "", rules.category_ids[0]) for code in codes if code}
    else:
        entries = made_entries(rules, given.entries)
    votes = read_metric(sheet, "entry", entries, str(given.votes)) if sheet else None
    return figures(rules, entries, votes, _marks(rules, entries, given.marks), given.seed)


def _marks(rules: Contest, entries: Mapping[str, Entry], given: Collection[str]) -> dict[str, tuple[Mark, ...]]:
    rounds = {round_.id: round_ for round_ in rules.rounds}
    found = {}
    for text in given:
        id, _, name = text.partition("=")
        if id not in rounds:
            raise NotFound(f"there is no round {id!r}; write --marks ROUND=FILE with one of: {', '.join(rounds)}")
        found[id] = read_marks(load_sheet(Path(name)), rounds[id], entries, name)
    return found


def _described(standing: EntryResult, rules: Contest) -> dict[str, object]:
    places = rules.blend.places if rules.blend else rules.public_points.places
    return {
        "place": standing.place,
        "final": None if standing.final is None else str(rounded(standing.final, places)),
        "public": None if standing.public is None else str(rounded(standing.public, places)),
        "awards": list(standing.awards),
    }


def _print(rows: list[dict[str, object]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo("\t".join(_cell(value) for value in row.values()))


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={_cell(each)}" for name, each in value.items())
    if isinstance(value, list):
        return "、".join(map(str, value)) or "-"
    return "-" if value is None else str(value)
