"""Accounts of staff: sign-in, sessions, passwords, keys."""
