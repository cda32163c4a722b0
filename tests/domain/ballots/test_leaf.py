"""The leaf of a ballot, byte for byte as its specification says, computed here by the standard library alone."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from voting.domain.ballots.leaf import leaf, parts, split_parts

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
AT = datetime(2026, 11, 20, 8, 15, 31, 123456, UTC)
SALTS = bytes(range(48))


def jcs(value: Any) -> bytes:
    """RFC 8785 for lists of strings and integers."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def sha256(*data: bytes) -> bytes:
    return hashlib.sha256(b"".join(data)).digest()


@given(st.lists(TEXT, min_size=1, max_size=4), TEXT, st.lists(TEXT, max_size=3), st.binary(max_size=40))
def test_it_is_what_the_specification_says(picks: list[str], policy: str, reasons: list[str], facts: bytes) -> None:
    ballot, voter = "86fdc500-a02b-4a16-9025-ab1186b9c35f", b"v" * 16
    part = parts(SALTS, ("hold", reasons, policy), voter, facts)
    of_picks = sha256(b"voting picks v2\0", SALTS[:16], jcs(["damei-2026", ballot, 1795162531123456, sorted(picks)]))
    of_state = sha256(b"voting state v2\0", SALTS[16:32], jcs(["hold", reasons, policy]))
    of_person = sha256(b"voting person v2\0", SALTS[32:], voter, facts)
    assert part == (of_state, of_person)
    committed = base64.b64encode(sha256(b"voting ballot v2\0", of_picks, of_state, of_person)).decode()
    moment = "2026-11-20T08:15:31Z"
    assert int((AT - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) == 1795162531
    expected = f"voting/ballot/v2\ndamei-2026\n{ballot}\n{moment}\n{len(picks)}\n{committed}\n".encode()
    here = AT.astimezone(timezone(timedelta(hours=8)))
    assert leaf("damei-2026", ballot, here, SALTS[:32], picks, part) == expected
    assert split_parts(b"".join(part), 1) == [part]


def test_each_part_depends_on_what_it_commits_to() -> None:
    first = parts(SALTS, ("count", [], "p"), b"voter", b"[]")
    assert parts(SALTS, ("hold", [], "p"), b"voter", b"[]").state != first.state
    assert parts(SALTS, ("count", [], "q"), b"voter", b"[]").state != first.state
    assert parts(SALTS, ("count", [], "p"), b"other", b"[]") == first._replace(
        person=parts(SALTS, ("count", [], "p"), b"other", b"[]").person
    )
    lines = {leaf("c", "b", AT, SALTS, picks, first) for picks in (["A"], ["B"], ["A", "A"])}
    assert len(lines) == 3
    assert leaf("c", "b", AT, SALTS, ["A", "B"], first) == leaf("c", "b", AT, SALTS, ["B", "A"], first)
