"""Other processes, which may end while they are looked at."""

from __future__ import annotations

import psutil


def command(process: psutil.Process) -> list[str]:
    """The words of its command; of one that has ended, reaped or not, or is not ours to ask, none."""
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
