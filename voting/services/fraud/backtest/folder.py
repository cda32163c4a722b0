"""The folder of a backtest's results: checked before the replay, filled once all of them are complete."""

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
    """Creates the folder if missing and checks that it is writable; removes it again if it was created and stays empty.

    Raises SettingInvalid.
    """
    new: list[Path] = []
    try:
        with _writing(out):
            new = [folder for folder in (out, *out.parents) if not folder.exists()]
            out.mkdir(parents=True, exist_ok=True)
            TemporaryFile(dir=out).close()
            for name in FILES:
                if (out / name).is_dir():
                    raise IsADirectoryError(errno.EISDIR, f"{name} is a folder there")
        yield
    finally:
        for folder in new:
            with suppress(OSError):
                folder.rmdir()


def write(out: Path, files: Mapping[str, Iterable[bytes]]) -> None:
    """Writes the files, and moves them into place once all are complete. Raises SettingInvalid."""
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
