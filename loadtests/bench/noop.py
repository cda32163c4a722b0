"""The yardstick of `make bench`: a POST of JSON that does nothing, on the same framework, server and workers."""

from __future__ import annotations

import click
import msgspec
import uvicorn
from litestar import Litestar, get, post
from litestar.params import JSONBody

from voting.server.options import OPTIONS


class Ballot(msgspec.Struct):
    """The body."""

    entries: list[str]


class Answer(msgspec.Struct):
    """About as long as the answer to a ballot."""

    ballot: str
    entries: list[str]


@post("/noop", status_code=201)
async def noop(data: JSONBody[Ballot]) -> Answer:
    """Decodes and encodes."""
    return Answer("x" * 500, data.entries)


@get("/health/ready")
async def ready() -> None:
    """Answers when the server has started."""


def application() -> Litestar:
    """The application, without middleware and limits."""
    return Litestar([noop, ready], openapi_config=None)


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--workers", type=int, required=True)
def main(port: int, workers: int) -> None:
    """Serve as `voting serve` does."""
    uvicorn.run(
        "loadtests.bench.noop:application",
        factory=True,
        port=port,
        workers=workers,
        **OPTIONS,
    )


if __name__ == "__main__":
    main()
