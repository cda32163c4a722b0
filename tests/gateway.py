"""An SMS service's end of the webhook for codes, which checks the signature."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "secret of the webhook"


@dataclass
class Gateway:
    """Keeps the messages it was sent, if their signature is right."""

    url: str = ""
    status: int = 200
    refused: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a service that sends its codes here."""
        return {
            "VOTING_PHONE_SENDER": self.url,
            "VOTING_PHONE_SECRET": SECRET,
            "VOTING_PRIVATE_PROVIDERS": "on",
        }

    def take(self, body: bytes, signature: str) -> int:
        """Keeps a message; returns the status to answer with."""
        parts = dict(part.split("=", 1) for part in signature.split(","))
        right = hmac.new(SECRET.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right, parts["v1"]) or abs(time.time() - int(parts["t"])) > 60:
            self.refused += 1
            return 403
        self.messages.append(json.loads(body))
        return self.status

    def code(self, phone: str) -> str:
        """Returns the last code that was sent to a number."""
        return str(next(message["code"] for message in reversed(self.messages) if message["phone"] == phone))

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Gateway]:
        """Yields a gateway that listens."""
        gateway = cls()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(gateway.take(body, self.headers["voting-signature"]))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        gateway.url = f"http://127.0.0.1:{server.server_port}/codes"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield gateway
        server.shutdown()
        thread.join()
        server.server_close()
