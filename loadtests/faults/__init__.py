"""Faults: clients that log every attempt, a seeded nemesis, and a checker of the invariants."""
