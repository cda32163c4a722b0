"""The schema: numbered migrations, and what each database role may do."""
