"""Voters for locust."""
