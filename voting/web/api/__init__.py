"""JSON handlers, by noun."""
