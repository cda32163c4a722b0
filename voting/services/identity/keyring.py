"""All keys and signatures, derived from the one secret."""

from __future__ import annotations

import base64
import secrets
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from voting.domain.ballots import merkle
from voting.domain.contest.contest import Contest
from voting.domain.identity import credential
from voting.domain.identity.channel import Channel
from voting.domain.identity.credential import Credential
from voting.domain.identity.token import derive, mac, seal, unseal
from voting.errors import CredentialInvalid

TICKET_LIFETIME = timedelta(hours=1)
_MOMENT_BYTES = _NONCE_BYTES = 8
# A token's moment is truncated to this.
_TOKEN_CLOCK = timedelta(milliseconds=1)
# The prefix of a signed root, so that the signature fits nothing else.
_SIGNED = b"voting receipts v1\0"
_QUOTES = "\"'`>"
# Invisible and control characters, brackets and quotation marks.
_WRAPPING = ("Cc", "Cf", "Mn", "Ps", "Pe", "Pi", "Pf")


class Ticket(NamedTuple):
    """A page or a credential that was issued. `name` is unique."""

    name: str
    issued_at: datetime


class Keyring:
    """Makes and opens tokens, keyed hashes and receipts. Each contest and purpose has a separate key.

    `hash_key` is the contest's random part of the keys of personal data, in hex: without it nobody can repeat the hash.
    """

    def __init__(self, secret: bytes) -> None:
        self.key = lru_cache(4096)(lambda *purpose: derive(secret, *purpose))
        # The keyed hash, in hex, of a personal datum. Many ballots come from one address, such as a school's.
        self.hashed = lru_cache(4096)(
            lambda contest, hash_key, kind, value: mac(self._hash_key(kind, contest, hash_key), value.encode()).hex()
        )
        self._signer = Ed25519PrivateKey.from_private_bytes(derive(secret, "receipts"))

    def issue_credential(
        self, contest: str, channel: Channel, now: datetime, identity: bytes | None = None, risk: int | None = None
    ) -> str:
        """Returns the token of the voter with this identity, or of a new voter; `risk` is the provider's opinion."""
        identity = identity or secrets.token_bytes(credential.IDENTITY_BYTES)
        veiled_risk = None if risk is None else risk ^ self._veil(contest, identity)
        fresh = Credential(identity, channel, now, veiled_risk)
        return seal(self.key("credential", contest), fresh.pack())

    def open_credential(self, contest: str, token: str) -> Credential:
        """Returns the content of a token. Raises CredentialInvalid."""
        payload = unseal(self.key("credential", contest), token)
        opened = credential.unpack(payload) if payload else None
        if opened is None:
            raise CredentialInvalid
        return opened

    def credential_of(self, contest: Contest, token: str) -> Credential:
        """Returns the content of a token for this window. Raises CredentialInvalid for one from before it opened.

        Nobody can register before the window opens, so such a token is of an earlier window. Tokens that the organiser
        issued may be older.
        """
        opened = self.open_credential(contest.id, token)
        if opened.channel != "issued" and opened.issued_at < contest.opens_at - _TOKEN_CLOCK:
            raise CredentialInvalid
        return opened

    def risk(self, contest: str, opened: Credential) -> int | None:
        """Returns the risk that a credential carries."""
        return None if opened.veiled_risk is None else opened.veiled_risk ^ self._veil(contest, opened.identity)

    def _veil(self, contest: str, identity: bytes) -> int:
        return mac(self.key("risk", contest), identity)[0]

    def _hash_key(self, purpose: str, contest: str, hash_key: str) -> bytes:
        # Contests from before version 2026.3 have no random part.
        return self.key(purpose, contest, hash_key) if hash_key else self.key(purpose, contest)

    def voter(self, contest: str, hash_key: str, identity: bytes) -> bytes:
        """Returns the keyed hash under which a voter is stored."""
        return mac(self._hash_key("voter", contest, hash_key), identity)

    def subject(self, contest: str, hash_key: str, text: str) -> bytes:
        """Returns the keyed hash under which an identity from outside is stored, such as an openid or a number."""
        return mac(self._hash_key("subject", contest, hash_key), text.encode())

    def issue_ticket(self, contest: str, now: datetime) -> str:
        """Returns a unique opaque token that records when its holder began to read."""
        moment = int(now.timestamp() * 1000).to_bytes(_MOMENT_BYTES, "big")
        return seal(self.key("ticket", contest), moment + secrets.token_bytes(_NONCE_BYTES))

    def open_ticket(self, contest: str, token: str, now: datetime) -> Ticket | None:
        """Returns the ticket; None if it belongs to another contest or is older than an hour."""
        payload = unseal(self.key("ticket", contest), token)
        if payload is None or len(payload) != _MOMENT_BYTES + _NONCE_BYTES:
            return None
        issued_at = datetime.fromtimestamp(int.from_bytes(payload[:_MOMENT_BYTES], "big") / 1000, UTC)
        return Ticket(payload.hex(), issued_at) if now < issued_at + TICKET_LIFETIME else None

    def sign(self, root: bytes) -> bytes:
        """Returns the Ed25519 signature (RFC 8032) of a batch, over the root of the tree of its receipts' statements.

        A signature costs as much processor time as all the rest of a ballot, so a batch shares one.
        """
        return self._signer.sign(_SIGNED + root)

    @property
    def public_key(self) -> str:
        """Returns the key that checks receipts, 32 bytes in base64url."""
        return _encode(self._signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def receipt_text(statement: bytes, path: bytes, signature: bytes) -> str:
    """Returns a receipt as given to its voter: `<statement>.<path>.<signature>`, each in base64url.

    `path` leads from the statement's hash to the root that was signed.
    """
    return f"{_encode(statement)}.{_encode(path)}.{_encode(signature)}"


class SignedReceipt(NamedTuple):
    """A parsed receipt. `signature` is that of its whole batch."""

    statement: bytes
    path: bytes
    signature: bytes


class ReceiptKey:
    """The public key that checks receipts, from its text. Raises ValueError."""

    def __init__(self, text: str) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(_decode(text))

    def signed(self, root: bytes, signature: bytes) -> bool:
        """Whether the signature is valid for a batch with this root."""
        try:
            self._key.verify(signature, _SIGNED + root)
        except (ValueError, InvalidSignature):
            return False
        return True


def read_receipt(text: str) -> SignedReceipt:
    """Parses a receipt. Raises ValueError."""
    parts = text.split(".")
    if len(parts) != 3:
        raise ValueError("a receipt has three parts with dots between them")
    statement, path, signature = parts
    return SignedReceipt(_decode(statement), _decode(path), _decode(signature))


def check_receipt(public_key: str, receipt: str) -> str | None:
    """Returns the statement of a genuine receipt as lines; None if it is not genuine.

    Spaces, line breaks, invisible characters and quotes are removed: mail and chat programs insert them into long
    texts.
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
