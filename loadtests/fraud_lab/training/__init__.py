"""Fits the trees of a fraud policy."""
