"""Judging one ballot when it is cast: counters, signals, scorecard."""
