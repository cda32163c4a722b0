"""The roster as the file whose hash the public log names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from voting.domain.entry import Entry

_COLUMNS = ("code", "title", "author", "category", "recommender", "nomination", "tags")


def roster_csv(entries: Iterable[Entry]) -> bytes:
    """Returns the roster as a table, in its order."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for entry in entries:
        table.writerow([" ".join(entry.tags) if name == "tags" else getattr(entry, name) for name in _COLUMNS])
    return text.getvalue().encode()
