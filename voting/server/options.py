"""uvicorn's options: the same for the service, for what the bench compares it with, and for the fuzzer."""

from __future__ import annotations

from typing import Any

from voting.server.admission import GatedProtocol

OPTIONS: dict[str, Any] = {
    "loop": "uvloop",
    "http": GatedProtocol,
    "ws": "none",
    # The address behind a proxy is read by web/client.py.
    "proxy_headers": False,
    "server_header": False,
    "access_log": False,
    "log_level": "warning",
    "timeout_keep_alive": 75,
}
