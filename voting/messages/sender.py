"""What sends a code to a phone: a webhook of the organiser's SMS service, or the log for demonstrations."""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from typing import Protocol

import httpx
import msgspec

from voting import outgoing
from voting.errors import ProviderAway

SIGNATURE = "voting-signature"


class CodeMessage(msgspec.Struct, frozen=True):
    """A code for a phone. The number is in the form +8613800000000."""

    phone: str
    code: str
    contest: str
    language: str
    expires_in: int


class Sender(Protocol):
    """Sends codes."""

    async def send(self, message: CodeMessage) -> None:
        """Hands the message over. Raises ProviderAway if that is not certain."""


class WebhookSender:
    """Posts each message as JSON to an address of the organiser.

    The header `voting-signature: t=<Unix seconds>,v1=<hex>` has the HMAC-SHA-256 of `<Unix seconds>.<body>`, so that
    the receiver knows that the message is ours and new. Any status from 200 to 299 means that it was taken.
    """

    def __init__(self, http: httpx.AsyncClient, url: str, secret: str) -> None:
        self._http = http
        self._url = url
        self._secret = secret.encode()

    async def send(self, message: CodeMessage) -> None:
        """Posts the message."""
        body, moment = msgspec.json.encode(message), str(int(time.time()))
        headers = {"content-type": "application/json", SIGNATURE: f"t={moment},v1={self._signature(moment, body)}"}
        request = self._http.build_request("POST", self._url, content=body, headers=headers)
        try:
            status, _ = await outgoing.ask(self._http, request)
            outcome = "" if 200 <= status < 300 else f"status {status}"
        except httpx.HTTPError as error:
            outcome = type(error).__name__
        if outcome:
            # Neither the address, which may have a key in it, nor the message.
            logging.getLogger("voting").warning("a code could not be sent: %s", outcome)
            raise ProviderAway

    def _signature(self, moment: str, body: bytes) -> str:
        return hmac.new(self._secret, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


class LogSender:
    """Writes codes into the log: for demonstrations, where there is no phone to send them to."""

    async def send(self, message: CodeMessage) -> None:
        """Logs the message, with the last four digits of the number."""
        logging.getLogger("voting").warning("code for the phone …%s: %s", message.phone[-4:], message.code)
