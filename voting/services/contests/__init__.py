"""Contests: the cache that requests read, and what organisers do to contests, rosters and covers."""
