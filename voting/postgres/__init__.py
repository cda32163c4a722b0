"""PostgreSQL: the truth. The only door to asyncpg."""
