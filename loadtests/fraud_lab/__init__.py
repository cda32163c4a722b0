"""The fraud laboratory: simulates labelled contests, fits fraud policies on them, and measures what a policy does."""
