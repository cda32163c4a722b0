"""Ballots, quotas, rates, the client's facts, Merkle trees."""
