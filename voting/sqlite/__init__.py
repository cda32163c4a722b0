"""SQLite: what a witness, which runs by itself, has seen."""
