"""Ballots, quotas, rates, client facts and Merkle trees."""
