"""The changes of a sweep to the decisions in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
import pytest

from voting.fraud.facts.facts import Facts
from voting.fraud.features.frame import Row, frame
from voting.fraud.features.preprocess import prepare
from voting.fraud.groups.plan import STANDING, Plan, plan
from voting.fraud.reasons.findings import Group, Stage, Sweep

# The first came from a data centre, and at once.
PICKS = (("1", "a", "A"), ("2", "b", "B"), ("3", "c", "A"), ("3", "c", "B"), ("4", "d", "A"))
BALLOTS = frame(
    Row(id, 1_000_000, voter, entry, Facts(hosting=id == "1", reading=400 if id == "1" else 20_000))
    for id, voter, entry in PICKS
)
Standing = tuple[str, str, list[str], str | None, bool]


def swept(*held: tuple[str, list[str], str | None]) -> Sweep:
    """A sweep that holds the first pick of each of these ballots."""
    found = {id: (reasons, group) for id, reasons, group in held}
    rows, seen = [], set[str]()
    for id in BALLOTS["id"]:
        hold = id in found and id not in seen
        reasons, group = found[id] if hold else ([], None)
        rows.append((id, hold, reasons, group))
        seen.add(id)
    names = sorted({group for _, _, group in held if group})
    groups = tuple(Group(name, ("C3",), 2, {"A": 2}, ()) for name in names)
    verdicts = pl.DataFrame(rows, schema=["id", "hold", "reasons", "group"], orient="row")
    strings = pl.col("group").cast(pl.String), pl.col("reasons").cast(pl.List(pl.String))
    return Sweep(verdicts.with_columns(*strings), groups, prepare(BALLOTS))


def planned(
    found: Sweep,
    standing: Sequence[Standing] = (),
    known: Mapping[str, bool] | None = None,
    stage: Stage = "nearline",
) -> Plan:
    rows = [(id, "v", state, reasons, group, frozen) for id, state, reasons, group, frozen in standing]
    return plan(BALLOTS, found, pl.DataFrame(rows, schema=STANDING, orient="row"), known or {}, stage)


def changes(made: Plan) -> set[tuple[str, str, str, str | None]]:
    return {(id, state, "+".join(reasons), group) for id, _, state, reasons, group in made.changes.iter_rows()}


def test_a_ballot_found_is_held_once_whatever_its_picks() -> None:
    made = planned(swept(("1", ["A1", "C3"], "g"), ("3", ["C3"], "g")))
    assert changes(made) == {("1", "hold", "A1+C3", "g"), ("3", "hold", "C3", "g")}
    assert [group.id for group in made.groups] == ["g"]
    assert dict(made.changes.select("id", "voter").iter_rows()) == {"1": "a", "3": "c"}


def test_the_same_again_changes_nothing() -> None:
    made = planned(swept(("1", ["C3"], "g")), [("1", "hold", ["C3"], "g", False)], {"g": False})
    assert changes(made) == set()
    assert [group.id for group in made.groups] == ["g"]


def test_a_swept_ballot_no_longer_found_is_counted_again() -> None:
    standing: list[Standing] = [("2", "hold", ["C1"], "g", False), ("99", "hold", ["C1"], "g", False)]
    assert changes(planned(swept(), standing)) == {("2", "count", "", None)}


def test_a_reviewers_decision_stays() -> None:
    standing: list[Standing] = [("1", "count", ["C3"], "g", True), ("2", "void", ["C3"], "h", True)]
    made = planned(swept(("1", ["C3", "T2"], "g"), ("4", ["C3"], "g")), standing, {"g": True, "h": True})
    assert changes(made) == {("4", "hold", "C3", "g-2")}, "what comes new to a decided group is another one's"
    assert [group.id for group in made.groups] == ["g-2"]
    made = planned(swept(("1", ["C3"], "g")), standing, {"g": True, "h": True})
    assert made.groups == ()


def test_a_void_ballot_stays_so_until_certification() -> None:
    standing: list[Standing] = [("1", "void", ["C3"], "g", False)]
    assert changes(planned(swept(), standing)) == set()
    assert changes(planned(swept(("1", ["C3"], "g")), standing)) == set()
    assert changes(planned(swept(), standing, stage="certification")) == {("1", "count", "", None)}


@pytest.mark.parametrize(
    ("sizes", "name"), [(["1", "2"], "old"), (["1"], "old"), (["1", "3", "4"], "new"), (["1", "77", "78", "79"], "old")]
)
def test_a_group_keeps_its_name_while_half_of_it_remains(sizes: list[str], name: str) -> None:
    standing: list[Standing] = [(id, "hold", ["C3"], "old", False) for id in sizes]
    made = planned(swept(("1", ["C3"], "new"), ("2", ["C3"], "new")), standing, {"old": False})
    assert [group.id for group in made.groups] == [name]


def test_two_groups_do_not_get_one_name() -> None:
    standing: list[Standing] = [("1", "hold", ["C3"], "a", False), ("2", "hold", ["C3"], "a", False)]
    made = planned(swept(("1", ["C3"], "b"), ("2", ["C3"], "a"), ("4", ["C3"], "a")), standing, {"a": False})
    assert [group.id for group in made.groups] == ["a", "b"]
    made = planned(swept(("1", ["C3"], "b"), ("2", ["C3"], "b"), ("4", ["C3"], "a")), standing, {"a": False})
    assert sorted(group.id for group in made.groups) == ["a", "a-2"]


def test_cast_holds_stay_and_form_a_group_at_certification() -> None:
    standing: list[Standing] = [("1", "hold", ["N1", "T1"], None, False), ("2", "hold", ["T1"], None, False)]
    assert changes(planned(swept(("2", ["C3"], "g")), standing)) == set()
    made = planned(swept(("2", ["C3"], "g")), standing, stage="certification")
    assert changes(made) == {("1", "hold", "N1+T1", "cast-A"), ("2", "hold", "C3", "g")}
    assert [group.id for group in made.groups] == ["g", "cast-A"]
    cast = made.groups[-1]
    assert (cast.ballots, cast.entries) == (1, {"A": 1})
    assert {(each.code, each.count) for each in cast.evidence} == {("N1", 1), ("T1", 1)}
    assert cast.evidence[0].expected == 0.2, "one of five came so"
    assert cast.evidence[0].profile["reading_low"] == 0.4
    again: list[Standing] = [("1", "hold", ["N1", "T1"], "cast-A", False), ("2", "hold", ["C3"], "g", False)]
    assert changes(planned(swept(("2", ["C3"], "g")), again, {"g": False}, stage="certification")) == set()


def test_holds_with_reasons_of_an_older_policy_form_a_group_without_figures() -> None:
    made = planned(swept(), [("3", "hold", ["Z9"], None, False)], stage="certification")
    assert changes(made) == {("3", "hold", "Z9", "cast-A")}
    assert [(group.id, group.evidence) for group in made.groups] == [("cast-A", ())]


def test_a_round_releases_named_ballots_and_others_keep_their_first_reasons() -> None:
    standing: list[Standing] = [(id, "hold", ["C3"], "g", False) for id in ("1", "2", "4")]
    found = swept(("1", ["C3", "T2"], "g"))
    verdicts = found.verdicts.with_columns(release=pl.col("id") == "2")
    assert changes(planned(Sweep(verdicts, found.groups, found.prepared), standing, {"g": False})) == {
        ("2", "count", "", None)
    }
    changed = {("1", "hold", "C3+T2", "g"), ("2", "count", "", None), ("4", "count", "", None)}
    assert changes(planned(found, standing, {"g": False}, stage="certification")) == changed
