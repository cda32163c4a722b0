"""The built files of the pages: those of the manifest and no others, from memory."""

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
    """A file, named by its content. Raises NotFound."""
    if name not in manifest().values():
        raise NotFound
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(_read(name), media_type=_TYPES[name.rpartition(".")[2]], headers=headers)


@cache
def _read(name: str) -> bytes:
    return (files("voting.web") / "static" / name).read_bytes()
