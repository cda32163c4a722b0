"""A contest: its file, schema and calendar, and its rules in words."""
