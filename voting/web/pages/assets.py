"""The built files of the pages, served from memory; only those in the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from voting.errors import NotFound
from voting.web.auth import PUBLIC
from voting.web.flood_limiter import READS
from voting.web.rendering import manifest

_TYPES = {"js": "text/javascript", "css": "text/css"}


@get("/static/{name:str}", include_in_schema=False, opt=PUBLIC)
async def show_asset(name: FromPath[str]) -> Response[bytes]:
    """Returns a file by name, which contains its hash. Raises NotFound."""
    if name not in manifest().values():
        raise NotFound
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(_read(name), media_type=_TYPES[name.rpartition(".")[2]], headers=headers)


def verify_files(names: Sequence[str]) -> list[HTTPRouteHandler]:
    """Returns a handler of the files by which WeChat checks that a domain is ours: their names have their content."""
    if not names:
        return []

    @get([f"/{name}" for name in names], media_type=MediaType.TEXT, opt=READS | PUBLIC, include_in_schema=False)
    async def show_verify_file(request: Request[Any, Any, Any]) -> str:
        """Returns the file's content."""
        return request.url.path.removeprefix("/MP_verify_").removesuffix(".txt")

    return [show_verify_file]


@cache
def _read(name: str) -> bytes:
    return (files("voting.web") / "static" / name).read_bytes()
