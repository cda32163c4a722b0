"""Time stamps by a real RFC 3161 authority (openssl's): asked again until it answers, and checked by openssl."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from cryptography.x509 import load_pem_x509_certificates

from tests.conftest import Contests, as_owner
from tests.services.transparency.test_log import NOON, sequenced, stored_ballots
from tests.verifier.test_stamps import make_authority, openssl
from voting.postgres.transparency import bundles
from voting.services.transparency.bundles.stamping import Stamping
from voting.settings import Settings
from voting.wiring.admin import AdminServices

BENT = "never stamped\n"
pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")


class Authority:
    """Answers as openssl does; `away`: not at all, `other`: about something else, as always about what is BENT."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.mood = "away"
        make_authority(folder)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.mood == "away":
            return httpx.Response(503)
        (self._folder / "query").write_bytes(request.content)
        if self.mood == "other" or hashlib.sha256(BENT.encode()).digest() in request.content:
            openssl(self._folder, "ts", "-query", "-data", "settings", "-sha256", "-cert", "-out", "query")
        signer = ("-inkey", "key.pem", "-signer", "certificate.pem")
        openssl(self._folder, "ts", "-reply", "-queryfile", "query", "-config", "settings", *signer, "-out", "answer")
        return httpx.Response(200, content=(self._folder / "answer").read_bytes())


async def test_a_day_is_stamped_once_the_authority_answers(
    contests: Contests,
    office: AdminServices,
    settings: Settings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    contest = await contests.make(top=NOON)
    await stored_ballots(contests, office, 3, contest)
    await sequenced(office)
    async with as_owner(settings) as connection:
        await connection.execute("update logs set sealed_on = '2026-11-22' where contest = $1", contest)
        await connection.execute(
            "insert into time_stamps (contest, name, body, wanted_at) values ($1, 'bent', $2, '2026-11-01')",
            contest,
            BENT,
        )
    authority = Authority(tmp_path)
    roots = load_pem_x509_certificates((tmp_path / "certificate.pem").read_bytes())

    async def stamped() -> list[bundles.Stamp]:
        await stamping.round()
        async with office.database.connection() as connection:
            return await bundles.select_stamps(connection, contest)

    async with httpx.AsyncClient(transport=httpx.MockTransport(authority)) as client:
        stamping = Stamping(office.database, client, "https://tsa.example.org", roots)
        assert await stamped() == []
        assert "503" in caplog.text
        authority.mood = "other"
        assert await stamped() == [], "the answer is about another file"
        authority.mood = "honest"
        (stamp,) = await stamped()
        assert f"{contest}/bent: " in caplog.text
        caplog.clear()
        assert await stamped() == [stamp], "it is asked for once"
        assert f"{contest}/bent" not in caplog.text, "a reason is logged once"
    assert stamp.name == "2026-11-22.checkpoint"
    (tmp_path / "stamped").write_text(stamp.body)
    (tmp_path / "stamped.tsr").write_bytes(stamp.answer)
    verify = ("ts", "-verify", "-in", "stamped.tsr", "-CAfile", "certificate.pem", "-data")
    openssl(tmp_path, *verify, "stamped")
    (tmp_path / "changed").write_text(stamp.body + " ")
    with pytest.raises(subprocess.CalledProcessError):
        openssl(tmp_path, *verify, "changed")
