"""The newest checkpoint of each log that a witness has cosigned."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_SCHEMA = """
create table if not exists checkpoints (
    origin text primary key, size integer not null, root blob not null, note text not null) strict
"""


class Seen(NamedTuple):
    """A log as it was cosigned last. `note` has the log's signature and the witness'."""

    size: int
    root: bytes
    note: str


class SeenLogs:
    """A file of checkpoints. What was stored is durable."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.execute("pragma synchronous = full")
        self._connection.execute(_SCHEMA)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else reads or writes within: the size is compared and replaced in one step."""
        self._connection.execute("begin exclusive")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def select(self, origin: str) -> Seen | None:
        """Returns the log as it was cosigned last, or None."""
        row = self._connection.execute(
            "select size, root, note from checkpoints where origin = ?", (origin,)
        ).fetchone()
        return Seen(*row) if row else None

    def store(self, origin: str, seen: Seen) -> None:
        """Stores a log as it is cosigned now."""
        self._connection.execute("insert or replace into checkpoints values (?, ?, ?, ?)", (origin, *seen))

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()
