"""The voter's pages: the list of a contest's entries, and one entry."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect

from voting.domain.ballots.quota import Limit, remaining, renewal
from voting.domain.contest.contest import Contest
from voting.domain.contest.explain import explain
from voting.domain.entry import Sort, find
from voting.domain.identity.channel import Channel
from voting.domain.language import called
from voting.domain.results.scoring import ranks
from voting.errors import CredentialInvalid, EntryUnknown, TryAgain
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.privacy import notice_version
from voting.web.auth import PUBLIC, held_token, voter_cookie, voter_cookie_name
from voting.web.dependencies import PAGE, GivenServices, Services
from voting.web.flood_limiter import READS
from voting.web.rendering import html, language_of, notice_of, page, phase_of


@get("/", media_type=MediaType.HTML, opt=READS | PUBLIC)
async def home(request: Request[Any, Any, Any], services: GivenServices) -> Response[str] | Redirect:
    """Returns the list of contests, or a redirect to the only one."""
    snapshots = await services.contest_cache.all()
    if len(snapshots) == 1:
        return Redirect(f"/c/{snapshots[0].contest.id}")
    return html(
        request,
        page("home.html", language_of(request), snapshots=[(snapshot, phase_of(snapshot)) for snapshot in snapshots]),
    )


@get("/c/{contest:str}", media_type=MediaType.HTML, opt=READS | PUBLIC)
async def show_contest(
    contest: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
    category: Annotated[str, QueryParameter(max_length=64)] = "",
    q: Annotated[str, QueryParameter(max_length=100)] = "",
    sort: FromQuery[Sort | Literal[""]] = "",
    number: Annotated[str, QueryParameter(name="page", pattern=PAGE)] = "",
) -> Response[str]:
    """Returns a contest's entries, with everything needed to vote."""
    snapshot = await services.contest_cache.get(contest)
    shared = await _shared(request, services, snapshot)
    picks = shared["shown"].picks
    found = find(
        snapshot.entries.values(), category=category, text=q, sort=sort or "code", page=int(number or 1), picks=picks
    )
    wish = {"category": category, "q": q, "sort": sort or "code", "page": found.page}

    def link(**changes: object) -> str:
        return f"/c/{contest}?{urlencode({name: value for name, value in (wish | changes).items() if value})}"

    rules = explain(snapshot.contest, shared["language"])
    answer = html(request, page("contest.html", **shared, found=found, wish=wish, link=link, rules=rules))
    return _keeping_voter(answer, request, services, snapshot.contest)


@get("/c/{contest:str}/entries/{code:str}", media_type=MediaType.HTML, opt=READS | PUBLIC)
async def show_entry(
    contest: FromPath[str], code: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns the page of one entry. Raises EntryUnknown."""
    snapshot = await services.contest_cache.get(contest)
    entry = snapshot.entries.get(code)
    if entry is None:
        raise EntryUnknown
    shared = await _shared(request, services, snapshot)
    language = shared["language"]
    names = {category.id: called(category, language) for category in snapshot.contest.categories}
    tags = ("、" if language == "zh" else ", ").join(names[tag] for tag in entry.tags)
    shared["title"] = f"{entry.title} · {shared['title']}"
    answer = html(request, page("entry.html", **shared, entry=entry, category=names.get(entry.category, ""), tags=tags))
    return _keeping_voter(answer, request, services, snapshot.contest)


async def _shared(request: Request[Any, Any, Any], services: Services, snapshot: ContestSnapshot) -> dict[str, Any]:
    language, contest = language_of(request), snapshot.contest
    in_wechat = "MicroMessenger" in request.headers.get("user-agent", "")
    ways = _ways(services, contest, in_wechat, in_wechat or request.app.state.wechat_everywhere)
    shown = await services.tally_reader.shown(snapshot)
    token = _good_token(request, services, contest)
    # While PostgreSQL is away nobody can vote under this notice.
    with suppress(TryAgain):
        await services.privacy.show_notice(snapshot, notice_of(contest, "zh"), notice_of(contest, "en"))
    other = "en" if language == "zh" else "zh"
    now = snapshot.now()
    renewals = [renewal(contest, quota, now) for quota in contest.quotas if quota.per == "entry" and quota.limit == 1]
    return {
        "language": language,
        "contest": contest,
        "title": contest.title if language == "zh" else contest.title_en or contest.title,
        "phase": phase_of(snapshot),
        "now": now,
        "ticket": services.keyring.issue_ticket(contest.id, now),
        "shown": shown,
        "places": ranks(shown.picks or {}),
        "known": token is not None,
        "ways": ways,
        "sign_ins": [channel for channel in ways if channel != "web"],
        # Without a credential a vote begins with this channel's page elsewhere.
        "sign_in_first": ways[0] if ways and ways[0] in services.redirects.channels else "",
        "here": request.scope["path"],
        "notice": notice_of(contest, language),
        "notice_version": notice_version(contest),
        "share": in_wechat and services.share_cards.is_ready,
        "left": await _left(snapshot, services, token),
        # When an entry can be voted for again; empty if it can be at once.
        "entry_renews_at": max(renewals).isoformat() if renewals else "",
        "switch": f"{request.scope['path']}?{urlencode({**dict(request.query_params), 'lang': other})}",
    }


def _ways(services: Services, contest: Contest, in_wechat: bool, takes_wechat: bool) -> list[Channel]:
    """Returns the channels through which this page's reader can vote, the first to be tried first.

    They are in the order of the contest's file, but in WeChat its own sign-in comes first. Other browsers cannot show
    WeChat's page; they can show a stand-in's.
    """
    open_here = {"web", *services.sign_ins(contest)} - (set() if takes_wechat else {"wechat"})
    ways = [channel for channel in contest.voters.channels if channel in open_here]
    return sorted(ways, key=lambda channel: not (in_wechat and channel == "wechat"))


async def _left(snapshot: ContestSnapshot, services: Services, token: str | None) -> Limit | None:
    """Returns the tightest quota over the whole contest, to show to the voter. None while PostgreSQL is away."""
    try:
        left = (
            await services.voter_status.remaining(snapshot, token)
            if token
            else remaining(snapshot.contest, {}, snapshot.now())
        )
    except TryAgain:
        # The entries can be read without it.
        return None
    overall = [limit for limit in left.limits if limit.per == "contest"]
    return min(overall, key=lambda limit: limit.left, default=None)


def _good_token(request: Request[Any, Any, Any], services: Services, contest: Contest) -> str | None:
    """Returns the cookie's token if this contest accepts it."""
    token = held_token(request, contest.id)
    try:
        return token if token and services.keyring.credential_of(contest, token) else None
    except CredentialInvalid:
        return None


def _keeping_voter(
    answer: Response[str], request: Request[Any, Any, Any], services: Services, contest: Contest
) -> Response[str]:
    """Returns the page; if cookies became secure since the voter got one, sets the same token under the new name."""
    token = _good_token(request, services, contest)
    if request.app.state.secure_cookies and token and voter_cookie_name(contest.id, secure=True) not in request.cookies:
        answer.set_cookie(voter_cookie(contest.id, token, secure=True))
    return answer
