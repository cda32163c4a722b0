"""The contest and files of real tasks, and how their tables are read and refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry
from voting.domain.results.marks import Mark, read_marks, read_metric
from voting.domain.roster.roster import read_roster
from voting.domain.roster.sheet import Sheet
from voting.errors import FileInvalid
from voting.spreadsheets import read_sheet

FOLDER = Path(__file__).parent / "cases"
CONTEST = read_contest((FOLDER / "contest.toml").read_text("utf-8"))
ENTRIES = {code: Entry(code, code, "", "art") for code in ("A001", "A002")}
HEAD = "code,title,author,category,summary\n"


def sheet(case: str) -> Sheet:
    return read_sheet((FOLDER / case).read_bytes(), Path(case).name)


def roster(table: Sheet) -> tuple[Entry, ...]:
    return read_roster(table, CONTEST, "roster")


def marks(text: str) -> tuple[Mark, ...]:
    return read_marks(read_sheet(text.encode(), "marks"), CONTEST.rounds[0], ENTRIES, "marks")


def clicks(text: str) -> dict[str, int]:
    return read_metric(read_sheet(text.encode(), "clicks"), "entry", ENTRIES, "clicks")


def workbook(
    rows: str, before: str = "", after: str = "", styles: str = "", more: dict[str, str] | None = None
) -> bytes:
    """Returns a workbook of our own XML; `rows` are in sheetData, `styles` in the style sheet."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{package}">'
        f'<Relationship Id="a" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="名单" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}">{before}<sheetData>{rows}</sheetData>{after}'
        "</worksheet>",
        "xl/styles.xml": f'<styleSheet xmlns="{main}">{styles}</styleSheet>',
    } | (more or {})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def text(reference: str, words: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{words}</t></is></c>'


def line(number: int, words: Iterable[str], attributes: str = "") -> str:
    cells = "".join(text(f"{chr(65 + place)}{number}", each) for place, each in enumerate(words) if each)
    return f'<row r="{number}" {attributes}>{cells}</row>'


TABLE = line(1, ("code", "title", "author", "category")) + line(2, ("A001", "标题", "作者", "文艺"))


def refusal(read: object, *given: object) -> str:
    assert callable(read)
    with pytest.raises(FileInvalid) as refused:
        read(*given)
    return str(refused.value)
