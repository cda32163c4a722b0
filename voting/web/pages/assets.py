"""The built files of the pages, served from memory; only those in the manifest."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from litestar import Response, get
from litestar.params import FromPath

from voting.errors import NotFound
from voting.web.rendering import manifest

_TYPES = {"js": "text/javascript", "css": "text/css"}


@get("/static/{name:str}", include_in_schema=False)
async def show_asset(name: FromPath[str]) -> Response[bytes]:
    """Returns a file by name, which contains its hash. Raises NotFound."""
    if name not in manifest().values():
        raise NotFound
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(_read(name), media_type=_TYPES[name.rpartition(".")[2]], headers=headers)


@cache
def _read(name: str) -> bytes:
    return (files("voting.web") / "static" / name).read_bytes()
