"""The embedded PostgreSQL: durable, on 127.0.0.1 only, with a password."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT

from voting.engines import binaries, privileges, processes
from voting.engines.engine import Engine
from voting.errors import EnginesUnavailable

# The superuser and its database, used only to start and migrate.
NAME = "voting"
APPLICATION = "voting_app"
SETTINGS = (
    f"listen_addresses={processes.HOST}",
    "unix_socket_directories=",
    "max_connections=100",
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
)
MEGABYTE = 2**20
FIRST_OWN_DATABASE = 16384


def memory_settings() -> tuple[str, ...]:
    """Return the settings that depend on this machine's memory.

    The key of a ballot begins with a hash, so each ballot changes a random page of the index, which should stay in
    shared_buffers: 512 MB hold that of several million ballots. The service, Valkey and the system's cache use the same
    memory, so an eighth is taken at most.

    After a checkpoint the first change of a page writes the whole page into the WAL. With four times the buffers
    checkpoints come every five minutes (PostgreSQL's own interval) instead of every minute while many vote; the price
    is up to 2 GB of disk, and a recovery of half a minute after a crash.
    """
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    buffers = min(max(memory // 8 // MEGABYTE, 128), 512)
    return f"shared_buffers={buffers}MB", f"max_wal_size={4 * buffers}MB"


class Postgres(Engine):
    """PostgreSQL in `folder`/postgres/data, run by the major version that created it."""

    title = "PostgreSQL"
    name = "postgres"
    ready_within = 120.0
    farewell = ((SIGINT, 20.0), (SIGQUIT, 5.0), (SIGKILL, 5.0))
    _bin: Path

    @property
    def data(self) -> Path:
        """The data folder; it is moved into place only when complete."""
        return self.home / "data"

    def prepare(self) -> None:
        self._put_aside_a_torso()
        self._find_programs()
        for torso in self.home.glob("new-*"):
            shutil.rmtree(torso, ignore_errors=True)
        if not self.data.exists():
            self._create()
        elif not self.kept.password:
            self._set_password()
        if not self.kept.application_password:
            self._set_application_password()

    def command(self) -> list[str]:
        settings = *SETTINGS, *memory_settings(), f"port={self.kept.port}"
        flags = [word for setting in settings for word in ("-c", setting)]
        return [self._program("postgres"), "-D", str(self.data), *flags]

    def answers(self, pid: int) -> bool:
        """Return whether the server itself reports that it is ready, as pg_ctl does; another one on the port fails."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def leftovers(self) -> bool:
        stopped = stop_leftovers(self.home)
        # None of our processes is left, so the id in the file is stale or a stranger's, and would stop PostgreSQL from
        # starting. If backends live on unseen, their shared memory still stops it.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        return stopped

    def heal(self, code: int, said: str) -> bool:
        return "shared memory block" in said or "lock file" in said

    def _program(self, name: str) -> str:
        return str(self._bin / name)

    def _find_programs(self) -> None:
        made_by = self.data / "PG_VERSION"
        install = binaries.find_postgres(int(made_by.read_text()) if made_by.exists() else None)
        postgres = install.bin / "postgres"
        self.runner = privileges.choose(postgres, self.home.parent)
        self.runner.adopt(self.home)
        copy = self.home / f"programs-{install.version}"
        for old in set(self.home.glob("programs-*")) - {copy}:
            shutil.rmtree(old, ignore_errors=True)
        self._bin = privileges.reachable(self.runner, postgres, copy).parent

    def _put_aside_a_torso(self) -> None:
        """Set an unfinished data folder aside; never one that has held votes."""
        if not self.data.exists() or all((self.data / part).exists() for part in ("PG_VERSION", "global/pg_control")):
            return
        if any(int(base.name) >= FIRST_OWN_DATABASE for base in self.data.glob("base/[0-9]*")):
            raise EnginesUnavailable(f"The database in {self.data} is damaged: bring it back from a backup.")
        aside = self.home / f"unfinished-{secrets.token_hex(4)}"
        self.data.rename(aside)
        self.owner.notice(f"The database folder was unfinished; it was put aside as {aside}, and a new one is made.")

    def _create(self) -> None:
        self.kept.password = self.kept.password or secrets.token_hex(24)
        self.owner.save()
        with tempfile.TemporaryDirectory(prefix="new-", dir=self.home) as name:
            fresh, secret = Path(name, "data"), Path(name, "password")
            secret.write_text(f"{self.kept.password}\n")
            self.runner.adopt(Path(name))
            self.runner.run(
                [
                    *(self._program("initdb"), "-D", str(fresh), "-U", NAME),
                    *("--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C"),
                    "--no-instructions",
                ]
            )
            self._single(fresh, f"CREATE DATABASE {NAME} OWNER {NAME}")
            fresh.rename(self.data)
        # Make the rename durable.
        descriptor = os.open(self.home, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _set_password(self) -> None:
        """Set the password of a database that lost it; save it only once it is in force."""
        password = secrets.token_hex(24)
        self._single(self.data, f"ALTER ROLE {NAME} PASSWORD '{password}'")
        self.kept.password = password
        self.owner.save()
        self.owner.notice("The database's password was lost; it has a new one.")

    def _set_application_password(self) -> None:
        """Set it for a new database, one older than this role, and one that lost its passwords."""
        password = secrets.token_hex(24)
        missing = f"NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APPLICATION}')"
        role = f"IF {missing} THEN CREATE ROLE {APPLICATION}; END IF"
        self._single(self.data, f"DO $$ BEGIN {role}; ALTER ROLE {APPLICATION} LOGIN PASSWORD '{password}'; END $$")
        self.kept.application_password = password
        self.owner.save()

    def _single(self, data: Path, statement: str) -> None:
        """Run one statement on a stopped database, through its input, since every user can read a command line."""
        flags = ["-D", str(data), "-c", "exit_on_error=true", "postgres"]
        self.runner.run([self._program("postgres"), "--single", *flags], f"{statement}\n")


def stop_leftovers(home: Path) -> bool:
    """Stop the PostgreSQL that a former owner left in this folder; return whether there was one.

    The backends end with their postmaster; backends that outlive it are ended as after a crash.
    """
    data = home / "data"

    def postmasters() -> list[int]:
        return processes.using("/postgres", data) + processes.working_in(rb"\S*postgres ", data)

    def backends() -> list[int]:
        return processes.working_in(b"postgres: ", data)

    stopped = processes.end(postmasters, Postgres.farewell)
    return processes.end(backends, ((SIGQUIT, 3.0), (SIGKILL, 5.0))) or stopped
