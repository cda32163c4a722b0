"""The common part of PostgreSQL and Valkey: a foreground child process that is started, watched, healed and stopped."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import ClassVar

from voting.engines import processes
from voting.engines.privileges import Runner
from voting.engines.state import Kept
from voting.errors import EnginesUnavailable

PAUSES = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
LOGS = "logs"
LARGEST_LOG = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Owner:
    """The callbacks of an engine's owner: save the state, show a notice, and signal the end."""

    save: Callable[[], None]
    notice: Callable[[str], None]
    stopping: threading.Event


class Engine(ABC):
    """One embedded server. Methods raise EnginesUnavailable with the end of its log if it does not start."""

    title: ClassVar[str]
    name: ClassVar[str]
    ready_within: ClassVar[float]
    farewell: ClassVar[processes.Steps]

    def __init__(self, folder: Path, kept: Kept, owner: Owner) -> None:
        """`folder` is the data folder of all engines; each has its own folder and log in it."""
        self.home = folder / self.name
        self.log = folder / LOGS / f"{self.name}.log"
        self.kept = kept
        self.owner = owner
        self.runner = Runner()
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self.started_at = 0.0

    @abstractmethod
    def prepare(self) -> None:
        """Find the programs and create what the first start needs."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command line of the server on the kept port."""

    @abstractmethod
    def answers(self, pid: int) -> bool:
        """Return whether the server with this process id answers."""

    @abstractmethod
    def leftovers(self) -> bool:
        """Stop processes that a former owner left running; return whether there were any."""

    @abstractmethod
    def heal(self, code: int, said: str) -> bool:
        """After a failed start with this exit code and these last lines, return whether another try may succeed."""

    def start(self) -> None:
        """Start on the kept port, or another one with a notice if it is busy; nothing may be left running."""
        for folder in (self.home, self.log.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        self.prepare()
        self._run(settle_port=True)

    def restart(self) -> None:
        """Start again on the same port, which clients know."""
        self._run(settle_port=False)

    def alive(self) -> bool:
        """Return whether the server's process is alive."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Stop the server gracefully, and by force if that fails."""
        process, self._process = self._process, None
        if process is None:
            return
        for sign, patience in self.farewell:
            process.send_signal(sign)
            try:
                process.wait(patience)
                return
            except subprocess.TimeoutExpired:
                continue

    def trim_log(self) -> None:
        """Keep the log and one former log, each bounded, while the server has the file open."""
        if self.log.stat().st_size > LARGEST_LOG:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)
            self._log_start = 0

    def _run(self, *, settle_port: bool) -> None:
        for pause in PAUSES:
            self.clear()
            port = self.kept.port
            if settle_port and not (port and processes.is_free(port)):
                self.kept.port = processes.free_port()
                if port:
                    self.owner.notice(f"port {port} is busy; {self.title} listens on {self.kept.port} instead")
            process = self._launch()
            if self._came_up(process) or self.owner.stopping.is_set():
                return
            code, said = process.poll(), processes.tail(self.log, self._log_start)
            self.stop()
            if code is None:
                break
            # Try again if it was killed or lost its port, or if what it reports can be healed.
            if code != -SIGKILL and processes.is_free(self.kept.port) and not self.heal(code, said):
                break
            self.owner.stopping.wait(pause)
        raise EnginesUnavailable(f"{self.title} does not start. The end of {self.log}:\n{said}")

    def clear(self) -> None:
        """Stop processes that a former owner left running, with a notice."""
        if self.leftovers():
            self.owner.notice(f"{self.title} of a former run was still there; it was stopped.")

    def _launch(self) -> subprocess.Popen[bytes]:
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with open(descriptor, "ab") as log:
            self._log_start = os.fstat(descriptor).st_size
            self._process = self.runner.spawn(self.command(), log, subprocess.DEVNULL)
        self.started_at = time.monotonic()
        self.kept.pid = self._process.pid
        self.owner.save()
        return self._process

    def _came_up(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait until the server answers; give up early when the owner stops."""

        def settled() -> bool:
            return process.poll() is not None or self.answers(process.pid) or self.owner.stopping.is_set()

        return processes.wait_until(settled, self.ready_within) and process.poll() is None
