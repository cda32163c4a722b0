"""Signed notes (C2SP signed-note), and the checkpoints (tlog-checkpoint) and proofs (tlog-proof) made of them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import NamedTuple

from voting.domain.verifier_key import KEY_ID_BYTES, VerifierKey

_DASH = "\u2014 "


class Checkpoint(NamedTuple):
    """What a log states: that its tree has this many leaves and this root."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Returns the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def signature_line(key: VerifierKey, signature: bytes) -> str:
    """Returns the line of a signature."""
    return f"{_DASH}{key.name} {base64.b64encode(key.id + signature).decode()}\n"


class Signature(NamedTuple):
    """One signature of a note. `line` is its line as it stands there."""

    name: str
    key_id: bytes
    signature: bytes
    line: str


def read_note(note: str) -> tuple[Checkpoint, str, list[Signature]]:
    """Parses a signed checkpoint: its content, the text that was signed, and its signatures. Raises ValueError."""
    body, signatures = read_signed(note)
    origin, size, root, *_ = [*body.split("\n"), "", ""]
    if not (origin and size.isascii() and size.isdigit() and str(int(size)) == size):
        raise ValueError("it is no checkpoint: origin, size and root, a blank line, and signatures")
    return Checkpoint(origin, int(size), base64.b64decode(root, validate=True)), body, signatures


def read_signed(note: str) -> tuple[str, list[Signature]]:
    """Parses a signed note: the text that was signed, and its signatures. Raises ValueError."""
    body, blank, rest = note.partition("\n\n")
    if not (blank and rest.endswith("\n")):
        raise ValueError("it is no signed note: a text, a blank line, and signatures")
    signatures = []
    for line in rest.splitlines():
        name, _, text = line.removeprefix(_DASH).partition(" ")
        data = base64.b64decode(text, validate=True)
        if not line.startswith(_DASH) or not name or len(data) <= KEY_ID_BYTES:
            raise ValueError("a line of a signature is not: dash, name, base64")
        signatures.append(Signature(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:], line + "\n"))
    return body + "\n", signatures


def proof_text(index: int, hashes: Sequence[bytes], note: str) -> str:
    """Returns an inclusion proof as its own file, which is checked offline."""
    lines = ["c2sp.org/tlog-proof@v1", f"index {index}", *(base64.b64encode(each).decode() for each in hashes)]
    return "\n".join([*lines, "", note])


class Proof(NamedTuple):
    """A parsed inclusion proof: the leaf's index, the hashes from its sibling up, and the signed checkpoint."""

    leaf_index: int
    hashes: list[bytes]
    note: str


def read_proof(text: str) -> Proof:
    """Parses an inclusion proof. Raises ValueError."""
    head, blank, note = text.partition("\n\n")
    first, *lines = head.split("\n")
    if lines and lines[0].startswith("extra "):
        del lines[0]
    if not blank or first != "c2sp.org/tlog-proof@v1" or not lines or not lines[0].startswith("index "):
        raise ValueError("it is no proof of a log: c2sp.org/tlog-proof@v1")
    number = lines[0].removeprefix("index ")
    if not (number.isascii() and number.isdigit() and str(int(number)) == number):
        raise ValueError("the index is no number")
    try:
        hashes = [base64.b64decode(line, validate=True) for line in lines[1:]]
    except binascii.Error as error:
        raise ValueError(f"a hash is not base64: {error}") from None
    return Proof(int(number), hashes, note)
