"""The yardstick of `make bench`: a POST of JSON that does nothing, on the same framework, server and workers."""

from __future__ import annotations

import sys

import msgspec
import uvicorn
from litestar import Litestar, get, post
from litestar.params import JSONBody

from voting.server.admission import GatedProtocol


class Ballot(msgspec.Struct):
    """What is sent."""

    entries: list[str]


class Answer(msgspec.Struct):
    """About as much as a ballot's answer."""

    ballot: str
    entries: list[str]


@post("/noop", status_code=201)
async def noop(data: JSONBody[Ballot]) -> Answer:
    """Decodes, answers, encodes."""
    return Answer("x" * 500, data.entries)


@get("/ready")
async def ready() -> None:
    """Told when the server has started."""


def application() -> Litestar:
    """The application: no edge, no shield, no limits of ours."""
    return Litestar([noop, ready], openapi_config=None)


def main(port: int, workers: int) -> None:
    """Serves as `voting serve` does."""
    uvicorn.run(
        "loadtests.noop:application",
        factory=True,
        port=port,
        workers=workers,
        loop="uvloop",
        http=GatedProtocol,
        ws="none",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
