"""The voter's pages: the list of a contest's entries, one entry, and the reader's own part of both."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect

from voting.domain.ballots.quota import remaining, renewal
from voting.domain.contest.contest import Contest
from voting.domain.contest.explain import explain, explain_briefly, local_time
from voting.domain.contest.players import player_of
from voting.domain.contest.schema import Quota
from voting.domain.entry import Sort, find
from voting.domain.identity.channel import Channel
from voting.domain.language import Language, called
from voting.errors import CredentialInvalid, EntryUnknown, EntryWithdrawn, TryAgain
from voting.services.ballots.remaining_quota import describe
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.privacy import notice_version
from voting.services.tallies.reader import Shown
from voting.web.auth import PUBLIC, held_token, voter_cookie, voter_cookie_name
from voting.web.dependencies import PAGE, GivenOptions, GivenServices, Services
from voting.web.flood_limiter import READS
from voting.web.guard import PAGE_POLICY
from voting.web.i18n.words import WORDS
from voting.web.rendering import Look, PageCache, about, announced, html, language_of, notice_of, page, phase_of

# Live figures that are older are said to be so.
OLD = timedelta(seconds=10)
STRIP_COVERS = 4
_PAGES = PageCache()


@get("/", media_type=MediaType.HTML, opt=READS | PUBLIC)
async def home(request: Request[Any, Any, Any], services: GivenServices) -> Response[str] | Redirect:
    """Returns the list of contests, or a redirect to the only one."""
    snapshots = await services.contest_cache.all()
    if len(snapshots) == 1:
        return Redirect(f"/c/{snapshots[0].contest.id}")
    snapshots = tuple(sorted(snapshots, key=lambda snapshot: snapshot.phase() != "open"))
    language = language_of(request)
    listed = [(each, phase_of(each), _time_left(each, language), _strip(each)) for each in snapshots]
    return html(request, page(request, "home.html", snapshots=listed))


@get("/c/{contest:str}", media_type=MediaType.HTML, opt=READS | PUBLIC)
async def show_contest(
    contest: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
    category: Annotated[str, QueryParameter(max_length=64)] = "",
    q: Annotated[str, QueryParameter(max_length=100)] = "",
    sort: FromQuery[Sort | Literal[""]] = "",
    number: Annotated[str, QueryParameter(name="page", pattern=PAGE)] = "",
) -> Response[bytes]:
    """Returns a contest's entries: the same page for everybody."""
    snapshot = await services.contest_cache.get(contest)
    shown, look = await services.tally_reader.shown(snapshot), Look.of(request)
    wished_page = int(number or 1)
    wish: dict[str, object] = {"category": category, "q": q, "sort": sort or "code"}
    times = _times(snapshot, shown, look.language)

    def render() -> str:
        found = find(
            snapshot.entries.values(),
            category=category,
            text=q,
            sort=sort or "code",
            page=wished_page,
            picks=shown.picks,
            initials=snapshot.initials,
        )

        def link(**changes: object) -> str:
            query = wish | {"page": found.page} | changes
            usual = {"sort": "code", "page": 1}
            kept = {name: value for name, value in query.items() if value and value != usual.get(name)}
            kept |= {"lang": "en"} if look.language == "en" else {}
            return f"/c/{contest}?{urlencode(kept)}" if kept else f"/c/{contest}"

        return page(
            request,
            "contest.html",
            **_shared(services, snapshot, shown, look.language),
            **times,
            here=link(lang=""),
            found=found,
            wish=wish,
            link=link,
            counts=[snapshot.in_category[each.id] for each in snapshot.contest.categories],
            brief=explain_briefly(snapshot.contest, look.language),
            rules=explain(snapshot.contest, look.language),
        )

    key = ("contest", *_state(snapshot, shown), *times.values(), *wish.values(), wished_page)
    return _PAGES.answer(request, look, key, render)


@get("/c/{contest:str}/entries/{code:str}", media_type=MediaType.HTML, opt=READS | PUBLIC)
async def show_entry(
    contest: FromPath[str], code: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[bytes]:
    """Returns the page of one entry, the same for everybody. Raises EntryUnknown, EntryWithdrawn."""
    snapshot = await services.contest_cache.get(contest)
    entry = snapshot.entries.get(code)
    if entry is None:
        raise EntryWithdrawn if code in snapshot.known_entries else EntryUnknown
    shown, look = await services.tally_reader.shown(snapshot), Look.of(request)
    times, video = _times(snapshot, shown, look.language), services.videos.find(snapshot, code)
    player = None if video or not entry.video else player_of(entry.video, snapshot.contest.players)

    def render() -> str:
        names = {each.id: called(each, look.language) for each in snapshot.contest.categories}
        codes = sorted(snapshot.entries)
        place = codes.index(code)
        shared = _shared(services, snapshot, shown, look.language)
        shared["title"] = f"{entry.title} · {shared['title']}"
        return page(
            request,
            "entry.html",
            **shared,
            **times,
            entry=entry,
            category=names.get(entry.category, ""),
            tags=("、" if look.language == "zh" else ", ").join(names[tag] for tag in entry.tags),
            before=snapshot.entries[codes[place - 1]],
            after=snapshot.entries[codes[(place + 1) % len(codes)]],
            video=video,
            player=player,
        )

    key = ("entry", *_state(snapshot, shown), *times.values(), code, video)
    answer = _PAGES.answer(request, look, key, render)
    if player:
        answer.headers["content-security-policy"] = f"{PAGE_POLICY}; frame-src https://{player.site.host}"
    return answer


@get("/c/{contest:str}/own", opt=READS | PUBLIC, include_in_schema=False)
async def show_own_part(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices, options: GivenOptions
) -> Response[dict[str, Any]]:
    """Returns what the contest's pages show to this reader alone: the quota, the ways to vote, a ticket, the time."""
    snapshot = await services.contest_cache.get(contest)
    rules, now, token = snapshot.contest, snapshot.now(), _good_token(request, services, snapshot.contest)
    in_wechat = "MicroMessenger" in request.headers.get("user-agent", "")
    ways = _ways(services, rules, in_wechat, in_wechat or options.wechat_everywhere)
    # While PostgreSQL is away nobody can vote under this notice.
    with suppress(TryAgain):
        await services.privacy.show_notice(snapshot, notice_of(rules, "zh"), notice_of(rules, "en"))
    content = {
        "server_time": now,
        "phase": phase_of(snapshot),
        "closes_at": rules.closes_at,
        "ticket": services.keyring.issue_ticket(rules.id, now),
        "known": token is not None,
        "ways": [channel for channel in ways if channel != "web"],
        # Without a credential a vote begins with this channel's page elsewhere.
        "sign_in_first": ways[0] if ways and ways[0] in services.redirects.channels else "",
        "share": in_wechat and services.share_cards.is_ready,
        "remaining": await _remaining(snapshot, services, token),
        "confirmation": await _confirmation(snapshot, services, token),
        "entry_renews_at": _entry_renews_at(snapshot),
        "announcement": announced(snapshot.announcement(), rules, language_of(request)),
    }
    answer = Response(content, headers={"cache-control": "no-store"})
    if options.secure_cookies and token and voter_cookie_name(contest, secure=True) not in request.cookies:
        # Cookies became secure since the voter got one: the same token under the new name.
        answer.set_cookie(voter_cookie(contest, token, secure=True))
    return answer


async def _confirmation(snapshot: ContestSnapshot, services: Services, token: str | None) -> dict[str, Any] | None:
    """Returns what the voter is asked to confirm. None, too, while PostgreSQL is away."""
    with suppress(TryAgain):
        return await services.confirmations.status(snapshot, token) if token else None
    return None


def _state(snapshot: ContestSnapshot, shown: Shown) -> tuple[object, ...]:
    """Returns what the pages of a contest follow from, besides the moment."""
    announcement, renews_at = snapshot.announcement(), _entry_renews_at(snapshot)
    phase = phase_of(snapshot), snapshot.certified
    return snapshot.uid, snapshot.revision, *phase, announcement, shown.tag, renews_at


def _times(snapshot: ContestSnapshot, shown: Shown, language: Language) -> dict[str, str]:
    """Returns the moments that pages show, as text: a page is rendered again when one changes."""
    contest, now, words = snapshot.contest, snapshot.now(), WORDS[language]
    is_old = contest.display.policy == "live" and now - shown.as_of > OLD
    as_of = local_time(shown.as_of, now, contest, language, seconds=is_old)
    return {
        "time_left": _time_left(snapshot, language),
        "as_of": (words.as_of_old if is_old else words.as_of).format(as_of),
    }


def _time_left(snapshot: ContestSnapshot, language: Language) -> str:
    """Returns how long it is until the contest opens or closes."""
    until = snapshot.contest.opens_at if snapshot.phase() == "not_open" else snapshot.contest.closes_at
    minutes = max(timedelta(), until - snapshot.now()) // timedelta(minutes=1)
    form, per = ("days_hours", 60) if minutes >= 24 * 60 else ("hours_minutes", 1)
    first, second = divmod(minutes // per, 24 if per == 60 else 60)
    return str(getattr(WORDS[language], form).format(first, second))


def _strip(snapshot: ContestSnapshot) -> list[str]:
    """Returns the first covers of a contest."""
    return list(islice((entry.cover for entry in snapshot.entries.values() if entry.cover), STRIP_COVERS))


def _shared(services: Services, snapshot: ContestSnapshot, shown: Shown, language: Language) -> dict[str, Any]:
    contest, words = snapshot.contest, WORDS[language]
    quota = min((each for each in contest.quotas if each.per == "contest"), key=_limit, default=None)
    span = contest.ballot
    several = f"{span.least}–{span.most}" if span.least < span.most else str(span.least)
    return {
        **about(contest, language),
        "phase": phase_of(snapshot),
        "certified": snapshot.certified,
        "announcement": announced(snapshot.announcement(), contest, language),
        "pause_reason": snapshot.pause_reason,
        "confirm_ways": services.confirm_ways(contest),
        "shown": shown,
        "places": shown.places,
        "hidden_words": words.hidden if contest.display.policy == "hidden" else words.hidden_first,
        "several": span.least > 1,
        "span_words": words.basket_span.format(several),
        "quota": quota,
        "quota_words": _quota_words(quota, words) if quota else None,
        "usual": getattr(words, f"renewed_{quota.period}", "") if quota else "",
        "sign_ins": services.sign_ins(contest),
        "entry_renews_at": _entry_renews_at(snapshot),
        "notice": notice_of(contest, language),
        "notice_version": notice_version(contest),
        "words": words.script | _period_words(contest, words.script),
    }


def _quota_words(quota: Quota, words: Any) -> list[str]:
    """Returns what stands before and after the number that is left."""
    form = words.left_ballots if quota.unit == "ballots" else getattr(words, f"left_{quota.period}")
    before, after = form.split("{}")
    return [before, after]


def _limit(quota: Quota) -> int:
    return quota.limit


def _period_words(contest: Contest, script: Mapping[str, str]) -> dict[str, str]:
    """Returns the words for what is used up, which name the day if it is renewed each day."""
    daily = {
        per: all(quota.period == "day" for quota in contest.quotas if quota.per == per) for per in ("contest", "entry")
    }
    return {
        "voted": script["voted_day" if daily["entry"] else "voted"],
        "full": script["full_day" if daily["contest"] else "full"],
    }


def _entry_renews_at(snapshot: ContestSnapshot) -> str:
    """Returns when an entry that is voted for now can be voted for again; empty if it can be at once."""
    contest, now = snapshot.contest, snapshot.now()
    renewals = [renewal(contest, quota, now) for quota in contest.quotas if quota.per == "entry" and quota.limit == 1]
    return max(renewals).astimezone(contest.zone).isoformat() if renewals else ""


def _ways(services: Services, contest: Contest, in_wechat: bool, takes_wechat: bool) -> list[Channel]:
    """Returns the channels through which this page's reader can vote, the first to be tried first.

    They are in the order of the contest's file, but in WeChat its own sign-in comes first. Other browsers cannot show
    WeChat's page; they can show a stand-in's.
    """
    open_here = {"web", *services.sign_ins(contest)} - (set() if takes_wechat else {"wechat"})
    ways = [channel for channel in contest.voters.channels if channel in open_here]
    return sorted(ways, key=lambda channel: not (in_wechat and channel == "wechat"))


async def _remaining(snapshot: ContestSnapshot, services: Services, token: str | None) -> dict[str, Any] | None:
    """Returns the remaining quota; None while PostgreSQL is away."""
    if token is None:
        return describe(snapshot.contest, remaining(snapshot.contest, {}, snapshot.now()))
    with suppress(TryAgain):
        return describe(snapshot.contest, await services.voter_status.remaining(snapshot, token))
    return None


def _good_token(request: Request[Any, Any, Any], services: Services, contest: Contest) -> str | None:
    """Returns the cookie's token if this contest accepts it."""
    token = held_token(request, contest.id)
    try:
        return token if token and services.keyring.credential_of(contest, token) else None
    except CredentialInvalid:
        return None
