"""Marks, marking, objections and certifications."""
