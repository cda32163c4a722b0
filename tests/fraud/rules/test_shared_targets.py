"""Open lists: distinguishing strangers who work through one from people with the same entries in common."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from voting.fraud.features.column_index import Survey
from voting.fraud.rules.shared_targets import list_workers

_DAYS = 5
_POPULARITY = 1 / np.arange(1, 41)
_LIST = np.array([10, 15, 19, 26, 34])


def people(count: int, of: np.ndarray, weights: np.ndarray, first: int = 0, **same: int) -> pl.DataFrame:
    """Returns voters, numbered from `first`, who vote on five days, each day for one of these entries.

    `same`: an hour of the day, or a network, that all share.
    """
    random = np.random.default_rng(first + 1)
    size = count * _DAYS
    day = np.tile(np.arange(_DAYS), count)
    return pl.DataFrame(
        {
            "voter": first + np.repeat(np.arange(count), _DAYS),
            "entry": random.choice(of, size, p=weights / weights.sum()),
            "hour": day * 24 + (np.full(size, same["hour"]) if "hour" in same else random.integers(7, 24, size)),
            "prefix": np.full(size, same["prefix"]) if "prefix" in same else random.integers(0, 300, size),
            "returning": np.ones(size),
        }
    )


def once(count: int) -> pl.DataFrame:
    """Returns voters who vote only once."""
    everybody = people(count, np.arange(40), _POPULARITY, first=100_000)
    return everybody.filter(pl.col("voter").is_first_distinct()).with_columns(returning=pl.lit(0.0))


def workers(*crowds: pl.DataFrame) -> pl.DataFrame:
    """Returns the list workers found among these voters and a public."""
    return list_workers(Survey(pl.concat([people(2000, np.arange(40), _POPULARITY), once(4000), *crowds])))


def test_open_list_workers_are_found_and_hardly_anybody_else() -> None:
    paid = people(200, _LIST, np.ones(5), first=10_000)
    own = paid.group_by("voter").agg(entries=pl.col("entry").n_unique()).sort("voter")
    found = workers(paid)
    sure = found.filter(pl.col("entries") >= 3)
    assert set(sure["voter"]) >= set(own.filter(pl.col("entries") >= 3)["voter"])
    # Hardly any of the public has three of these entries, some have two: for those the sweeps need other evidence.
    assert sure.filter(pl.col("voter") < 10_000).height < 0.005 * 2000
    assert found.filter(pl.col("voter") < 10_000).height < 0.05 * 2000


@pytest.mark.parametrize(
    ("crowd", "why"),
    [
        (people(200, _LIST, np.ones(5), first=10_000, prefix=7), "an office backs all of its own"),
        (people(200, _LIST, np.ones(5), first=10_000, hour=21), "a show's audience votes while it is on"),
        (people(200, _LIST, _POPULARITY[_LIST] ** 1.5, first=10_000), "lovers of a kind choose what is popular of it"),
        (people(200, _LIST[:3], np.ones(3), first=10_000), "three are allies"),
    ],
)
def test_people_with_several_entries_in_common_are_spared(crowd: pl.DataFrame, why: str) -> None:
    assert workers(crowd).is_empty(), why


def test_no_list_is_found_if_all_voters_keep_to_a_kind() -> None:
    kinds = [people(400, np.arange(kind, 40, 8), np.ones(5), first=1000 * (kind + 1)) for kind in range(8)]
    assert list_workers(Survey(pl.concat([*kinds, once(4000)]))).is_empty()


def test_a_list_is_found_without_known_networks() -> None:
    public = pl.concat([people(2000, np.arange(40), _POPULARITY), once(4000), people(200, _LIST, np.ones(5), 10_000)])
    found = list_workers(Survey(public.with_columns(prefix=pl.lit(None, dtype=pl.Int64))))
    assert found.filter(pl.col("entries") >= 3, pl.col("voter") >= 10_000).height > 150


def test_a_contest_of_which_nothing_is_known_has_no_lists() -> None:
    assert list_workers(Survey(once(300).with_columns(prefix=pl.lit(None, dtype=pl.Int64)))).is_empty()
