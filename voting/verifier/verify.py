#!/usr/bin/env python3
"""Checks receipts, proofs, logs and certified bundles of a public vote.

This one file needs Python 3.9 or later and nothing else, no network, and none of the service's code. It was written
from SPEC.md, which lies beside it. Exit status: 0 nothing wrong, 1 something is wrong, 2 it could not be checked.
Findings are JSON lines {"code", "where", "expected", "found"}; words in Chinese and English follow.

    python3 verify.py receipt receipt.txt --receipt-key KEY
    python3 verify.py proof ballot.tlog-proof --receipt receipt.txt --policy policy
    python3 verify.py log DIR --policy policy
    python3 verify.py bundle DIR --policy policy
    python3 verify.py openings FILE --bundle DIR --policy policy

KEY and policy must come from somewhere else than what is checked: a newspaper, a notary, the host's own page.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import calendar
import functools
import hashlib
import heapq
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

MERGE_DELAY = 60  # seconds from a receipt to its leaf
CLOCK_SKEW = 600  # seconds that a witness' clock may be ahead of ours
LEADING = 10  # entries whose votes are printed
SHOWN = 100  # findings of one code that are printed
TILE = 256
RUN = 1 << 18  # ids that are sorted in memory at once
LONGEST_NOTE = 1 << 16
LONGEST_JSON = 1 << 26
# What a terminal would act on or turn round: what we print may come from forged files.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


# What systems leave in folders that are looked at: nobody put it there.
LEFT_BEHIND = re.compile(r"\.DS_Store|\._.*|Thumbs\.db|desktop\.ini")


class Finding(Exception):
    """One thing that is wrong."""

    def __init__(self, code: str, where: str, expected: str, found: str) -> None:
        super().__init__(code)
        self.code, self.where, self.expected, self.found = code, where, expected, found

    def line(self) -> str:
        """Returns the finding as one line of JSON."""
        fields = {"code": self.code, "where": self.where, "expected": self.expected, "found": self.found}
        return CONTROLS.sub(lambda control: f"\\u{ord(control[0]):04x}", json.dumps(fields, ensure_ascii=False))


class CannotCheckError(Exception):
    """The arguments or trusted files do not allow a check."""


class Report:
    """Prints findings as they come; remembers how many of each code there were and what was not checked."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.skipped: dict[str, tuple[str, str]] = {}
        self.facts: list[tuple[str, str]] = []
        self.is_stopped = False  # what was not found wrong was not checked either

    def add(self, finding: Finding) -> None:
        """Counts and prints a finding."""
        self.counts[finding.code] = self.counts.get(finding.code, 0) + 1
        if self.counts[finding.code] <= SHOWN:
            print(finding.line())

    def expect(self, code: str, where: str, expected: object, found: object) -> None:
        """Adds a finding where the two differ."""
        if expected != found:
            self.add(Finding(code, where, str(expected), str(found)))


# Ed25519: RFC 8032, section 5.1.7, without the cofactor, as common libraries do.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]  # extended coordinates x, y, z, t


def _add(a: Point, b: Point) -> Point:
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return (i * j % P, k * m % P, j * k % P, i * m % P)


def _decode_point(data: bytes) -> Point | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (v * x * x - u) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def _encode_point(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = _decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


@functools.lru_cache(1024)  # receipts of a batch have one signature
def ed25519_verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Returns whether `signature` is an Ed25519 signature of `message` by `key`."""
    point = _decode_point(key) if len(key) == 32 else None
    scalar = int.from_bytes(signature[32:], "little")
    if point is None or BASE is None or len(signature) != 64 or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    minus = (P - point[0], point[1], 1, P - point[3])
    table = (None, BASE, minus, _add(BASE, minus))
    total: Point = (0, 1, 1, 0)
    for bit in range(252, -1, -1):
        total = _add(total, total)
        chosen = table[scalar >> bit & 1 | (challenge >> bit & 1) << 1]
        if chosen is not None:
            total = _add(total, chosen)
    return _encode_point(total) == signature[:32]


# Spellings: one spelling for each value, all others are findings.


def decode64(text: str, where: str, size: int | None = None, code: str = "format") -> bytes:
    """Decodes base64 with padding."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise Finding(code, where, "base64", text[:100]) from None
    if base64.b64encode(data).decode() != text or (size is not None and len(data) != size):
        raise Finding(code, where, "base64" + (f" of {size} bytes" if size is not None else ""), text[:100])
    return data


def decode64url(text: str, where: str) -> bytes:
    """Decodes base64url without padding."""
    if "+" in text or "/" in text or "=" in text:
        raise Finding("format", where, "base64url without padding", text[:100])
    return decode64(text.translate({45: 43, 95: 47}) + "=" * (-len(text) % 4), where)


def number(text: str, where: str) -> int:
    """Reads a decimal number."""
    if not re.fullmatch("0|[1-9][0-9]{0,14}", text):
        raise Finding("format", where, "a decimal number", text[:100])
    return int(text)


def canonical(value: Any) -> bytes:
    """Returns RFC 8785 JSON of a value without floats."""

    def ordered(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: ordered(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
        return [ordered(item) for item in value] if isinstance(value, list) else value

    return json.dumps(ordered(value), ensure_ascii=False, separators=(",", ":")).encode()


def parse_json(data: bytes, where: str, code: str) -> Any:
    """Reads canonical JSON: no float, no key twice, no other spelling."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    def integer(text: str) -> int:
        if not re.fullmatch("-?[0-9]{1,15}", text):
            raise ValueError(f"not an integer of at most 15 digits: {text[:100]}")
        return int(text)

    try:
        value = json.loads(
            data.decode(), object_pairs_hook=once, parse_int=integer, parse_float=integer, parse_constant=integer
        )
        spelled = canonical(value)
    except (ValueError, RecursionError) as error:
        raise Finding(code, where, "RFC 8785 JSON with integers only", str(error)[:100]) from None
    if spelled != data:
        raise Finding(code, where, "RFC 8785 JSON", "another spelling")
    return value


TIME = r"20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
DAY = TIME.partition("T")[0]


def seconds(moment: str) -> int:
    """Returns a time of a leaf as seconds since 1970."""
    return calendar.timegm(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ"))


# Keys, notes, checkpoints, policies: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy.


class Vkey(NamedTuple):
    """A verifier key of a note."""

    name: str
    id: bytes
    kind: int
    key: bytes


class Note(NamedTuple):
    """A signed note; each signature is the key's name, its id and the rest."""

    text: bytes
    signatures: list[tuple[str, bytes, bytes]]


class Checkpoint(NamedTuple):
    """What a log says of itself."""

    origin: str
    size: int
    root: bytes
    note: Note


class Trust(NamedTuple):
    """What the person who checks has brought along. Without a policy, `quorum` is None."""

    logs: list[Vkey]
    witnesses: dict[str, Vkey]
    groups: dict[str, tuple[int, list[str]]]
    quorum: str | None


def parse_vkey(text: str, kind: int) -> Vkey:
    """Reads a key of the kind that its use asks for. Base64 may hold a plus."""
    parts = text.split("+", 2)
    try:
        key = decode64(parts[2], "vkey", 33) if len(parts) == 3 else b""
    except Finding:
        key = b""
    if not key or key[0] != kind or not re.fullmatch(r"[^\s+]+", parts[0]):
        raise CannotCheckError(f"not a verifier key of type {kind}: {text}")
    id = hashlib.sha256(parts[0].encode() + b"\n" + key).digest()[:4]
    if id.hex() != parts[1]:
        raise CannotCheckError(f"the id of this key is {id.hex()}, not {parts[1]}: {text}")
    return Vkey(parts[0], id, kind, key[1:])


def parse_policy(text: str) -> Trust:
    """Reads a tlog-policy file."""
    trust = Trust([], {}, {}, None)
    quorum: str | None = None
    free: set[str] = set()  # names that no group has taken
    for line in text.split("\n"):
        words = line.strip(" \t").split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "log" and len(words) in (2, 3):
            trust.logs.append(parse_vkey(words[1], 1))
        elif (
            words[0] == "witness" and len(words) in (3, 4) and words[1] not in {"none", *trust.witnesses, *trust.groups}
        ):
            trust.witnesses[words[1]] = parse_vkey(words[2], 4)
            free.add(words[1])
        elif words[0] == "group" and len(words) > 3 and words[1] not in {"none", *trust.witnesses, *trust.groups}:
            members = words[3:]
            least = {"any": "1", "all": str(len(members))}.get(words[2], words[2])
            if not re.fullmatch("[1-9][0-9]*", least) or int(least) > len(members):
                raise CannotCheckError(f"policy: {line}: between 1 and {len(members)} members")
            if len(set(members)) != len(members) or not set(members) <= free:
                raise CannotCheckError(f"policy: {line}: each member is a name of a line above, in one group only")
            trust.groups[words[1]] = (int(least), members)
            free = free - set(members) | {words[1]}
        elif words[0] == "quorum" and len(words) == 2 and quorum is None:
            quorum = words[1]
            if quorum not in {"none", *trust.witnesses, *trust.groups}:
                raise CannotCheckError(f"policy: {line}: this name is not defined above")
        else:
            raise CannotCheckError(f"policy: this line does not belong here: {line}")
    keys = [vkey.key for vkey in [*trust.logs, *trust.witnesses.values()]]
    if quorum is None or not trust.logs or len(set(keys)) != len(keys):
        raise CannotCheckError("policy: it needs a log, one quorum line, and no key twice")
    return trust._replace(quorum=quorum)


def parse_note(data: bytes, where: str) -> Note:
    """Reads a signed note, whose signatures are not checked yet."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Finding("format", where, "UTF-8", "other bytes") from None
    body, gap, tail = text.rpartition("\n\n")
    if not gap or not tail.endswith("\n") or len(data) > LONGEST_NOTE or re.search("[\x00-\x09\x0b-\x1f]", text):
        raise Finding("format", where, "a signed note", text[:100])
    signatures = []
    for line in tail[:-1].split("\n"):
        match = re.fullmatch(r"— ([^\s+]+) (\S+)", line)
        if not match:
            raise Finding("format", where, "— name signature", line[:100])
        payload = decode64(match[2], where)
        if len(payload) < 5:
            raise Finding("format", where, "a key id and a signature", match[2])
        signatures.append((match[1], payload[:4], payload[4:]))
    return Note((body + "\n").encode(), signatures)


def by(note: Note, key: Vkey) -> list[bytes]:
    """Returns the signatures that carry the name and the id of a key."""
    return [rest for name, id, rest in note.signatures if (name, id) == (key.name, key.id)]


def parse_checkpoint(data: bytes, where: str, trust: Trust) -> Checkpoint:
    """Reads a checkpoint that one of the trusted logs has signed; any other is a finding."""
    note = parse_note(data, where)
    lines = note.text.decode().split("\n")
    keys = [key for key in trust.logs if key.name == lines[0]]
    made = [(key, signature) for key in keys for signature in by(note, key)]
    if not made or not all(ed25519_verify(key.key, note.text, signature) for key, signature in made):
        wanted = " or ".join(f"{key.name}+{key.id.hex()}" for key in trust.logs)
        raise Finding("signature", where, f"signed by {wanted}", data.decode()[:400])
    if len(lines) != 4:
        raise Finding("format", where, "three lines: origin, size, root", note.text.decode()[:200])
    return Checkpoint(lines[0], number(lines[1], where), decode64(lines[2], where, 32), note)


def check_quorum(note: Note, where: str, trust: Trust, report: Report) -> None:
    """Checks the cosignatures of the witnesses that the policy names."""
    if trust.quorum is None:
        report.skipped["quorum"] = ("without --policy no witness is known", "没有给出 --policy，不知道见证方")
        return
    seen: dict[str, int] = {}
    for name, key in trust.witnesses.items():
        for signature in by(note, key):
            moment = int.from_bytes(signature[:8], "big")
            message = b"cosignature/v1\ntime %d\n" % moment + note.text
            if len(signature) != 72 or not ed25519_verify(key.key, message, signature[8:]):
                report.add(Finding("quorum", where, f"a cosignature of this checkpoint by {name}", "another's"))
            elif moment > time.time() + CLOCK_SKEW:
                report.add(Finding("quorum", where, f"{name}: a time that has passed", str(moment)))
            else:
                seen[name] = moment

    def holds(name: str) -> bool:
        if name in trust.groups:
            least, members = trust.groups[name]
            return sum(map(holds, members)) >= least
        return name == "none" or name in seen

    if not holds(trust.quorum):
        report.add(Finding("quorum", where, f"cosigned as {trust.quorum} asks", ", ".join(seen) or "by no witness"))
    names = ", ".join(f"{name} ({time.strftime('%Y-%m-%d %H:%M:%SZ', time.gmtime(at))})" for name, at in seen.items())
    report.facts.append((f"Witnesses of {where}: {names or 'none'}", f"{where} 的见证方：{names or '无'}"))


# The tree: RFC 6962, section 2.1.


def leaf_hash(leaf: bytes) -> bytes:
    """Hashes a leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hashes an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: list[bytes]) -> bytes:
    """Returns the root over 1, 2, 4, ... or 256 hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def root_of_path(index: int, size: int, hash: bytes, path: list[bytes]) -> bytes | None:
    """Returns the root that an inclusion proof leads to; None where it is too long or too short."""
    last = size - 1
    if index > last:
        return None
    for sibling in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            hash = node_hash(sibling, hash)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            hash = node_hash(hash, sibling)
        index, last = index >> 1, last >> 1
    return hash if last == 0 else None


def root_over(hashes: list[bytes]) -> bytes:
    """Returns the root over one or more leaf hashes."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(root_over(hashes[:split]), root_over(hashes[split:]))


class Tree:
    """A tree that grows by full tiles. It keeps the hashes that are not yet under a full tile, at most 255 a level."""

    def __init__(self, full: Callable[[int, int, list[bytes]], None]) -> None:
        self.rows: list[list[bytes]] = []
        self.tiles: list[int] = []
        self._full = full

    def push(self, hash: bytes, level: int = 1) -> None:
        """Adds the root of a full tile of the level below; `full` hears of each tile that becomes full."""
        if len(self.rows) < level:
            self.rows.append([])
            self.tiles.append(0)
        row = self.rows[level - 1]
        row.append(hash)
        if len(row) == TILE:
            self._full(level, self.tiles[level - 1], row)
            self.tiles[level - 1] += 1
            self.push(perfect_root(row), level + 1)
            self.rows[level - 1] = []

    def root(self, leaves: list[bytes]) -> bytes:
        """Returns the root, with these leaf hashes after the full tiles."""
        peaks = []
        for row in [*reversed(self.rows), leaves]:
            start = 0
            for width in (256, 128, 64, 32, 16, 8, 4, 2, 1):
                if len(row) - start >= width:
                    peaks.append(perfect_root(row[start : start + width]))
                    start += width
        root = peaks.pop() if peaks else hashlib.sha256(b"").digest()
        while peaks:
            root = node_hash(peaks.pop(), root)
        return root


# Leaves: SPEC.md, section 3.

HEX, NUMBER = "[0-9a-f]{64}", "(?:0|[1-9][0-9]{0,14})"
BALLOT = re.compile(
    (
        r"voting/ballot/v2\n([a-z0-9][a-z0-9-]*)\n"
        r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\n"
        r"(" + TIME + r")\n([1-9][0-9]{0,8})\n[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\n"
    ).encode()
)
OLD_RECEIPT = re.compile((r"voting receipt v1\n[^\n]+\n[0-9a-f-]{36}\n[0-9T:.+-]+\n" + HEX).encode())
OTHER = re.compile(r"voting/([a-z]+)/v([0-9]+)\n([^\x00-\x1f]+)\n(" + TIME + r")\n((?:[^\x00-\x1f]+\n)*)")
# The lines that a kind must have, in this order, and those that may follow.
FIELDS = {
    "open/1": [("contest", HEX), ("receipts", "[A-Za-z0-9_-]{43}"), ("policy", HEX), ("witnesses", HEX)],
    "act/1": [("action", "[a-z_.]+"), ("details", ".+"), ("document", HEX)],
    "decisions/1": [("number", NUMBER), ("policy", HEX), ("root", HEX)],
    "erasure/1": [("date", DAY), ("voters", NUMBER)],
    "seal/1": [("day", DAY), ("ballots", NUMBER), ("picks", NUMBER), ("raw", HEX)],
    "close/1": [("ballots", NUMBER), ("picks", NUMBER)],
    "certificate/1": [
        ("number", NUMBER),
        ("policy", HEX),
        ("size", NUMBER),
        ("root", "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="),
        ("manifest", HEX),
    ],
    "incident/1": [("what", ".+")],
    "key/1": [("old", ".+"), ("new", ".+"), ("witnesses", HEX)],
}
MORE = {"roster": HEX, "verify.py": HEX, "verify.html": HEX, "opens": TIME, "closes": TIME, "certificate": ".+"}


def parse_leaf(leaf: bytes, where: str, contest: str) -> tuple[str, str, list[tuple[str, str]]]:
    """Reads a leaf that is no ballot: its kind, its time, and its lines; lines of unknown names may come last."""
    match = OTHER.fullmatch(leaf.decode("utf-8", "replace"))
    if not match or match[1] == "ballot" or match[3] != contest or b"\xef\xbf\xbd" in leaf:
        raise Finding("format", where, f"a leaf of {contest}", repr(leaf[:120]))
    kind = f"{match[1]}/{match[2]}"
    lines = [(line.partition(" ")[0], line.partition(" ")[2]) for line in match[5].split("\n")[:-1]]
    fields = FIELDS.get(kind, [])
    for place, (name, pattern) in enumerate(fields):
        line = lines[place] if place < len(lines) else ("", "")
        if line[0] != name or not re.fullmatch(pattern, line[1]):
            raise Finding("format", where, f"the line {name} of voting/{kind}", " ".join(line)[:120])
    for name, value in lines[len(fields) :] if fields else []:
        if (name in dict(fields) and name != "certificate") or not re.fullmatch(MORE.get(name, ".*"), value):
            raise Finding("format", where, f"a line {name} of voting/{kind}", value[:120])
    return kind, match[4], lines


class Ids:
    """Finds ids that stand twice, in bounded memory: sorted runs on disk, merged at the end."""

    RECORD = 24

    def __init__(self) -> None:
        self._run: list[bytes] = []
        self._runs: list[Any] = []

    def add(self, id: bytes, index: int) -> None:
        """Notes an id of 16 bytes at its leaf."""
        self._run.append(id + index.to_bytes(8, "big"))
        if len(self._run) == RUN:
            self._spill()

    def _spill(self) -> None:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the check ends
        self._run.sort()
        file.write(b"".join(self._run))
        self._runs.append(file)
        self._run = []

    def twice(self) -> Iterator[tuple[str, int, int]]:
        """Yields each id that is there again, with the leaf before and this leaf."""

        def records(file: Any) -> Iterator[bytes]:
            file.seek(0)
            while block := file.read(self.RECORD * 4096):
                yield from (block[i : i + self.RECORD] for i in range(0, len(block), self.RECORD))

        before = b""
        for record in heapq.merge(sorted(self._run), *map(records, self._runs)):
            if record[:16] == before[:16]:
                yield record[:16].hex(), int.from_bytes(before[16:], "big"), int.from_bytes(record[16:], "big")
            before = record
        for file in self._runs:
            file.close()


class Ledger:
    """What the leaves say, one after another."""

    def __init__(self, contest: str, report: Report) -> None:
        self.contest, self.report = contest, report
        self.size = self.ballots = self.picks = self.unknown = 0
        self.is_blurred = False  # a leaf could not be read: counts say nothing
        self.ids = Ids()
        self.open: dict[str, str] = {}
        self.documents: dict[str, str] = {}
        self.decisions: list[tuple[int, str]] = []  # leaf and root of each, by number
        self.signers: list[str] = []
        self.windows: list[tuple[str, str, str]] = []  # from when on, opens, closes
        self.closed = ""
        self.latest = ""
        self.seals: list[tuple[int, dict[str, str]]] = []
        self.certificates: list[tuple[int, dict[str, str]]] = []
        self.key = ""  # of the log, once a leaf has named it

    def add(self, leaf: bytes, is_intact: bool) -> None:
        """Reads the next leaf. One that its tile contradicts gives no findings of its own."""
        try:
            ballot = BALLOT.fullmatch(leaf)
            if ballot:
                self._ballot(ballot)
            else:
                self._other(leaf)
        except Finding as finding:
            self.is_blurred |= finding.code == "format"
            if is_intact:
                self.report.add(finding)
        self.size += 1

    def skip(self, count: int) -> None:
        """Passes over leaves that cannot be read."""
        self.size += count
        self.is_blurred = True

    def _ballot(self, ballot: re.Match[bytes]) -> None:
        where, recorded = f"leaf {self.size}", ballot[3].decode()
        self.ballots += 1
        self.picks += int(ballot[4])
        self.ids.add(bytes.fromhex(ballot[2].decode().replace("-", "")), self.size)
        if ballot[1].decode() != self.contest:
            raise Finding("format", where, f"contest {self.contest}", ballot[1].decode())
        if self.size == 0:
            raise Finding("open", where, "voting/open/v1", "a ballot")
        if self.closed:
            raise Finding("window", where, "no ballot after the close", f"recorded {recorded}")
        if self.windows:
            _, opens, closes = next((w for w in reversed(self.windows) if w[0] <= recorded), self.windows[0])
            if not opens <= recorded <= closes:
                raise Finding("window", where, f"recorded from {opens} to {closes}", recorded)
        self.latest = max(self.latest, recorded)

    def _other(self, leaf: bytes) -> None:
        where = f"leaf {self.size}"
        kind, moment, lines = parse_leaf(leaf, where, self.contest)
        if (self.size == 0) != (kind == "open/1"):
            raise Finding("open", where, "voting/open/v1 as the first leaf and nowhere else", f"voting/{kind}")
        self.latest = max(self.latest, moment)
        if kind not in FIELDS:
            self.unknown += 1
            return
        more = lines[len(FIELDS[kind]) :]
        self.unknown += sum(name not in MORE for name, _ in more)
        self._said(kind, moment, where, dict(lines), more)

    def _said(self, kind: str, moment: str, where: str, fields: dict[str, str], more: list[Any]) -> None:
        if kind == "open/1":
            self.open = fields
            self.signers = [value for name, value in more if name == "certificate"]
            self.documents = {"contest.toml": fields["contest"], "policy.toml": fields["policy"]}
        elif kind == "act/1":
            details = fields["details"]
            if not re.fullmatch("sha256:" + HEX, details):
                parse_json(details.encode(), where, "act")
            self.documents["contest.toml"] = fields["document"]
        elif kind == "decisions/1":
            self.decisions.append((self.size, fields["root"]))
            self.documents["policy.toml"] = fields["policy"]
            if not self.is_blurred:
                self.report.expect("decision", where, len(self.decisions), int(fields["number"]))
        elif kind in ("seal/1", "close/1"):
            if not self.is_blurred:
                counts = f"{fields['ballots']} ballots, {fields['picks']} picks"
                self.report.expect(kind[:-2], where, f"{self.ballots} ballots, {self.picks} picks", counts)
            if kind == "seal/1":
                self.seals.append((self.size, fields))
            else:
                self.closed = moment
        elif kind == "certificate/1":
            self.certificates.append((self.size, fields))
            self.report.expect("certificate", where, len(self.certificates), int(fields["number"]))
            self.report.expect("certificate", where, f"size {self.size}", f"size {fields['size']}")
        elif kind == "key/1":
            self.report.expect("key", where, self.key or fields["old"], fields["old"])
            parse_vkey(fields["new"], 1)
            self.key = fields["new"]
            self.open["witnesses"] = fields["witnesses"]
            self.report.facts.append(
                (f"New key of the log at {where}: {self.key}", f"日志从 {where} 起换用公钥：{self.key}")
            )
        if "roster" in fields:
            self.documents["roster.csv"] = fields["roster"]
        if "opens" in fields and "closes" in fields:
            self.windows.append((moment, fields["opens"], fields["closes"]))
            if fields["closes"] > self.closed:
                self.closed = ""

    def finish(self) -> None:
        """Says what only shows at the end."""
        for id, before, again in self.ids.twice():
            self.report.add(Finding("duplicate", f"leaf {again}", "each ballot once", f"{id} is leaf {before}, too"))
        if not self.windows:
            self.report.skipped["window"] = ("the log names no voting period", "日志没有写明投票期")
        if self.unknown:
            text = str(self.unknown)
            self.report.facts.append((f"Leaves or lines of unknown kinds: {text}", f"未知种类的记录或行：{text}"))
        self.report.facts.append(
            (
                f"Entries {self.size}, ballots {self.ballots}, votes {self.picks}",
                f"日志共 {self.size} 条，其中选票 {self.ballots} 张，共 {self.picks} 票",
            )
        )


# A log's directory: C2SP tlog-tiles.


def files_in(folder: str) -> Iterator[str]:
    """Yields the paths of the files in a folder, relative to it."""
    for inner, _, names in os.walk(folder):
        for name in names:
            if not LEFT_BEHIND.fullmatch(name):
                yield os.path.relpath(os.path.join(inner, name), folder).replace(os.sep, "/")


def read_file(path: str, where: str, code: str, limit: int = LONGEST_NOTE) -> bytes:
    """Reads a file of at most `limit` bytes; a missing or longer one is a finding."""
    try:
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except OSError:
        raise Finding(code, where, "a file", "none") from None
    if len(data) > limit:
        raise Finding("format", where, f"at most {limit} bytes", "more")
    return data


def tile_path(level: str, index: int, width: int) -> str:
    """Returns the path of a tile of `width` hashes."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    return f"tile/{level}/" + "/".join(groups) + (f".p/{width}" if width < TILE else "")


class Log:
    """A log's directory, read once from its first leaf to its last."""

    def __init__(self, folder: str, checkpoint: Checkpoint, report: Report) -> None:
        self.folder, self.checkpoint, self.report = folder, checkpoint, report
        self.ledger = Ledger(checkpoint.origin.rpartition("/")[2], report)
        self.tree = Tree(lambda level, index, row: self._compare(level, index, row, False))
        self.stored: Tree | None = None  # the tree of the stored tiles, from where they contradict the entries
        self.differing: list[tuple[int, str]] = []
        self.suspects: dict[str, bool] = {}  # tiles that the entries contradict
        self.roots: dict[int, tuple[bytes, bytes | None]] = {0: (hashlib.sha256(b"").digest(), None)}
        self.sizes: set[int] = set()  # wanted: the roots at these sizes
        self.leaves: dict[bytes, int | None] = {}  # wanted: where these leaf hashes are
        self.hashes: dict[int, bytes] = {}  # wanted: the leaf hashes at these places
        self.others: list[tuple[str, Checkpoint]] = []
        self._last: list[bytes] = []  # of the tile at the right edge
        self._last_tiled: list[bytes] = []

    def read(self) -> None:
        """Reads everything. The tree of the entries must be the signed one, or else the tiles say what is at fault."""
        self._list()
        for index in range((self.checkpoint.size + TILE - 1) // TILE):
            self._tile(index, min(TILE, self.checkpoint.size - index * TILE))
        self._close()
        self.ledger.finish()

    def _tile(self, index: int, width: int) -> None:
        leaves = self._entries(tile_path("entries", index, width), width)
        stored = self._hashes(tile_path("0", index, width), width)
        hashes = [leaf_hash(leaf) for leaf in leaves] if leaves else stored
        if hashes is None:
            raise Finding("leaf", tile_path("entries", index, width), "entries, or at least their hashes", "neither")
        if leaves is None:
            self.ledger.skip(width)
        tiled = stored or hashes
        start = index * TILE
        if tiled != hashes:
            self.stored = self.stored or self._copy()
        certificates = len(self.ledger.certificates)
        for place, leaf in enumerate(leaves or []):
            self.ledger.add(leaf, tiled[place] == hashes[place])
            if tiled[place] != hashes[place] and len(self.differing) < SHOWN:
                self.differing.append((start + place, f"{tiled[place].hex()} {hashes[place].hex()}"))
        self.sizes.update(at for at, _ in self.ledger.certificates[certificates:])
        for size in self.sizes:
            if start < size <= start + width or size == start == 0:
                by_tiles = self.stored.root(tiled[: size - start]) if self.stored else None
                self.roots[size] = (self.tree.root(hashes[: size - start]), by_tiles)
        if self.leaves:
            self.leaves.update((hash, start + place) for place, hash in enumerate(hashes) if hash in self.leaves)
        for at in self.hashes:
            if start <= at < start + width:
                self.hashes[at] = hashes[at - start]
        if width == TILE:
            self.tree.push(perfect_root(hashes))
            if self.stored:
                self.stored.push(perfect_root(tiled))
        else:
            self._last, self._last_tiled = hashes, tiled

    def entries(self) -> Iterator[tuple[int, bytes]]:
        """Yields the leaves again, with their places; those of files that cannot be read are left out."""
        for index in range((self.checkpoint.size + TILE - 1) // TILE):
            width = min(TILE, self.checkpoint.size - index * TILE)
            yield from enumerate(self._entries(tile_path("entries", index, width), width) or [], index * TILE)

    def _copy(self) -> Tree:
        tree = Tree(lambda level, index, row: self._compare(level, index, row, True))
        tree.rows, tree.tiles = [list(row) for row in self.tree.rows], list(self.tree.tiles)
        return tree

    def _entries(self, path: str, width: int) -> list[bytes] | None:
        try:
            data = read_file(os.path.join(self.folder, path), path, "leaf", TILE * 65537)
            leaves, place = [], 0
            while place < len(data):
                end = place + 2 + int.from_bytes(data[place : place + 2], "big")
                leaves.append(data[place + 2 : end])
                place = end
            if place != len(data) or len(leaves) != width:
                raise Finding("format", path, f"{width} entries, each after its length", f"{len(leaves)}, or cut off")
            return leaves
        except Finding as finding:
            self.report.add(finding)
            return None

    def _hashes(self, path: str, width: int) -> list[bytes] | None:
        try:
            data = read_file(os.path.join(self.folder, path), path, "tile", TILE * 32)
            if len(data) != width * 32:
                raise Finding("tile", path, f"{width} hashes", f"{len(data)} bytes")
            return [data[i : i + 32] for i in range(0, len(data), 32)]
        except Finding as finding:
            self.report.add(finding)
            return None

    def _compare(self, level: int, index: int, row: list[bytes], is_stored: bool) -> None:
        """Compares a tile above level 0 with what lies below it, by the entries first and then by the tiles."""
        path = tile_path(str(level), index, len(row))
        if is_stored and not self.suspects.get(path):
            return
        stored = self._hashes(path, len(row))
        self.suspects[path] = stored is not None and stored != row

    def _close(self) -> None:
        for tree, is_stored in ((self.tree, False), (self.stored, True)):
            for level, row in enumerate(tree.rows if tree else [], 1):
                if tree and row:
                    self._compare(level, tree.tiles[level - 1], row, is_stored)
        signed, found = self.checkpoint.root, self.tree.root(self._last)
        by_tiles = self.stored.root(self._last_tiled) if self.stored else None
        for at, hashes in self.differing:
            code = "tile" if found == signed else "leaf"
            tiled, hashed = hashes.split()
            self.report.add(Finding(code, f"leaf {at}", f"the hash {tiled} of its tile", hashed))
        for path, is_suspect in self.suspects.items():
            if is_suspect:
                self.report.add(Finding("tile", path, "the hashes of the tiles below", "others"))
        if signed not in (found, by_tiles):
            expected = f"the signed root {base64.b64encode(signed).decode()}"
            self.report.add(Finding("inconsistent", "checkpoint", expected, base64.b64encode(found).decode()))
        for at, fields in self.ledger.certificates:
            self.report.expect("certificate", f"leaf {at}", self._root(at), fields["root"])

    def _root(self, size: int) -> str | None:
        """Returns the root at a size, of the tree that the checkpoint has signed."""
        by_entries, by_tiles = self.roots.get(size, (None, None))
        is_tiles = self.stored is not None and self.tree.root(self._last) != self.checkpoint.root
        root = by_tiles if is_tiles and by_tiles else by_entries
        return base64.b64encode(root).decode() if root else None

    def compare(self, other: Checkpoint, where: str) -> None:
        """Compares another checkpoint that the log's key has signed."""
        ours, theirs = self.checkpoint, other
        root = base64.b64encode(theirs.root).decode()
        if theirs.origin != ours.origin:
            self.report.add(Finding("signature", where, ours.origin, theirs.origin))
        elif theirs.size == ours.size and theirs.root != ours.root:
            both = (ours.note.text.decode(), theirs.note.text.decode())
            self.report.add(Finding("equivocation", where, *both))
        elif theirs.size > ours.size:
            self.report.add(Finding("inconsistent", where, f"a log of at least {theirs.size} leaves", str(ours.size)))
        elif theirs.size < ours.size:
            self.report.expect(
                "inconsistent",
                where,
                f"root {root} at {theirs.size}",
                f"root {self._root(theirs.size)} at {theirs.size}",
            )

    def _list(self) -> None:
        for path in files_in(self.folder):
            if path not in ("checkpoint", "log.json", "policy") and not self._belongs(path):
                self.report.add(Finding("format", path, "only files of this size of the log", "another file"))

    def _belongs(self, path: str) -> bool:
        match = re.fullmatch(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?", path)
        if not match:
            return False
        level = 0 if match[1] == "entries" else int(match[1])
        full, rest = divmod(self.checkpoint.size // TILE**level, TILE)
        index, width = int(re.sub("[x/]", "", match[2])), int(match[3] or TILE)
        is_there = (index < full and width == TILE) or (index == full and 0 < width == rest)
        return is_there and tile_path(match[1], index, width) == path


def open_log(folder: str, trust: Trust, report: Report, others: list[tuple[str, bytes]], witnessed: str) -> Log | None:
    """Prepares the check of a log's directory: its checkpoint is signed, its witnesses are there. None: not signed."""
    try:
        data = read_file(os.path.join(folder, "checkpoint"), "checkpoint", "signature")
        log = Log(folder, parse_checkpoint(data, "checkpoint", trust), report)
    except Finding as finding:
        report.add(finding)
        report.is_stopped = True
        return None
    for where, note in others:
        try:
            log.others.append((where, parse_checkpoint(note, where, trust)))
        except Finding as finding:
            report.add(finding)
    log.sizes.update(other.size for _, other in log.others)
    cosigned = next((other for where, other in log.others if where == witnessed), log.checkpoint)
    check_quorum(cosigned.note, witnessed, trust, report)
    return log


def finish_log(log: Log, report: Report, statements: list[tuple[str, bytes]]) -> None:
    """Reads the log, compares the other checkpoints and looks for what receipts promise."""
    log.leaves = {leaf_hash(statement): None for _, statement in statements}
    try:
        log.read()
    except Finding as finding:
        report.add(finding)
        report.is_stopped = True
        return
    note, newest = log.checkpoint.note, log.ledger.key
    key = parse_vkey(newest, 1) if newest else None
    if key and not any(ed25519_verify(key.key, note.text, signature) for signature in by(note, key)):
        report.add(Finding("signature", "checkpoint", f"signed by {newest}, the log's newest key", "by an older key"))
    for where, other in log.others:
        log.compare(other, where)
    found = sum(check_promise(log, statement, where, report) for where, statement in statements)
    if len(statements) > 1:
        of = len(statements)
        report.facts.insert(
            0, (f"Receipts whose ballots are in the log: {found} of {of}", f"{of} 份回执中，选票在日志里的：{found}")
        )


# Receipts and proofs.


RECEIPT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+")


def read_receipt(data: bytes, where: str, key: bytes | None) -> bytes:
    """Checks a receipt's signature, where the key is known; returns its statement, which is the ballot's leaf."""
    try:
        parts = data.decode("utf-8-sig", "replace").strip().split(".")
        if len(parts) != 3:
            raise Finding("receipt", where, "statement.path.signature", data[:100].decode("utf-8", "replace"))
        statement, path, signature = (decode64url(part, where) for part in parts)
    except Finding as finding:
        raise Finding("receipt", where, finding.expected, finding.found) from None
    if not BALLOT.fullmatch(statement) and not OLD_RECEIPT.fullmatch(statement):
        raise Finding("receipt", where, "the leaf of a ballot", repr(statement[:200]))
    root = leaf_hash(statement)
    for start in range(0, len(path), 33):
        side, sibling = path[start : start + 1], path[start + 1 : start + 33]
        if side not in (b"L", b"R") or len(sibling) != 32:
            raise Finding("receipt", where, "L or R and a hash", path[start : start + 33].hex())
        root = node_hash(sibling, root) if side == b"L" else node_hash(root, sibling)
    if key and not ed25519_verify(key, b"voting receipts v1\0" + root, signature):
        raise Finding("receipt", where, "signed by the receipt key", "another signature, path or statement")
    return statement


def check_proof(data: bytes, where: str, hash: bytes, trust: Trust) -> tuple[int, Checkpoint]:
    """Checks that a tlog-proof leads from a leaf's hash to a signed checkpoint; returns the place and that."""
    head, _, note = data.partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    if len(lines) > 1 and lines[1].startswith("extra "):
        decode64(lines.pop(1)[6:], where)
    if len(lines) < 2 or lines[0] != "c2sp.org/tlog-proof@v1" or not lines[1].startswith("index "):
        raise Finding("format", where, "c2sp.org/tlog-proof@v1", data[:100].decode("utf-8", "replace"))
    index = number(lines[1][6:], where)
    path = [decode64(line, where, 32) for line in lines[2:]]
    checkpoint = parse_checkpoint(note, where, trust)
    root = root_of_path(index, checkpoint.size, hash, path)
    if root != checkpoint.root:
        found = root.hex() if root else "a path of another length"
        raise Finding("inclusion", where, f"root {checkpoint.root.hex()} from leaf {index}", found)
    return index, checkpoint


def check_promise(log: Log, statement: bytes, where: str, report: Report) -> bool:
    """Checks that the leaf which a receipt promises is in the log, once it had the time to get there; whether it is."""
    contest, recorded = statement.decode().split("\n")[1], re.search(TIME, statement.decode())
    index = log.leaves[leaf_hash(statement)]
    if index is not None:
        report.facts.append((f"{where} is entry {index} of the log", f"{where} 是日志第 {index} 条"))
    elif contest != log.ledger.contest:
        report.add(Finding("receipt", where, f"a receipt of {log.ledger.contest}", f"one of {contest}"))
    elif not recorded or statement.startswith(b"voting receipt v1"):
        report.facts.append((f"{where} is older than the log", f"{where} 早于日志格式，不在日志里"))
    elif log.ledger.closed or seconds(log.ledger.latest) > seconds(recorded[0]) + MERGE_DELAY:
        report.add(Finding("promise", where, f"in the log {MERGE_DELAY} s after {recorded[0]}", "not in the log"))
    else:
        report.facts.append((f"{where} is newer than the log", f"{where} 比这份日志新，还不能判断"))
    return index is not None


# The certified bundle: SPEC.md, section 8.

CORE = re.compile(
    r"(?:contest\.toml|policy\.toml|roster\.csv|result\.json|seals\.json|witnesses\.policy|verify\.(?:py|html)"
    r"|README\.(?:zh|en)\.md|SPEC\.md|(?:log|tables)/[A-Za-z0-9./_-]+|proofs/[A-Za-z0-9._-]+\.tlog-proof)"
)
ATTACHED = re.compile(r"(?:checkpoint\.cosigned|(?:signatures|stamps|anchors)/[A-Za-z0-9./_-]+)")
MANIFEST = {
    "ballots": int,
    "certification": int,
    "certified_at": str,
    "contest": str,
    "files": {str: str},
    "format": str,
    "log": {"origin": str, "root": str, "size": int},
    "picks": int,
    "versions": {str: str},
    "witnesses": str,
}
# An entry may have `apart` and `unlogged`, too; without them they are 0.
RESULT = {
    "ballots": int,
    "contest": str,
    "entries": [{"code": str, "counted": int, "held": int, "raw": int, "void": int}],
    "picks": int,
}
SEALS = [{"day": str, "picks": {str: int}, "salt": str}]
# The hash that an RFC 3161 token stamps: the object id of SHA-256, then an octet string of 32 bytes.
IMPRINT = re.compile(rb"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01(?:\x05\x00)?\x04\x20(.{32})", re.DOTALL)


def fits(value: Any, shape: Any) -> bool:
    """Returns whether a JSON value has the fields and types of a shape."""
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(item, shape[0]) for item in value)
    if isinstance(shape, dict) and str in shape:
        return isinstance(value, dict) and all(fits(item, shape[str]) for item in value.values())
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(key in value and fits(value[key], shape[key]) for key in shape)
    return type(value) is shape


class Bundle:
    """A certified bundle's directory."""

    def __init__(self, folder: str, trust: Trust, report: Report) -> None:
        self.folder, self.trust, self.report = folder, trust, report
        self.hashes = dict(self._hash_files())
        self.manifest: Any = None
        self.is_unwitnessed = False  # certified without the witnesses that the policy asks for

    def _hash_files(self) -> Iterator[tuple[str, str]]:
        for path in files_in(self.folder):
            digest = hashlib.sha256()
            with open(os.path.join(self.folder, path), "rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
            yield path, digest.hexdigest()

    def read(self, path: str, code: str) -> bytes:
        """Reads a file of the bundle."""
        return read_file(os.path.join(self.folder, path), path, code, LONGEST_JSON)

    def json(self, path: str, shape: Any, code: str) -> Any:
        """Reads a file of canonical JSON and a line's end."""
        data = self.read(path, code)
        if not data.endswith(b"\n"):
            raise Finding(code, path, "JSON and a line's end", data[-20:].decode("utf-8", "replace"))
        value = parse_json(data[:-1], path, code)
        if not fits(value, shape):
            raise Finding(code, path, "the fields of SPEC.md", "others")
        return value

    def check(self, others: list[tuple[str, bytes]], statements: list[tuple[str, bytes]]) -> Log | None:
        """Checks everything, and what receipts promise; what is wrong in one part does not keep the others from it.

        Returns the log, or None if it could not be read.
        """
        self._try(self._check_manifest)
        self._try(self._check_sums)
        log = self._check_log(others, statements)
        if self.is_unwitnessed:
            self.report.skipped["quorum"] = ("it was certified without witnesses", "核定时没有见证方")
        return log

    def _check_log(self, others: list[tuple[str, bytes]], statements: list[tuple[str, bytes]]) -> Log | None:
        witnessed = "checkpoint.cosigned" if "checkpoint.cosigned" in self.hashes else "checkpoint"
        if witnessed in self.hashes:
            others = [*others, (witnessed, self.read(witnessed, "quorum"))]
        others += [(path, self.read(path, "stamp")) for path in sorted(self.hashes) if path.endswith(".checkpoint")]
        log = open_log(os.path.join(self.folder, "log"), self.trust, self.report, others, witnessed)
        if log is None:
            return None
        proofs = [path for path in sorted(self.hashes) if path.startswith("proofs/")]
        places = {path: re.search(rb"\nindex ([0-9]{1,15})\n", self.read(path, "inclusion")) for path in proofs}
        log.hashes = {int(place[1]): b"" for place in places.values() if place}
        finish_log(log, self.report, statements)
        if self.report.is_stopped:
            return None
        for path, place in places.items():
            self._try(self._check_proof, path, log.hashes[int(place[1])] if place else b"")
        self._try(self._check_figures, log)
        self._try(self._check_seals, log.ledger)
        self._try(self._check_certificate, log)
        stamps = [path for path in sorted(self.hashes) if path.startswith("stamps/") and path.endswith(".tsr")]
        if not stamps:
            self.report.skipped["stamp"] = ("there are none", "没有时间戳")
        for path in stamps:
            self._try(self._check_stamp, path)
        return log

    def _try(self, check: Callable[..., Any], *arguments: Any) -> None:
        try:
            check(*arguments)
        except Finding as finding:
            self.report.add(finding)

    def _check_manifest(self) -> None:
        manifest = self.json("manifest.json", MANIFEST, "manifest")
        if set(manifest) != set(MANIFEST) or manifest["format"] != "voting/bundle/v1":
            raise Finding("manifest", "manifest.json", "the fields of voting/bundle/v1", ", ".join(manifest))
        if manifest["witnesses"] not in ("quorum", "none"):
            self.report.add(Finding("manifest", "manifest.json witnesses", "quorum or none", manifest["witnesses"]))
        if manifest["witnesses"] == "none":
            self.report.facts.append(("This result was certified without witnesses", "核定这份结果时没有见证方"))
            self.is_unwitnessed = self.trust.quorum != "none" and "checkpoint.cosigned" not in self.hashes
        if self.is_unwitnessed:
            self.trust = self.trust._replace(quorum=None)
        self.manifest = manifest
        core = {path: hash for path, hash in self.hashes.items() if path != "manifest.json" and CORE.fullmatch(path)}
        for path in sorted({*core, *manifest["files"]}):
            self.report.expect("manifest", path, manifest["files"].get(path, "no such file"), core.get(path, "no file"))
        for path in sorted(self.hashes):
            if (
                not CORE.fullmatch(path)
                and not ATTACHED.fullmatch(path)
                and path not in ("manifest.json", "SHA256SUMS")
            ):
                expected = "only the bundle's files: keep your own elsewhere"
                self.report.add(Finding("manifest", path, expected, "another"))

    def _check_sums(self) -> None:
        sums = self.read("SHA256SUMS", "manifest").decode("utf-8", "replace")
        paths = sorted(path for path in self.hashes if path != "SHA256SUMS")
        lines, expected = sums.split("\n"), [*(f"{self.hashes[path]}  {path}" for path in paths), ""]
        if lines != expected:
            wrong = sorted({*lines} ^ {*expected}, key=lambda line: line[66:])
            raise Finding("manifest", "SHA256SUMS", "each file's hash, sorted by path", "; ".join(wrong)[:300])

    def _check_figures(self, log: Log) -> None:
        ledger, checkpoint = log.ledger, log.checkpoint
        for path, hash in sorted(ledger.documents.items()):
            self.report.expect("open", path, hash, self.hashes.get(path, "no file"))
        for path, name in (
            ("witnesses.policy", "witnesses"),
            ("verify.py", "verify.py"),
            ("verify.html", "verify.html"),
        ):
            if name in ledger.open:
                self.report.expect("open", path, ledger.open[name], self.hashes.get(path, "no file"))
        root = base64.b64encode(checkpoint.root).decode()
        manifest = self.manifest
        if manifest:
            named = {"origin": checkpoint.origin, "root": root, "size": checkpoint.size}
            self.report.expect("manifest", "manifest.json log", named, manifest["log"])
        if ledger.is_blurred:
            return
        counts = f"{ledger.contest}: {ledger.ballots} ballots, {ledger.picks} votes"
        if manifest:
            found = f"{manifest['contest']}: {manifest['ballots']} ballots, {manifest['picks']} votes"
            self.report.expect("manifest", "manifest.json", counts, found)
        result = self.json("result.json", RESULT, "result")
        found = f"{result['contest']}: {result['ballots']} ballots, {result['picks']} votes"
        self.report.expect("result", "result.json", counts, found)
        raw, apart, unlogged = (self._sum(result, name) for name in ("raw", "apart", "unlogged"))
        self.report.expect("result", "result.json", ledger.picks, raw + apart - unlogged)
        for entry in result["entries"]:
            parts = entry["counted"] + entry["held"] + entry["void"]
            if parts != entry["raw"] or min(entry["counted"], entry["held"], entry["void"]) < 0:
                found = f"{entry['counted']} counted + {entry['held']} held + {entry['void']} void"
                self.report.add(Finding("result", f"result.json {entry['code']}", f"{entry['raw']} votes", found))
        most = sorted(result["entries"], key=lambda entry: (-entry["counted"], entry["code"]))[:LEADING]
        votes = ", ".join(f"{entry['code']} {entry['counted']}" for entry in most)
        self.report.facts.append((f"Counted votes, most first: {votes}", f"计入的票，从多到少：{votes}"))
        if apart:
            self.report.facts.append((f"Votes tallied apart: {apart}", f"单独统计的票：{apart}"))
        if unlogged:
            english, chinese = (
                f"Votes from before the log, not in it: {unlogged}",
                f"早于日志、不在其中的票：{unlogged}",
            )
            self.report.facts.append((english, chinese))

    def _sum(self, result: Any, name: str) -> int:
        """Adds up a figure of the entries, 0 where an entry has none."""
        figures = [(entry["code"], entry.get(name, 0)) for entry in result["entries"]]
        for code, figure in figures:
            if type(figure) is not int or figure < 0:
                raise Finding("result", f"result.json {code}", f"{name}: a number", str(figure)[:100])
        return sum(figure for _, figure in figures)

    def _check_seals(self, ledger: Ledger) -> None:
        if ledger.is_blurred:
            reason = ("some entries could not be read", "有的条目无法读取")
            self.report.skipped.update(seal=reason, result=reason)
            return
        seals = self.json("seals.json", SEALS, "seal")
        self.report.expect("seal", "seals.json", f"{len(ledger.seals)} days", f"{len(seals)} days")
        result = self.json("result.json", RESULT, "result")
        apart, unlogged = self._sum(result, "apart"), self._sum(result, "unlogged")
        before: dict[str, int] = {}
        for (index, sealed), opened in zip(ledger.seals, seals):
            where, picks = f"seals.json {opened['day']}, leaf {index}", opened["picks"]
            salted = decode64(opened["salt"], where, 16, "seal") + canonical(picks)
            self.report.expect("seal", where, sealed["raw"], hashlib.sha256(salted).hexdigest())
            self.report.expect("seal", where, sealed["day"], opened["day"])
            least, votes = int(sealed["picks"]) - apart, sum(picks.values())
            most = int(sealed["picks"]) + unlogged
            if not least <= votes <= most:
                expected = f"{least} to {most} votes" if least < most else f"{most} votes"
                self.report.add(Finding("seal", where, expected, f"{votes} votes"))
            for code in sorted({*before, *picks}):
                if picks.get(code, 0) < before.get(code, 0):
                    self.report.add(
                        Finding("seal", f"{where} {code}", f"at least {before[code]}", str(picks.get(code, 0)))
                    )
            before = picks
        raw = {entry["code"]: entry["raw"] for entry in result["entries"]}
        for code, sealed_picks in sorted(before.items()):
            if raw.get(code, 0) < sealed_picks:
                where = f"result.json {code}"
                self.report.add(Finding("result", where, f"at least the {sealed_picks} sealed", str(raw.get(code, 0))))

    def _check_certificate(self, log: Log) -> None:
        if not log.ledger.open:
            self.report.skipped["certificate"] = ("some entries could not be read", "有的条目无法读取")
            return
        keys = {}
        for text in log.ledger.signers:
            try:
                keys[parse_vkey(text, 1).key] = parse_vkey(text, 1)
            except CannotCheckError as error:
                raise Finding("certificate", "leaf 0", "keys of the persons who certify", str(error)) from None
        if keys:
            where = "signatures/certificate"
            leaf = self._check_signers(where, keys)
        else:
            self.report.skipped["certificate"] = ("the log names nobody who certifies", "日志没有写明由谁核定")
            where = "signatures/certificate.txt"
            leaf = self.read(where, "certificate")
        kind, _, lines = parse_leaf(leaf, where, log.ledger.contest)
        fields, root = dict(lines), base64.b64encode(log.checkpoint.root).decode()
        certified = (kind, int(fields["size"]), fields["root"]) if kind == "certificate/1" else (kind,)
        self.report.expect("certificate", where, ("certificate/1", log.checkpoint.size, root), certified)
        self.report.expect("certificate", where, self.hashes.get("manifest.json"), fields.get("manifest"))
        number = str(len(log.ledger.certificates) + 1)
        self.report.expect("certificate", where, f"certification {number}", f"certification {fields.get('number')}")
        if self.manifest:
            self.report.expect("certificate", "manifest.json", number, str(self.manifest["certification"]))
        where = "signatures/certificate.tlog-proof"
        place, checkpoint = check_proof(self.read(where, "certificate"), where, leaf_hash(leaf), self.trust)
        check_quorum(checkpoint.note, where, self.trust, self.report)
        self.report.expect("certificate", where, f"leaf {log.checkpoint.size}", f"leaf {place}")

    def _check_signers(self, where: str, keys: dict[bytes, Vkey]) -> bytes:
        """Checks that two persons have signed the certificate; returns its text."""
        note = parse_note(self.read(where, "certificate"), where)
        signers = set()
        for key in keys.values():
            for signature in by(note, key):
                if ed25519_verify(key.key, note.text, signature):
                    signers.add(key.key)
                else:
                    self.report.add(Finding("certificate", where, f"a signature by {key.name}", "another"))
        names = ", ".join(keys[key].name for key in signers)
        if len(signers) < 2:
            found = f"signed by {names or 'nobody'}"
            raise Finding("certificate", where, "signed by two persons whom the log names", found)
        self.report.facts.append((f"Certified by {names}", f"核定人：{names}"))
        return note.text

    def _check_proof(self, path: str, leaf: bytes) -> None:
        check_proof(self.read(path, "inclusion"), path, leaf, self.trust)

    def _check_stamp(self, path: str) -> None:
        stamped = path[: -len(".tsr")]
        imprint = IMPRINT.search(self.read(path, "stamp"))
        found = imprint[1].hex() if imprint else "no SHA-256 imprint"
        self.report.expect("stamp", path, self.hashes.get(stamped, "no file"), found)
        if stamped == "stamps/certificate":
            expected = self.hashes.get("signatures/certificate", "no file")
            self.report.expect("stamp", stamped, expected, self.hashes.get(stamped))


# Openings: SPEC.md, section 8. They are confidential, for admitted auditors.

STATES = {"count": "counted", "hold": "held", "void": "void"}
OPENED = {"decisions": (3,), "ballot": (9, 10), "unlogged": (4, 5)}  # kinds of lines, and their lengths


class Openings:
    """What the commitments of a log were made from."""

    def __init__(self, file: Any, log: Log, report: Report) -> None:
        self.log, self.report = log, report
        self.states: dict[str, str] = {}  # by ballot, of those that were decided about
        self.tally: dict[str, dict[str, int]] = {}
        self.unproved = self.apart = self.unlogged = 0
        self._lines = self._read(file)
        self._next = next(self._lines, None)

    def _read(self, file: Any) -> Iterator[tuple[str, list[Any]]]:
        for number, data in enumerate(file, 1):
            where = f"openings line {number}"
            value = parse_json(data.rstrip(b"\n"), where, "opening")
            kind = value[0] if isinstance(value, list) and value and isinstance(value[0], str) else ""
            if not kind or len(value) not in OPENED.get(kind, ()) or (len(value) in (5, 10) and value[-1] != "apart"):
                raise Finding("opening", where, "decisions, then ballots", data[:100].decode("utf-8", "replace"))
            yield where, value

    def check(self, result: Any) -> None:
        """Opens everything and counts again."""
        opened = 0
        while self._next and self._next[1][0] == "decisions":
            opened += 1
            self._decisions(opened, *self._next)
            self._next = next(self._lines, None)
        for place, root in self.log.ledger.decisions[opened:]:
            self.report.add(Finding("decision", f"leaf {place}", root, "no opening"))
        for place, leaf in self.log.entries():
            if leaf.startswith(b"voting/ballot/"):
                self._match(place, leaf)
        while self._next:
            if self._next[1][0] == "unlogged":
                self._before_the_log(*self._next)
                self._next = next(self._lines, None)
            else:
                self._extra()
        for entry in result["entries"]:
            counted = self.tally.pop(entry["code"], {})
            for name in (*STATES.values(), "apart", "unlogged"):
                where = f"result.json {entry['code']} {name}"
                self.report.expect("result", where, counted.get(name, 0), entry.get(name, 0))
        for code in sorted(self.tally):
            self.report.add(Finding("result", f"result.json {code}", "an entry that has votes", "none"))
        for count, english, chinese in (
            (self.unproved, "Ballots whose first state is not proved", "初始状态未经证明的选票"),
            (self.apart, "Ballots that the host says are tallied apart", "主办方称单独统计的选票"),
            (self.unlogged, "Ballots from before the log, which it does not prove", "早于日志、无法由它证明的选票"),
        ):
            if count:
                self.report.facts.append((f"{english}: {count}", f"{chinese}：{count}"))

    def _decisions(self, expected: int, where: str, value: list[Any]) -> None:
        _, number, lines = value
        if number != expected:
            raise Finding("decision", where, f"number {expected}", str(number)[:100])
        if number > len(self.log.ledger.decisions):
            return  # newer than this log
        place, root = self.log.ledger.decisions[number - 1]
        try:
            salted = [(decode64(salt, where, 16, "decision"), line) for salt, line in lines]
            hashes = [leaf_hash(salt + line.encode() + b"\n") for salt, line in salted]
            self.report.expect("decision", f"leaf {place}", root, root_over(hashes).hex() if hashes else "no opening")
            for _, line in salted:
                decided = parse_json(line.encode(), where, "decision")
                if not fits(decided[:2], [str]):
                    raise ValueError(f"no decision: {line}")
                if decided:
                    self.states[decided[0]] = STATES[decided[1]]
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise Finding("decision", where, "salts and lines", str(error)[:100]) from None

    def _match(self, place: int, leaf: bytes) -> None:
        while self._next and self._next[1][0] != "unlogged" and not self._is_from(place, self._next[1]):
            self._extra()
        if self._next and self._next[1][:2] == ["ballot", place]:
            where, value = f"leaf {place}", self._next[1]
            self._next = next(self._lines, None)
            try:
                self._ballot(where, leaf, value)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise Finding("opening", where, "the opening of a ballot", str(error)[:100]) from None
        else:
            self.report.add(Finding("opening", f"leaf {place}", "an opening", "none"))

    @staticmethod
    def _is_from(place: int, value: list[Any]) -> bool:
        return value[0] == "ballot" and isinstance(value[1], int) and value[1] >= place

    def _before_the_log(self, where: str, value: list[Any]) -> None:
        try:
            _, id, picks, state = value[:4]
            if not fits([id, *picks], [str]):
                raise ValueError("not an id and codes")
            self.unlogged += 1
            self._count(id, STATES[state], picks, len(value) > 4, "unlogged")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Finding("opening", where, "a ballot from before the log", str(error)[:100]) from None

    def _extra(self) -> None:
        if self._next:
            self.report.add(Finding("opening", self._next[0], "a ballot of the log", str(self._next[1][1])[:100]))
            self._next = next(self._lines, None)

    def _ballot(self, where: str, leaf: bytes, value: list[Any]) -> None:
        _, _, id, moment, picks, salt_b, (salt_s, state, reasons, policy), c_s, c_p = value[:9]
        if not re.fullmatch("[1-9][0-9]{0,16}", moment) or not fits([id, *picks], [str]):
            raise ValueError("not an id, microseconds as text, and codes")
        contest, recorded_at = self.log.ledger.contest, int(moment)
        of_picks = decode64(salt_b, where, 16, "opening") + canonical([contest, id, recorded_at, picks])
        parts = [decode64(part, where, 32, "opening") for part in (c_s, c_p)]
        c_b = hashlib.sha256(b"voting picks v2\0" + of_picks).digest()
        committed = hashlib.sha256(b"voting ballot v2\0" + c_b + b"".join(parts)).digest()
        recorded = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(recorded_at // 1_000_000))
        lines = ["voting/ballot/v2", contest, id, recorded, str(len(picks)), base64.b64encode(committed).decode(), ""]
        self.report.expect("opening", where, leaf.decode().split("\n"), lines)
        if policy:
            of_state = decode64(salt_s, where, 16, "opening") + canonical([state, reasons, policy])
            found = hashlib.sha256(b"voting state v2\0" + of_state).digest()
            self.report.expect("opening", where, parts[0].hex(), found.hex())
        else:
            self.unproved += 1
        self._count(id, STATES[state], picks, len(value) > 9)

    def _count(self, id: str, state: str, picks: list[str], is_apart: bool, *more: str) -> None:
        self.apart += is_apart
        names = ("apart" if is_apart else self.states.get(id, state), *more)
        for code in picks:
            counts = self.tally.setdefault(code, {})
            for name in names:
                counts[name] = counts.get(name, 0) + 1


# The command.

CLAIMS = {
    "receipt": (
        ("receipt", "promise"),
        "回执真实，所记选票在日志里",
        "Receipts are genuine and their ballots are in the log",
    ),
    "signature": (("signature",), "检查点由日志密钥签署", "The log's key has signed the checkpoint"),
    "quorum": (("quorum",), "约定的见证方已经见证", "The witnesses that the policy asks for have cosigned it"),
    "inclusion": (("inclusion",), "证明通向签署过的树根", "The proofs lead to a signed root"),
    "tree": (
        ("leaf", "tile", "inconsistent", "equivocation"),
        "每一条都在签署过的树里，没有改写",
        "Every entry is in the signed tree, and nothing was rewritten",
    ),
    "form": (
        ("format", "duplicate", "act", "decision", "close", "key"),
        "每条写法唯一，每张选票只有一条，编号和总数相符",
        "Each entry has its only spelling, each ballot is there once, numbers and totals agree",
    ),
    "window": (("window",), "每张选票都在投票期内", "Every ballot was recorded in the voting period"),
    "documents": (
        ("open",),
        "规则、名单和程序与日志写明的一致",
        "Rules, roster and programs are those that the log names",
    ),
    "manifest": (("manifest",), "文件与清单一致", "The files are those of the manifest"),
    "result": (("result",), "结果的票数与日志相符", "The result's votes add up to those of the log"),
    "seal": (("seal",), "每天封存的票数没有改过", "The tallies sealed each day were not changed"),
    "certificate": (("certificate",), "两人核定了这份结果", "Two persons have certified this result"),
    "opening": (
        ("opening",),
        "每张选票的承诺都已打开，并据此重新计票",
        "Every ballot's commitment was opened, and the votes were counted again",
    ),
    "stamp": (("stamp",), "时间戳属于这些文件", "The time stamps belong to these files"),
}
LOG_CLAIMS = ["signature", "quorum", "tree", "form", "window", "documents", "seal", "certificate"]
COMMANDS = {
    "receipt": ["receipt"],
    "proof": ["receipt", "signature", "quorum", "inclusion"],
    "log": LOG_CLAIMS,
    "bundle": ["manifest", *LOG_CLAIMS, "inclusion", "result", "stamp"],
    "openings": ["manifest", *LOG_CLAIMS, "inclusion", "result", "stamp", "opening"],
}
LIMITS = [
    (
        "日志不写任何人的选择：每票投给谁，只有获准的审计人打开承诺才能核对。",
        "The log holds nobody's choice: only admitted auditors who open the commitments can check each one.",
    ),
    (
        "主办方自己冒充投票人当场投的票，任何证明都看不出来。",
        "No proof shows voters whom the operator invents as it goes.",
    ),
    (
        "如果日志密钥的持有者与足够多的见证方串通，改写不会被发现。",
        "A holder of the log's key who colludes with a quorum of witnesses is not found.",
    ),
    (
        "时间戳只核对内容；签名用 openssl ts -verify 核对。",
        "Of time stamps only the content is checked; check their signatures with openssl ts -verify.",
    ),
]


def tell(command: str, has_receipts: bool, report: Report) -> None:
    """Prints in words what was checked, what was not, and what cannot be."""
    keys = [key for key in COMMANDS[command] if key != "receipt" or has_receipts or command == "receipt"]
    keys += [key for key in CLAIMS if key not in keys and any(code in report.counts for code in CLAIMS[key][0])]
    if has_receipts and "receipt" not in keys:
        keys.append("receipt")
    print()
    for key in keys:
        codes, chinese, english = CLAIMS[key]
        if any(code in report.counts for code in codes):
            print(f"[错误 WRONG] {chinese}：不成立。{english}: this does not hold.")
        elif key in report.skipped or report.is_stopped:
            reason = report.skipped.get(key, ("the check stopped before", "核验在此之前停止"))
            print(f"[未查 NOT CHECKED] {chinese}（{reason[1]}）。{english} ({reason[0]}).")
        else:
            print(f"[通过 OK] {chinese}。{english}.")
    for english, chinese in report.facts[:SHOWN]:
        print(CONTROLS.sub("?", f"- {chinese}。{english}."))
    print("\n本程序查不出的 / What this cannot show:")
    for chinese, english in LIMITS[:3] if command != "bundle" else LIMITS:
        print(f"- {chinese}{english}")
    count = sum(report.counts.values())
    print(f"\n发现 {count} 处错误。{count} found wrong." if count else "\n没有发现错误。Nothing was found wrong.")


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what, help in (
        ("receipt", "FILE", "a receipt, or one a line: signed by the receipt key"),
        ("proof", "FILE", "a .tlog-proof: the receipt's ballot is in the signed log"),
        ("log", "DIR", "an exported log: every entry, hash, signature and total"),
        ("bundle", "DIR", "a certified bundle: the log in it, documents, result, seals, certificate"),
        ("openings", "FILE", "an auditor's confidential openings: every vote of a bundle's log is counted again"),
    ):
        command = commands.add_parser(name, help=help, description=help)
        command.add_argument("path", metavar=what)
        command.add_argument("--json", action="store_true", help="print the findings alone")
        if name in ("receipt", "proof", "log", "bundle"):
            command.add_argument("--receipt-key", metavar="KEY", help="the key of receipts, from outside")
        if name != "receipt":
            command.add_argument("--policy", metavar="FILE", help="log and witness keys, and their quorum")
            command.add_argument("--vkey", metavar="KEY", help="the log's key alone: witnesses are not checked")
        if name == "proof":
            command.add_argument("--receipt", metavar="FILE", required=True, help="the receipt that is proved")
        if name in ("log", "bundle"):
            command.add_argument(
                "--receipt", metavar="FILE", action="append", default=[], help="must be in the log; one a line"
            )
        if name == "openings":
            command.add_argument("--bundle", metavar="DIR", required=True, help="the certified bundle")
        if name in ("log", "bundle", "openings"):
            text = "a checkpoint kept from earlier, or got elsewhere"
            command.add_argument("--checkpoint", metavar="FILE", action="append", default=[], help=text)
    return parser.parse_args(arguments)


def given(path: str, limit: int = LONGEST_NOTE) -> bytes:
    """Reads a file that the person who checks names; - is standard input."""
    try:
        if path == "-":
            return sys.stdin.buffer.read(limit)
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError as error:
        raise CannotCheckError(f"{path}: {error.strerror}") from None


def given_receipts(paths: list[str], key: bytes, report: Report) -> list[tuple[str, bytes]]:
    """Checks the receipts in files, one a line; returns where those that are right stand, and their statements."""
    statements = []
    for path in paths:
        data = given(path, -1)
        lines = data.removeprefix(b"\xef\xbb\xbf").split()
        if len(lines) < 2 or not all(RECEIPT.fullmatch(line) for line in lines):
            lines = [data]
        for number, line in enumerate(lines, 1):
            where = path if len(lines) == 1 else f"{path} line {number}"
            try:
                statements.append((where, read_receipt(line, where, key)))
            except Finding as finding:
                report.add(finding)
    return statements


def receipt_key(text: str | None) -> bytes:
    """Reads the key of receipts."""
    try:
        key = decode64url(text or "", "--receipt-key")
    except Finding:
        key = b""
    if len(key) != 32:
        raise CannotCheckError("--receipt-key: 43 characters, as the contest's page shows them")
    return key


def run(options: argparse.Namespace, report: Report) -> None:
    """Runs one command."""
    if options.command == "receipt":
        given_receipts([options.path], receipt_key(options.receipt_key), report)
        return
    if bool(options.policy) == bool(options.vkey):
        raise CannotCheckError("one of --policy and --vkey is needed: never take a log's key from the log")
    trust = Trust([parse_vkey(options.vkey, 1)], {}, {}, None) if options.vkey else None
    trust = trust or parse_policy(given(options.policy).decode("utf-8-sig", "surrogateescape"))
    if options.command == "proof":
        key = receipt_key(options.receipt_key) if options.receipt_key else None
        if key is None:
            report.skipped["receipt"] = ("without --receipt-key", "没有给出 --receipt-key")
        statement = read_receipt(given(options.receipt), options.receipt, key)
        index, checkpoint = check_proof(given(options.path), options.path, leaf_hash(statement), trust)
        check_quorum(checkpoint.note, options.path, trust, report)
        size = checkpoint.size
        report.facts.append((f"Entry {index} of a log of {size}", f"日志第 {index} 条（日志共 {size} 条）"))
        return
    folder = options.bundle if options.command == "openings" else options.path
    if not os.path.isdir(folder):
        raise CannotCheckError(f"{folder}: no such directory")
    others = [(path, given(path)) for path in options.checkpoint]
    receipts = getattr(options, "receipt", [])
    statements = given_receipts(receipts, receipt_key(options.receipt_key), report) if receipts else []
    if options.command in ("bundle", "openings"):
        bundle = Bundle(folder, trust, report)
        log = bundle.check(others, statements)
        if log and options.command == "openings":
            try:
                with open(options.path, "rb") as file:
                    Openings(file, log, report).check(bundle.json("result.json", RESULT, "result"))
            except OSError as error:
                raise CannotCheckError(f"{options.path}: {error.strerror}") from None
        return
    log = open_log(options.path, trust, report, others, "checkpoint")
    if log is not None:
        finish_log(log, report, statements)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    options = parse_arguments(arguments)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    report = Report()
    try:
        run(options, report)
    except Finding as finding:
        report.add(finding)
        report.is_stopped = True
    except CannotCheckError as error:
        print(f"无法核验 / Cannot check: {error}", file=sys.stderr)
        return 2
    if not options.json:
        tell(options.command, bool(getattr(options, "receipt", None)), report)
    return 1 if report.counts else 0


if __name__ == "__main__":
    sys.exit(main())
