"""Checks which of a ballot's reasons the ballot itself shows, by reason code.

A tree weighs several features at once, and evidence of a ballot's neighbours may contradict it. But a reason given for
a ballot must be true of it: anybody with its facts can check.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from voting.fraud.features.column_index import Survey
from voting.fraud.features.features import device_voters, kinds, restless
from voting.fraud.reasons.codes import CODES

Flags = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint32]
# Seconds in which hardly anybody finds an entry, and the share of a voter's ballots that come from different devices.
_READ, _RESTLESS = 3.0, 0.5


def _once(survey: Survey) -> Flags:
    return np.asarray(survey.column("returning") == 0, dtype=np.bool_)


def _fresh(survey: Survey) -> Flags:
    return np.asarray(survey.column("fresh") > 0, dtype=np.bool_)


def _changes_devices(survey: Survey) -> Flags:
    part = restless(survey)
    changes = [part.of_ballots(f"own_restless_{name}") for name in ("fingerprint", "device")]
    return np.asarray(np.maximum(*changes) > _RESTLESS, dtype=np.bool_)


def _of_several_entries(survey: Survey) -> Flags:
    voters = survey.numbering(("voter",))
    several = kinds(voters, survey.numbering(("entry",))) > 1
    return np.asarray(np.append(several, False)[voters.of], dtype=np.bool_)


TRAITS: Mapping[str, Callable[[Survey], Flags]] = {
    "N1": lambda survey: survey.column("hosting") > 0,
    "C1": lambda survey: survey.column("automation") > 0,
    # Two oddities have codes of their own.
    "C2": lambda survey: survey.column("oddity_count") > survey.column("cross_site") + survey.column("automation"),
    "C4": lambda survey: device_voters(survey).of_ballots("own_device_voters") > 0,
    "C5": lambda survey: survey.column("cross_site") > 0,
    "C6": _changes_devices,
    "T1": lambda survey: survey.column("reading") < math.log(_READ),
    "A1": _fresh,
    "A2": _once,
    "A3": lambda survey: _once(survey) & _fresh(survey),
    "P1": lambda survey: survey.column("refused") > 0,
    "G1": _of_several_entries,
}


_COMPANY = np.uint32(1 << CODES.index("G2"))


def true_of(survey: Survey, reasons: Bits) -> Bits:
    """Returns the reasons (bits, by ballot) without those about the ballot itself that it does not show.

    Those came from its neighbours. Unknown values show nothing.
    """
    proven = reasons.copy()
    for code, shown in TRAITS.items():
        bit = np.uint32(1 << CODES.index(code))
        false = (proven & bit != 0) & ~shown(survey)
        proven[false] = proven[false] & ~bit | _COMPANY
    return proven
