"""Tallies: their projection into Redis, the part that voters may see, live boards, recounts."""
