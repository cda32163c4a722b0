"""The embedded Valkey (or Redis): a view that can be rebuilt, so it may start empty if its files are broken."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM

from voting.engines import binaries, processes
from voting.engines.engine import Engine

MEMORY = "512mb"


class Valkey(Engine):
    """Valkey in `folder`/valkey, with an append-only file that is synced every second."""

    title = "Valkey"
    name = "valkey"
    ready_within = 60.0
    farewell = ((SIGTERM, 10.0), (SIGKILL, 5.0))
    _binary: Path

    def prepare(self) -> None:
        self._binary = binaries.find_valkey()
        (self.home / "data").mkdir(mode=0o700, exist_ok=True)
        self.kept.password = self.kept.password or secrets.token_hex(24)

    def command(self) -> list[str]:
        """Return the command line.

        The password is in a file that only we can read: every user can read a command line.
        """
        path = configuration(self.home)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in self._settings())
        return [str(self._binary), str(path)]

    def answers(self, pid: int) -> bool:
        return answers(self.kept.port, self.kept.password)

    def leftovers(self) -> bool:
        return stop_leftovers(self.home)

    def heal(self, code: int, said: str) -> bool:
        """Start empty if the files cannot be read; keep the last such files for inspection."""
        data, aside = self.home / "data", self.home / "unreadable"
        if code == -SIGTERM or not any(data.iterdir()):
            return code == -SIGTERM
        shutil.rmtree(aside, ignore_errors=True)
        data.rename(aside)
        data.mkdir(mode=0o700)
        self.owner.notice(f"Valkey could not read its files; they were put aside as {aside}, and it starts empty.")
        return True

    def _settings(self) -> tuple[str, ...]:
        return (
            f"bind {processes.HOST}",
            f"port {self.kept.port}",
            f"requirepass {self.kept.password}",
            f"dir {_quoted(self.home / 'data')}",
            f"pidfile {_quoted(self.home / 'valkey.pid')}",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            f"maxmemory {MEMORY}",
            "maxmemory-policy noeviction",
            # Keep the command line as it is: the next owner recognises the process by it.
            "set-proc-title no",
        )


def configuration(home: Path) -> Path:
    """Return the path of the server's configuration file."""
    return home / "valkey.conf"


def answers(port: int, password: str) -> bool:
    """Return whether a server that accepts this password, and has loaded its files, answers on this local TCP port."""
    with suppress(OSError), socket.create_connection((processes.HOST, port), timeout=1) as connection:
        connection.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
        with connection.makefile("rb") as answer:
            return answer.read(1000).startswith(b"+OK\r\n+PONG\r\n")
    return False


def stop_leftovers(home: Path) -> bool:
    """Stop the Valkey that a former owner left in this folder; return whether there was one."""
    return processes.end(lambda: processes.using("-server", configuration(home)), Valkey.farewell)


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
