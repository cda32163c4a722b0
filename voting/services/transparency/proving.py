"""Checks a proof that a ballot is in a log, without the service."""

from __future__ import annotations

from typing import NamedTuple

from voting.domain.ballots import merkle
from voting.domain.transparency import note, tree
from voting.domain.verifier_key import read_key
from voting.errors import ProofInvalid
from voting.services.identity.keyring import read_receipt
from voting.services.transparency.log_key import is_signed


class Proven(NamedTuple):
    """A ballot's leaf, its index in the log, and the log as it was signed."""

    leaf: str
    leaf_index: int
    size: int
    origin: str


def check_proof(vkey: str, receipt: str, text: str) -> Proven:
    """Returns what the proof shows of the receipt's ballot. Raises ProofInvalid, which says what is wrong."""
    try:
        key, proof, leaf = read_key(vkey.strip()), note.read_proof(text), read_receipt(receipt.strip()).statement
        checkpoint, body, signatures = note.read_note(proof.note)
        root = tree.root_by_inclusion(merkle.leaf_hash(leaf), proof.leaf_index, checkpoint.size, proof.hashes)
    except ValueError as error:
        raise ProofInvalid(f"key, receipt or proof cannot be read: {error}") from None
    if checkpoint.origin != key.name or not any(is_signed(key, body, signature) for signature in signatures):
        raise ProofInvalid(f"the checkpoint of {checkpoint.origin} is not signed with this key")
    if root != checkpoint.root:
        raise ProofInvalid("the log that was signed does not have the leaf of this receipt at this place")
    return Proven(leaf.decode(), proof.leaf_index, checkpoint.size, checkpoint.origin)
