"""Turns the rows of a sheet into entries, or reports every fault with row, column, value and how to fix it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from urllib.parse import urlsplit

from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import MEASURED_KINDS, OWN_COLUMNS, REQUIRED_COLUMNS
from voting.domain.entry import Entry
from voting.domain.names import Known, shown
from voting.domain.roster.columns import Columns, check
from voting.domain.roster.duplicates import repeat_faults, stored_faults
from voting.domain.roster.media import MediaFiles, measured_faults
from voting.domain.roster.nominations import nomination_faults
from voting.domain.roster.row import Candidate, candidate, category_ids
from voting.domain.roster.sheet import Row, Sheet, Tick, silent
from voting.domain.units import plain
from voting.errors import Fault, say

_LONGEST = {"code": 32, "title": 120, "author": 120, "summary": 1000, "cover": 255, "video": 500, "recommender": 120}
_CODE = re.compile(r"[A-Za-z0-9_-]+")
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
# Spreadsheets turn codes such as 3-5 and MAR5 into dates, and write these into CSV files.
_DATE = re.compile(rf"[0-9]{{1,2}}-(?:{_MONTHS})|(?:{_MONTHS})-[0-9]{{2}}", re.IGNORECASE)
# Characters that end a link in a page's source, or hide its end.
_NOT_IN_LINKS = re.compile(r"[\s\"'<>`\\^{|}]")


def read_roster(
    sheet: Sheet,
    contest: Contest,
    name: str = "roster",
    past_winners: Collection[str] = (),
    tick: Tick = silent,
    media: MediaFiles | None = None,
    stored: Iterable[Entry] = (),
) -> tuple[Entry, ...]:
    """Returns the entries; `cover` holds the file name as written. Raises FileInvalid with every fault of the file.

    The contest's past-winner column may not hold any of `past_winners`. `tick` is called with the number of rows done.
    `media` holds the facts of the entries' files, if available; `stored` are the entries that the contest has already.
    """
    needed, known = columns(contest, media is not None)
    of = Columns(
        tuple(needed),
        tuple(known),
        "entries",
        filled=(*REQUIRED_COLUMNS, "category"),
        names=("code", "recommender"),
        paragraphs=("summary", *(column for column in known if column not in OWN_COLUMNS)),
        longest=_LONGEST,
    )
    table = check(sheet, of, name, tick)
    candidates = [candidate(row, contest) for row in table.rows]
    for row, each in zip(table.rows, candidates, strict=True):
        table.faults += _row_faults(row, each, contest, media or {})
    table.faults += nomination_faults(contest, candidates)
    table.faults += repeat_faults(contest, candidates, past_winners)
    table.faults += stored_faults(candidates, stored)
    table.settle()
    entries: list[Entry] = []
    for each in candidates:
        cells = {column: each.cells.get(column, "") for column in (*OWN_COLUMNS, "recommender")}
        entries.append(Entry(**(cells | {"category": each.category, "nomination": each.nomination}), tags=each.tags))
    return tuple(entries)


def columns(contest: Contest, measured: bool = False) -> tuple[list[str], list[str]]:
    """Returns the columns that the contest's rosters must have, and all that they may have.

    If the files are `measured`, the roster must name them and may leave out the columns that they fill.
    """
    ways, checks = contest.nominations, contest.entry_checks
    asked = ["category"] if contest.categories else []
    asked += [check.column for check in checks if check.needed and not (measured and check.kind in MEASURED_KINDS)]
    asked += [contest.media] if measured else []
    asked += [rule.column for rule in contest.uniques]
    asked += [contest.past_winners] if contest.past_winners else []
    asked += ["recommender"] if ways else []
    asked += ["nomination"] if len(ways) > 1 else []
    asked += ["order"] if any(way.ranked for way in ways) else []
    known = [*asked, *(check.column for check in checks), *(("nomination", "order") if ways else ())]
    known += ["tags"] if contest.tags else []
    known += [contest.media] if contest.media else []
    own = [column for column in OWN_COLUMNS if column != "category" or contest.categories]
    return [*dict.fromkeys([*REQUIRED_COLUMNS, *asked])], [*dict.fromkeys([*own, *known])]


def _row_faults(row: Row, candidate: Candidate, contest: Contest, media: MediaFiles) -> Iterator[Fault]:
    code, video = row.cells["code"], row.cells.get("video", "")
    if code and not _CODE.fullmatch(code):
        narrow = _CODE.fullmatch(plain(code))
        mend = say("write it in half width") if narrow else say("use letters, digits, - and _ such as A017")
        yield Fault(row.line, "code", say("{} does not fit", shown(code)), mend)
    if _DATE.fullmatch(code):
        mend = say("format the column as text, and write the code again; write it otherwise if it is meant so")
        yield Fault(
            row.line, "code", say("{} is a date, which spreadsheets make of codes such as 3-5", shown(code)), mend
        )
    if video and (problem := _link_problem(video)):
        yield Fault(row.line, "video", say("{} {}", shown(video), problem[0]), problem[1])
    category = row.cells.get("category", "")
    if category and not candidate.category:
        names = ", ".join(each.name for each in contest.categories)
        meant = Known(category_ids(contest), say("one of: {}", names)).mend(category)
        yield Fault(row.line, "category", say("{} is not a category of this contest", shown(category)), meant)
    yield from _tag_faults(candidate, contest)
    yield from measured_faults(contest, candidate, media)


def _link_problem(text: str) -> tuple[str, str] | None:
    """Returns what is wrong with a link and how to fix it."""
    if not text.lower().startswith("https://"):
        return say("is not a secure address"), say("begin it with https://")
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.username is not None:
        return say("names no host"), say("write it as https://video.example.cn/a.mp4")
    if _NOT_IN_LINKS.search(text) or not text.isprintable():
        return say("holds a blank, a quote or another character that links do not have"), say(
            "copy it from the address line"
        )
    return None


def _tag_faults(candidate: Candidate, contest: Contest) -> Iterator[Fault]:
    """Yields faults of the further categories: unknown, repeated, the entry's own, or too many."""
    text, tags = candidate.cells.get("tags", ""), candidate.tags
    names = ", ".join(category.name for category in contest.categories)
    if "" in tags:
        mend = say("write names with 、 between: {}", names)
        yield Fault(candidate.line, "tags", say("{} holds what is not a category of this contest", shown(text)), mend)
    elif len(set(tags)) < len(tags) or candidate.category in tags:
        yield Fault(
            candidate.line, "tags", say("{} names a category twice", shown(text)), say("leave out its own, and repeats")
        )
    elif len(tags) > contest.tags:
        yield Fault(
            candidate.line, "tags", say("{} has {} categories", shown(text), len(tags)), say("at most {}", contest.tags)
        )
