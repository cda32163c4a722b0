"""A small disk for PostgreSQL that can be filled and lose power: ext4 on a loop device, which needs root."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SIZE = "3G"
TRIES = 100
_SHUTDOWN = (2 << 30) | (4 << 16) | (ord("X") << 8) | 125
"""EXT4_IOC_SHUTDOWN: _IOR('X', 125, __u32)."""
_NO_LOG_FLUSH = 2


@dataclass(frozen=True, slots=True)
class Disk:
    """Its image file, and where it is mounted."""

    image: Path
    place: Path


def why_not() -> str:
    """Why there can be no such disk here, or empty."""
    if os.geteuid() != 0:
        return "it needs root"
    missing = [name for name in ("mkfs.ext4", "mount", "umount") if shutil.which(name) is None]
    return f"{missing[0]} is missing" if missing else ""


@contextmanager
def mounted(image: Path, place: Path) -> Iterator[tuple[Disk | None, str]]:
    """A fresh disk at `place`, or None and the reason."""
    made = Disk(image, place)
    why = why_not() or _make(made)
    try:
        yield (None if why else made), why
    finally:
        if not why:
            _unmount(place)


def power_cut(disk: Disk) -> None:
    """Every write fails from now on, and data that was not synced is lost."""
    descriptor = os.open(disk.place, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
    finally:
        os.close(descriptor)


def power_on(disk: Disk) -> None:
    """The disk comes back. Processes that used it must have ended."""
    _unmount(disk.place)
    subprocess.run(["mount", "-o", "loop", str(disk.image), str(disk.place)], check=True)


def fill(disk: Disk) -> None:
    """Fills the disk; call it again to take what was freed meanwhile."""
    descriptor = os.open(disk.place / "full", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        step = 64 * 1024 * 1024
        while step >= 4096:
            try:
                os.posix_fallocate(descriptor, os.fstat(descriptor).st_size, step)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                step //= 4
    finally:
        os.close(descriptor)


def make_room(disk: Disk) -> None:
    """Frees what `fill` took."""
    with suppress(FileNotFoundError):
        (disk.place / "full").unlink()


def _make(disk: Disk) -> str:
    image, place = str(disk.image), str(disk.place)
    disk.place.mkdir(mode=0o700)
    subprocess.run(["truncate", "-s", SIZE, image], check=True)
    for command in (["mkfs.ext4", "-q", "-F", image], ["mount", "-o", "loop", image, place]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return f"{command[0]} says {done.stderr.strip()[:120]}"
    return ""


def _unmount(place: Path) -> None:
    for _ in range(TRIES):
        done = subprocess.run(["umount", str(place)], capture_output=True, text=True)
        if done.returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError(f"{place} cannot be unmounted: {done.stderr}")
