"""Every key and signature, made from the one secret."""

from __future__ import annotations

import base64
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from voting.domain.ballots import merkle
from voting.domain.ballots.ballot import Receipt
from voting.domain.contest.contest import Contest
from voting.domain.identity import credential
from voting.domain.identity.channel import Channel
from voting.domain.identity.credential import Credential
from voting.domain.identity.token import derive, mac, seal, unseal
from voting.errors import CredentialInvalid

TICKET_LIFETIME = timedelta(hours=1)
_MOMENT_BYTES = _NONCE_BYTES = 8
# A token's moment is cut to this.
_TOKEN_CLOCK = timedelta(milliseconds=1)
# What a root is signed as, so that it can be taken for nothing else.
_SIGNED = b"voting receipts v1\0"
_QUOTES = "\"'`>"
# Invisible and control characters, brackets and quotation marks.
_WRAPPING = ("Cc", "Cf", "Mn", "Ps", "Pe", "Pi", "Pf")


class Ticket(NamedTuple):
    """A page or a credential that was given out. `name`: no other has it."""

    name: str
    issued_at: datetime


class Keyring:
    """Makes and opens tokens, keyed hashes and receipts. Each contest and purpose has a key of its own."""

    def __init__(self, secret: bytes) -> None:
        self.key = lru_cache(4096)(lambda *purpose: derive(secret, *purpose))
        # Of one address come many ballots: an office's, a school's.
        self.hashed = lru_cache(4096)(self._hashed)
        self._signer = Ed25519PrivateKey.from_private_bytes(derive(secret, "receipts"))

    def issue_credential(self, contest: str, channel: Channel | None, now: datetime) -> str:
        """A new voter's token."""
        fresh = Credential(secrets.token_bytes(credential.IDENTITY_BYTES), channel, now)
        return seal(self.key("credential", contest), fresh.pack())

    def open_credential(self, contest: str, token: str) -> Credential:
        """What a token says. Raises CredentialInvalid."""
        payload = unseal(self.key("credential", contest), token)
        opened = credential.unpack(payload) if payload else None
        if opened is None:
            raise CredentialInvalid
        return opened

    def credential_of(self, contest: Contest, token: str) -> Credential:
        """The same, of this window: a voter's who came in before it opened is no longer good. Raises CredentialInvalid.

        Until then nobody can come in, so it is of an earlier window. What the organiser issues may be older.
        """
        opened = self.open_credential(contest.id, token)
        if opened.channel is not None and opened.issued_at < contest.opens_at - _TOKEN_CLOCK:
            raise CredentialInvalid
        return opened

    def voter(self, contest: str, identity: bytes) -> bytes:
        """The keyed hash under which a voter is stored."""
        return self._hash(contest, "voter", identity)

    def _hashed(self, contest: str, kind: str, value: str) -> str:
        """The keyed hash, in hex, of a personal datum such as an address."""
        return self._hash(contest, kind, value.encode()).hex()

    def issue_ticket(self, contest: str, now: datetime) -> str:
        """An opaque token that tells when its holder began to read; no two are equal."""
        moment = int(now.timestamp() * 1000).to_bytes(_MOMENT_BYTES, "big")
        return seal(self.key("ticket", contest), moment + secrets.token_bytes(_NONCE_BYTES))

    def open_ticket(self, contest: str, token: str, now: datetime) -> Ticket | None:
        """The ticket; None for one that is not this contest's, or that is older than an hour."""
        payload = unseal(self.key("ticket", contest), token)
        if payload is None or len(payload) != _MOMENT_BYTES + _NONCE_BYTES:
            return None
        issued_at = datetime.fromtimestamp(int.from_bytes(payload[:_MOMENT_BYTES], "big") / 1000, UTC)
        return Ticket(payload.hex(), issued_at) if now < issued_at + TICKET_LIFETIME else None

    def sign(self, receipts: Sequence[Receipt]) -> list[str]:
        """Receipts as given to the voters: `<statement>.<path>.<signature>`, each in base64url.

        One Ed25519 signature (RFC 8032) for all: over the root of the tree of the statements, to which `path` leads. A
        signature costs as much as all else that a ballot needs of the processor.
        """
        statements = [receipt.statement() for receipt in receipts]
        root, paths = merkle.tree([merkle.leaf_hash(statement) for statement in statements])
        signature = _encode(self._signer.sign(_SIGNED + root))
        return [
            f"{_encode(statement)}.{_encode(path)}.{signature}"
            for statement, path in zip(statements, paths, strict=True)
        ]

    @property
    def public_key(self) -> str:
        """The key that checks receipts, 32 bytes in base64url."""
        return _encode(self._signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def _hash(self, contest: str, kind: str, value: bytes) -> bytes:
        return mac(self.key(kind, contest), value)


class SignedReceipt(NamedTuple):
    """A receipt as given to a voter, taken apart. `signature` is that of its whole batch."""

    statement: bytes
    path: bytes
    signature: str


class ReceiptKey:
    """The public key that checks receipts, from its text. Raises ValueError."""

    def __init__(self, text: str) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(_decode(text))

    def signed(self, root: bytes, signature: str) -> bool:
        """Whether a batch with this root was signed so."""
        try:
            self._key.verify(_decode(signature), _SIGNED + root)
        except (ValueError, InvalidSignature):
            return False
        return True


def read_receipt(text: str) -> SignedReceipt:
    """Raises ValueError for what is no receipt."""
    statement, path, signature = text.split(".")
    return SignedReceipt(_decode(statement), _decode(path), signature)


def check_receipt(public_key: str, receipt: str) -> str | None:
    """The statement of a genuine receipt, line by line; None when it is not one.

    What mail and chat programs put into long texts is taken out: spaces, line breaks, invisible characters, quotes.
    """
    try:
        statement, path, signature = read_receipt(_bare(receipt))
        if ReceiptKey(_bare(public_key)).signed(merkle.root(merkle.leaf_hash(statement), path), signature):
            return statement.decode()
    except ValueError:
        pass
    return None


def _bare(text: str) -> str:
    return "".join(
        each
        for each in text
        if not each.isspace() and each not in _QUOTES and unicodedata.category(each) not in _WRAPPING
    )


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
