"""Reads UTF-8 files written by people: settings, contests, fraud policies."""

from __future__ import annotations

import codecs
from pathlib import Path

from voting.errors import Fault, FileInvalid, say

# The mark of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def read_text_file(file: Path) -> str:
    """Returns the file's text without a byte order mark and with its line ends. Raises FileInvalid."""
    try:
        body = file.read_bytes()
    except OSError as error:
        why = (error.strerror or "cannot be read").lower()
        raise FileInvalid(str(file), (Fault(0, "", why, say("give an existing file")),)) from None
    return decode_text(body, str(file))


def decode_text(body: bytes, name: str) -> str:
    """Returns the text of a file's bytes without a byte order mark and with its line ends. Raises FileInvalid."""
    if encoding := _wide(body):
        raise _not_utf8(name, 0, encoding)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise _not_utf8(name, line, "GBK" if _is_gb2312(body) else "") from None


def _wide(body: bytes) -> str:
    """Returns the encoding's name if it has two or four bytes a character, by its mark or zero bytes; "" otherwise."""
    marked = next((name for mark, name in _MARKS if body.startswith(mark)), "")
    return marked or ("UTF-16" if b"\0" in body else "")


def _is_gb2312(body: bytes) -> bool:
    """Whether the bytes are probably GBK: all double bytes are in GB 2312, which is rare in other encodings."""
    try:
        body.decode("gb2312")
    except UnicodeDecodeError:
        return False
    return True


def _not_utf8(name: str, line: int, encoding: str) -> FileInvalid:
    what = say("is not UTF-8 but {}, as far as can be told", encoding) if encoding else say("is not UTF-8")
    return FileInvalid(name, (Fault(line, "", what, say("save the file as UTF-8")),))
