"""Gives a voter a credential for a code that was sent to the phone."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Sequence
from typing import NamedTuple

import phonenumbers

from voting.domain.identity.token import mac
from voting.domain.language import Language
from voting.errors import ChannelClosed, CodeWrong, PhoneInvalid
from voting.fraud.facts.observe import places
from voting.messages.sender import CodeMessage, Sender
from voting.redis import keys
from voting.redis.turns import Call
from voting.redis.values import Values
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring
from voting.services.identity.persons import Persons
from voting.services.identity.providers.provider import Visitor
from voting.services.identity.sign_in_limits import UNCOUNTED, SignInLimits
from voting.services.rate_limits import RateLimits

DIGITS = 6
LIFETIME_SECONDS = 300
MOST_TRIES = 5
_MOBILE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
# libphonenumber logs the text of a number that it cannot read.
logging.getLogger("phonenumbers").setLevel(logging.CRITICAL)


class PhoneProof(NamedTuple):
    """A number as its owner writes it, and the code that came to it."""

    phone: str
    code: str


class PhoneProvider:
    """Sends codes, and accepts each once.

    A code and its tries are in Redis, as keyed hashes: without Redis nobody can sign in by phone. `rate_limits` are for
    one number, one address and the whole contest, because each message costs the organiser.
    """

    def __init__(
        self,
        keyring: Keyring,
        persons: Persons,
        limits: SignInLimits,
        rate_limits: RateLimits,
        values: Values,
        sender: Sender,
    ) -> None:
        self._keyring = keyring
        self._persons = persons
        self._limits = limits
        self._rate_limits = rate_limits
        self._values = values
        self._sender = sender

    async def send_code(
        self, snapshot: ContestSnapshot, address: str | None, phone: str, language: Language, *, confirms: bool = False
    ) -> None:
        """Sends a code, which replaces an earlier one; `confirms`: to a voter who may confirm by phone.

        Raises ChannelClosed, WindowNotOpen, WindowClosed, PhoneInvalid, SlowDown, ProviderAway or TryAgain.
        """
        contest, now = snapshot.contest, snapshot.now()
        if not confirms:
            _check_open(snapshot)
        number = normal_number(phone)
        holder = (places(address)[0] if address else None) or number
        subjects = [self._hashed(contest.id, part) for part in (number, f"address {holder}", "contest")]
        await self._rate_limits.admit(snapshot.uid, Call(subjects, UNCOUNTED), now.timestamp())
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        stored, tries = self._names(snapshot, number)
        await self._values.put(tries, "0", LIFETIME_SECONDS)
        await self._values.put(stored, self._stored(contest.id, number, code), LIFETIME_SECONDS)
        await self._sender.send(CodeMessage(number, code, contest.id, language, LIFETIME_SECONDS))

    async def sign_in(self, snapshot: ContestSnapshot, visitor: Visitor, proof: PhoneProof) -> str:
        """Returns the token of the number's person. Raises CodeWrong, and what `send_code` raises."""
        _check_open(snapshot)
        return await self._persons.sign_in(snapshot, "phone", await self.identify(snapshot, visitor, proof))

    async def identify(self, snapshot: ContestSnapshot, visitor: Visitor, proof: PhoneProof) -> Sequence[str]:
        """Returns the subject of the number. Raises CodeWrong, PhoneInvalid, SlowDown or TryAgain."""
        contest = snapshot.contest.id
        await self._limits.limit(snapshot, "codes", visitor.address)
        number = normal_number(proof.phone)
        stored, tries = self._names(snapshot, number)
        # Counted before the code is compared, so that tries at one moment are not more than the tries allowed.
        (tried,) = await self._values.count([tries], LIFETIME_SECONDS)
        given = self._stored(contest, number, proof.code)
        kept = await self._values.get(stored)
        if tried > MOST_TRIES or kept is None or not hmac.compare_digest(kept[0], given):
            raise CodeWrong
        # Of two requests with the right code one takes it.
        if not hmac.compare_digest(await self._values.take(stored) or "", given):
            raise CodeWrong
        return [phone_subject(number)]

    def _names(self, snapshot: ContestSnapshot, number: str) -> tuple[str, str]:
        name = self._hashed(snapshot.contest.id, number)
        return keys.phone_code(snapshot.uid, name), keys.phone_tries(snapshot.uid, name)

    def _stored(self, contest: str, number: str, code: str) -> str:
        return mac(self._keyring.key("phone-code", contest), f"{number} {code}".encode()).hex()

    def _hashed(self, contest: str, part: str) -> str:
        return mac(self._keyring.key("phone", contest), part.encode()).hex()


def normal_number(text: str) -> str:
    """Returns a mobile number in the form +8613800000000; without a country code it is of mainland China.

    Raises PhoneInvalid.
    """
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        raise PhoneInvalid from None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in _MOBILE:
        raise PhoneInvalid
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_subject(number: str) -> str:
    """Returns the subject of a number that was verified, for `Persons.sign_in`."""
    return f"phone:{number}"


def _check_open(snapshot: ContestSnapshot) -> None:
    if "phone" not in snapshot.contest.voters.channels:
        raise ChannelClosed
    snapshot.contest.check_window(snapshot.now())
