"""The fitted model of a policy: an ensemble of trees for each pass."""

from __future__ import annotations

import msgspec

from voting.fraud.model.tree_ensemble import Trees


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The trees of the two near-line passes, of the certification's two passes, and of clusters."""

    quick_first: Trees
    quick_second: Trees
    first: Trees
    second: Trees
    clusters: Trees | None = None
    """None: clusters are not judged."""
