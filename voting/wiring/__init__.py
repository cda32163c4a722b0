"""The only package that composes services, for a server process and for a command."""
