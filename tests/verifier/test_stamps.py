"""Time stamps of a real RFC 3161 authority (openssl's) are matched with what they stamp."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.verifier import made
from tests.verifier.conftest import Verify

SETTINGS = """
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
[extensions]
extendedKeyUsage = critical, timeStamping
[req]
distinguished_name = name
[name]
"""


def make_authority(folder: Path) -> None:
    """Makes a key and its certificate."""
    (folder / "settings").write_text(SETTINGS.format(folder=folder))
    (folder / "serial").write_text("01\n")
    openssl(
        folder,
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
        *("-subj", "/CN=tests", "-config", "settings", "-extensions", "extensions"),
        *("-keyout", "key.pem", "-out", "certificate.pem"),
    )


def stamp(folder: Path, file: Path) -> bytes:
    """Returns the authority's answer about a file."""
    openssl(folder, "ts", "-query", "-data", str(file), "-sha256", "-cert", "-out", "query")
    signer = ("-inkey", "key.pem", "-signer", "certificate.pem")
    openssl(folder, "ts", "-reply", "-queryfile", "query", "-config", "settings", *signer, "-out", "answer")
    openssl(folder, "ts", "-verify", "-data", str(file), "-in", "answer", "-CAfile", "certificate.pem")
    return (folder / "answer").read_bytes()


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_a_real_stamp_belongs_to_its_file(verify: Verify, bundle: Path, policy: Path, tmp_path: Path) -> None:
    authority, folder = tmp_path / "authority", tmp_path / "bundle"
    authority.mkdir()
    make_authority(authority)
    shutil.copytree(bundle, folder)
    stamps = folder / "stamps"
    for name in ("certificate", "2026-11-22.checkpoint"):
        (stamps / f"{name}.tsr").write_bytes(stamp(authority, stamps / name))
    made.write_sums(folder)
    verdict = verify("bundle", folder, "--policy", policy)
    assert (verdict.status, verdict.findings) == (0, [])
    shutil.copy(stamps / "certificate.tsr", stamps / "2026-11-22.checkpoint.tsr")
    made.write_sums(folder)
    verdict = verify("bundle", folder, "--policy", policy)
    assert [(finding["code"], finding["where"]) for finding in verdict.findings] == [
        ("stamp", "stamps/2026-11-22.checkpoint.tsr")
    ]
