"""Redis or Valkey: a view of the tallies that can be rebuilt, never the truth.

The only package that imports redis-py.
"""
