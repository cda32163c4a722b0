"""Rosters: tables, rows, checks and units."""
