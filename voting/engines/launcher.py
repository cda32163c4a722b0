"""Owns the engines' folder, or joins its owner."""

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
from voting.engines.ownership import made, try_lock
from voting.engines.supervisor import Supervisor
from voting.errors import EnginesUnavailable

OWNER_LEAVES_WITHIN = 10.0
OWNER_READY_WITHIN = 60.0
JOINED_LEAVE_WITHIN = 10.0
LOCK, JOINED = "lock", "joined"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the engines with their passwords; "" for one that was not requested."""

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
    """Yields the requested engines, ready to serve.

    `folder` keeps all their data and is created if missing. With `own`, this process starts, watches and stops them;
    without, it joins the process that owns them, or owns them itself if nobody does. `notice` is called with plain
    English sentences, also from other threads. Raises EnginesUnavailable.
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
    """Delete everything that the engines stored in `folder`, votes included.

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
    """Return whether we own the folder; otherwise we have joined its owner."""
    deadline = time.monotonic() + (OWNER_LEAVES_WITHIN if request.own else OWNER_READY_WITHIN)
    while time.monotonic() < deadline:
        lock = try_lock(request.folder / LOCK)
        if lock is not None:
            stack.enter_context(lock)
            return True
        if not request.own and (joined := try_lock(request.folder / JOINED, shared=True)) is not None:
            # A short command that owns the engines waits for those who share them; share them once they answer.
            if _served(request):
                stack.enter_context(joined)
                return False
            joined.release()
        time.sleep(0.05)
    raise _taken(request.folder)


def _served(request: _Request) -> bool:
    saved = state.load(request.folder)
    if not saved.ready:
        return False
    for asked, pid, title in (
        (request.postgres, saved.postgres.pid, "PostgreSQL"),
        (request.valkey, saved.valkey.pid, "Valkey"),
    ):
        if asked and not pid:
            raise EnginesUnavailable(
                f"Process {saved.owner} owns {request.folder} and does not run {title}:"
                " give this command the same DATABASE_URL and REDIS_URL as that one."
            )
    return (not request.postgres or processes.accepts(saved.postgres.port)) and (
        not request.valkey or vk.answers(saved.valkey.port, saved.valkey.password)
    )


def _run(request: _Request, notice: Callable[[str], None], stack: ExitStack) -> None:
    """Start and watch the engines; `stack` collects what undoes each step, in the right order."""
    saved = state.load(request.folder)
    _mark(request.folder, saved, owner=os.getpid())
    stack.callback(_mark, request.folder, saved, owner=0)
    owner = Owner(partial(state.save, request.folder, saved), notice, threading.Event())
    engines: list[Engine] = []
    for asked, each in (
        (request.postgres, pg.Postgres(request.folder, saved.postgres, owner)),
        (request.valkey, vk.Valkey(request.folder, saved.valkey, owner)),
    ):
        each.clear()
        if asked:
            engines.append(each)
            stack.callback(each.stop)
            each.start()
    supervisor = Supervisor(engines, owner)
    supervisor.start()
    stack.callback(supervisor.stop)
    saved.ready = True
    owner.save()
    stack.callback(_leave, request, saved)


def _mark(folder: Path, kept: state.State, *, owner: int) -> None:
    """Store the owner's process id at the beginning and end of ownership, when no engine is running."""
    kept.owner, kept.ready, kept.postgres.pid, kept.valkey.pid = owner, False, 0, 0
    state.save(folder, kept)


def _leave(request: _Request, kept: state.State) -> None:
    """Let nobody join any more; a short command first waits for those who have joined."""
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
    saved = state.load(request.folder)
    server = f"{processes.HOST}:{saved.postgres.port}/{pg.NAME}"
    database = f"postgresql://{pg.APPLICATION}:{saved.postgres.application_password}@{server}"
    owner = f"postgresql://{pg.NAME}:{saved.postgres.password}@{server}"
    view = f"redis://:{saved.valkey.password}@{processes.HOST}:{saved.valkey.port}/0"
    return Addresses(
        database if request.postgres else "", view if request.valkey else "", owner if request.postgres else ""
    )


def _taken(folder: Path) -> EnginesUnavailable:
    owner = state.load(folder).owner
    return EnginesUnavailable(f"The engines in {folder} already run under process {owner}: stop it first.")
