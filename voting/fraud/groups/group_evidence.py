"""Evidence of a group of held ballots: each reason counted, and compared with the usual.

Anybody with the group's ballots can recount it. Of a ballot's reasons, those that its group shows are reported if they
belong to two families of evidence; otherwise all of them, and the group counts the others, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import polars as pl

from voting.fraud.features.cells import expectation, surprise
from voting.fraud.features.column_index import Ints, Survey
from voting.fraud.groups.ballot_evidence import TRAITS, Bits
from voting.fraud.reasons.codes import CODES
from voting.fraud.reasons.findings import Evidence, Stage
from voting.fraud.reasons.reasons import family_of

# Evidence of cells: the most surprising one of the group is named.
_CELLS = {
    "A4": "age_bin",
    "C3": "fingerprint",
    "C7": "origin",
    "N3": "prefix",
    "T2": "reading_bin",
    "T4": "hour_of_day",
    "T5": "hour",
}
# Counted separately: voters of a device, and voters in lockstep.
_COUNTED = ("C4", "G1")
_LEAST_SURPRISE = 3.0
_MOST_DEVICE_VOTERS = 3
_REGULAR = 0.6
_LEAST_GAPS = 12
QUICKNESS = np.uint32(1 << CODES.index("T1"))
LOCKSTEP = np.uint32(1 << CODES.index("G1"))


class GroupEvidence:
    """Evidence of groups among a contest's ballots.

    `names`: each ballot's entry and prefix in words; `bits`: its reasons.
    """

    def __init__(self, survey: Survey, names: pl.DataFrame, bits: Bits, stage: Stage) -> None:
        self._survey, self._names, self._bits, self._stage = survey, names, bits, stage
        everything = np.ones(survey.size)
        self._cells = {code: survey.cells((by,)) for code, by in _CELLS.items()}
        self._expected = {code: expectation(cells, everything) for code, cells in self._cells.items()}
        self._surprise = {code: surprise(cells.n, self._expected[code]) for code, cells in self._cells.items()}
        self._traits = {code: shown(survey) for code, shown in TRAITS.items() if code not in _COUNTED}
        self._usual = {code: float(has.mean()) for code, has in self._traits.items()}
        self._column = {name: survey.column(name) for name in ("reading", "fresh", "second")}

    def of(self, rows: Ints) -> tuple[Evidence, ...]:
        """Returns the evidence of a group, the strongest first, with its profile in the first."""
        shown = list(self._shown(rows))
        evidence = [*shown, *self._told_otherwise(rows, [each.code for each in shown])]
        if not evidence:
            # Ballots held when cast, for reasons of an older policy.
            return ()
        evidence.sort(key=lambda each: (-each.surprise, each.code))
        first = evidence[0]
        return msgspec.structs.replace(first, profile={**first.profile, **self._profile(rows)}), *evidence[1:]

    def _told_otherwise(self, rows: Ints, shown: Sequence[str]) -> Iterator[Evidence]:
        """Yields reasons of some ballots that the group does not show, counted as they are."""
        kinds = np.unique(self._bits[rows]).tolist()
        stated = {code for bits in kinds for code in group_statements(named(bits), shown, self._stage)}
        for code in sorted(stated - set(shown)):
            if code in self._traits:
                yield _counted(code, {}, int(self._traits[code][rows].sum()), self._usual[code] * len(rows))
            elif code in _CELLS and (cell := self._most_surprising(code, rows)):
                yield cell
            else:
                has = rows[(self._bits[rows] & np.uint32(1 << CODES.index(code))) != 0]
                voters = len(np.unique(self._survey.numbering(("voter",)).of[has]))
                yield Evidence(code, {}, voters if family_of(code) == "G" else len(has), 0.0, 0.0)

    def _shown(self, rows: Ints) -> Iterator[Evidence]:
        """Yields the evidence that the group itself shows."""
        traits = [
            _counted(code, {}, int(has[rows].sum()), self._usual[code] * len(rows))
            for code, has in self._traits.items()
        ]
        cells = [cell for code in _CELLS if (cell := self._most_surprising(code, rows))]
        yield from (evidence for evidence in (*traits, *cells) if evidence.surprise >= _LEAST_SURPRISE)
        # C4: the number of voters of the device with the most of them.
        devices, pairs = (self._survey.numbering(by) for by in (("device",), ("device", "voter")))
        several = rows[np.unique(pairs.of[rows], return_index=True)[1]]
        of_device = np.unique(devices.of[several][devices.of[several] < devices.size], return_counts=True)[1]
        if of_device.max(initial=0) >= _MOST_DEVICE_VOTERS:
            yield Evidence("C4", {}, int(of_device.max()), 0.0, 0.0)
        # T3: the middle half of the gaps is narrower than by chance (1.6 medians for a Poisson process).
        gaps = np.diff(np.sort(self._column["second"][rows]))
        if len(gaps) >= _LEAST_GAPS:
            low, middle, high = np.quantile(gaps, (0.25, 0.5, 0.75), method="nearest").tolist()
            if middle > 0 and (high - low) / middle < _REGULAR:
                yield Evidence("T3", {}, len(rows), 0.0, 0.0, {"gap": round(middle, 3)})
        # G1: how many voters share pairs of entries with others, and of how many entries.
        paired = rows[(self._bits[rows] & LOCKSTEP) != 0]
        voters, entries = (len(np.unique(self._survey.numbering((by,)).of[paired])) for by in ("voter", "entry"))
        if voters > 1:
            yield Evidence("G1", {}, voters, 0.0, 0.0, {"entries": entries})

    def _most_surprising(self, code: str, rows: Ints) -> Evidence | None:
        cells, by = self._cells[code], _CELLS[code]
        here = np.unique(cells.ballots.of[rows])
        here = here[here < cells.ballots.size]
        if not len(here):
            return None
        most = here[np.argmax(self._surprise[code][here])]
        ballot = int(cells.sample[most])
        table = self._names if by == "prefix" else self._survey.ballots
        key = {"entry": self._names["entry"][ballot], by: str(table[by][ballot])}
        return _counted(code, key, int(cells.n[most]), float(self._expected[code][most]))

    def _profile(self, rows: Ints) -> dict[str, float]:
        columns = (self._column[name][rows] for name in ("reading", "fresh", "second"))
        reading, fresh, second = (values[~np.isnan(values)] for values in columns)
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


def named(bits: int) -> tuple[str, ...]:
    """Returns the reason codes of these bits."""
    return tuple(sorted(code for number, code in enumerate(CODES) if bits >> number & 1))


def group_statements(reasons: Sequence[str], shown: Sequence[str], stage: Stage) -> Sequence[str]:
    """Returns the reasons that the group shows if they belong to two families; otherwise all.

    A round's reasons stay unchanged: a replay does without the rounds' groups, and must give the same as live.
    """
    both = [code for code in reasons if code in shown]
    is_enough = stage == "certification" and len({family_of(code) for code in both}) > 1
    return both if is_enough else reasons


def _counted(code: str, key: dict[str, str], count: int, expected: float) -> Evidence:
    expected = max(0.05, expected)
    z = float(surprise(np.array(count), np.array(expected)))
    return Evidence(code, key, count, round(expected, 3), round(z, 2))
