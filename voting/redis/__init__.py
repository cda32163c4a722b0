"""Redis or Valkey: a view of the tallies that can be rebuilt, never the truth. The only door to redis-py."""
