"""Named queries: `-- name: insert` in `queries/ballots.sql` is `named("ballots")["insert"]`."""

from __future__ import annotations

import re
from importlib.resources import files


def named(noun: str) -> dict[str, str]:
    """Returns the statements of one file by name."""
    text = (files("voting.postgres") / "queries" / f"{noun}.sql").read_text("utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))
