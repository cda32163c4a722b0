"""Which unconfirmed ballots of a cell stay when all its voters had to confirm."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count

from voting.fraud.sample import RULES, Cell
from voting.fraud.unconfirmed import CellBallot, staying, surplus

CELL = Cell("channel", "A001", "web")
NUMBERS: Iterator[int] = count()


def ballots(number: int, *, confirmed: bool, network: str, day: int = 1) -> list[CellBallot]:
    voters = [hashlib.sha256(b"%d" % next(NUMBERS)).digest() for _ in range(number)]
    return [CellBallot(voter, confirmed, (network, None, day, 10)) for voter in voters]


def test_an_entry_keeps_the_unconfirmed_ballots_that_people_leave() -> None:
    # 60 % of the people confirm at first, and 8 % more when their vote depends on it: 32 of 100 do not.
    assert RULES.pressed == 0.2
    assert staying(68, 0.6) == 32
    assert staying(0, 0.6) == 0
    people = ballots(68, confirmed=True, network="home") + ballots(32, confirmed=False, network="home")
    assert surplus(CELL, people, 0.6) == [], "a cell of people alone loses nothing"
    invented = ballots(400, confirmed=False, network="home")
    assert len(surplus(CELL, people + invented, 0.6)) == 400, "and for a rival nobody can do it harm"


def test_those_most_like_confirmed_ballots_stay() -> None:
    school = ballots(60, confirmed=True, network="school", day=3) + ballots(
        20, confirmed=False, network="school", day=3
    )
    public = ballots(40, confirmed=True, network="carrier") + ballots(20, confirmed=False, network="carrier")
    script = ballots(50, confirmed=False, network="school", day=7) + ballots(300, confirmed=False, network="proxy")
    every = school + public + script
    void = surplus(CELL, every, 0.6)
    assert len(void) == 390 - staying(100, 0.6)
    assert set(void) < set(range(140, 490)), "of the people, none: a network alone is not enough"


def test_equals_are_ordered_by_a_lot_that_does_not_depend_on_their_order() -> None:
    every = ballots(30, confirmed=True, network="n") + ballots(100, confirmed=False, network="n")
    void = {every[place].voter for place in surplus(CELL, every, 0.5)}
    assert len(void) == 100 - staying(30, 0.5)
    assert {every[::-1][place].voter for place in surplus(CELL, every[::-1], 0.5)} == void
    assert {every[place].voter for place in surplus(Cell("channel", "A002", "web"), every, 0.5)} != void


def test_without_a_confirmed_ballot_nothing_stays() -> None:
    assert surplus(CELL, ballots(5, confirmed=False, network="n"), 0.5) == [0, 1, 2, 3, 4]
    assert surplus(CELL, [], 0.5) == []
