"""Who owns the folder: a lock that the kernel drops with its holder, however that one dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voting.errors import EnginesUnavailable


class Lock:
    """A held lock on a file; as a context manager it is given back at the end."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Give it back."""
        os.close(self._descriptor)


def try_lock(path: Path, *, shared: bool = False) -> Lock | None:
    """Take the lock without waiting; None when another holds it.

    Raises EnginesUnavailable when the file belongs to another user, whose engines ours could not open.
    """
    with _explained(path.parent):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    lock = Lock(descriptor)
    found = os.fstat(descriptor)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        # A reset may have removed the file after it was opened: then this lock shuts nobody out.
        held = os.path.samestat(found, path.stat())
    except (BlockingIOError, FileNotFoundError):
        held = False
    if held and found.st_uid == os.geteuid():
        return lock
    lock.release()
    if found.st_uid != os.geteuid():
        raise _foreign(path.parent, f"it was made by the user with id {found.st_uid}")
    return None


def made(folder: Path) -> Path:
    """The folder with its path resolved, made for this user alone where there is none."""
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
