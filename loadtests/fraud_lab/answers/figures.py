"""What a course shows, and the figures of many of them beside the floors and aims of the issue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np

from loadtests.fraud_lab.answers.attackers import FRAMING, Attack
from loadtests.fraud_lab.answers.course import Course, members
from loadtests.fraud_lab.answers.worlds import ENTRIES

HONEST = "honest contest"
# They are people: this sample is not meant to find them.
_PEOPLE = ("paid people",)
# All its voters that are asked confirm, so it can only be made to pay.
_BUYERS = ("200 numbers",)
SIZES = (4000, 1000, 300)
# A cell is named rightly if at least this share of its ballots is invented.
_RIGHT = 0.1
# Yuan: the 17 ms of a core (0.1 yuan an hour) that a web voter costs, the 12 KB that a ballot takes through residential
# proxies (20 yuan a GB), and a telephone number, which is sold for 0.5 to 2.
_VOTER, _BALLOT = 0.017 * 0.1 / 3600, 12e3 * 20 / 1e9
NUMBER_PRICES = (0.5, 1.0, 2.0)


class Run(NamedTuple):
    """One contest. `day` is that of the first naming of a cell of the attacked entry, `kinds` are those of all named
    cells, `wrong` is the number of wrongly named ones.

    `inside` and `void` are honest ballots of the named cells; `target` and `target_void` those for the attacked entry;
    `cast` and `counted` the invented ballots for it. `missing` is by how much entries have fewer votes than people gave
    them, whoever cast those that count; `target_missing` that of the attacked entry."""

    attacker: str
    wanted: int
    seed: int
    day: int | None
    kinds: tuple[str, ...]
    wrong: int
    honest: int
    inside: int
    void: int
    missing: int
    target: int
    target_void: int
    target_missing: int
    people: int
    asked: int
    asked_after: int
    cast: int
    counted: int
    invented_people: int
    invented_ballots: int
    numbers: int


def seen(attacker: str, wanted: int, seed: int, course: Course, attack: Attack | None) -> Run:
    """The numbers of one course."""
    voters, ballots = course.voters, course.ballots
    invented = voters.invented[ballots.voter]
    at_target = ballots.entry == (attack.target if attack else -1)
    inside = {cell: members(cell, voters, ballots) for cell in course.named}
    right = {cell for cell, rows in inside.items() if invented[rows].mean() >= _RIGHT}
    days = [day for cell, day in course.named.items() if cell in right and attack and int(cell.entry) == attack.target]
    anywhere = np.any([np.zeros_like(invented), *inside.values()], axis=0)
    honest = ~voters.invented
    given, left = (np.bincount(ballots.entry[rows], minlength=ENTRIES) for rows in (~invented, ~course.void))
    missing = np.maximum(0, given - left)
    return Run(
        attacker,
        wanted,
        seed,
        min(days, default=None),
        tuple(sorted({cell.kind for cell in course.named})),
        len(inside) - len(right),
        int((~invented).sum()),
        int((anywhere & ~invented).sum()),
        int((course.void & ~invented).sum()),
        int(missing.sum()),
        int((at_target & ~invented).sum()),
        int((at_target & course.void & ~invented).sum()),
        int(missing[attack.target]) if attack else 0,
        int(honest.sum()),
        int((course.asked & honest).sum()),
        int((course.asked_after & honest).sum()),
        int((at_target & invented).sum()),
        int((at_target & invented & ~course.void).sum()),
        int(voters.invented.sum()),
        int(invented.sum()),
        course.numbers,
    )


def named(runs: Sequence[Run]) -> float:
    """The share of contests in which a cell of the attacked entry was named before the close."""
    return fmean(run.day is not None for run in runs)


def counted(runs: Sequence[Run]) -> float:
    """The share of the invented ballots that counts after the organiser's step."""
    return fmean(run.counted / run.cast for run in runs)


def wrong(runs: Sequence[Run]) -> float:
    """The share of contests with a cell that was named wrongly, at any time."""
    return fmean(run.wrong > 0 for run in runs)


def void_inside(runs: Sequence[Run]) -> float:
    """The share of the honest ballots in named cells that is void."""
    return sum(run.void for run in runs) / max(1, sum(run.inside for run in runs))


def void(runs: Sequence[Run]) -> float:
    """The share of all honest ballots that is void."""
    return fmean(run.void / run.honest for run in runs)


def missing_inside(runs: Sequence[Run]) -> float:
    """How many votes that people gave in named cells their entries lack."""
    return sum(run.missing for run in runs) / max(1, sum(run.inside for run in runs))


def missing(runs: Sequence[Run]) -> float:
    """How many of all the votes that people gave their entries lack."""
    return fmean(run.missing / run.honest for run in runs)


def asked(runs: Sequence[Run]) -> float:
    """The share of the honest voters that is asked before the close."""
    return fmean(run.asked / run.people for run in runs)


def rival_void(runs: Sequence[Run]) -> float:
    """The share of the attacked entry's honest ballots that is void."""
    return sum(run.target_void for run in runs) / sum(run.target for run in runs)


def rival_missing(runs: Sequence[Run]) -> float:
    """How many of the votes that people gave the attacked entry it lacks."""
    return sum(run.target_missing for run in runs) / sum(run.target for run in runs)


def price(runs: Sequence[Run], number: float = 1.0) -> float:
    """Yuan for one invented ballot that counts."""
    money = sum(run.invented_people * _VOTER + run.invented_ballots * _BALLOT + run.numbers * number for run in runs)
    return money / max(1, sum(run.counted for run in runs))


def dearer(runs: Sequence[Run], number: float = 1.0) -> float:
    """How many times what an invented ballot costs where nobody is asked."""
    return price(runs, number) / price([run._replace(numbers=0, counted=run.cast) for run in runs])


class Row(NamedTuple):
    """A figure, which must reach the floor for the attacker that is worst for it, and should reach the aim.

    It is judged for `attackers`, or if none are given for all but `without`."""

    words: str
    of: Callable[[Sequence[Run]], float]
    floor: float
    aim: float
    sizes: tuple[int, ...] = SIZES
    attackers: tuple[str, ...] = ()
    without: tuple[str, ...] = _PEOPLE
    more: bool = False
    percent: bool = True


_UNNAMED = (*_PEOPLE, *_BUYERS, FRAMING.name)
ROWS = (
    Row("4,000 ballots: named before the close", named, 0.95, 1.0, (4000,), without=_UNNAMED, more=True),
    Row("– still counting after the organiser's step", counted, 0.10, 0.03, (4000,), without=_UNNAMED),
    Row("1,000 ballots: named before the close", named, 0.9, 1.0, (1000,), without=_UNNAMED, more=True),
    Row("300 ballots: named before the close", named, 0.6, 0.8, (300,), without=_UNNAMED, more=True),
    Row("honest contests in which a cell is named", wrong, 0.05, 0.0, (0,), (HONEST,)),
    Row("honest ballots void in the named cells", void_inside, 0.15, 0.08),
    Row("honest ballots void in the whole contest", void, 0.005, 0.002),
    Row("votes of people that the entries of named cells lack", missing_inside, 0.15, 0.08),
    Row("votes of people that entries lack in the whole contest", missing, 0.005, 0.002),
    Row("honest voters asked before the close", asked, 0.03, 0.02, (0, *SIZES)),
    *(
        Row(
            f"price of a counted ballot, {size:,} wanted: times today's",
            dearer,
            10,
            50,
            (size,),
            more=True,
            percent=False,
        )
        for size in SIZES
    ),
    Row("framing: the rival's honest ballots void", rival_void, 0.01, 0.003, (4000,), (FRAMING.name,)),
    Row("framing: votes of people that the rival lacks", rival_missing, 0.01, 0.003, (4000,), (FRAMING.name,)),
)


def grouped(runs: Iterable[Run]) -> dict[tuple[str, int], list[Run]]:
    """The runs of each attacker and size, in their order."""
    groups: dict[tuple[str, int], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.attacker, run.wanted), []).append(run)
    return groups


def must_show(runs: Sequence[Run]) -> list[list[str]]:
    """The table of the issue: figure, floor, aim, the value for the worst attacker, who that is, what is reached."""
    lines = []
    for row in ROWS:
        values = {
            (name, size): row.of(group)
            for (name, size), group in grouped(runs).items()
            if size in row.sizes and (name in row.attackers if row.attackers else name not in row.without)
        }
        if not values:
            continue
        worst = (min if row.more else max)(values, key=lambda attack: values[attack])
        cells = [_shown(value, row.percent) for value in (row.floor, row.aim, values[worst])]
        name, size = worst
        shown = f"{name}, {size:,}" if size and len(row.sizes) > 1 else name
        lines.append([row.words, *cells, shown, _reached(row, values[worst])])
    return lines


def _reached(row: Row, value: float) -> str:
    sign = 1 if row.more else -1
    if sign * value >= sign * row.aim:
        return "aim"
    return "floor" if sign * value >= sign * row.floor else "MISSED"


def by_attacker(runs: Sequence[Run]) -> list[list[str]]:
    """The figures of each attacker and size."""
    return [
        [
            name,
            str(size or ""),
            f"{sum(run.day is not None for run in group)}/{len(group)}" if size else "",
            f"{sum(run.wrong > 0 for run in group)}/{len(group)}",
            _shown(counted(group), True) if size else "",
            _shown(void_inside(group), True),
            _shown(void(group), True),
            _shown(missing_inside(group), True),
            _shown(asked(group), True),
            _shown(fmean(run.asked_after / run.people for run in group), True),
            " ".join(f"{dearer(group, number):.1f}" for number in NUMBER_PRICES) if size else "",
            _kinds(group),
        ]
        for (name, size), group in grouped(runs).items()
    ]


def _kinds(runs: Sequence[Run]) -> str:
    counts = {kind: sum(kind in run.kinds for run in runs) for kind in ("channel", "network")}
    return ", ".join(f"{kind} {count}" for kind, count in counts.items() if count)


def _shown(value: float, percent: bool) -> str:
    return f"{100 * value:.2f} %" if percent else f"{value:.1f}"
