"""Fraud control: sweeps, decisions, reviews, certification, comparison of policies."""
