"""engines.json: the state that one owner of the folder leaves for the next, and for commands that join it."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

NAME = "engines.json"
_SAVING = threading.Lock()


@dataclass(slots=True)
class Kept:
    """The state of one engine: TCP port (0: none yet), passwords, and process id (0: not running)."""

    port: int = 0
    password: str = ""
    pid: int = 0
    application_password: str = ""
    """PostgreSQL only; "" in a folder of a version that had the superuser alone."""


@dataclass(slots=True)
class State:
    """The owner's process id (0: nobody), whether its engines answer, and the state of each."""

    owner: int = 0
    ready: bool = False
    postgres: Kept = field(default_factory=Kept)
    valkey: Kept = field(default_factory=Kept)


def load(folder: Path) -> State:
    """Return the state saved in `folder`; a fresh one if none can be read."""
    try:
        raw = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return State(int(raw["owner"]), bool(raw["ready"]), _kept(raw["postgres"]), _kept(raw["valkey"]))
    except (OSError, ValueError, KeyError, TypeError):
        return State()


def save(folder: Path, state: State) -> None:
    """Replace the file in one step, readable by its owner alone."""
    fresh = folder / f"{NAME}.new"
    with _SAVING:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(state), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / NAME)


def _kept(raw: Any) -> Kept:
    return Kept(int(raw["port"]), str(raw["password"]), int(raw["pid"]), str(raw.get("application_password", "")))
