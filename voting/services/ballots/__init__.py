"""A ballot's path: cast, screen, rate limits, group commit, record."""
