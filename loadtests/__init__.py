"""Tools that load, break and probe the service on this machine."""
