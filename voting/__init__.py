"""The public-voting service: ballots, quotas, fraud control, scores and proofs."""

__version__ = "0.1.0"
