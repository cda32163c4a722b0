"""Very short reading times are evidence in any crowd; a merely quick crowd is spared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tests.recorded import RINGS
from voting.fraud.facts.facts import Facts
from voting.fraud.features.column_index import Survey
from voting.fraud.features.frame import Row, frame
from voting.fraud.features.preprocess import prepare
from voting.fraud.rules.haste import hasty
from voting.fraud.sweep import sweep
from voting.services.fraud.policy_files import load_sweep_policy

HIDDEN = 900
DAY = 86_400_000


def hiding(crowd: pl.DataFrame) -> pl.DataFrame:
    """Bots in the crowd: its addresses, browsers and hours, fresh tokens, and no time to read."""
    rng, names = np.random.default_rng(1), pl.format("bot-{}", pl.int_range(HIDDEN))
    return crowd.sample(HIDDEN, seed=4, with_replacement=True).with_columns(
        id=names,
        voter=names,
        device=names,
        at=pl.col("at") + pl.Series(rng.integers(0, 600_000, HIDDEN)),
        age=pl.Series(rng.integers(2, 60, HIDDEN)),
        reading=pl.Series((1200 * rng.lognormal(0, 0.1, HIDDEN)).astype(np.int64)),
    )


def check_that_bots_are_held_and_the_crowd_is_not(honest: pl.DataFrame, is_crowd: pl.Series) -> None:
    """Bots hide among the crowd's ballots for its favourite entry."""
    crowd = honest.filter(is_crowd)
    entry = crowd["entry"].value_counts().sort("count", descending=True)["entry"][0]
    whole = pl.concat([honest, hiding(crowd.filter(pl.col("entry") == entry)).select(honest.columns)])
    held = whole.with_columns(sweep(whole, load_sweep_policy(), "certification").verdicts.select("hold", "reasons"))
    bots = held.tail(HIDDEN)
    assert bots["hold"].mean() > 0.9  # type: ignore[operator]
    quick = bots.filter(pl.col("hold") & (pl.col("reading") < 1500))
    assert quick["reasons"].list.contains("T1").mean() > 0.99  # type: ignore[operator]
    spared = held.head(honest.height)["hold"]
    assert spared.filter(is_crowd).mean() < 0.01  # type: ignore[operator]
    assert spared.filter(~is_crowd).mean() < 0.001  # type: ignore[operator]


def test_bots_that_hide_in_a_crowd_are_held_and_the_crowd_is_not() -> None:
    """For more crowds, of simulated contests, see tests/loadtests/test_haste.py."""
    fraud = RINGS.labels()["fraud"]
    is_crowd = RINGS.labels().filter(~fraud)["family"] == "L10"
    check_that_bots_are_held_and_the_crowd_is_not(RINGS.ballots().filter(~fraud), is_crowd)


def rows(readings: Sequence[int | None], prefix: str = "p", agent: int = 5, day: int = 0) -> list[Row]:
    seen = [Facts(reading=reading, prefix=prefix, agent=agent) for reading in readings]
    names = [f"{prefix}-{agent}-{day}-{number}" for number in range(len(seen))]
    return [
        Row(name, day * DAY + n * 1000, name, "E1", each)
        for n, (name, each) in enumerate(zip(names, seen, strict=True))
    ]


def found(*places: list[Row]) -> int:
    return int(hasty(Survey(prepare(frame(row for some in places for row in some)))).sum())


def test_only_a_hump_of_its_own_is_haste() -> None:
    quick, tail, slow = [1200] * 30, [2000] * 30, [20_000] * 300
    assert found(rows([*quick, *slow])) == 30
    assert found(rows([*quick, *tail, *slow])) == 0, "a quick crowd: the tail is as long"
    assert found(rows([*quick[:7], *slow])) == 0, "too few to say anything"
    one = [1200, 9000]
    everywhere = range(30)
    assert found(*(rows(one, f"p{number}", number + 1, number) for number in everywhere)) == 0, "nowhere a hump"
    # One browser everywhere, one network with every browser, one day everywhere.
    assert found(*(rows(one, f"p{number}", 5, number) for number in everywhere)) == 30
    assert found(*(rows(one, "p", number + 1, number) for number in everywhere)) == 30
    assert found(*(rows(one, f"p{number}", number + 1, 3) for number in everywhere)) == 30


def test_unknown_or_impossible_reading_times_are_not_quick() -> None:
    assert found(rows([None] * 30)) == 0
    assert found(rows([-5] * 30)) == 0, "the clocks disagree, and nothing is known"
    assert found(rows([1500] * 30)) == 0
    assert found(rows([0] * 30)) == 30
