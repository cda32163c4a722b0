"""A contest: its file, schema, calendar, and its rules in words."""
