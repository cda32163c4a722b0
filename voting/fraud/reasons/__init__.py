"""Reasons: their codes, families and sentences, and the findings of a sweep."""
