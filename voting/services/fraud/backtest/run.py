"""Replays recorded attempts from a file through the live rules, and writes the results."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import multiprocessing
import os
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np

from voting import __version__
from voting.domain.contest.contest import Contest
from voting.domain.contest.explain import explain_quota
from voting.errors import Fault, FileInvalid
from voting.fraud.facts.attempt import Attempt
from voting.fraud.policy import SweepPolicy
from voting.fraud.reasons.findings import Stage
from voting.fraud.replay import Backtest, Decided, Decision, Replayed, Tick
from voting.networks.lookup import Networks
from voting.services.fraud.backtest.folder import FILES, made, write
from voting.services.fraud.backtest.report import render
from voting.services.fraud.backtest.sample import Sample

# For the near-line rounds: with two, they would take the replay's time on two cores.
_PROCESSES = 1
_GZIP = b"\x1f\x8b"
_BUFFER = 1 << 20
_CHUNK = 10_000
_JSON = msgspec.json.Encoder()


class Input:
    """The events' file, opened only when it is read: a pipe can be read only once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = hashlib.sha256()

    def sha256(self) -> str:
        """Returns the SHA-256, in hex, of the bytes that attempts() has read from the file."""
        return self._digest.hexdigest()

    def attempts(self) -> Iterator[Attempt]:
        """Yields the attempts in order. Raises FileInvalid at the first line that is invalid or out of order."""
        self._digest, name = hashlib.sha256(), self._path.name
        try:
            with io.BufferedReader(_Hashed(self._path, self._digest)) as file:
                is_packed = file.peek(2)[:2] == _GZIP
                # GzipFile splits lines in Python, a buffer in front of it does so in C.
                plain = io.BufferedReader(gzip.GzipFile(fileobj=file), _BUFFER) if is_packed else file
                yield from _checked(plain, name)
        except (OSError, EOFError, zlib.error) as error:
            raise _fault(0, "", f"cannot be read: {error}", "give JSON Lines, plain or gzipped whole", name) from None


class _Hashed(io.FileIO):
    """A file that hashes all bytes read from it."""

    def __init__(self, path: Path, digest: hashlib._Hash) -> None:
        super().__init__(path)
        self._digest = digest

    def readinto(self, buffer: Any) -> int | None:
        """Reads into the buffer; called by the buffered reader."""
        read = super().readinto(buffer)
        self._digest.update(memoryview(buffer)[:read])
        return read


def backtest(
    contest: Contest, events: Input, policy: SweepPolicy, networks: Networks, out: Path, tick: Tick
) -> Mapping[str, Any]:
    """Replays the events and writes decisions, history, summary and report into the folder; returns the summary.

    A run that fails writes none of them. Raises FileInvalid; SettingInvalid for the folder, before the replay.
    """
    with made(out):
        # The replay keeps one core busy, so rounds run in another process, spawned because polars has threads.
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        with ProcessPoolExecutor(_PROCESSES, mp_context=multiprocessing.get_context("spawn")) as executor:
            test, sample = Backtest(contest, policy, executor, tick), Sample()
            # A line without a ballot is one of its own.
            ballots = groupby(events.attempts(), lambda line: (line.id,) if line.ballot is None else line.ballot)
            for _, lines in ballots:
                ballot = [line if line.facts else networks.completed(line) for line in lines]
                test.offer(ballot)
                sample.note(ballot)
            replayed = test.finish()
        summary = _summary(contest, replayed, policy, networks, events.sha256()) | sample.summary(replayed.final)
        files: tuple[Iterable[bytes], ...] = (
            _lines(replayed.final),
            _lines(replayed.history, history=True),
            [json.dumps(summary, ensure_ascii=False, indent=2).encode(), b"\n"],
            [render(contest, summary, replayed).encode()],
        )
        write(out, dict(zip(FILES, files, strict=True)))
    return summary


def _checked(lines: Iterable[bytes], name: str) -> Iterator[Attempt]:
    decoder, seen, latest = msgspec.json.Decoder(Attempt), set[str](), datetime.min.replace(tzinfo=UTC)
    before, last = None, dict[str, str]()
    for number, line in enumerate(lines, 1):
        if line.isspace():
            continue
        attempt = _decoded(decoder, line, number, name)
        if attempt.id in seen:
            raise _fault(number, "id", f"{attempt.id!r} stands twice", "give each attempt its own", name)
        if attempt.at < latest:
            raise _fault(number, "at", "is before the line above", "sort the lines by `at`", name)
        if attempt.ballot is not None:
            if wrong := _misplaced(attempt, before, last.get(attempt.voter)):
                raise _fault(number, "ballot", *wrong, name)
            last[attempt.voter] = attempt.ballot
        seen.add(attempt.id)
        latest, before = attempt.at, attempt
        yield attempt


def _misplaced(attempt: Attempt, before: Attempt | None, last: str | None) -> tuple[str, str] | None:
    """Returns what is wrong with the line's place in its ballot, and how to fix it; `last`: the voter's last ballot."""
    if before and before.ballot == attempt.ballot:
        if (before.voter, before.at) != (attempt.voter, attempt.at):
            return f"{attempt.ballot!r} is of another voter or moment in the line above", "give each ballot its own"
    elif last == attempt.ballot:
        return f"{attempt.ballot!r} stands apart from its other lines", "put the lines of a ballot one after another"
    return None


def _decoded(decoder: msgspec.json.Decoder[Attempt], line: bytes, number: int, name: str) -> Attempt:
    try:
        attempt = decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        what = str(error).replace("Object missing required field", "has no field")
        raise _fault(number, "", what, "`voting backtest --help` lists the fields", name) from None
    for field in ("at", "device_issued_at", "opened_at"):
        moment = getattr(attempt, field)
        if moment is not None and (what := _wrong(moment)):
            raise _fault(number, field, what, "write it such as 2026-07-16T08:00:00.000+08:00", name)
    return attempt


def _wrong(moment: datetime) -> str:
    if moment.tzinfo is None:
        return "has no offset from UTC"
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return "lies outside the calendar"
    return ""


def _fault(line: int, place: str, what: str, mend: str, name: str) -> FileInvalid:
    return FileInvalid(name, (Fault(line, place, what, mend),))


class _Line(msgspec.Struct, omit_defaults=True, gc=False):
    """A line of the decisions or of the history."""

    id: str
    decision: str
    reasons: tuple[str, ...]
    stage: str
    decided_at: str
    response: str | None = None


def _lines(decisions: Sequence[Decision], *, history: bool = False) -> Iterator[bytes]:
    for start in range(0, len(decisions), _CHUNK):
        chunk = decisions[start : start + _CHUNK]
        moments = np.array([decision.decided_at for decision in chunk], "datetime64[ms]")
        yield _JSON.encode_lines(
            [
                _Line(
                    decision.id,
                    decision.decision,
                    decision.reasons,
                    decision.stage,
                    f"{moment}+00:00",
                    "challenge" if history and decision.challenged else None,
                )
                # It takes a fifth of isoformat's time.
                for decision, moment in zip(chunk, np.datetime_as_string(moments).tolist(), strict=True)
            ]
        )


def _summary(
    contest: Contest, replayed: Replayed, policy: SweepPolicy, networks: Networks, events_sha256: str
) -> dict[str, Any]:
    final = replayed.final
    reasons = Counter(reason for decision in final for reason in decision.reasons)
    return {
        "version": __version__,
        "policy": {"version": policy.version, "sha256": policy.sha256},
        "networks": networks.sha256,
        "events_sha256": events_sha256,
        "attempts": len(final),
        "decisions": _counted(Decided, (decision.decision for decision in final)),
        "stages": _counted(Stage, (decision.stage for decision in final)),
        "reasons": dict(sorted(reasons.items())),
        "quotas_not_applied": [
            {"quota": explain_quota(contest.quotas[index], contest, "en"), "picks": picks}
            for index, picks in sorted(replayed.quotas_not_applied.items())
        ],
        "challenged": sum(decision.challenged for decision in final),
        "ever_held": len({change.id for change in replayed.history if change.decision == "hold"}),
        "entries": _standings(replayed),
        "groups": [msgspec.to_builtins(group) for group in replayed.groups],
    }


def _counted(words: Any, values: Iterator[str]) -> dict[str, int]:
    """Counts the values of a Literal."""
    counts = Counter(values)
    return {word: counts[word] for word in sorted(get_args(words))}


def _standings(replayed: Replayed) -> list[dict[str, Any]]:
    """Returns raw, held and certified picks and both places by entry, the best certified first."""
    raw: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for decision, entry in zip(replayed.final, replayed.entries, strict=True):
        if decision.decision != "refuse":
            raw[entry] += 1
            held[entry] += decision.decision == "hold"
    certified = {entry: raw[entry] - held[entry] for entry in {*replayed.entries}}
    before, after = _places({entry: raw[entry] for entry in certified}), _places(certified)
    return [
        {
            "entry": entry,
            "raw": raw[entry],
            "held": held[entry],
            "certified": certified[entry],
            "rank_raw": before[entry],
            "rank_certified": after[entry],
        }
        for entry in sorted(certified, key=lambda entry: (after[entry], entry))
    ]


def _places(counts: Mapping[str, int]) -> dict[str, int]:
    """Equal counts share the better place."""
    ordered = sorted(counts.values(), reverse=True)
    first = {count: place for place, count in reversed(list(enumerate(ordered, 1)))}
    return {entry: first[count] for entry, count in counts.items()}
