"""What a random sample of voters, asked to confirm that they are people, says about the ballots of a cell.

A keyed coin decides who is asked, so that nobody can foresee it, and invented voters cannot answer. A cell is the
ballots of an entry, or those of one day, channel, network or client among them. Nothing here is an observation of a
single ballot: the figures are estimates from a sample, and the vote of somebody who does not answer counts.

Of n voters asked in a cell x confirmed. If all its voters are people, they confirm at a rate h that differs from cell
to cell around the rate p of voters of the same channels elsewhere, h ~ Beta(p(1-r)/r, (1-p)(1-r)/r), so that x is
beta-binomial with overdispersion r (Skellam 1948, J. R. Stat. Soc. B 10, 257).

p: the rates by channel without the cell's own answers, weighted by the channels of those asked in it (indirect
standardisation), each drawn towards the rate of all as if `PRIOR_ASKED` more had answered at that.
r: by moments (Williams 1982, Appl. Stat. 31, 144), the sum of (x - np)^2 - npq over that of n(n-1)pq, among cells of
the same kind that confirmed at least as often as expected: invented voters only lower a rate, so those are of people.
Significance: P(X <= x), with the false discovery rate controlled among the cells of each kind (Benjamini and Hochberg
1995, J. R. Stat. Soc. B 57, 289, step-up).
The share s of invented voters: those asked confirm at the rate (1-s)h, whose posterior is Beta(x + 1/2, n - x + 1/2)
(Jeffreys), so s = max(0, 1 - rate/h). Its interval has equal tails under both distributions.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from voting.fraud.sample import RULES, Asked, Cell, Estimate, Rules

Floats = npt.NDArray[np.float64]
PRIOR_ASKED = 10.0
# Crowds of people differ at least by this, however alike the few cells seen so far are.
LEAST_SPREAD, PRIOR_SPREAD, MOST_SPREAD, PRIOR_CELLS = 0.01, 0.03, 0.3, 10.0
_GRID = (np.arange(4000) + 0.5) / 4000
_POINTS = (np.arange(200) + 0.5) / 200


def estimate(sample: Iterable[Asked], rules: Rules = RULES) -> tuple[Estimate, ...]:
    """Returns every cell in which enough voters were asked, the largest number of invented picks first."""
    asked: defaultdict[Cell, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    confirmed: defaultdict[Cell, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    all_asked: defaultdict[str, int] = defaultdict(int)
    all_confirmed: defaultdict[str, int] = defaultdict(int)
    picks: defaultdict[Cell, float] = defaultdict(float)
    for voter in sample:
        all_asked[voter.channel] += 1
        all_confirmed[voter.channel] += voter.confirmed
        for cell, count in voter.picks.items():
            asked[cell][voter.channel] += 1
            confirmed[cell][voter.channel] += voter.confirmed
            picks[cell] += count / voter.share
    tested = [cell for cell in asked if sum(asked[cell].values()) >= rules.least_asked]
    expected = {
        cell: _elsewhere(asked[cell], confirmed[cell], all_asked, all_confirmed)
        for cell in tested
        # A cell of everybody has nothing to be compared with.
        if sum(asked[cell].values()) < sum(all_asked.values())
    }
    counts = {cell: (sum(asked[cell].values()), sum(confirmed[cell].values())) for cell in expected}
    spreads = {
        kind: spread([(*counts[cell], rate) for cell, rate in expected.items() if cell.kind == kind])
        for kind in {cell.kind for cell in expected}
    }
    p_values = {cell: lower_tail(*counts[cell], rate, spreads[cell.kind]) for cell, rate in expected.items()}
    suspected: set[Cell] = set()
    named: set[Cell] = set()
    for kind in spreads:
        family = {cell: p_value for cell, p_value in p_values.items() if cell.kind == kind}
        suspected |= discoveries(family, rules.suspects)
        named |= discoveries(family, rules.names)
    found = []
    for cell, rate in expected.items():
        low, share, high = invented(*counts[cell], rate, spreads[cell.kind], rules.confidence)
        is_material = low >= rules.material
        found.append(
            Estimate(
                cell,
                *counts[cell],
                rate,
                p_values[cell],
                low,
                share,
                high,
                round(picks[cell]),
                cell in suspected and is_material,
                cell in named and is_material,
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.low * each.picks, each.p_value, each.cell)))


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


def discoveries(p_values: Mapping[Cell, float], rate: float) -> set[Cell]:
    """Returns the cells whose hypotheses are rejected so that the false discovery rate is at most `rate`."""
    order = sorted(p_values, key=lambda cell: p_values[cell])
    last = max((place for place, cell in enumerate(order, 1) if p_values[cell] <= rate * place / len(order)), default=0)
    return set(order[:last])


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


def _elsewhere(
    asked: Mapping[str, int],
    confirmed: Mapping[str, int],
    all_asked: Mapping[str, int],
    all_confirmed: Mapping[str, int],
) -> float:
    """Returns the rate expected of a cell, from the answers outside it."""
    others = sum(all_asked.values()) - sum(asked.values())
    overall = (sum(all_confirmed.values()) - sum(confirmed.values()) + 0.5) / (others + 1)
    expected = 0.0
    for channel, number in asked.items():
        outside = all_asked[channel] - number
        rate = (all_confirmed[channel] - confirmed[channel] + PRIOR_ASKED * overall) / (outside + PRIOR_ASKED)
        expected += number * rate
    return expected / sum(asked.values())


def _shape(rate: float, overdispersion: float) -> tuple[float, float]:
    size = (1 - overdispersion) / overdispersion
    return rate * size, (1 - rate) * size


def _quantiles(a: float, b: float) -> Floats:
    """Returns the quantiles of Beta(a, b) at evenly spaced points."""
    logs = (a - 1) * np.log(_GRID) + (b - 1) * np.log1p(-_GRID)
    cumulated = np.cumsum(np.exp(logs - logs.max()))
    return np.interp(_POINTS, cumulated / cumulated[-1], _GRID)
