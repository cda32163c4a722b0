"""What logs and witnesses say to each other (C2SP tlog-witness, tlog-cosignature, tlog-policy)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from voting.domain.contest.schema import Witness
from voting.domain.transparency.note import Signature
from voting.domain.verifier_key import VerifierKey, read_key

TIME_BYTES = 8
_MOST_HASHES = 63


class AddCheckpoint(NamedTuple):
    """A log's request to cosign a checkpoint: the size that was cosigned last, and the proof of consistency with it."""

    old: int
    hashes: Sequence[bytes]
    note: str

    def text(self) -> str:
        """Returns the body of the request."""
        lines = [f"old {self.old}", *(base64.b64encode(each).decode() for each in self.hashes)]
        return "\n".join([*lines, "", self.note])


def read_request(text: str) -> AddCheckpoint:
    """Parses the body of a request. Raises ValueError."""
    head, blank, note = text.partition("\n\n")
    first, *lines = head.split("\n")
    old = first.removeprefix("old ")
    is_number = old.isascii() and old.isdigit() and str(int(old)) == old
    if not blank or not first.startswith("old ") or not is_number or len(lines) > _MOST_HASHES:
        raise ValueError("write: old SIZE, the hashes of the proof, a blank line, the checkpoint")
    return AddCheckpoint(int(old), [base64.b64decode(line, validate=True) for line in lines], note)


def cosigned_message(seconds: int, body: str) -> bytes:
    """Returns the bytes that a witness signs: that it saw this checkpoint at this time."""
    return f"cosignature/v1\ntime {seconds}\n{body}".encode()


def timed(signature: Signature) -> tuple[int, bytes]:
    """Returns the time of a cosignature, and the signature itself."""
    return int.from_bytes(signature.signature[:TIME_BYTES], "big"), signature.signature[TIME_BYTES:]


def keys_of(witnesses: Sequence[Witness]) -> Mapping[str, VerifierKey]:
    """Returns the keys of a contest's witnesses by their names in its file."""
    return {witness.name: read_key(witness.vkey) for witness in witnesses}


def log_policy(vkeys: Sequence[str], witnesses: Sequence[Witness], quorum: int) -> str:
    """Returns whose signatures a checkpoint of the log needs, as a file (tlog-policy): one of its keys suffices."""
    logs = [f"log {vkey}" for vkey in vkeys]
    if not witnesses:
        return "\n".join([*logs, "quorum none", ""])
    lines = [f"witness {each.name} {each.vkey} {each.url}" for each in witnesses]
    # Names of witnesses have no capital letters.
    group = f"group QUORUM {quorum} {' '.join(each.name for each in witnesses)}"
    return "\n".join([*logs, *lines, group, "quorum QUORUM", ""])
