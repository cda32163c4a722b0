"""A real contest with rulings and voters' answers as labels: what `voting events export --labels` wrote."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import polars as pl

from voting.fraud.facts.attempt import Attempt
from voting.fraud.facts.observe import recorded_facts
from voting.fraud.features.frame import Row, frame, milliseconds

_GZIP = b"\x1f\x8b"
# The family of ballots without a label. They are context for the others, and nothing is learnt of themselves.
UNLABELLED = "unlabelled"


class _Label(msgspec.Struct, frozen=True, gc=False):
    ruling: Literal["honest", "fraud", "unconfirmed"]
    group: str


class _LabelledAttempt(Attempt, frozen=True, gc=False, kw_only=True):
    label: _Label | None


def _columns(attempt: _LabelledAttempt) -> tuple[bool, str, str, bool]:
    """Fraud, family, instance, scripted."""
    label, answer = attempt.label, attempt.verification
    if answer and answer.confirmed:
        return False, "confirmed", "confirmed", False
    # Of those who did not confirm, some are people.
    if label is None or label.ruling == "unconfirmed":
        return False, UNLABELLED, UNLABELLED, False
    return label.ruling == "fraud", f"ruled {label.ruling}", label.group, False


class NotLabelledError(ValueError):
    """The file has no labels to learn from."""


class Labelled(NamedTuple):
    """One such file, in the place of a simulated world (training_set.Plan)."""

    path: Path

    @property
    def name(self) -> str:
        """Names the intermediate files: another content has another name."""
        return f"labelled_{self._digest()[:16]}"

    @property
    def seed(self) -> int:
        """Draws the moments of the rounds."""
        return int(self._digest()[:8], 16)

    @property
    def is_close(self) -> bool:
        """Real contests are in both halves of what the certification asks."""
        return True

    def world(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The ballots, and their labels in the same order. Raises NotLabelledError."""
        rows, labels = [], []
        for attempt in self._attempts():
            rows.append(
                Row(attempt.id, milliseconds(attempt.at), attempt.voter, attempt.entry, recorded_facts(attempt))
            )
            labels.append((attempt.id, *_columns(attempt)))
        schema = {"id": pl.String, "fraud": pl.Boolean, "family": pl.String, "instance": pl.String}
        table = pl.DataFrame(labels, {**schema, "scripted": pl.Boolean}, orient="row")
        if (table["family"] == UNLABELLED).all():
            raise NotLabelledError(
                f"{self.path}: no ballot has a ruling; review the contest's groups, then voting events export --labels"
            )
        ballots = frame(rows)
        order = ballots.with_row_index("row").sort("at", "row")["row"]
        return ballots[order], table[order]

    def _digest(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def _attempts(self) -> Iterator[_LabelledAttempt]:
        decoder, content = msgspec.json.Decoder(_LabelledAttempt), self.path.read_bytes()
        lines = gzip.decompress(content) if content.startswith(_GZIP) else content
        for number, line in enumerate(lines.splitlines(), 1):
            try:
                yield decoder.decode(line)
            except msgspec.MsgspecError as error:
                raise NotLabelledError(
                    f"{self.path}, line {number}: {error}; give a file of voting events export --labels"
                ) from None
