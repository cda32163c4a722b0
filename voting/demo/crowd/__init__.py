"""The demo's simulated voters: a small crowd, and one ring that a reviewer can find."""
