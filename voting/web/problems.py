"""Renders errors: one table of status codes; problem details (RFC 9457), or a page, by Accept."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException

from voting import retry_after
from voting.errors import (
    AlreadyExists,
    Certified,
    ChallengeRequired,
    ChannelClosed,
    CodeWrong,
    ComplaintsFull,
    ComplaintsOver,
    ConfirmationTaken,
    ContestPaused,
    ContestUnknown,
    CredentialInvalid,
    CredentialMissing,
    EntryUnknown,
    EntryWithdrawn,
    FileInvalid,
    Forbidden,
    HeadersTooLarge,
    KeyReused,
    Malformed,
    MethodNotAllowed,
    NotAsked,
    NotFound,
    NotScorable,
    NotYet,
    PauseUsed,
    PhoneInvalid,
    PicksInvalid,
    ProviderAway,
    QuotaExhausted,
    ReceiptUnknown,
    RosterSealed,
    RulesSealed,
    SignInExpired,
    SignInRefused,
    SlowDown,
    SlowRequest,
    SnapshotPage,
    Stale,
    TooLarge,
    TryAgain,
    UnsupportedMediaType,
    VotingError,
    WeChatBusy,
    WindowClosed,
    WindowNotOpen,
)
from voting.web.rendering import page

STATUS: dict[type[VotingError], int] = {
    Malformed: 400,
    CredentialMissing: 401,
    CredentialInvalid: 401,
    ChallengeRequired: 403,
    ChannelClosed: 403,
    SignInExpired: 403,
    SnapshotPage: 403,
    SignInRefused: 403,
    CodeWrong: 403,
    ConfirmationTaken: 409,
    NotAsked: 409,
    Forbidden: 403,
    ContestUnknown: 404,
    EntryUnknown: 404,
    EntryWithdrawn: 410,
    ReceiptUnknown: 404,
    NotFound: 404,
    NotYet: 404,
    MethodNotAllowed: 405,
    SlowRequest: 408,
    AlreadyExists: 409,
    Certified: 409,
    NotScorable: 409,
    Stale: 409,
    QuotaExhausted: 409,
    RulesSealed: 409,
    RosterSealed: 409,
    WindowNotOpen: 409,
    WindowClosed: 409,
    ContestPaused: 409,
    PauseUsed: 409,
    ComplaintsOver: 409,
    TooLarge: 413,
    UnsupportedMediaType: 415,
    FileInvalid: 422,
    KeyReused: 422,
    PhoneInvalid: 422,
    PicksInvalid: 422,
    SlowDown: 429,
    ComplaintsFull: 429,
    HeadersTooLarge: 431,
    ProviderAway: 503,
    TryAgain: 503,
    WeChatBusy: 503,
}
PROBLEM = "application/problem+json"
_FROM_HTTP: dict[int, type[VotingError]] = {
    404: NotFound,
    413: TooLarge,
    415: UnsupportedMediaType,
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A response, ready to be sent."""

    status: int
    headers: dict[str, str]
    body: bytes


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Litestar's exception handler."""
    rendered = render(request, known(request, error))
    # Not as media_type, to which the framework would append the charset again.
    return Response(rendered.body, status_code=rendered.status, headers=rendered.headers)


def render(request: Request[Any, Any, Any], error: VotingError) -> Rendered:
    """Returns the response to a failed request: JSON below /api, elsewhere a page for clients that accept one."""
    answer = problem(error)
    if not wants_page(request):
        return answer
    status, text_type = answer.status, {"content-type": "text/html; charset=utf-8"}
    contest = None if isinstance(error, ContestUnknown) else re.match(r"/c/[a-z0-9-]+(?=/)", request.scope["path"])
    # Only what was read is asked for again by itself.
    seconds = answer.headers.get("retry-after", "") if request.method == "GET" else ""
    back = contest[0] if contest else ""
    text = page(request, "error.html", code=error.code, status=status, seconds=seconds, list=back)
    return Rendered(status, answer.headers | text_type, text.encode())


def problem(error: VotingError) -> Rendered:
    """Returns the error as problem details."""
    status, headers = STATUS.get(type(error), 500), {"content-type": PROBLEM, "cache-control": "no-store"}
    if isinstance(error, (SlowDown, TryAgain, NotYet)):
        headers["retry-after"] = str(error.facts.get("retry_after", retry_after.LEAST_SECONDS))
    if isinstance(error, MethodNotAllowed):
        headers["allow"] = ", ".join(error.facts["allow"])
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    title = (type(error).__doc__ or "").strip() if status != 500 else "Something went wrong here; it has been logged."
    detail = str(error) if status != 500 else title
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": error.code}
    return Rendered(status, headers, msgspec.json.encode(content | error.facts))


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Whether the request comes from a person with a browser."""
    return not request.scope["path"].startswith("/api/") and "text/html" in request.headers.get("accept", "")


def known(request: Request[Any, Any, Any], error: Exception) -> VotingError:
    """Returns the error as one of ours; unexpected ones are logged."""
    if isinstance(error, VotingError):
        return error
    if isinstance(error, ValidationException):
        found = [item for item in error.extra or [] if isinstance(item, dict)]
        if any(item["message"] == "'data'" for item in found):
            return Malformed("the body is missing; send a JSON object")
        # Litestar's list of {message, key, source} as one sentence.
        faults = "; ".join(f"{item.get('key', '')}: {item['message']}".lstrip(": ") for item in found)
        return Malformed(faults or str(Malformed()))
    if isinstance(error, MethodNotAllowedException):
        methods = {each.strip() for each in (error.headers or {}).get("allow", "").split(",")}
        # The guard answers HEAD like GET.
        return MethodNotAllowed(allow=sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    if isinstance(error, HTTPException) and error.status_code < 500:
        return _FROM_HTTP.get(error.status_code, Malformed)()
    path = request.scope["path"][:200]
    logging.getLogger("voting").error("unexpected: %r %r", request.method[:20], path, exc_info=error)
    return VotingError()
