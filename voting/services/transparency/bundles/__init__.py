"""Certified bundles: what a stranger needs to check a result, and what persons and authorities add to it."""
