"""The embedded servers: a launcher over the PostgreSQL and Valkey programs that PyPI packages carry.

`running` starts or joins them, `reset` throws away what they made. Only the standard library is used here, so that the
engines can be started before anything else is imported.
"""

from __future__ import annotations

from voting.engines.launcher import Addresses, reset, running

__all__ = ["Addresses", "reset", "running"]
