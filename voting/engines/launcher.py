"""Owning the engines' folder, or joining its owner."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from voting.engines import postgres as pg
from voting.engines import processes, state
from voting.engines import valkey as vk
from voting.engines.engine import LOGS, Engine, Owner
from voting.engines.ownership import Lock, made, try_lock
from voting.engines.supervisor import Supervisor
from voting.errors import EnginesUnavailable

OWNER_LEAVES_WITHIN = 10.0
OWNER_READY_WITHIN = 60.0
JOINED_LEAVE_WITHIN = 10.0
LOCK, JOINED = "lock", "joined"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the engines are, with their passwords; "" for one that was not asked for."""

    database_url: str
    redis_url: str
    owner_url: str = ""
    """The database as its superuser, who owns the tables."""


@dataclass(frozen=True, slots=True)
class _Request:
    folder: Path
    own: bool
    postgres: bool
    valkey: bool


@contextmanager
def running(
    folder: Path, *, own: bool, postgres: bool = True, valkey: bool = True, notice: Callable[[str], None]
) -> Iterator[Addresses]:
    """The engines asked for, ready to serve, for the length of the `with` block.

    `folder` keeps everything and is made where there is none. With `own` this process starts, watches and stops
    them; without, it joins the process that owns them, or owns them for the time when nobody does.
    `notice` is called with plain English sentences, also from other threads. Raises EnginesUnavailable.
    """
    if not (postgres or valkey):
        yield Addresses("", "")
        return
    request = _Request(made(folder), own, postgres, valkey)
    with ExitStack() as stack:
        try:
            if _enter(request, stack):
                _run(request, notice, stack)
        except OSError as error:
            raise EnginesUnavailable(f"The engines cannot be started in {request.folder}: {error}.") from error
        yield _addresses(request)


def reset(folder: Path) -> None:
    """Remove everything that the engines made in `folder`, votes included.

    Raises EnginesUnavailable while a process owns it.
    """
    if not folder.exists():
        return
    folder = folder.resolve()
    lock = try_lock(folder / LOCK)
    if lock is None:
        raise _taken(folder)
    with lock:
        pg.stop_leftovers(folder / pg.Postgres.name)
        vk.stop_leftovers(folder / vk.Valkey.name)
        for name in (pg.Postgres.name, vk.Valkey.name, LOGS):
            shutil.rmtree(folder / name, ignore_errors=True)
        for name in (state.NAME, f"{state.NAME}.new", JOINED, LOCK):
            (folder / name).unlink(missing_ok=True)


def _enter(request: _Request, stack: ExitStack) -> bool:
    """Whether we own the folder; else we have joined its owner."""
    deadline = time.monotonic() + (OWNER_LEAVES_WITHIN if request.own else OWNER_READY_WITHIN)
    while time.monotonic() < deadline:
        lock = try_lock(request.folder / LOCK)
        if lock is not None:
            stack.enter_context(lock)
            return True
        if not request.own and (joined := _join(request)) is not None:
            stack.enter_context(joined)
            return False
        time.sleep(0.05)
    raise _taken(request.folder)


def _join(request: _Request) -> Lock | None:
    """A share in the owner's engines once they serve; a short command that owns them waits for those who hold one."""
    joined = try_lock(request.folder / JOINED, shared=True)
    if joined is not None and not _served(request):
        joined.release()
        return None
    return joined


def _served(request: _Request) -> bool:
    kept = state.load(request.folder)
    if not kept.ready:
        return False
    for asked, pid, title in (
        (request.postgres, kept.postgres.pid, "PostgreSQL"),
        (request.valkey, kept.valkey.pid, "Valkey"),
    ):
        if asked and not pid:
            raise EnginesUnavailable(
                f"Process {kept.owner} owns {request.folder} and does not run {title}:"
                " give this command the same DATABASE_URL and REDIS_URL as that one."
            )
    return (not request.postgres or processes.accepts(kept.postgres.port)) and (
        not request.valkey or vk.answers(kept.valkey.port, kept.valkey.password)
    )


def _run(request: _Request, notice: Callable[[str], None], stack: ExitStack) -> None:
    """Start and watch the engines; `stack` gets what undoes it, in the right order however far it came."""
    kept = state.load(request.folder)
    _mark(request.folder, kept, owner=os.getpid())
    stack.callback(_mark, request.folder, kept, owner=0)
    owner = Owner(partial(state.save, request.folder, kept), notice, threading.Event())
    engines: list[Engine] = []
    for asked, each in (
        (request.postgres, pg.Postgres(request.folder, kept.postgres, owner)),
        (request.valkey, vk.Valkey(request.folder, kept.valkey, owner)),
    ):
        each.clear()
        if asked:
            engines.append(each)
            stack.callback(each.stop)
            each.start()
    supervisor = Supervisor(engines, owner)
    supervisor.start()
    stack.callback(supervisor.stop)
    kept.ready = True
    owner.save()
    stack.callback(_leave, request, kept)


def _mark(folder: Path, kept: state.State, *, owner: int) -> None:
    """Write down who begins or ends to own the folder; no engine runs at either time."""
    kept.owner, kept.ready, kept.postgres.pid, kept.valkey.pid = owner, False, 0, 0
    state.save(folder, kept)


def _leave(request: _Request, kept: state.State) -> None:
    """Let nobody join any more; a short command first lets those finish that have."""
    lock = None
    deadline = time.monotonic() + (0.0 if request.own else JOINED_LEAVE_WITHIN)
    while lock is None and time.monotonic() < deadline:
        lock = try_lock(request.folder / JOINED)
        time.sleep(0.0 if lock else 0.05)
    kept.ready = False
    state.save(request.folder, kept)
    if lock is not None:
        lock.release()


def _addresses(request: _Request) -> Addresses:
    kept = state.load(request.folder)
    server = f"{processes.HOST}:{kept.postgres.port}/{pg.NAME}"
    database = f"postgresql://{pg.APPLICATION}:{kept.postgres.application_password}@{server}"
    owner = f"postgresql://{pg.NAME}:{kept.postgres.password}@{server}"
    view = f"redis://:{kept.valkey.password}@{processes.HOST}:{kept.valkey.port}/0"
    return Addresses(
        database if request.postgres else "", view if request.valkey else "", owner if request.postgres else ""
    )


def _taken(folder: Path) -> EnginesUnavailable:
    owner = state.load(folder).owner
    return EnginesUnavailable(f"The engines in {folder} already run under process {owner}: stop it first.")
