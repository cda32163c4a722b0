"""Who takes part: voters as persons, their privacy; staff accounts, keys, sessions and proposals."""
