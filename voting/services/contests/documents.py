"""The files of the five published contests, to begin a new one from."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from voting.domain.contest.contest import Contest
from voting.domain.contest.contest_file import read_contest
from voting.errors import NotFound
from voting.text_file import decode_text

NAMES = (
    "000-green-industry",
    "001-industrial-power",
    "002-industry-stories",
    "003-low-carbon-cases",
    "004-science-envoys",
)


def document(name: str) -> str:
    """Returns the text of one of them. Raises NotFound."""
    if name not in NAMES:
        raise NotFound(f"there is no such document; there are: {', '.join(NAMES)}")
    return (files("voting") / "contests" / f"{name}.toml").read_text("utf-8")


@cache
def published() -> Mapping[str, Contest]:
    """Returns the contests of the documents, by the documents' names."""
    return {name: read_contest(document(name), name) for name in NAMES}


def document_text(body: bytes, name: str) -> str:
    r"""Returns the text of a contest file's bytes, with \n as line ends, as it is stored. Raises FileInvalid."""
    return io.StringIO(decode_text(body, name), newline=None).read()
