"""A bundle that tampering may bend."""

from __future__ import annotations

import copy
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
    """A bundle that may be bent, and what lies beside it: what a person who checks has, if so."""

    folder: Path
    world: World
    dice: random.Random
    kept: Path | None = None
    """A checkpoint from earlier."""
    receipt: Path | None = None
    proof: Path | None = None
    """Of the receipt; then nothing else is checked."""
    openings: Path | None = None
    """For an auditor, who checks the bundle with them."""

    def arguments(self, policy: Path) -> list[object]:
        """Returns the arguments with which verify.py checks it."""
        receipts = ["--receipt", self.receipt, "--receipt-key", made.RECEIPT_KEY] if self.receipt else []
        if self.proof:
            return ["proof", self.proof, "--policy", policy, *receipts]
        if self.openings:
            return ["openings", self.openings, "--bundle", self.folder, "--policy", policy]
        kept = ["--checkpoint", self.kept] if self.kept else []
        return ["bundle", self.folder, "--policy", policy, *kept, *receipts]

    def chosen(self) -> list[Path]:
        """Returns what is chosen in verify.html: files, or one folder."""
        if self.proof and self.receipt:
            return [self.proof, self.receipt]
        return [self.folder.parent if self.kept or self.receipt or self.openings else self.folder]

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
        folder = self.folder.with_name("earlier")
        note = made.cosign(made.write_log(folder, self.world.leaves[:size]))
        shutil.rmtree(folder)
        self.kept = self.folder.with_name("kept")
        self.kept.write_bytes(note)

    def hold(self, receipt: str) -> None:
        """Gives the person who checks a receipt."""
        self.receipt = self.folder.with_name("receipt.txt")
        self.receipt.write_text(receipt)

    def prove(self, change: Callable[[list[bytes], bytes], bytes]) -> None:
        """Gives the person who checks a receipt and its proof, of which lines and note are changed."""
        index, statements, place = self.dice.choice(self.world.ballots)
        self.hold(made.receipt(statements, place))
        head, _, note = made.proof_of(self.log, index, (self.folder / "checkpoint.cosigned").read_bytes()).partition(
            b"\n\n"
        )
        lines = head.split(b"\n")
        note = change(lines, note)
        self.proof = self.folder.with_name("ballot.tlog-proof")
        self.proof.write_bytes(b"\n".join(lines) + b"\n\n" + note)

    def open(self, change: Callable[[list[list[Any]], list[list[Any]]], object]) -> None:
        """Gives an auditor openings, whose lines of decisions and of ballots are changed."""
        decisions, ballots = copy.deepcopy((self.world.decisions, self.world.opened))
        change(decisions, ballots)
        self.openings = self.folder.with_name("openings.jsonl")
        made.write_openings(self.openings, [*decisions, *ballots])

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
