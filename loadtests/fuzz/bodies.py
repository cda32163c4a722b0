"""Bodies made from valid ones by changes of values, of JSON text, and of bytes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

# Well above the limit of the service.
MOST_BYTES = 1_200_000
TEXTS = (
    "",
    " ",
    "\0",
    "A\0",
    "\ud800",
    "\udfff\ud800",
    "\ufeffA001",
    "\u202eA001",
    "e\u0301\u0323" * 40,
    "\U0010ffff",
    "𝔸𝟘𝟘𝟙",
    "作品" * 50,
    "x" * 64,
    "x" * 65,
    "x" * 5000,
    "null",
    "-1",
    "../../../etc/passwd",
    "'; drop table ballots; --",
    '"\\',
    "{A001}",
    "{}",
    "%00",
    "%s%n%x",
    "${jndi:ldap://x}",
    "A001\r\nX-Injected: 1",
    "\x1b[2J",
    "<script>alert(1)</script>",
    "eyJ4IjoxfQ==",
)


@dataclass(frozen=True)
class Raw:
    """Text that is inserted into the JSON as it is."""

    text: str


@dataclass(frozen=True)
class Pairs:
    """An object whose keys may occur more than once."""

    pairs: tuple[tuple[str, Any], ...]


RAW = tuple(
    Raw(text)
    for text in (
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "1E-999999",
        "0" * 300,
        "1" * 310,
        "9" * 4301,
        "-0",
        "01",
        ".5",
        "1.",
        "0x10",
        "True",
        "undefined",
        "'A001'",
        "// no\n1",
        "/**/1",
        "[1,]",
        '{"a":1,}',
        '"\\u0000"',
        '"\\ud83d"',
        '"\\udc00\\ud800"',
        '"\\x41"',
        '"\t"',
        '"unended',
        "",
        ",",
        "]",
        "\ufeff",
    )
)
VALUES: tuple[Any, ...] = (
    *TEXTS,
    *RAW,
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**31,
    2**53 + 1,
    2**63,
    -(2**64),
    10**300,
    [],
    {},
    [[]],
    [None],
    [{}],
    {"": ""},
    {"entries": ["E001"]},
)


def body(random: Random, sound: Any) -> bytes:
    """The bytes of a changed value; sometimes it stays valid."""
    value = sound
    for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
        value = _changed(random, value)
    text = render(value).encode("utf-8", "surrogatepass")
    return (_spoiled(random, text) if random.random() < 0.35 else text)[:MOST_BYTES]


def render(value: Any) -> str:
    """JSON in which Raw text stays as it is. Half surrogates are escaped or not."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, Pairs):
        return "{" + ", ".join(f"{json.dumps(name)}: {render(item)}" for name, item in value.pairs) + "}"
    if isinstance(value, dict):
        return render(Pairs(tuple(value.items())))
    if isinstance(value, list):
        return "[" + ", ".join(render(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=not isinstance(value, str) or len(value) % 2 == 0)


def _changed(random: Random, value: Any) -> Any:
    """The value with one place in it changed."""
    if isinstance(value, dict) and value and random.random() < 0.75:
        return _changed_object(random, value)
    if isinstance(value, list) and value and random.random() < 0.75:
        at = random.randrange(len(value))
        return [*value[:at], _changed(random, value[at]), *value[at + 1 :]]
    return _replaced(random, value)


def _changed_object(random: Random, value: dict[str, Any]) -> Any:
    name = random.choice(list(value))
    kind = random.randrange(6)
    if kind == 0:
        return {key: item for key, item in value.items() if key != name}
    if kind == 1:
        return value | {random.choice(TEXTS): random.choice(VALUES)}
    if kind == 2:
        return Pairs((*value.items(), (name, random.choice((value[name], random.choice(VALUES))))))
    if kind == 3:
        return {(random.choice(TEXTS) if key == name else key): item for key, item in value.items()}
    return value | {name: _changed(random, value[name])}


def _replaced(random: Random, value: Any) -> Any:
    kind = random.randrange(8)
    if kind == 0:
        # Long values are not made a thousand times as long, which would only take time.
        return [value] * random.choice((0, 1, 2, 1000, 1001) if len(str(value)) < 100 else (0, 1, 2))
    if kind == 1:
        return _nested(random, value)
    if kind == 2:
        return {str(value): value}
    if kind == 3 and isinstance(value, str) and value:
        at = random.randrange(len(value))
        return value[:at] + random.choice(TEXTS) + value[at + random.randrange(2) :]
    if kind == 4:
        return [value, *random.choices(VALUES, k=3)]
    return random.choice(VALUES)


def _nested(random: Random, value: Any) -> Raw:
    depth = random.choice((2, 50, 500, 2000, 8000))
    before, after = random.choice((("[", "]"), ('{"a":', "}"), ('[{"":', "}]")))
    return Raw(before * depth + render(value) + after * random.choice((depth, depth, depth - 1, 0)))


def _spoiled(random: Random, text: bytes) -> bytes:
    return random.choice(_SPOILS)(random, text)


def _cut(random: Random, text: bytes) -> bytes:
    return text[: random.randrange(len(text) + 1)]


def _flipped(random: Random, text: bytes) -> bytes:
    spoiled = bytearray(text)
    for _ in range(random.randint(1, 4)):
        if spoiled:
            spoiled[random.randrange(len(spoiled))] ^= 1 << random.randrange(8)
    return bytes(spoiled)


def _inserted(random: Random, text: bytes) -> bytes:
    at = random.randrange(len(text) + 1)
    odd = (
        b"\xff",
        b"\0",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xe4\xbd",
        b"\x1b",
        b"\r\n",
        b'"',
        b"\\",
    )
    return text[:at] + random.choice(odd) + text[at:]


def _recoded(random: Random, text: bytes) -> bytes:
    encoding = random.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "gb18030", "utf-7"))
    return text.decode("utf-8", "replace").encode(encoding, "replace")


def _sized(random: Random, text: bytes) -> bytes:
    """At the limit of the service, just above it, and far above it."""
    size = random.choice((16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 70_000))
    return text + b" " * max(0, size - len(text))


_SPOILS: tuple[Callable[[Random, bytes], bytes], ...] = (
    _cut,
    _cut,
    _flipped,
    _flipped,
    _inserted,
    _inserted,
    _recoded,
    _sized,
    lambda random, text: text * 2,
    lambda random, text: text.replace(b'"', b"'"),
    lambda random, text: gzip.compress(text, mtime=0),
    lambda random, text: random.randbytes(random.randrange(200)),
    lambda random, text: b"entries=E001&entries=E002",
    lambda random, text: b'--x\r\nContent-Disposition: form-data; name="entries"\r\n\r\nE001\r\n--x--\r\n',
)
