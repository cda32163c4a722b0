"""Reads an organiser's table from the bytes of a CSV file or a workbook, each cell as the text that it shows."""

from __future__ import annotations

import codecs

from voting.domain.roster.sheet import Cells, Sheet, Tick, csv_records, make_sheet, silent
from voting.errors import Fault, FileInvalid, say
from voting.spreadsheets.encodings import decoded
from voting.spreadsheets.workbook import read_workbook

LARGEST = 50_000_000
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# The first bytes of files that are neither a workbook nor CSV, and what they are.
_OTHERS = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", say("is an old Excel or WPS file (.xls, .et)")),
    (b"%PDF-", say("is a PDF")),
    (b"{\\rtf", say("is a text document (RTF)")),
    (b"Rar!", say("is a compressed archive (RAR)")),
    (b"7z\xbc\xaf", say("is a compressed archive (7z)")),
    (b"\x1f\x8b", say("is a compressed archive (gzip)")),
    (b"ID;P", say("is a SYLK file (.slk)")),
    (b"MIME-Version:", say("is a web archive (MHTML)")),
)
_SAVE = say("open it in Excel, WPS or LibreOffice, and save it as .xlsx or as CSV UTF-8")


def read_sheet(body: bytes, name: str, tick: Tick = silent) -> Sheet:
    """Returns the table of a CSV file (UTF-8, GB18030, UTF-16) or a workbook's first visible sheet. Raises FileInvalid.

    `tick` is called with the number of lines read. Unreadable places are in the sheet's faults.
    """
    if len(body) > LARGEST:
        raise _refusal(
            name, say("is larger than {} MB", LARGEST // 1_000_000), say("split it, and take pictures out of it")
        )
    if what := _other_kind(body):
        mend = say("save it without one") if "password" in what else _SAVE
        raise _refusal(name, what, mend)
    if body.startswith(b"PK"):
        return make_sheet(read_workbook(body, name), name, tick)
    text, note = decoded(body, name)
    return make_sheet(Cells(csv_records(text, name), notes=[note] if note else []), name, tick)


def _other_kind(body: bytes) -> str:
    """Returns the kind of file if it is neither a workbook nor text with delimiters."""
    for head, what in _OTHERS:
        if body.startswith(head):
            return say("is protected by a password") if _ENCRYPTED in body else what
    start = body[:1000].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<head")):
        return say("is a web page (HTML), whatever its name ends with")
    return say("is XML, whatever its name ends with") if start.startswith(b"<?xml") else ""


def _refusal(name: str, what: str, mend: str) -> FileInvalid:
    return FileInvalid(name, (Fault(0, "", what, mend),))
