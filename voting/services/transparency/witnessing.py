"""A witness of logs: cosigns a checkpoint only if it continues the one that it cosigned before (C2SP tlog-witness)."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from voting.domain.transparency import note, tree
from voting.domain.transparency.witness import read_request
from voting.domain.verifier_key import VerifierKey
from voting.services.transparency.log_key import WitnessSigner, is_signed
from voting.sqlite.witness import Seen, SeenLogs

_TEXT, _SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"


class Response(NamedTuple):
    """What the witness answers."""

    status: int
    text: str
    media_type: str = _TEXT


class Witnessing:
    """Cosigns the checkpoints of known logs. What it has cosigned is durable before it answers."""

    def __init__(self, seen: SeenLogs, signer: WitnessSigner, logs: Iterable[VerifierKey]) -> None:
        self._seen = seen
        self._signer = signer
        self._logs: defaultdict[str, list[VerifierKey]] = defaultdict(list)
        """By origin; a log may change its key."""
        for key in logs:
            self._logs[key.name].append(key)

    def add_checkpoint(self, body: str) -> Response:
        """Answers a log's request to cosign its checkpoint, as the specification orders the checks."""
        try:
            request = read_request(body)
            checkpoint, text, signatures = note.read_note(request.note)
        except ValueError as error:
            return Response(400, f"{error}\n")
        if checkpoint.origin not in self._logs:
            return Response(404, "this log is not witnessed here\n")
        keys = self._logs[checkpoint.origin]
        signature = next((each for each in signatures if any(is_signed(key, text, each) for key in keys)), None)
        if signature is None:
            return Response(403, "the checkpoint is not signed with the log's key\n")
        if request.old > checkpoint.size:
            return Response(400, "the old size is larger than the checkpoint's\n")
        with self._seen.exclusive():
            seen = self._seen.select(checkpoint.origin) or Seen(0, tree.EMPTY_ROOT, "")
            if request.old != seen.size:
                return Response(409, f"{seen.size}\n", _SIZE)
            if request.old == checkpoint.size and seen.root != checkpoint.root:
                return Response(409, f"{seen.size}\n", _SIZE)
            if seen.size == 0 and request.hashes:
                return Response(422, "the proof of consistency with an empty log has no hashes\n")
            if seen.size and not tree.is_consistent(
                seen.size, seen.root, checkpoint.size, checkpoint.root, request.hashes
            ):
                return Response(422, "the checkpoint is no continuation of the one that was cosigned last\n")
            line = self._signer.cosign(text, int(time.time()))
            cosigned = f"{text}\n{signature.line}{line}"
            self._seen.store(checkpoint.origin, Seen(checkpoint.size, checkpoint.root, cosigned))
        return Response(200, line)

    def checkpoint(self, name: str) -> Response:
        """Returns the newest checkpoint of the log whose origin's SHA-256, in hex, is `name`."""
        for origin in self._logs:
            seen = self._seen.select(origin) if hashlib.sha256(origin.encode()).hexdigest() == name else None
            if seen:
                return Response(200, seen.note)
        return Response(404, "no checkpoint of this log was cosigned here\n")
