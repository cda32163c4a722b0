"""Which cells people must decide about, and in which more voters are asked, as the estimates change.

The estimates are made again and again while answers come in, and each look at them is one more chance of an error: when
the first look that found a cell named it, 8 of 34 simulated honest contests had one. What is only chance passes when
more answers come, and what invented voters do stays. So a cell is named

- if every look of a day found it, or
- if one look finds it at a much lower false discovery rate (`Rules.alone`). For a cell that was first found on the last
  day this is the only way, because nothing follows after the close that could agree.

More voters are asked from the first look on that finds a cell, which gathers the answers that decide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from voting.fraud.sample import RULES, Cell, Estimate, Rules, to_decide

LASTING = timedelta(days=1)
"""For how long every look must have found a cell."""


def material(estimates: Iterable[Estimate], rules: Rules = RULES) -> set[Cell]:
    """Returns the cells that this look finds: they have enough invented voters to matter."""
    return {each.cell for each in estimates if each.low >= rules.material and each.q_value <= rules.names}


def named(estimates: Sequence[Estimate], lasting: Collection[Cell], rules: Rules = RULES) -> set[Cell]:
    """Returns the cells that people must decide about.

    `lasting`: those that every look found for `LASTING`, or that were named before.
    """
    clear = {each.cell for each in estimates if each.q_value <= rules.alone}
    return to_decide(material(estimates, rules) & (clear | set(lasting)))


def to_ask(estimates: Iterable[Estimate], named: Iterable[Cell], rules: Rules = RULES) -> set[Cell]:
    """Returns the clearest of the doubtful cells, in which more voters are asked: none of an entry with a named one."""
    decided = {cell.entry for cell in named}
    doubtful = [each for each in estimates if each.p_value <= rules.undecided and each.cell.entry not in decided]
    clearest = sorted(doubtful, key=lambda each: (each.p_value, each.cell))[: rules.clearest]
    return {each.cell for each in clearest}
