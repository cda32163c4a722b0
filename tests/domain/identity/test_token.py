"""Signed tokens, credentials and commitments."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voting.domain.ballots.ballot import check_key, commitment, same_picks
from voting.domain.identity.channel import NUMBERS
from voting.domain.identity.credential import Credential, unpack
from voting.domain.identity.token import derive, seal, unseal
from voting.errors import Malformed

KEY = derive(b"s" * 32, "credential", "demo")


@given(st.binary(max_size=100))
def test_a_sealed_payload_is_unsealed(payload: bytes) -> None:
    assert unseal(KEY, seal(KEY, payload)) == payload
    assert unseal(derive(b"s" * 32, "ticket", "demo"), seal(KEY, payload)) is None
    assert unseal(derive(b"s" * 32, "credential", "other"), seal(KEY, payload)) is None


@given(st.integers(0, 60), st.characters(codec="ascii"))
def test_any_changed_character_is_refused(place: int, character: str) -> None:
    token = seal(KEY, b"0123456789abcdef01234567")
    changed = token[:place] + character + token[place + 1 :]
    assert unseal(KEY, changed) is None or changed == token


@given(st.text(max_size=100))
def test_any_other_text_is_refused(text: str) -> None:
    assert unseal(KEY, text) is None


def test_purposes_do_not_run_together() -> None:
    assert derive(b"s" * 32, "ab", "c") != derive(b"s" * 32, "a", "bc")


def test_credentials_survive_packing() -> None:
    for channel in NUMBERS:
        credential = Credential(b"i" * 16, channel, datetime(2026, 8, 1, tzinfo=UTC))
        for each in (credential, credential._replace(veiled_risk=200)):
            assert unpack(each.pack()) == each
    assert unpack(b"") is None
    assert unpack(b"\x02" + credential.pack()[1:]) is None
    assert unpack(b"\x01" + credential._replace(veiled_risk=0).pack()[1:]) is None


def test_the_commitment_binds_the_picks_and_the_ballot() -> None:
    made = commitment(b"salt", "demo", "b1", ["A", "B"])
    assert made == commitment(b"salt", "demo", "b1", ["B", "A"])
    others = [
        commitment(b"tlas", "demo", "b1", ["A", "B"]),
        commitment(b"salt", "demo", "b2", ["A", "B"]),
        commitment(b"salt", "demo", "b1", ["A"]),
        commitment(b"salt", "other", "b1", ["A", "B"]),
    ]
    assert made not in others


def test_two_ballots_are_the_same_by_their_picks_with_their_number() -> None:
    assert same_picks(["A", "B"], ("B", "A"))
    assert not same_picks(["A", "A"], ["A"])
    assert not same_picks(["A", "B"], ["A\nB"])


@pytest.mark.parametrize("key", [None, "", "a" * 65, "a b", "é", "a\n"])
def test_idempotency_keys(key: str | None) -> None:
    assert check_key("aZ09_-") == "aZ09_-"
    with pytest.raises(Malformed):
        check_key(key)


@given(st.lists(st.text()), st.text(), st.uuids().map(str))
def test_hashes_are_over_json_as_the_standard_library_writes_it(codes: list[str], contest: str, ballot: str) -> None:
    text = json.dumps([contest, ballot, sorted(codes)])
    assert commitment(b"s", contest, ballot, codes) == hashlib.sha256(b"voting picks v1\0s" + text.encode()).digest()
