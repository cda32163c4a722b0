"""The figures of many worlds as a table beside floors and aims."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from loadtests.fraud_lab.scoring.figures import Figures


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of a scenario: what it must reach (`floor`), what it should (`aim`), and whether more is better. The
    mean over seeds is compared, or the worst seed with `by_worst`."""

    name: str
    words: str
    floor: float | None
    aim: float | None
    more: bool = True
    scenario: str = "main"
    percent: bool = True
    by_worst: bool = False


ROWS = (
    Row("removed", "fraud removed: overall", 0.94, 0.97),
    Row("removed_scripted", "– scripted families", 0.98, 0.995),
    Row("removed_paid", "– paid crowds", 0.85, 0.95),
    Row("removed_drip", "– slow drip", 0.45, 0.75),
    Row("removed_withheld_bots", "– families withheld while tuning: bots", 0.85, 0.93),
    Row("removed_withheld_humans", "– families withheld while tuning: humans", 0.90, 0.97),
    Row("removed_small", "– campaigns of 40 to 350 ballots", 0.75, 0.88),
    Row("removed_small", "– the same, where there are no others", None, None, scenario="small"),
    Row("removed_mimic", "– adaptive mimic (not judged)", None, None),
    Row("lost", "honest ballots lost: overall", 0.005, 0.003, more=False),
    Row("lost_class", "– worst class of look-alikes", 0.01, 0.005, more=False),
    Row("lost_place", "– worst single place", 0.15, 0.04, more=False, by_worst=True),
    Row("lost", "– in a clean contest", 0.0005, 0.0001, more=False, scenario="clean"),
    Row("removed", "half of all fraudulent: removed", 0.95, 0.97, scenario="half"),
    Row("lost", "– lost", 0.02, 0.008, more=False, scenario="half"),
    Row("score_mean", "score (0-100), error: mean", 0.5, 0.25, more=False, percent=False),
    Row("score_worst", "– worst entry", 12.0, 5.0, more=False, percent=False, by_worst=True),
    Row("tau", "Kendall's tau with the truth", 0.97, 0.985, percent=False),
    Row("winner", "winner right", 1.0, 1.0),
    Row("top_ten", "exact top ten", 0.40, 0.75),
    Row("held_in_an_hour", "fraud held within an hour", 0.75, 0.88),
    Row("ever_held", "honest ever held before certification", 0.04, 0.015, more=False),
    Row("released", "– of these released", 0.50, 0.80),
    Row("challenged", "honest voters' ballots challenged", 0.05, 0.02, more=False),
    Row("framing", "framing: change of the rival's share", 0.01, 0.003, more=False, scenario="framing"),
    Row("rival_share", "– the rival's share against the truth", None, None, more=False),
    Row("explained", "removed ballots that have reasons", 1.0, 1.0),
)


def measured(row: Row, runs: Sequence[Figures]) -> tuple[float, float] | None:
    """Mean and worst over the seeds; the worst class is that of all seeds together."""
    values = [run.values[row.name] for run in runs if row.name in run.values]
    if not values:
        return None
    worst = min(values) if row.more else max(values)
    return (max(pooled(runs).values()) if row.name == "lost_class" else fmean(values)), worst


def pooled(runs: Sequence[Figures]) -> dict[str, float]:
    """The share that each crowd family lost in all worlds together."""
    return _together([run.lost for run in runs], lambda name: name.startswith("L"))


def families(runs: Sequence[Figures]) -> dict[str, float]:
    """The share of each attack family that was removed in all worlds together."""
    return _together([run.removed for run in runs], lambda name: True)


def _together(found: Sequence[Mapping[str, tuple[int, int]]], wanted: Callable[[str], bool]) -> dict[str, float]:
    names = sorted(
        {name for each in found for name in each if wanted(name)}, key=lambda name: (name[0], len(name), name)
    )
    parts = {name: [each[name] for each in found if name in each] for name in names}
    return {name: sum(out for _, out in part) / sum(count for count, _ in part) for name, part in parts.items()}


def verdict(row: Row, mean: float, worst: float) -> str:
    """aim, floor or MISSED: what was reached."""
    if row.floor is None or row.aim is None:
        return ""
    value, sign = (worst if row.by_worst else mean), (1 if row.more else -1)
    if sign * value >= sign * row.aim:
        return "aim"
    return "floor" if sign * value >= sign * row.floor else "MISSED"


def table(scenarios: Mapping[str, Sequence[Figures]]) -> str:
    """Every row in Markdown."""
    lines = ["| figure | floor | aim | mean | worst seed | reached |", "|---|---:|---:|---:|---:|---|"]
    for row in ROWS:
        found = measured(row, scenarios.get(row.scenario, ()))
        if found is None:
            continue
        cells = [shown(row, value) for value in (row.floor, row.aim, *found)]
        lines.append(f"| {row.words} | {' | '.join(cells)} | {verdict(row, *found)} |")
    return "\n".join(lines)


def shown(row: Row, value: float | None) -> str:
    """A figure in its unit."""
    if value is None:
        return ""
    return f"{100 * value:.2f} %" if row.percent else f"{value:.3f}"


_COMPARED = ("removed", "lost", "score_mean", "score_worst", "tau", "winner", "top_ten")


def rules_table(rules: Mapping[str, Sequence[Figures]]) -> str:
    """The naive rules, means over the same seeds; the worst entry is that of all seeds."""
    rows = [next(row for row in ROWS if row.name == name) for name in _COMPARED]
    lines = [f"| rule | {' | '.join(_HEADS)} |", f"|---|{'---:|' * len(rows)}"]
    for name, runs in rules.items():
        found = [(row, measured(row, runs)) for row in rows]
        cells = [shown(row, pair[1] if row.by_worst else pair[0]) if pair else "" for row, pair in found]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


_HEADS = ("removed", "lost", "score error, mean", "worst", "tau", "winner", "top ten")


def parts_table(runs: Sequence[Figures]) -> str:
    """Each family over all worlds, and the worst single crowds."""
    removed = ", ".join(f"{name} {100 * share:.1f}" for name, share in families(runs).items())
    lost = ", ".join(f"{name} {100 * share:.2f}" for name, share in pooled(runs).items())
    worst = sorted(
        ((out / count, name, count) for run in runs for name, (count, out) in run.places.items() if out), reverse=True
    )
    places = ", ".join(f"{name} {100 * share:.1f} of {count}" for share, name, count in worst[:8])
    return f"removed, %: {removed}\nlost, %: {lost}\nworst places, %: {places or 'none'}"
