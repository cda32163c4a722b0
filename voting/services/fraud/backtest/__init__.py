"""Backtests: recorded attempts replayed through the live rules."""
