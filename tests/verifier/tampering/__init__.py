"""Kinds of tampering with a bundle, its log, receipts and openings, each with the finding that must name it.

`make tamper` makes each in 25 contests. Strangers find them with the bundle alone (or a checkpoint from earlier),
voters with a receipt, auditors with openings. Witnesses refuse the kinds 21 to 25 as they happen:
tests/services/transparency/test_witness.py.
"""

from __future__ import annotations

from tests.verifier.tampering import held, published
from tests.verifier.tampering.kinds import KINDS, NOT_MADE, NUMBERS

__all__ = ["KINDS", "NOT_MADE", "NUMBERS", "held", "published"]
