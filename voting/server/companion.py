"""A process beside the workers, such as `voting sweep`, kept alive by their supervisor."""

from __future__ import annotations

import subprocess
import sys
import time

# The first pause before a process that died is started again; each further one is twice as long, up to the second.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 10.0
# A process that lived for longer begins with the first pause again.
CALM_SECONDS = 5.0
STOP_SECONDS = 2.0


class Companion:
    """Runs a command of `voting` with the option --beside and restarts it when it dies."""

    def __init__(self, *command: str) -> None:
        self._command = [sys.executable, "-m", "voting", *command, "--beside"]
        self._process: subprocess.Popen[bytes] | None = None
        self._started = float("-inf")
        self._pause = FIRST_PAUSE_SECONDS
        self._due = float("-inf")

    def keep_alive(self) -> None:
        """Starts the process if it is not running; after a pause if it died."""
        if self._process and self._process.poll() is None:
            return
        now = time.monotonic()
        if self._process:
            if now - self._started > CALM_SECONDS:
                self._pause = FIRST_PAUSE_SECONDS
            self._due = now + self._pause
            self._pause = min(LONGEST_PAUSE_SECONDS, 2 * self._pause)
            self._forget()
        if now < self._due:
            return
        self._started = now
        # A separate command, so that `ps` distinguishes it from the workers.
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)

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
