"""The folder of a backtest's results: tried before the replay, filled when all of them are there."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from voting.errors import SettingInvalid

FILES = ("decisions.jsonl", "history.jsonl", "summary.json", "report.html")


@contextmanager
def made(out: Path) -> Iterator[None]:
    """The folder is there and can be written. One that was made for this goes again when nothing came into it.

    Raises SettingInvalid.
    """
    new: list[Path] = []
    try:
        with _writing(out):
            new = [each for each in (out, *out.parents) if not each.exists()]
            out.mkdir(parents=True, exist_ok=True)
            TemporaryFile(dir=out).close()
            for name in FILES:
                if (out / name).is_dir():
                    raise IsADirectoryError(errno.EISDIR, f"{name} is a folder there")
        yield
    finally:
        for each in new:
            with suppress(OSError):
                each.rmdir()


def write(out: Path, files: Mapping[str, Iterable[bytes]]) -> None:
    """Writes the files, and puts them in place when all of them are whole. Raises SettingInvalid."""
    with _writing(out), TemporaryDirectory(prefix=".backtest-", dir=out) as beside:
        for name, parts in files.items():
            with (Path(beside) / name).open("wb") as file:
                file.writelines(parts)
        for name in files:
            (Path(beside) / name).replace(out / name)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingInvalid(f"{out} cannot be written ({error.strerror}); give another folder with --out") from None
