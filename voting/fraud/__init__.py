"""Fraud control as pure computation on data: detects rings without punishing crowds.

No I/O, no clock, no randomness.
"""
