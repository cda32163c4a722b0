"""Ownership of the folder: a lock that the kernel releases when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voting.errors import EnginesUnavailable


class Lock:
    """A held lock on a file; as a context manager it is released at the end."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Release the lock."""
        os.close(self._descriptor)


def try_lock(path: Path, *, shared: bool = False) -> Lock | None:
    """Take the lock without waiting; return None if another process holds it.

    Raises EnginesUnavailable if the file belongs to another user, whose engines we could not open.
    """
    with _explained(path.parent):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    lock = Lock(descriptor)
    opened = os.fstat(descriptor)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        # If a reset removed the file after we opened it, this lock excludes nobody.
        held = os.path.samestat(opened, path.stat())
    except (BlockingIOError, FileNotFoundError):
        held = False
    if held and opened.st_uid == os.geteuid():
        return lock
    lock.release()
    if opened.st_uid != os.geteuid():
        raise _foreign(path.parent, f"it was made by the user with id {opened.st_uid}")
    return None


def made(folder: Path) -> Path:
    """Return the folder with its path resolved; create it for this user alone if missing."""
    with _explained(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder.resolve()


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _foreign(folder, error.strerror or str(error)) from error


def _foreign(folder: Path, why: str) -> EnginesUnavailable:
    return EnginesUnavailable(
        f"The data folder {folder} cannot be used ({why}): run this as the user it belongs to,"
        " or set VOTING_DATA to another folder."
    )
