"""Faults: a fleet of voters with a witness of every attempt, a seeded nemesis, and a checker of the invariants."""
