"""OpenID Connect providers: an independent one, as a process, and a strict one whose answers can be forged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.conftest import free_port

CLIENT, CLIENT_SECRET = "voting", "secret of the client: 50% & more"


@contextmanager
def independent_provider(*users: dict[str, Any]) -> Iterator[str]:
    """Runs oidc-provider-mock; yields its issuer."""
    port = free_port()
    program = str(Path(sys.executable).parent / "oidc-provider-mock")
    claims = [argument for user in users for argument in ("--user-claims", json.dumps(user))]
    process = subprocess.Popen(
        [program, "--port", str(port), "--require-nonce", "true", *claims],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    issuer, until = f"http://127.0.0.1:{port}", time.monotonic() + 30
    try:
        while not _answers(issuer):
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.1)
        yield issuer
    finally:
        process.terminate()
        process.wait(10)


def _answers(issuer: str) -> bool:
    try:
        return httpx.get(f"{issuer}/jwks").is_success
    except httpx.HTTPError:
        return False


@dataclass
class Code:
    """A code, with what its ID token says, and how it is signed."""

    challenge: str
    redirect_uri: str
    claims: dict[str, Any]
    header: dict[str, Any] = field(default_factory=dict)
    key: Any = None


@dataclass
class StrictProvider:
    """Checks the client, PKCE and the redirect address, and accepts a code once. `keys`: the newest signs."""

    issuer: str = ""
    keys: list[RSAKey] = field(default_factory=lambda: [RSAKey.generate_key(2048)])
    codes: dict[str, Code] = field(default_factory=dict)
    description: dict[str, Any] = field(default_factory=dict)
    """What its description says otherwise."""
    key_reads: int = 0
    status: int = 200
    delay: float = 0

    def issue(self, page: httpx.URL, claims: dict[str, Any] | None = None, **forged: Any) -> str:
        """Returns a code for a visit of its sign-in page, as if the person had signed in there."""
        query, code = page.params, f"code-{len(self.codes)}"
        now = int(time.time())
        own = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "person",
            "iat": now,
            "exp": now + 300,
            "nonce": query["nonce"],
        }
        every = {name: value for name, value in (own | (claims or {})).items() if value is not None}
        self.codes[code] = Code(query["code_challenge"], query["redirect_uri"], every, **forged)
        return code

    def answer(self, path: str, body: str, authorization: str) -> tuple[int, Any]:
        """Returns the status and the content of the answer."""
        time.sleep(self.delay)
        if self.status != 200:
            return self.status, {}
        if path == "/.well-known/openid-configuration":
            endpoints = {
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
            return 200, {"issuer": self.issuer} | endpoints | self.description
        if path == "/keys":
            self.key_reads += 1
            return 200, KeySet(list(self.keys)).as_dict()
        return self._token(parse_qs(body), authorization)

    def _token(self, form: dict[str, list[str]], authorization: str) -> tuple[int, Any]:
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        if (unquote(name), unquote(secret)) != (CLIENT, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        code = self.codes.pop(form["code"][0], None)
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        proved = code and code.challenge == _base64(digest)
        if not code or not proved or form["redirect_uri"] != [code.redirect_uri]:
            return 400, {"error": "invalid_grant"}
        key = code.key or self.keys[-1]
        header = {"alg": "RS256", "kid": self.keys[-1].thumbprint()} | code.header
        token = _by_hand(header, code) if header["alg"] in ("none", "HS256") else jwt.encode(header, code.claims, key)
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": token}

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[StrictProvider]:
        """Yields a provider that listens."""
        provider = cls()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer("")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers["content-length"])).decode())

            def _answer(self, body: str) -> None:
                status, content = provider.answer(self.path, body, self.headers.get("authorization", ""))
                sent = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield provider
        server.shutdown()
        thread.join()
        server.server_close()


def _by_hand(header: dict[str, Any], code: Code) -> str:
    """Returns a token that the library refuses to make: unsigned, or signed with any bytes as a secret."""
    encoded = [_base64(json.dumps(part).encode()) for part in (header, code.claims)]
    signature = b"" if header["alg"] == "none" else hmac.digest(code.key, ".".join(encoded).encode(), "sha256")
    return ".".join([*encoded, _base64(signature)])


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
