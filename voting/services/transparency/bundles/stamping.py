"""Time stamps (RFC 3161) of each day's checkpoint and of certificates, by an authority outside.

It works beside the sequencer, which never waits for it; an authority that is away is asked again each minute.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

import httpx
from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from voting.errors import SettingInvalid
from voting.postgres.database import Database
from voting.postgres.transparency import bundles
from voting.postgres.transparency.bundles import UnstampedFile
from voting.services.background import repeat

ROUND_SECONDS = 60.0
_TYPE = "application/timestamp-query"
_MOST_BYTES = 64 * 1024
_MOST_NAMED = 3


def read_roots(file: Path | None) -> list[Certificate]:
    """Returns the certificates that the authority's answers are verified with. Raises SettingInvalid."""
    if file is None:
        raise SettingInvalid(
            "VOTING_STAMP_ROOTS is not set; set it to the PEM file of the authority's root certificate"
        )
    try:
        return load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingInvalid(f"VOTING_STAMP_ROOTS: {file} has no certificates that can be read: {error}") from None


class Stamping:
    """Has an authority stamp what is due."""

    def __init__(self, database: Database, http: httpx.AsyncClient, url: str, roots: Sequence[Certificate]) -> None:
        self._database = database
        self._http = http
        self._url = url
        self._roots = roots
        self._said = ""

    async def run(self) -> None:
        """Runs rounds until cancelled."""
        await repeat(self.round, ROUND_SECONDS)

    async def round(self) -> None:
        """Asks for every stamp that is due; what fails is due again in the next round."""
        async with self._database.connection() as connection:
            await bundles.want_stamps(connection)
            wanted = await bundles.select_unstamped(connection)
        problems = []
        for file in wanted:
            try:
                answer = await self._ask(file)
            except httpx.HTTPError as error:
                problems.append(f"{type(error).__name__} {error}".strip())
                break
            except (ValueError, VerificationError) as error:
                # The answers about other files may be right.
                problems.append(f"{file.contest}/{file.name}: {type(error).__name__} {error}".strip())
                continue
            async with self._database.connection() as connection:
                await bundles.store_stamp(connection, file, self._url, answer)
        self._say("; ".join(problems[:_MOST_NAMED]))

    async def _ask(self, file: UnstampedFile) -> bytes:
        """Returns the authority's answer, verified. Raises HTTPError, ValueError, VerificationError."""
        body = file.body.encode()
        request = TimestampRequestBuilder().data(body).hash_algorithm(HashAlgorithm.SHA256).build()
        answer = await self._http.post(self._url, content=request.as_bytes(), headers={"content-type": _TYPE})
        answer.raise_for_status()
        if len(answer.content) > _MOST_BYTES:
            raise ValueError("its answer is too long")
        verifier = VerifierBuilder.from_request(request)
        for root in self._roots:
            verifier = verifier.add_root_certificate(root)
        await asyncio.to_thread(verifier.build().verify_message, decode_timestamp_response(answer.content), body)
        return answer.content

    def _say(self, what: str) -> None:
        """Logs why there is no stamp, if there is a reason and the last round had another."""
        if what and self._said != what:
            logging.getLogger("voting").warning("the time stamp authority %s: %s", self._url, what)
        self._said = what
