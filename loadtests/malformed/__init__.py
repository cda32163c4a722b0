"""Malformed input: what nobody should send, in great numbers, and no 5xx for it."""
