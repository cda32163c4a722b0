"""voting contest simulate: compares the outcomes of two sets of rules."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from voting.cli.contest import contest, file_argument, read_text
from voting.cli.session import tell
from voting.cli.tables import load_sheet
from voting.domain.contest.contest import Contest
from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry
from voting.domain.results.comparison import Standing, changes, standings
from voting.domain.results.marks import Mark, read_marks, read_metric
from voting.domain.results.outcome import Figures, compute
from voting.domain.results.scoring import rounded
from voting.domain.roster.roster import read_roster
from voting.errors import NotFound
from voting.services.results.simulation import figures, made_entries


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


def _described(standing: Standing, rules: Contest) -> dict[str, object]:
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
