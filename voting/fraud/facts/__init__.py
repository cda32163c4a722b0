"""Facts of an attempt, as plain values."""
