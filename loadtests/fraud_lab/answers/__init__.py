"""Contests in which some voters are asked to confirm: who answers, what is found by it, and what it costs."""
