"""The estimate of invented voters from a random sample, on worlds whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from voting.fraud.confirmation import adjusted, estimate, invented, lower_tail, spread
from voting.fraud.naming import material, named, to_ask
from voting.fraud.sample import Asked, Cell, Estimate, Rules, cells_of, to_decide

ENTRIES = [f"A{number:03d}" for number in range(1, 31)]


def world(seed: int, bots: int = 0, share: float = 0.02, voters: int = 40_000) -> list[Asked]:
    """Returns the answers of the public, of a crowd for each entry (25 to 85 %), and of bots for A008 (3 %)."""
    dice = np.random.default_rng(seed)
    crowds = dice.uniform(0.25, 0.85, len(ENTRIES))
    sample = []
    for entry in dice.choice(len(ENTRIES), int(voters * share), p=dice.dirichlet(np.full(len(ENTRIES), 2.0))):
        channel = "wechat" if dice.random() < 0.5 else "web"
        rate = crowds[entry] if dice.random() < 0.3 else 0.7 if channel == "wechat" else 0.5
        sample.append(answer(ENTRIES[entry], channel, share, dice.random() < rate))
    for _ in range(int(bots * share)):
        sample.append(answer("A008", "web", share, dice.random() < 0.03))
    return sample


def answer(entry: str, channel: str, share: float, confirmed: bool) -> Asked:
    return Asked(channel, share, bool(confirmed), frozenset(cells_of(entry, channel, None)))


def entries(found: tuple[Estimate, ...]) -> set[str]:
    """Returns the entries with a cell that this look finds."""
    return {cell.entry for cell in material(found)}


def test_4000_invented_ballots_of_44000_are_named_and_measured() -> None:
    wrong = 0
    for seed in range(20):
        found = estimate(world(seed, bots=4000))
        wrong += entries(found) != {"A008"}
        (cell,) = (each for each in found if each.cell in material(found) and each.cell.entry == "A008")
        assert cell.cell == Cell("channel", "A008", "web")
        assert cell.low > 0.1
        # Within the interval: 4,000 of the cell's picks.
        assert cell.low * cell.picks < 4000 < cell.high * cell.picks + 1500
    assert wrong <= 1, "another entry is found besides"


def test_a_contest_of_unlike_crowds_has_no_named_cell() -> None:
    # Of 400 such worlds 13 have one; three of those are among these forty.
    assert sum(bool(material(estimate(world(seed)))) for seed in range(40)) <= 3


def test_few_answers_name_nobody() -> None:
    few = [answer("A001", "web", 0.02, False) for _ in range(5)]
    many = [answer("A002", "web", 0.02, number % 5 > 1) for number in range(200)]
    assert {each.cell.entry for each in estimate(few + many)} == {"A002"}
    assert estimate([]) == ()
    assert estimate(many) == (), "of one entry alone nothing is elsewhere"


def test_the_channels_own_rate_is_what_a_cell_is_compared_with() -> None:
    """Older voters of one channel answer less; an entry that they like is not named for it."""
    dice, sample = np.random.default_rng(1), []
    for number in range(400):
        for entry, channel, rate in (("A", "phone", 0.25), ("B", "wechat", 0.8), ("B", "phone", 0.25)):
            sample.append(answer(f"{entry}{number % 10:03d}", channel, 0.02, dice.random() < rate))
    found = estimate(sample)
    assert next(each for each in found if each.cell == Cell("channel", "A001", "phone")).elsewhere == pytest.approx(
        0.25, abs=0.03
    )
    assert entries(found) == set()


def test_the_lower_tail_is_that_of_the_beta_binomial() -> None:
    a, b, n = 0.6 * 9, 0.4 * 9, 12
    beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

    def mass(k: int) -> float:
        return math.comb(n, k) * math.exp(math.lgamma(k + a) + math.lgamma(n - k + b) - math.lgamma(n + a + b) - beta)

    for x in (0, 3, 11, 12):
        assert lower_tail(n, x, 0.6, 0.1) == pytest.approx(sum(mass(k) for k in range(x + 1)), rel=1e-9)


def test_false_discoveries_are_controlled_step_up() -> None:
    # The example of Benjamini and Hochberg (1995), section 3: at 0.05 the first four of fifteen are rejected.
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1,
    ]
    cells = [Cell("channel", f"A{number:03d}", "web") for number in range(15)]

    def rejected(p_values: Sequence[float], cells: Sequence[Cell], number: int) -> set[Cell]:
        rates = adjusted(dict(zip(cells, p_values, strict=True)), number)
        return {cell for cell, rate in rates.items() if rate <= 0.05}

    assert rejected(p, cells, 15) == set(cells[:4])
    assert rejected(p[::-1], cells, 15) == set(cells[-4:])
    assert rejected(p[2:6], cells[:4], 4) == set(cells[:4])
    assert rejected(p[2:6], cells[:4], 15) == set(cells[:1]), "the cells not tested yet count"
    assert adjusted({}, 15) == {}


def test_the_interval_narrows_with_the_number_asked_and_keeps_the_truth() -> None:
    wide, narrow = invented(20, 3, 0.6, 0.02, 0.95), invented(400, 60, 0.6, 0.02, 0.95)
    for low, share, high in (wide, narrow):
        assert low < 0.75 < high
        assert share == pytest.approx(0.75, abs=0.05)
    assert narrow[2] - narrow[0] < wide[2] - wide[0]
    assert invented(50, 40, 0.6, 0.02, 0.95)[0] == 0, "more answers than elsewhere: nobody is invented"


def test_the_spread_of_people_ignores_cells_that_answer_too_little() -> None:
    honest = [(100, 60 + step, 0.6) for step in (-12, -6, 0, 6, 12)]
    assert spread([*honest, (100, 3, 0.6)]) == spread(honest)
    assert spread([(100, 60, 0.6)] * 50) == 0.01


def test_a_flooded_entry_is_no_part_of_what_the_others_are_compared_with() -> None:
    """Two entries have 7,500 invented ballots each, which would lower the rate expected of all by a third."""
    sample = world(1)
    sample += [answer(entry, "web", 0.02, False) for entry in ("A008", "A009") for _ in range(150)]
    found = {each.cell: each for each in estimate(sample)}
    assert entries(tuple(found.values())) == {"A008", "A009"}
    assert found[Cell("channel", "A001", "web")].elsewhere > 0.4


def test_more_are_asked_in_the_few_clearest_cells_that_are_not_decided_yet() -> None:
    people = [answer(entry, "web", 0.02, place % 20 > 9) for entry in ENTRIES for place in range(40)]
    doubted = [answer(entry, "web", 0.02, False) for entry in ENTRIES[:5] for _ in range(20)]
    bots = [answer("A030", "web", 0.02, False) for _ in range(100)]
    found = estimate(people + doubted + bots)
    assert named(found, ()) == {Cell("channel", "A030", "web")}
    suspected = to_ask(found, named(found, ()))
    assert len(suspected) == Rules().clearest
    assert suspected <= {Cell("channel", entry, "web") for entry in ENTRIES[:5]}


def look(q_value: float, low: float = 0.3) -> Estimate:
    return Estimate(Cell("channel", "A", "web"), 40, 10, 0.6, q_value / 60, q_value, low, 0.5, 0.7, 400)


def test_one_look_names_a_cell_only_if_it_is_much_clearer_than_one_of_many() -> None:
    """Each look is one more chance of an error, and a server makes many."""
    cell = look(0.1).cell
    for q_value, found, alone in ((0.11, False, False), (0.1, True, False), (0.011, True, False), (0.01, True, True)):
        assert material([look(q_value)]) == ({cell} if found else set())
        assert named([look(q_value)], ()) == ({cell} if alone else set()), q_value
        assert named([look(q_value)], {cell}) == ({cell} if found else set()), "others found it, too"
    assert named([look(0.0001, low=0.09)], {cell}) == set(), "too few invented voters to matter"


def test_more_are_asked_in_a_cell_from_the_first_look_on_that_finds_it() -> None:
    found = [look(0.05)]
    assert to_ask(found, named(found, ())) == {found[0].cell}
    assert to_ask(found, named(found, {found[0].cell})) == set(), "people decide now"


def test_people_decide_about_an_entrys_channels_before_its_networks() -> None:
    web, network, alone = Cell("channel", "A", "web"), Cell("network", "A", "n"), Cell("network", "B", "n")
    assert to_decide([network, web, alone]) == {web, alone}
