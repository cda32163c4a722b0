"""A bundle that tampering may bend."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.verifier import made
from tests.verifier.made import World


@dataclass
class Case:
    """A bundle that may be bent, and a checkpoint that the person who checks has kept from earlier."""

    folder: Path
    world: World
    dice: random.Random
    kept: bytes | None = None

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def edit(self, name: str, change: Callable[[bytes], bytes], *, listed: bool = False) -> None:
        """Changes a file; with `listed` its hash in manifest and sums follows, and the certificate is signed again."""
        path = self.folder / name
        before = path.read_bytes()
        path.write_bytes(change(before))
        assert path.read_bytes() != before
        if listed:
            made.seal_bundle(self.folder, self.world)

    def json(self, name: str, change: Callable[[Any], None]) -> None:
        """Changes a value of a JSON file, and what names the file follows."""
        value = json.loads((self.folder / name).read_bytes())
        change(value)
        self.edit(name, lambda _: made.canonical(value) + b"\n", listed=True)

    def rewrite(self, leaves: list[bytes]) -> None:
        """Writes another log with the log's real key, willing witnesses and certifiers."""
        shutil.rmtree(self.log)
        self.world.leaves = leaves
        note = made.write_log(self.log, leaves)
        (self.folder / "checkpoint.cosigned").write_bytes(made.cosign(note))
        (self.folder / "proofs" / "close.tlog-proof").write_bytes(made.proof_of(self.log, len(leaves) - 1, note))
        (self.folder / "stamps" / "2026-11-22.checkpoint").write_bytes(note)
        made.seal_bundle(self.folder, self.world)

    def change(self, at: int, change: Callable[[bytes], bytes]) -> None:
        """Writes the log with one other leaf."""
        leaves = list(self.world.leaves)
        leaves[at] = change(leaves[at])
        assert leaves != self.world.leaves
        self.rewrite(leaves)

    def keep(self, size: int | None = None) -> None:
        """Keeps the checkpoint of an earlier size."""
        folder = self.folder.with_name(self.folder.name + "-kept")
        self.kept = made.cosign(made.write_log(folder, self.world.leaves[:size]))
        shutil.rmtree(folder)

    def ballot(self) -> int:
        return self.dice.choice(self.world.ballots[1:-1])[0]

    def find(self, kind: str) -> int:
        return next(at for at, leaf in enumerate(self.world.leaves) if leaf.startswith(f"voting/{kind}/".encode()))

    def tile(self, level: str) -> str:
        tiles = sorted(path for path in (self.log / "tile" / level).rglob("*") if path.is_file())
        return self.dice.choice(tiles).relative_to(self.folder).as_posix()

    def flip(self, data: bytes, start: int = 0) -> bytes:
        place = self.dice.randrange(start, len(data))
        return data[:place] + bytes([data[place] ^ 1 << self.dice.randrange(8)]) + data[place + 1 :]
