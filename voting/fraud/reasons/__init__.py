"""Reasons: their codes, families and sentences, and what a sweep finds."""
