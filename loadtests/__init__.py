"""Load: a crowd of voters for locust, and a bench of single routes."""
