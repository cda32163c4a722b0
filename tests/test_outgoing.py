"""HTTP to other hosts: over TLS to public addresses only, and to the very address that was checked."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from voting import outgoing
from voting.request_ids import current_ids, read_request_ids

PRIVATE = [
    "https://127.0.0.1/",
    "https://localhost/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://0.0.0.0/",
    "https://100.64.0.1/",
    "https://2130706433/",
    "https://127.1/",
    "https://nowhere.invalid/",
    "http://example.com/",
    "ftp://example.com/",
]


@pytest.mark.parametrize("url", PRIVATE)
async def test_nothing_is_sent_to_a_private_address_or_without_tls(url: str) -> None:
    async with outgoing.client(allow_private=False) as http:
        with pytest.raises(httpx.TransportError):
            await http.get(url)


@pytest.mark.parametrize(
    ("sent", "passed_on"),
    [
        (b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", True),
        (b"00-00000000000000000000000000000000-00f067aa0ba902b7-01", False),
        (b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\nX: y", False),
        (b"", False),
    ],
)
async def test_the_trace_of_a_request_goes_on_to_other_hosts(sent: bytes, passed_on: bool) -> None:
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200)

    current = current_ids.set(read_request_ids({b"traceparent": sent}))
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        await outgoing.ask(http, http.build_request("GET", "https://example.org/"))
    current_ids.reset(current)
    assert seen[0].get("traceparent") == (sent.decode() if passed_on else None)


@pytest.fixture
async def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Runs a server for https://provider.test with a certificate of its own; yields its port and what it was sent."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provider.test")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("provider.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "provider.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: https://127.0.0.1/\r\ncontent-length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1], heard
    server.close()


async def test_the_checked_address_is_connected_to_under_the_names_certificate(
    provider: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, heard = provider
    asked: list[str] = []

    async def look_up(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    # This machine stands for a public one.
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    monkeypatch.setattr(outgoing, "ip_address", lambda _: IPv4Address("8.8.8.8"))
    async with outgoing.client(allow_private=False) as http:
        answer = await http.get(f"https://provider.test:{port}/path")
        assert (answer.status_code, answer.text) == (302, "ok"), "a redirect is not followed"
        assert f"host: provider.test:{port}".encode() in heard[0].lower()
        with pytest.raises(httpx.ConnectError, match="certificate"):
            await http.get(f"https://other.test:{port}/")
    assert [name for name in asked if name.endswith(".test")] == ["provider.test", "other.test"], "looked up once each"


async def test_a_long_answer_is_not_read_to_its_end() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        except ConnectionError:
            pass

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with outgoing.client(allow_private=True) as http:
        with pytest.raises(httpx.DecodingError):
            await outgoing.ask(http, http.build_request("GET", url))
    server.close()
