"""What a group of held ballots shows by itself: each reason counted, and compared with what is usual.

The scorecard's reasons say why single ballots were looked at; what is told of a group is what can be counted again by
anybody who has its ballots. A reason that the group does not bear out is not told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from voting.fraud.cells import expectation, surprise
from voting.fraud.codes import CODES
from voting.fraud.findings import Evidence
from voting.fraud.survey import Floats, Ints, Survey

# What only a cell shows: the most surprising one of the group is named.
_CELLS = {"C3": "fingerprint", "N3": "prefix", "T5": "hour", "T2": "reading_bin", "T4": "hour_of_day"}
_LEAST_SURPRISE = 3.0
_MOST_DEVICE_VOTERS = 3
_REGULAR = 0.6
_LEAST_GAPS = 12
LOCKSTEP = np.uint32(1 << CODES.index("G1"))


class Grounds:
    """Looks groups up in a contest's ballots. `names`: by ballot its entry and prefix as they are called; `bits`: by
    ballot its reasons."""

    def __init__(self, survey: Survey, names: pl.DataFrame, bits: npt.NDArray[np.uint32]) -> None:
        self._survey, self._names = survey, names
        everything = np.ones(survey.size)
        self._cells = {code: survey.cells((by,)) for code, by in _CELLS.items()}
        self._expected = {code: expectation(cells, everything) for code, cells in self._cells.items()}
        self._surprise = {code: surprise(cells.n, self._expected[code]) for code, cells in self._cells.items()}
        self._traits = _traits(survey)
        self._usual = {code: float(has.mean()) for code, has in self._traits.items()}
        self._in_lockstep = (bits & LOCKSTEP) != 0
        self._column = {name: survey.column(name) for name in ("reading", "fresh", "second")}

    def of(self, rows: Ints) -> tuple[Evidence, ...]:
        """The evidence of a group of these ballots, the strongest first, with what kind they are beside the first."""
        found = [
            *self._of_traits(rows),
            *self._of_cells(rows),
            *self._devices(rows),
            *self._intervals(rows),
            *self._lockstep(rows),
        ]
        found.sort(key=lambda each: (-each.surprise, each.code))
        if not found:
            found = [Evidence("G2", {}, len(rows), 0.0, 0.0)]
        first = found[0]
        return (
            Evidence(first.code, first.key, first.count, first.expected, first.surprise, self._profile(rows)),
            *found[1:],
        )

    def _of_traits(self, rows: Ints) -> Iterator[Evidence]:
        for code, has in self._traits.items():
            expected = max(0.05, self._usual[code] * len(rows))
            yield from _told(code, {}, int(has[rows].sum()), expected)

    def _of_cells(self, rows: Ints) -> Iterator[Evidence]:
        for code, by in _CELLS.items():
            cells = self._cells[code]
            here = np.unique(cells.ballots.of[rows])
            here = here[here < cells.ballots.size]
            if len(here):
                most = here[np.argmax(self._surprise[code][here])]
                ballot = int(cells.sample[most])
                table = self._names if by == "prefix" else self._survey.ballots
                key = {"entry": self._names["entry"][ballot], by: str(table[by][ballot])}
                yield from _told(code, key, int(cells.n[most]), float(self._expected[code][most]))

    def _devices(self, rows: Ints) -> Iterator[Evidence]:
        """C4: how many voters the device with the most of them has."""
        devices, pairs = (self._survey.numbering(by) for by in (("device",), ("device", "voter")))
        several = rows[np.unique(pairs.of[rows], return_index=True)[1]]
        voters = np.unique(devices.of[several][devices.of[several] < devices.size], return_counts=True)[1]
        if voters.max(initial=0) >= _MOST_DEVICE_VOTERS:
            yield Evidence("C4", {}, int(voters.max()), 0.0, 0.0)

    def _intervals(self, rows: Ints) -> Iterator[Evidence]:
        """T3: the middle half of the gaps lies closer together than chance has it (1.6 medians for a Poisson flow)."""
        gaps = np.diff(np.sort(self._column["second"][rows]))
        if len(gaps) < _LEAST_GAPS:
            return
        low, middle, high = np.quantile(gaps, (0.25, 0.5, 0.75), method="nearest").tolist()
        if middle > 0 and (high - low) / middle < _REGULAR:
            yield Evidence("T3", {}, len(rows), 0.0, 0.0)

    def _lockstep(self, rows: Ints) -> Iterator[Evidence]:
        """G1: how many voters share pairs of entries with others."""
        voters = len(np.unique(self._survey.numbering(("voter",)).of[rows[self._in_lockstep[rows]]]))
        if voters > 1:
            yield Evidence("G1", {}, voters, 0.0, 0.0)

    def _profile(self, rows: Ints) -> dict[str, float]:
        reading, fresh, second = (_known(self._column[name][rows]) for name in ("reading", "fresh", "second"))
        kinds = {
            told: float(len(np.unique(self._survey.numbering((name,)).of[rows])))
            for told, name in (("prefixes", "prefix"), ("fingerprints", "fingerprint"), ("voters", "voter"))
        }
        profile = {**kinds, "first": float(second.min()), "last": float(second.max())}
        if len(fresh):
            profile["fresh"] = float(fresh.mean())
        if len(reading):
            low, high = np.exp(np.quantile(reading, (0.1, 0.9), method="nearest")).tolist()
            profile |= {"reading_low": low, "reading_high": high}
        return {name: round(value, 3) for name, value in sorted(profile.items())}


def _traits(survey: Survey) -> Mapping[str, npt.NDArray[np.bool_]]:
    """What a ballot shows by itself; nothing where it is unknown."""
    column = survey.column
    return {
        "N1": column("hosting") > 0,
        "C1": column("automation") > 0,
        "C2": column("odd") > 0,
        "C5": column("cross_site") > 0,
        "T1": column("reading") < math.log(1.5),
        "A1": column("fresh") > 0,
        "A3": (column("returning") == 0) & (column("fresh") > 0),
        "P1": column("refused") > 0,
    }


def _known(values: Floats) -> Floats:
    return values[~np.isnan(values)]


def _told(code: str, key: dict[str, str], count: int, expected: float) -> Iterator[Evidence]:
    z = float(surprise(np.array(count), np.array(expected)))
    if z >= _LEAST_SURPRISE:
        yield Evidence(code, key, count, round(expected, 3), round(z, 2))
