"""JSON for staff."""
