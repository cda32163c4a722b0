"""Contests: the cache that requests read, and organisers' commands on contests, rosters and covers."""
