"""Sweeps recorded ballots for rings: near-line over what there is so far, and once more for the certified result."""

from __future__ import annotations

import polars as pl

from voting.fraud.findings import Stage, Sweep
from voting.fraud.policy import Policy


def sweep(ballots: pl.DataFrame, policy: Policy, stage: Stage) -> Sweep:
    """What is found among these ballots (a table as frame() makes it, in any order)."""
    verdicts = ballots.select(
        "id",
        hold=pl.lit(value=False),
        reasons=pl.lit([], dtype=pl.List(pl.String)),
        group=pl.lit(None, dtype=pl.String),
    )
    return Sweep(verdicts, ())
