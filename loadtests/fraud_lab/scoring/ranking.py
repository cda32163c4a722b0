"""Compares the certified result with the true one, that of the honest ballots alone."""

from __future__ import annotations

import numpy as np
import polars as pl

from loadtests.fraud_lab.families import FRAMING, UNJUDGED
from loadtests.fraud_lab.simulator.batch import Floats, Ints

TOP = 10


def compared(rows: pl.DataFrame, entries: list[str]) -> dict[str, float]:
    """Errors of the 0-100 score (mean, worst), Kendall's tau-b, and whether winner and top ten are right (1 or 0).
    Families that are not judged count on neither side."""
    rows = rows.filter(~pl.col("family").is_in(UNJUDGED))
    truth = counts(rows.filter(~pl.col("fraud")), entries)
    certified = counts(rows.filter("counted"), entries)
    error = np.abs(scores(certified) - scores(truth))
    true_order, order = ordered(truth), ordered(certified)
    return {
        "score_mean": float(error.mean()),
        "score_worst": float(error.max()),
        "tau": kendall(truth, certified),
        "winner": float(order[0] == true_order[0]),
        "top_ten": float((order[:TOP] == true_order[:TOP]).all()),
    }


def rivals(rows: pl.DataFrame) -> list[str]:
    """The framed entries."""
    return rows.filter(pl.col("family").is_in(FRAMING))["entry"].unique().sort().to_list()


def rival_share(rows: pl.DataFrame, entries: list[str]) -> float | None:
    """The largest relative error of a framed rival's share against the truth; None if no entry is framed."""
    rows = rows.filter(~pl.col("family").is_in(UNJUDGED))
    return _changed(rows.filter(~pl.col("fraud")), rows.filter("counted"), rivals(rows), entries)


def framing(framed: pl.DataFrame, unframed: pl.DataFrame, entries: list[str]) -> float | None:
    """The largest relative change of a rival's certified share by framing: the same contest with and without the
    framing ballots; None if no entry is framed."""
    return _changed(unframed.filter("counted"), framed.filter("counted"), rivals(framed), entries)


def _changed(before: pl.DataFrame, after: pl.DataFrame, whose: list[str], entries: list[str]) -> float | None:
    if not whose:
        return None
    at = np.array([entries.index(entry) for entry in whose])
    shares = [tally[at] / max(1, int(tally.sum())) for tally in (counts(before, entries), counts(after, entries))]
    return float(np.abs(shares[1] / np.maximum(shares[0], 1e-9) - 1).max())


def counts(rows: pl.DataFrame, entries: list[str]) -> Ints:
    """Ballots of each entry, in the order of `entries`."""
    found = dict(rows.group_by("entry").len().iter_rows())
    return np.array([found.get(entry, 0) for entry in entries], dtype=np.int64)


def scores(tally: Ints) -> Floats:
    """Scores from 0 to 100; the leader has 100."""
    return 100.0 * tally / max(1, int(tally.max()))


def ordered(tally: Ints) -> Ints:
    """Indices of the entries by rank; ties keep the order of the list."""
    return np.argsort(-tally, kind="stable").astype(np.int64)


def kendall(left: Ints, right: Ints) -> float:
    """Kendall's tau-b."""
    upper = np.triu_indices(len(left), 1)
    a, b = (np.sign(values[:, None] - values[None, :])[upper] for values in (left, right))
    scale = float(np.sqrt(float((a != 0).sum()) * float((b != 0).sum())))
    return float((a * b).sum() / scale) if scale else 1.0
