"""The public log of a contest's ballots (C2SP tlog-tiles), where its batches stand, and proofs."""

from __future__ import annotations

import gzip
import re
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from voting.domain.transparency.tree import TILE_HASHES, TileId
from voting.errors import NotFound
from voting.services.transparency import public_log
from voting.web.auth import PUBLIC
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS

_TEXT, _BYTES, _JSON = "text/plain; charset=utf-8", "application/octet-stream", "application/json"
_NEWEST = "public, max-age=1, s-maxage=1"
_MINUTE = "public, max-age=60, s-maxage=60"
_FOR_EVER = "public, max-age=31536000, immutable"
_TILE = re.compile(r"/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?")
_HIGHEST_LEVEL = 63


def _answer(body: bytes | str, media_type: str, cache: str, **more: str) -> Response[bytes]:
    content = body.encode() if isinstance(body, str) else body
    # Anybody's page may check it: it holds nothing that depends on who asks.
    headers = {"cache-control": cache, "access-control-allow-origin": "*", **more}
    return Response(content, media_type=media_type, headers=headers)


@get("/log/{contest:str}/checkpoint", opt=READS | PUBLIC)
async def show_checkpoint(contest: FromPath[str], services: GivenServices) -> Response[bytes]:
    """Returns the newest signed checkpoint with its quorum of cosignatures; the newest at all if that is older."""
    head = await services.public_log.head(await services.contest_cache.get(contest))
    return _answer(public_log.published(head), _TEXT, _NEWEST)


@get("/log/{contest:str}/tile/{level:str}/{path:path}", opt=READS | PUBLIC)
async def show_tile(
    contest: FromPath[str],
    level: FromPath[str],
    path: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
) -> Response[bytes]:
    """Returns the hashes of a tile, or with `entries` as its level a bundle of entries."""
    snapshot = await services.contest_cache.get(contest)
    number, width = _read_tile(path)
    if level == "entries":
        entries = await services.public_log.entries(snapshot, number, width)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return _answer(entries, _BYTES, _FOR_EVER, vary="accept-encoding")
        packed = gzip.compress(entries, 6, mtime=0)
        return _answer(packed, _BYTES, _FOR_EVER, vary="accept-encoding", **{"content-encoding": "gzip"})
    if not re.fullmatch(r"0|[1-9]\d?", level) or int(level) > _HIGHEST_LEVEL:
        raise NotFound
    return _answer(await services.public_log.tile(snapshot, TileId(int(level), number), width), _BYTES, _FOR_EVER)


@get("/log/{contest:str}/batch/{batch:int}", opt=READS | PUBLIC)
async def show_batch(contest: FromPath[str], batch: FromPath[int], services: GivenServices) -> Response[bytes]:
    """Returns where a batch of ballots stands: the index of its first leaf, and their count. 404 while it waits."""
    placed = await services.public_log.batch(await services.contest_cache.get(contest), batch)
    return _answer(msgspec.json.encode(placed._asdict()), _JSON, _FOR_EVER)


@get("/log/{contest:str}/proof/{batch:int}/{place:int}", opt=READS | PUBLIC)
async def show_proof(
    contest: FromPath[str], batch: FromPath[int], place: FromPath[int], services: GivenServices
) -> Response[bytes]:
    """Returns the proof that a ballot is in the log (C2SP tlog-proof). 404 while it waits."""
    proof = await services.public_log.proof(await services.contest_cache.get(contest), batch, place)
    named = {"content-disposition": f'inline; filename="{contest}-{batch}-{place}.tlog-proof"'}
    return _answer(proof, _TEXT, _MINUTE, **named)


@get("/log/{contest:str}/log.json", opt=READS | PUBLIC)
async def show_about(contest: FromPath[str], services: GivenServices) -> Response[bytes]:
    """Returns the log's origin and key, and the key of receipts."""
    snapshot = await services.contest_cache.get(contest)
    head = await services.public_log.head(snapshot)
    return _answer(public_log.about(snapshot, head, services.keyring.public_key), _JSON, _MINUTE)


@get("/log/{contest:str}/policy", opt=READS | PUBLIC)
async def show_policy(contest: FromPath[str], services: GivenServices) -> Response[bytes]:
    """Returns whose signatures a checkpoint needs (C2SP tlog-policy)."""
    snapshot = await services.contest_cache.get(contest)
    return _answer(public_log.policy_of(snapshot, await services.public_log.head(snapshot)), _TEXT, _MINUTE)


def _read_tile(path: str) -> tuple[int, int]:
    """Returns the number and the width that a path names. Raises NotFound."""
    found = _TILE.fullmatch(path)
    width = int(found[2] or TILE_HASHES) if found else 0
    if not found or width > TILE_HASHES or (found[2] and width == TILE_HASHES):
        raise NotFound
    return int(found[1].replace("x", "").replace("/", "")), width
