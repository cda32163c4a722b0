"""The newest checkpoint of each log outside the database: an older backup of that is then found out."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

from voting.domain.transparency import note
from voting.domain.transparency.note import Checkpoint


class Anchors:
    """Files in one folder, a contest each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, contest: str, uid: UUID, checkpoint: str) -> None:
        """Stores a signed checkpoint in one step; it is durable when this returns."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._file(contest, uid)
        draft = file.with_name(file.name + ".new")
        with draft.open("w", encoding="utf-8") as opened:
            opened.write(checkpoint)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(draft, file)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, contest: str, uid: UUID) -> Checkpoint | None:
        """Returns the checkpoint stored last, or None. Raises ValueError for a damaged file."""
        try:
            return note.read_note(self._file(contest, uid).read_text("utf-8"))[0]
        except FileNotFoundError:
            return None

    def _file(self, contest: str, uid: UUID) -> Path:
        # A contest that is made anew under the same id has another log.
        return self._folder / f"{contest}.{uid}"
