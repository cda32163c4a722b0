"""PostgreSQL servers of which one is the primary and the other its synchronous standby."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL

import psutil

from voting.engines import binaries, privileges, processes

OWNER = "owner"
# Created by the migration.
ROLE = "voting_app"
DATABASE = "voting"
STANDBY_SECONDS = 30.0
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 60
shared_buffers = 32MB
wal_retrieve_retry_interval = 500ms
"""


class Node:
    """A server with a folder and a port of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self.data = folder / name
        self.port = processes.free_port()
        program = binaries.find_postgres().bin / "postgres"
        self._runner = privileges.choose(program, folder)
        self._bin = privileges.reachable(self._runner, program, folder / "programs").parent
        self._log = folder / f"{name}.log"

    def create(self) -> None:
        """Creates a new cluster with an empty database, and starts it."""
        self._run("initdb", "-D", self.data, "-U", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C")
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(SETTINGS)
        self.start()
        self.sql(f"create database {DATABASE}")

    def clone(self, primary: Node) -> None:
        """Starts as a new standby of `primary`, whatever it was before."""
        shutil.rmtree(self.data, ignore_errors=True)
        address = ("-h", processes.HOST, "-p", str(primary.port), "-U", OWNER)
        self._run("pg_basebackup", *address, "-D", self.data, "-R", "-X", "stream", "-c", "fast")
        # The primary's own settings by `alter system` are copied too.
        self._configure("synchronous_standby_names = ''")
        self.start()

    def follow(self, primary: Node) -> None:
        """Starts as a standby of `primary`, after a clean stop."""
        (self.data / "standby.signal").touch()
        source = f"host={processes.HOST} port={primary.port} user={OWNER}"
        self._configure(f"primary_conninfo = '{source}'", "synchronous_standby_names = ''")
        self.start()

    def _configure(self, *lines: str) -> None:
        """Adds settings that `alter system` can change later, unlike options of the command line."""
        with (self.data / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def start(self) -> None:
        """Starts the server in the role it had."""
        self._run("pg_ctl", "-D", self.data, "-l", self._log, "-w", "-o", f"-p {self.port}", "start")

    def stop(self, mode: str = "fast") -> None:
        """`fast` writes a checkpoint and notifies clients; `immediate` is a crash."""
        self._run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def kill(self) -> None:
        """Kills the server and its backends."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(SIGKILL)
        psutil.wait_procs(self._processes(), 5)

    def freeze(self) -> None:
        """Suspends its processes: connections stay, new ones are accepted by the kernel and not answered."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.suspend()

    def thaw(self) -> None:
        """Resumes its processes."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def promote(self) -> None:
        """Becomes a primary without a standby."""
        self._run("pg_ctl", "-D", self.data, "-w", "promote")

    def wait_for_standbys(self, wanted: bool) -> None:
        """Whether a commit waits until a standby has it. If so, returns when a standby is synchronous."""
        self.sql(f"alter system set synchronous_standby_names = '{'*' if wanted else ''}'")
        self.sql("select pg_reload_conf()")
        until = time.monotonic() + STANDBY_SECONDS
        while wanted and not self.sql("select 1 from pg_stat_replication where sync_state = 'sync'"):
            if time.monotonic() > until:
                raise TimeoutError(f"port {self.port} has no synchronous standby after {STANDBY_SECONDS:g} s")
            time.sleep(0.1)

    def script(self, file: Path, *arguments: str | Path) -> str:
        """Runs a shell script with the server's programs, as its user; returns its output."""
        copy = self._folder / file.name
        shutil.copyfile(file, copy)
        path = f"PATH={self._bin}:/usr/bin:/bin"
        return self._runner.run(["env", path, "sh", str(copy), *(str(each) for each in arguments)])

    def sql(self, statement: str, database: str = "postgres") -> str:
        """The result of a statement as text."""
        address = ("-h", processes.HOST, "-p", str(self.port), "-U", OWNER, "-d", database)
        return self._run("psql", *address, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement).strip()

    def destroy(self) -> None:
        """Ends all of its processes."""
        self.thaw()
        self.kill()

    def _processes(self) -> list[psutil.Process]:
        """The postmaster and its backends."""
        try:
            postmaster = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
            return [postmaster, *postmaster.children(recursive=True)]
        except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
            return []

    def _run(self, program: str, *arguments: str | Path) -> str:
        return self._runner.run([str(self._bin / program), *(str(each) for each in arguments)])
