"""The only place that composes services: of a server process, and of a command."""
