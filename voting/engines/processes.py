"""Processes of a former owner, ports, and the ends of log files."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from signal import Signals

from voting.errors import EnginesUnavailable

PROC = Path("/proc")
HOST = "127.0.0.1"
Steps = tuple[tuple[Signals, float], ...]


def using(program: str, path: Path) -> list[int]:
    """Return the processes whose command line runs `program` (the end of its path) with `path` as a later argument.

    Only such processes are ever signalled: a process id from a file may belong to anybody by now.
    """
    argument = b" " + os.fsencode(path) + b" "
    named = os.fsencode(program) + b" "
    pids = []
    for pid, command in _commands():
        before, hit, _ = command.partition(argument)
        if hit and named in before + b" ":
            pids.append(pid)
    return pids


def working_in(command_line: bytes, folder: Path) -> list[int]:
    """Return the processes with a command line matching this pattern and this working folder; Linux only."""
    pids = []
    for pid, command in _commands():
        with suppress(OSError):
            if re.match(command_line, command) and os.readlink(PROC / str(pid) / "cwd") == str(folder):
                pids.append(pid)
    return pids


def end(find: Callable[[], list[int]], steps: Steps) -> bool:
    """Signal the processes that `find` returns, step by step (signal, seconds to wait); return whether there were any.

    Raises EnginesUnavailable if some survive.
    """
    if not find():
        return False
    for sign, patience in steps:
        for pid in find():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, sign)
        if wait_until(lambda: not find(), patience):
            return True
    raise EnginesUnavailable(f"Process {find()} of a former run does not stop; stop it by hand and try again.")


def wait_until(test: Callable[[], bool], seconds: float) -> bool:
    """Return whether the test succeeded within this time."""
    deadline = time.monotonic() + seconds
    while not test():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_free(port: int) -> bool:
    """Return whether a server could listen on this local TCP port now."""
    with socket.socket() as probe:
        # The servers set this, too: a connection lingering from the last run does not make the port busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a local TCP port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    """Return whether somebody listens on this local TCP port."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def tail(log: Path, start: int) -> str:
    """Return the last twelve lines that a log file got after its byte `start`."""
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(start, size - 4000))
        return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-12:])


def _commands() -> Iterator[tuple[int, bytes]]:
    """Yield every other process with its command line, each argument followed by one space."""
    if not (PROC / "self").exists():
        snapshot = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, check=False).stdout
        for line in snapshot.splitlines():
            pid, _, command = line.strip().partition(b" ")
            yield int(pid), command.strip() + b" "
        return
    for name in os.listdir(PROC):
        with suppress(OSError):
            if name.isdigit() and int(name) != os.getpid():
                yield int(name), (PROC / name / "cmdline").read_bytes().replace(b"\0", b" ")
