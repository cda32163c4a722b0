"""Measures what a fraud policy removes and what it costs honest voters."""
