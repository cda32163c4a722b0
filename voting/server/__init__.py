"""The HTTP server process: protocol, admission, workers, and the sweeper process."""
