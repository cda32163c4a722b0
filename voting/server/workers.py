"""uvicorn's supervisor of worker processes, extended by companions, with limits on waiting.

uvicorn checks its workers twice a second, waits up to five seconds for each in turn to answer, even while one is
starting, kills a start that takes longer, and waits without limit for one that was told to stop.
"""

from __future__ import annotations

import logging
import pickle
import socket
import time
from collections.abc import Sequence
from multiprocessing.connection import wait

from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from voting.server.companion import Companion

TICK_SECONDS = 0.1
SILENT_SECONDS = 10.0
START_SECONDS = 60.0
KILL_SECONDS = 20.0
# The pause after a failed start.
AGAIN_SECONDS = 5.0

logger = logging.getLogger("uvicorn.error")


class Workers(Multiprocess):
    """Runs workers and their companions until SIGTERM or SIGINT."""

    def __init__(self, config: Config, sockets: list[socket.socket], companions: Sequence[Companion]) -> None:
        super().__init__(config, sockets)
        self._companions = companions
        self._heard: dict[Process, float] = {}
        self._serving: set[Process] = set()
        self._not_before = 0.0

    def run(self) -> None:
        """Runs until told to stop, or until no worker can start."""
        self.init_processes()
        while not self.should_exit.is_set():
            # Returns at once when a worker dies.
            wait([worker.process.sentinel for worker in self.processes if worker.exitcode is None], TICK_SECONDS)
            self.handle_signals()
            self.keep_subprocess_alive()
            for companion in self._companions:
                companion.keep_alive()
        self.terminate_all()
        for companion in self._companions:
            companion.stop()
        self.join_all()

    def keep_subprocess_alive(self) -> None:
        """Replaces dead and silent workers without waiting for any."""
        for index, process in enumerate(self.processes):
            if self.should_exit.is_set() or time.monotonic() < self._not_before or not self._is_lost(process):
                continue
            process.kill()
            process.join()
            self._heard.pop(process, None)
            self._serving.discard(process)
            if process.exitcode == STARTUP_FAILURE and not self._may_start_again():
                return
            self.processes[index] = self._started()

    def _may_start_again(self) -> bool:
        """Whether to try again after a failed start. If no other worker serves, the service ends."""
        self._serving &= set(self.processes)
        if not self._serving:
            logger.error("a worker could not start; the service ends")
            self.should_exit.set()
            return False
        logger.error("a worker could not start; %d others serve, and it is tried again", len(self._serving))
        self._not_before = time.monotonic() + AGAIN_SECONDS
        return True

    def restart_all(self) -> None:
        """Handles SIGHUP: each worker stops once another serves in its place."""
        for index, former in enumerate(self.processes):
            process = self._started()
            if not process.wait_until_ready(START_SECONDS, self.should_exit):
                process.kill()
                process.join()
                return
            self.processes[index] = process
            former.terminate()
            _join(former, time.monotonic() + KILL_SECONDS)
        for companion in self._companions:
            companion.stop()

    def join_all(self) -> None:
        """Waits for workers that were told to stop; kills those that do not."""
        until = time.monotonic() + KILL_SECONDS
        for process in self.processes:
            _join(process, until)

    def handle_ttou(self) -> None:
        """Handles SIGTTOU: stops one worker."""
        if self.processes_num > 1:
            self.processes_num -= 1
            process = self.processes.pop()
            process.terminate()
            _join(process, time.monotonic() + KILL_SECONDS)

    def _started(self) -> Process:
        process = Process(self.config, self.sockets)
        process.start()
        return process

    def _is_lost(self, process: Process) -> bool:
        """Whether the worker is dead or has not answered for too long; it is pinged in every round."""
        if not process.process.is_alive():
            return True
        now = time.monotonic()
        try:
            if process not in self._heard:
                # It may be silent in its first minute, while it starts.
                self._heard[process] = now + START_SECONDS - SILENT_SECONDS
            elif not process.parent_conn.poll():
                return now - self._heard[process] > SILENT_SECONDS
            else:
                if process.parent_conn.recv():
                    self._serving.add(process)
                self._heard[process] = now
            process.parent_conn.send(b"ping")
        except (OSError, EOFError, pickle.UnpicklingError):
            return True
        return False


def _join(process: Process, until: float) -> None:
    process.process.join(max(0.0, until - time.monotonic()))
    if process.process.is_alive():
        logger.error("worker %s did not stop in time and is killed", process.pid)
        process.process.kill()
        process.process.join()
