"""The embedded servers: a launcher for the PostgreSQL and Valkey programs in PyPI packages.

`running` starts or joins them, `reset` deletes their data. This package uses the standard library only, so the engines
can be started before anything else is imported.
"""

from __future__ import annotations

from voting.engines.launcher import Addresses, reset, running

__all__ = ["Addresses", "reset", "running"]
