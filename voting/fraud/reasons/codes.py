"""The reason code of each feature, and the family of evidence of each reason."""

from __future__ import annotations

from functools import cache

# By prefix or suffix of a feature's name; the first match applies.
_ENDINGS = (
    ("_fresh", "A1"),
    ("_quick", "T1"),
    ("_slow", "T2"),
    ("_uniform", "T2"),
    ("_hosting", "N1"),
    ("_odd", "C2"),
    ("_scattered", "N4"),
    ("_alike", "C3"),
    ("_regular", "T3"),
    ("_returning", "A2"),
)
_BEGINNINGS = (
    # No reason for a ballot: it only changes the weight of a tree's other questions.
    ("own_contest", ""),
    # No reason either: it judges a cluster whose ballots already have their reasons.
    ("cluster", ""),
    ("own_hosting", "N1"),
    ("own_odd", "C2"),
    ("own_cross_site", "C5"),
    ("own_automation", "C1"),
    ("own_instant", "T1"),
    ("own_quick", "T1"),
    ("own_fresh", "A1"),
    ("own_refused", "P1"),
    ("own_device_voters", "C4"),
    ("own_returns", "A2"),
    ("own_restless_asn", "N4"),
    ("own_restless_prefix", "N4"),
    ("own_restless", "C6"),
    ("broad_hour_of_day", "T4"),
    ("broad_age_bin", "A4"),
    ("broad_asn", "N3"),
    ("broad_day", "T5"),
    ("broad_reading_bin", "T2"),
    ("broad_hosted", "N1"),
    ("broad_returning_fresh_hour_of_day", "T4"),
    ("broad_returning_asn", "N3"),
    ("broad_returning_fresh_reading_bin", "A1"),
    ("lasting_returning", "A1"),
    ("lasting_night", "T4"),
    ("lasting_agent", "C3"),
    ("lasting_fingerprint", "C3"),
    ("lasting_asn", "N3"),
    ("lasting_reading_bin", "T2"),
    ("lasting_prefix", "N3"),
    ("steady_single_fresh", "A3"),
    ("steady_single", "A2"),
    ("steady_fresh", "A1"),
    ("pair", "G1"),
    ("covote", "G1"),
    ("company", "G2"),
    ("past", "G2"),
    ("prefix_fingerprint", "N2"),
    ("prefix_hours2", "N3"),
    ("fingerprint_hours2", "C3"),
    ("asn_hours2", "N3"),
    ("returning", "T5"),
    ("reading_bin", "T2"),
    ("age_bin", "A4"),
    ("hour_of_day", "T4"),
    ("hour", "T5"),
    ("minutes10", "T5"),
    ("oddities", "C2"),
    ("hosting", "N1"),
    ("device", "C4"),
    ("origin", "C7"),
    ("address", "N3"),
    ("prefix", "N3"),
    ("asn", "N3"),
    ("fingerprint", "C3"),
    ("agent", "C3"),
    ("client", "C3"),
)
_WITHOUT_ENDINGS = ("own_", "broad_", "lasting_", "steady_", "pair_", "covote_", "company_", "past_", "cluster_")
CODES: tuple[str, ...] = tuple(dict.fromkeys(code for _, code in (*_BEGINNINGS, *_ENDINGS) if code))


@cache
def code_of(feature: str) -> str:
    """Returns the reason code of a feature; empty if it has none. Raises KeyError for an unknown feature."""
    if not feature.startswith(_WITHOUT_ENDINGS):
        for ending, code in _ENDINGS:
            if feature.endswith(ending):
                return code
    for beginning, code in _BEGINNINGS:
        if feature.startswith(beginning):
            return code
    raise KeyError(feature)


def is_feature(name: str) -> bool:
    """Whether a feature may have this name."""
    try:
        code_of(name)
    except KeyError:
        return False
    return True
