"""PostgreSQL, the source of truth. The only package that imports asyncpg."""
