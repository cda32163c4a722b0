"""The demo: a real vote on this machine."""
