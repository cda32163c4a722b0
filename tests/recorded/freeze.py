"""python -m tests.recorded.freeze: writes the expected results again, after a change that is meant to change them."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tempfile
from pathlib import Path

import click
import polars as pl

from tests.recorded import ALL, CONTEST, EVENTS, HERE, LABELS, RESULTS, Recorded
from tests.recorded.documents import DOCUMENTS, outcomes
from tests.recorded.interface import OPENAPI, openapi

_KEYS = ("id", "voter", "device")


def packed(content: bytes) -> bytes:
    """Gzip without a time or a name in its head: the same content gives the same bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, buffer, mtime=0) as file:
        file.write(content)
    return buffer.getvalue()


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Replays the recorded contests and writes what is expected of them from now on. Read the difference in Git."""
    if context.invoked_subcommand is None:
        for recorded in ALL:
            _freeze(recorded)
        DOCUMENTS.write_text(outcomes(), "utf-8")
        OPENAPI.write_text(openapi(), "utf-8")


def _freeze(recorded: Recorded) -> None:
    with tempfile.TemporaryDirectory() as name:
        out = Path(name, "out")
        recorded.replay(out)
        for file in RESULTS:
            (recorded.folder / f"{file}.gz").write_bytes(packed((out / file).read_bytes()))


@main.command()
@click.argument("world", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("name")
def take(world: Path, name: str) -> None:
    """Takes a world that `python -m loadtests.fraud_lab write` wrote as the recorded contest NAME, with short keys."""
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    shutil.copy(world / CONTEST, folder)
    keys: dict[str, dict[str, str]] = {key: {} for key in _KEYS}
    lines = []
    with gzip.open(world / EVENTS, "rt", encoding="utf-8") as file:
        for line in file:
            event = {key: value for key, value in json.loads(line).items() if value is not None}
            for key in keys.keys() & event.keys():
                event[key] = keys[key].setdefault(event[key], f"{key[0]}{len(keys[key])}")
            lines.append(json.dumps(event, ensure_ascii=False, separators=(",", ":")))
    (folder / EVENTS).write_bytes(packed("".join(f"{line}\n" for line in lines).encode()))
    labels = pl.read_parquet(world / LABELS.replace("csv.gz", "parquet")).drop("id")
    (folder / LABELS).write_bytes(packed(labels.write_csv().encode()))
    click.echo(f"{len(lines)} attempts in {folder}; next: python -m tests.recorded.freeze")


if __name__ == "__main__":
    main()
