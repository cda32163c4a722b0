"""Processes that may end while they are inspected."""

from __future__ import annotations

import psutil


def command(process: psutil.Process) -> list[str]:
    """Returns the words of a command line; empty for a process that has ended or that we may not read."""
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
