"""Tallies: their projection into Redis, what voters may see of them, live boards, recounts."""
