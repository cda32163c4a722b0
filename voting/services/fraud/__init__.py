"""Fraud control at work: sweeps, decisions, reviews, certification, comparison of policies."""
