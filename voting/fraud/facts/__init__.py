"""What is observed of an attempt, as plain values."""
