"""The process that sweeps for rings: `voting sweep`, kept alive by the supervisor of the workers."""

from __future__ import annotations

import subprocess
import sys
import time

RESTART_SECONDS = 10.0
STOP_SECONDS = 2.0


class Sweeper:
    """Runs the sweeping process and restarts it when it dies."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._started = float("-inf")

    def keep_alive(self) -> None:
        """Starts the process if it is not running, but not repeatedly within seconds."""
        if self._process and self._process.poll() is None:
            return
        now = time.monotonic()
        if now - self._started < RESTART_SECONDS:
            return
        self._forget()
        self._started = now
        # A separate command, so that `ps` distinguishes it from the workers.
        command = [sys.executable, "-m", "voting", "sweep", "--beside"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE)

    def stop(self) -> None:
        """Ends the process."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(2 * STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._forget()

    def _forget(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
        self._process = None
