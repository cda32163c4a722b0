"""The backtest's report: the ranking before and after, the timeline, the largest groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from voting.domain.contest.contest import Contest
from voting.domain.contest.explain import explain_quota
from voting.fraud.reasons.reasons import explain
from voting.fraud.replay import Replayed

_MOST_GROUPS = 30
# The approximate number of bars of the timeline.
_BARS = 120
_STEPS = (600, 1800, 3600, 7200, 14400, 43200, 86400)


def render(contest: Contest, summary: Mapping[str, Any], replayed: Replayed) -> str:
    """Returns the report as one self-contained HTML file."""
    bars, step = _timeline(contest, replayed)
    return _template().render(
        contest=contest,
        summary=summary,
        not_applied=[
            (
                explain_quota(contest.quotas[index], contest, "zh"),
                explain_quota(contest.quotas[index], contest, "en"),
                picks,
            )
            for index, picks in sorted(replayed.quotas_not_applied.items())
        ],
        groups=replayed.groups[:_MOST_GROUPS],
        more=max(0, len(replayed.groups) - _MOST_GROUPS),
        bars=bars,
        step=step // 60,
        tallest=max((bar["all"] for bar in bars), default=1),
        explain=explain,
    )


def _timeline(contest: Contest, replayed: Replayed) -> tuple[list[dict[str, Any]], int]:
    """Returns recorded ballots by time of casting, with the number held in the end."""
    cast = [(replayed.cast_at[number] // 1000, final.decision) for number, final in enumerate(replayed.final)]
    recorded = [(second, decision) for second, decision in cast if decision != "refuse"]
    if not recorded:
        return [], _STEPS[0]
    length = recorded[-1][0] - recorded[0][0]
    step = next((step for step in _STEPS if length / step <= _BARS), _STEPS[-1])
    total = Counter(second // step for second, _ in recorded)
    held = Counter(second // step for second, decision in recorded if decision == "hold")
    return [
        {
            "from": datetime.fromtimestamp(number * step, UTC).astimezone(contest.zone).strftime("%m-%d %H:%M"),
            "all": total[number],
            "held": held[number],
        }
        for number in range(min(total), max(total) + 1)
    ], step


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("voting.services", "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("backtest.html")
