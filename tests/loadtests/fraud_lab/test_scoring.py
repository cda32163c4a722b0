"""The arithmetic of the fraud bench, on a handful of ballots and on a small world under naive rules."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from loadtests.fraud_lab.profiles.standard import make_world
from loadtests.fraud_lab.scoring.baselines import BASELINES
from loadtests.fraud_lab.scoring.bench import unframed
from loadtests.fraud_lab.scoring.figures import Figures, evaluate
from loadtests.fraud_lab.scoring.ranking import compared, counts, framing, kendall, rival_share
from loadtests.fraud_lab.scoring.table import ROWS, families, measured, parts_table, pooled, rules_table, table, verdict
from loadtests.fraud_lab.scoring.verdicts import judged, of_rule, read_verdicts
from loadtests.fraud_lab.simulator.world import World

ENTRIES = ["E001", "E002", "E003"]
START = datetime(2026, 8, 1, tzinfo=UTC)


def ballots(*groups: tuple[str, str, str, int, int]) -> pl.DataFrame:
    """Rows as `judged` answers them; each group: family, instance, entry, ballots, and how many are counted."""
    frames = [
        pl.DataFrame(
            {
                "fraud": [family[0] in "AX"] * count,
                "family": [family] * count,
                "instance": [instance] * count,
                "scripted": [family == "A1"] * count,
                "entry": [entry] * count,
                "counted": [number < counted for number in range(count)],
                "settled": [True] * count,
                "delay_ms": [None if number < counted else 60_000 for number in range(count)],
                "held_early": [number >= counted for number in range(count)],
                "challenged": [False] * count,
            },
            schema_overrides={"delay_ms": pl.Int64},
        )
        for family, instance, entry, count, counted in groups
    ]
    return pl.concat(frames)


def test_the_figures_of_a_handful() -> None:
    rows = ballots(
        ("background", "background", "E001", 400, 400),
        ("background", "background", "E002", 200, 198),
        ("L1", "L1#1", "E002", 40, 30),
        ("L1", "L1#2", "E002", 60, 60),
        ("L4", "L4#1", "E003", 10, 0),
        ("A1", "A1#1", "E002", 100, 20),
        ("A8", "A8#1", "E003", 400, 100),
        ("A17", "A17#1", "E003", 50, 50),
    )
    found = evaluate(rows, ENTRIES)
    values = found.values
    assert values["removed"] == pytest.approx(380 / 500)
    assert values["removed_scripted"] == pytest.approx(0.8)
    assert values["removed_paid"] == pytest.approx(0.75)
    assert values["removed_mimic"] == 0
    assert values["removed_small"] == pytest.approx(0.8)
    assert not values.keys() & {"removed_drip", "removed_withheld_bots", "removed_withheld_humans"}
    withheld = evaluate(rows, ENTRIES, ["A8"]).values
    assert withheld["removed_withheld_humans"] == pytest.approx(0.75)
    assert "removed_withheld_bots" not in withheld
    assert values["lost"] == pytest.approx(22 / 710)
    assert values["lost_class"] == 1.0
    assert values["lost_place"] == pytest.approx(0.25)
    assert "L4#1" not in found.places
    assert values["ever_held"] == pytest.approx(22 / 710)
    assert values["released"] == 0
    assert values["held_in_an_hour"] == pytest.approx(380 / 500)
    # Truth 400, 300, 10; counted without the mimic 400, 308, 100.
    assert values["score_mean"] == pytest.approx((0 + 2 + 22.5) / 3)
    assert values["score_worst"] == pytest.approx(22.5)
    assert (values["tau"], values["winner"], values["top_ten"]) == (1, 1, 1)


def test_a_changed_order_is_seen() -> None:
    rows = ballots(
        ("background", "background", "E001", 30, 30),
        ("background", "background", "E002", 20, 20),
        ("A1", "A1#1", "E002", 20, 20),
    )
    found = compared(rows, ENTRIES)
    assert (found["winner"], found["top_ten"]) == (0, 0)
    assert counts(rows, ENTRIES).tolist() == [30, 40, 0]


def test_framing_is_how_much_the_rivals_share_changes_for_being_framed() -> None:
    honest = ("background", "background", "E001", 500, 500)
    drip = ("A10", "A10#1", "E003", 100, 100)
    framed = ballots(honest, drip, ("background", "background", "E002", 500, 450), ("A11", "A11#1", "E002", 300, 0))
    unframed = ballots(honest, drip, ("background", "background", "E002", 500, 495))
    assert framing(framed, unframed, ENTRIES) == pytest.approx(1 - (450 / 1050) / (495 / 1095))
    assert framing(unframed, unframed, ENTRIES) is None
    # Against the truth the drip counts too, which nobody casts for the rival.
    assert rival_share(framed, ENTRIES) == pytest.approx(1 - (450 / 1050) / 0.5)
    assert rival_share(framed.filter(~pl.col("fraud")), ENTRIES) is None


def test_a_world_in_which_nobody_is_framed_has_all_its_other_ballots() -> None:
    world = make_world(7, 3000, families=("A1", "A11"))
    other = unframed(world)
    assert set(other.labels["family"]) == set(world.labels["family"]) - {"A11"}
    assert other.events["id"].to_list() == other.labels["id"].to_list()


def test_kendalls_tau() -> None:
    assert kendall(np.array([1, 2, 3, 4]), np.array([1, 2, 3, 4])) == 1
    assert kendall(np.array([1, 2, 3, 4]), np.array([4, 3, 2, 1])) == -1
    assert kendall(np.array([1, 2, 2, 3]), np.array([1, 2, 3, 3])) == pytest.approx(0.8)


def test_verdicts_are_read_from_a_backtest(tmp_path: Path) -> None:
    at = [START, START + timedelta(minutes=1), START + timedelta(minutes=2)]
    events = pl.DataFrame({"id": ["a", "b", "c"], "at": at, "entry": ["E001"] * 3}).with_columns(
        pl.col("at").cast(pl.Datetime("ms", "UTC"))
    )
    final = [("a", "count", []), ("b", "hold", ["C3"]), ("c", "count", [])]
    changes: list[tuple[str, str, str, str, dict[str, object]]] = [
        ("b", "hold", "nearline", "2026-08-01T08:31:00.000+08:00", {}),
        ("c", "hold", "online", "2026-08-01T00:02:00.000Z", {"response": "challenge"}),
        ("c", "count", "certification", "2026-08-11T00:00:00.000+00:00", {}),
        ("a", "hold", "certification", "2026-08-11T00:00:00.000+00:00", {}),
    ]
    _write(tmp_path / "decisions.jsonl", [{"id": i, "decision": d, "reasons": r, "stage": "x"} for i, d, r in final])
    _write(
        tmp_path / "history.jsonl",
        [{"id": i, "decision": d, "stage": s, "decided_at": t, **more} for i, d, s, t, more in changes],
    )
    labels = pl.DataFrame({"id": ["a", "b", "c"], "fraud": [False, True, False]})
    rows = judged(events, labels, read_verdicts(tmp_path, events))
    assert rows["counted"].to_list() == [True, False, True]
    assert rows["delay_ms"].to_list() == [10 * 24 * 3_600_000, 30 * 60_000, 0]
    assert rows["held_early"].to_list() == [False, True, True]
    assert rows["challenged"].to_list() == [False, False, True]
    assert rows["settled"].all()
    with pytest.raises(ValueError, match="1 ballots have no decision"):
        judged(events, labels, read_verdicts(tmp_path, events).head(2))


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(2, 8000)


def test_naive_rules_are_measured_on_the_same_worlds(world: World) -> None:
    found: dict[str, list[Figures]] = {}
    for name, rule in BASELINES.items():
        rows = judged(world.events, world.labels, of_rule(world.events, rule(world.events)))
        found[name] = [evaluate(rows, world.entries)]
    values = {name: runs[0].values for name, runs in found.items()}
    assert values["nothing"]["removed"] == values["nothing"]["lost"] == 0
    assert values["first per address and day"]["removed"] > values["first 10 per address and day"]["removed"]
    assert values["device + user agent"]["removed"] >= values["one per device and day"]["removed"]
    assert rules_table(found).count("\n") == len(BASELINES) + 1


def test_the_table_has_floors_and_aims(world: World) -> None:
    perfect = pl.Series(~world.labels["fraud"])
    rows = judged(world.events, world.labels, of_rule(world.events, perfect))
    runs = [evaluate(rows, world.entries)] * 2
    text = table({"main": runs})
    assert "MISSED" not in text
    assert "| fraud removed: overall | 94.00 % | 97.00 % | 100.00 % | 100.00 % | aim |" in text
    assert set(families(runs).values()) == {1.0}
    assert set(pooled(runs).values()) == {0.0}
    assert "worst places, %: none" in parts_table(runs)


def test_what_is_compared_is_the_mean_or_the_worst_seed() -> None:
    runs = [Figures({"removed": share, "lost_place": share}, {}, {}, {}) for share in (0.9, 1.0)]
    removed, place = (next(row for row in ROWS if row.name == name) for name in ("removed", "lost_place"))
    assert measured(removed, runs) == pytest.approx((0.95, 0.9))
    assert verdict(removed, 0.95, 0.9) == "floor"
    assert verdict(removed, 0.5, 0.5) == "MISSED"
    assert verdict(place, 0.01, 0.2) == "MISSED"
    assert verdict(place, 0.01, 0.03) == "aim"
    assert measured(removed, []) is None
