"""Generates the corpus of broken contest files by mutation: python -m tests.domain.broken.make > .../corpus.jsonl

Each line of the corpus says which line of which file is replaced by what. It is stored, so that faults once reported
well stay so; the files next to it are valid.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
BASES = ("science-envoys.toml", "demo.toml")
NUMBER = 200


def mutants(line: str) -> Iterator[tuple[str, str]]:
    """Yields (description, replacement line); each must make the file invalid."""
    pair = re.match(r"(\w+) = (.*)$", line)
    header = re.match(r"(\[\[?)([\w.]+)(\]\]?)$", line)
    if header:
        yield "table misspelt", f"{header[1]}{header[2]}s{header[3]}"
        yield "bracket lost", line[:-1]
    if pair is None:
        return
    key, value = pair.groups()
    yield "key misspelt", f"{key[:-1]}{key[-1]}x = {value}"
    yield "key twice", f"{line}\n{line}"
    yield "equals lost", f"{key} {value}"
    yield "null", f"{key} = null"
    yield "a table", f"{key} = {{}}"
    if value.startswith('"'):
        yield "quote lost", f"{key} = {value[:-1]}"
        yield "number for text", f"{key} = 5"
        yield "empty", f'{key} = ""'
        yield "much too long", f'{key} = "{"长" * 500}"'
    elif value.isdecimal():
        yield "text for number", f'{key} = "{value}"'
        yield "negative", f"{key} = -1"
        yield "fraction", f"{key} = {value}.5"
        yield "huge", f"{key} = 99999999999"


def main() -> None:
    """Prints the corpus."""
    found = [
        {"base": base, "line": number, "what": what, "text": text}
        for base in BASES
        for number, line in enumerate((HERE / base).read_text("utf-8").splitlines(), 1)
        for what, text in mutants(line)
        if not (what == "empty" and re.match(r"(title_en|host_en|name_en)", line))
    ]
    for mutant in sorted(random.Random(1).sample(found, NUMBER), key=lambda each: (each["base"], each["line"])):
        sys.stdout.write(json.dumps(mutant, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
