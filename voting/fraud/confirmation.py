"""What a random sample of voters, asked to confirm that they are people, says about the ballots of a cell.

Nothing here is an observation of a single ballot: the figures are estimates from a sample, and the vote of somebody who
does not answer counts. `voting.fraud.sample` says whom it is of, and what cells are.

Of n voters asked in a cell x confirmed. If all its voters are people, they confirm at a rate h that differs from cell
to cell around the rate p of voters of the same channels elsewhere, h ~ Beta(p(1-r)/r, (1-p)(1-r)/r), so that x is
beta-binomial with overdispersion r (Skellam 1948, J. R. Stat. Soc. B 10, 257).

p: the rates by channel without the cell's own answers, weighted by the channels of those asked in it (indirect
standardisation), each drawn towards the rate of all as if `PRIOR_ASKED` more had answered at that. Without the answers
of doubtful cells either, which are left out one round after another: invented voters would lower the rate expected of
everybody, and make people who answer as always look so unlike that no cell could be named.
r: by moments (Williams 1982, Appl. Stat. 31, 144), the sum of (x - np)^2 - npq over that of n(n-1)pq, among cells of
the same kind that confirmed at least as often as expected: invented voters only lower a rate, so those are of people.
Significance: P(X <= x), with the false discovery rate controlled among the cells of each kind (Benjamini and Hochberg
1995, J. R. Stat. Soc. B 57, 289, step-up). That holds for one look; `voting.fraud.naming` is about many.
The share s of invented voters: those asked confirm at the rate (1-s)h, whose posterior is Beta(x + 1/2, n - x + 1/2)
(Jeffreys), so s = max(0, 1 - rate/h). Its interval has equal tails under both distributions.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from voting.fraud.sample import RULES, Asked, Cell, Estimate, Rules

Floats = npt.NDArray[np.float64]
PRIOR_ASKED = 10.0
# The significance up to which a cell is no part of what others are compared with.
LEFT_OUT = 0.05
# Crowds of people differ at least by this, however alike the few cells seen so far are.
LEAST_SPREAD, PRIOR_SPREAD, MOST_SPREAD, PRIOR_CELLS = 0.01, 0.03, 0.3, 10.0
_GRID = (np.arange(4000) + 0.5) / 4000
_POINTS = (np.arange(200) + 0.5) / 200


def estimate(sample: Iterable[Asked], rules: Rules = RULES) -> tuple[Estimate, ...]:
    """Returns every cell in which enough voters were asked, the largest number of invented picks first."""
    answers = _Answers(tuple(sample))
    tested = [cell for cell in answers.asked if rules.least_asked <= answers.asked[cell].total() < len(answers.sample)]
    counts = {cell: (answers.asked[cell].total(), answers.confirmed[cell].total()) for cell in tested}
    expected = answers.expected(tested)
    spreads = {
        kind: spread([(*counts[cell], rate) for cell, rate in expected.items() if cell.kind == kind])
        for kind in {cell.kind for cell in tested}
    }
    p_values = {cell: lower_tail(*counts[cell], rate, spreads[cell.kind]) for cell, rate in expected.items()}
    shares = {cell: invented(*counts[cell], expected[cell], spreads[cell.kind], rules.confidence) for cell in tested}
    q_values: dict[Cell, float] = {}
    for kind in spreads:
        family = {cell: p_value for cell, p_value in p_values.items() if cell.kind == kind}
        q_values |= adjusted(family, sum(cell.kind == kind for cell in answers.asked))
    found = [
        Estimate(
            cell,
            *counts[cell],
            expected[cell],
            p_values[cell],
            q_values[cell],
            *shares[cell],
            round(answers.picks[cell]),
        )
        for cell in tested
    ]
    return tuple(sorted(found, key=lambda each: (-each.low * each.picks, each.p_value, each.cell)))


class _Answers:
    """The answers of a sample by cell and channel."""

    def __init__(self, sample: Sequence[Asked]) -> None:
        self.sample = sample
        self.asked, self.confirmed = _count(sample)
        self.picks: defaultdict[Cell, float] = defaultdict(float)
        for voter in sample:
            for cell in voter.cells:
                self.picks[cell] += 1 / voter.share

    def expected(self, cells: Sequence[Cell]) -> dict[Cell, float]:
        """Returns the rate expected of each cell, from the answers outside it and outside of doubtful cells."""
        left_out: set[Cell] = set()
        reference = self.sample
        while True:
            rates = _rates(cells, self.asked, reference)
            counts = {cell: (self.asked[cell].total(), self.confirmed[cell].total()) for cell in cells}
            # Each ballot is in one cell of this kind for each of its entries.
            family = [cell for cell in cells if cell.kind == "channel"]
            overdispersion = spread([(*counts[cell], rates[cell]) for cell in family if cell not in left_out])
            more = {cell for cell in family if lower_tail(*counts[cell], rates[cell], overdispersion) <= LEFT_OUT}
            rest = [voter for voter in self.sample if voter.cells.isdisjoint(left_out | more)]
            if more <= left_out or 4 * len(rest) < len(self.sample):
                return rates
            left_out |= more
            reference = rest


def spread(cells: Sequence[tuple[int, int, float]]) -> float:
    """Returns the overdispersion of cells of people: (asked, confirmed, expected rate) of each."""
    above = weight = 0.0
    number = 0
    for asked, confirmed, rate in cells:
        residual, variance = confirmed - asked * rate, asked * rate * (1 - rate)
        if residual >= 0 and asked > 1:
            above += residual**2 - variance
            weight += (asked - 1) * variance
            number += 1
    seen = above / weight if weight else 0.0
    mean = (number * seen + PRIOR_CELLS * PRIOR_SPREAD) / (number + PRIOR_CELLS)
    return min(MOST_SPREAD, max(LEAST_SPREAD, mean))


def lower_tail(asked: int, confirmed: int, rate: float, overdispersion: float) -> float:
    """Returns P(X <= confirmed) of the beta-binomial distribution."""
    a, b = _shape(rate, overdispersion)
    first = math.lgamma(asked + b) - math.lgamma(b) - math.lgamma(asked + a + b) + math.lgamma(a + b)
    k = np.arange(confirmed)
    ratios = np.log((asked - k) / (k + 1) * (k + a) / (asked - k - 1 + b))
    logs = first + np.concatenate(([0.0], np.cumsum(ratios)))
    return float(min(1.0, np.exp(logs).sum()))


def adjusted(p_values: Mapping[Cell, float], cells: int) -> dict[Cell, float]:
    """Returns the least false discovery rate at which each cell's hypothesis is rejected.

    `cells` counts those with too few answers to be tested, too: early in a contest few are tested, and the first to be
    is no discovery.
    """
    rates, least = {}, 1.0
    order = sorted(p_values, key=lambda cell: p_values[cell])
    for place, cell in reversed([*enumerate(order, 1)]):
        rates[cell] = least = min(least, p_values[cell] * cells / place)
    return rates


def invented(
    asked: int, confirmed: int, rate: float, overdispersion: float, confidence: float
) -> tuple[float, float, float]:
    """Returns the share of invented voters with its interval: low, median, high."""
    people = _quantiles(*_shape(rate, overdispersion))
    answers = _quantiles(confirmed + 0.5, asked - confirmed + 0.5)
    shares = np.maximum(0.0, 1 - answers[:, None] / people[None, :])
    tail = (1 - confidence) / 2
    low, middle, high = np.quantile(shares, [tail, 0.5, 1 - tail])
    return float(low), float(middle), float(high)


def _count(sample: Iterable[Asked]) -> tuple[defaultdict[Cell, Counter[str]], defaultdict[Cell, Counter[str]]]:
    """Returns by cell and channel how many were asked, and how many confirmed."""
    asked: defaultdict[Cell, Counter[str]] = defaultdict(Counter)
    confirmed: defaultdict[Cell, Counter[str]] = defaultdict(Counter)
    for voter in sample:
        for cell in voter.cells:
            asked[cell][voter.channel] += 1
            confirmed[cell][voter.channel] += voter.confirmed
    return asked, confirmed


def _rates(
    cells: Iterable[Cell], weights: Mapping[Cell, Counter[str]], reference: Sequence[Asked]
) -> dict[Cell, float]:
    """Returns the rate at which voters of `reference` outside of each cell confirm, by channel as in the cell."""
    asked, confirmed = _count(reference)
    all_asked = Counter(voter.channel for voter in reference)
    all_confirmed = Counter(voter.channel for voter in reference if voter.confirmed)
    rates = {}
    for cell in cells:
        inside, answered = asked[cell], confirmed[cell]
        others = all_asked.total() - inside.total()
        overall = (all_confirmed.total() - answered.total() + 0.5) / (others + 1)
        expected = 0.0
        for channel, number in weights[cell].items():
            outside = all_asked[channel] - inside[channel]
            rate = (all_confirmed[channel] - answered[channel] + PRIOR_ASKED * overall) / (outside + PRIOR_ASKED)
            expected += number * rate
        rates[cell] = expected / weights[cell].total()
    return rates


def _shape(rate: float, overdispersion: float) -> tuple[float, float]:
    size = (1 - overdispersion) / overdispersion
    return rate * size, (1 - rate) * size


def _quantiles(a: float, b: float) -> Floats:
    """Returns the quantiles of Beta(a, b) at evenly spaced points."""
    logs = (a - 1) * np.log(_GRID) + (b - 1) * np.log1p(-_GRID)
    cumulated = np.cumsum(np.exp(logs - logs.max()))
    return np.interp(_POINTS, cumulated / cumulated[-1], _GRID)
