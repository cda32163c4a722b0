"""HTML handlers, by noun."""
