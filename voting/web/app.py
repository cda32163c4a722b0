"""The ASGI application: routes, dependencies and the guard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from typing import Any, cast

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import QueryParameter
from litestar.types import Empty

from voting import __version__
from voting.errors import Malformed
from voting.logs import is_json
from voting.web.api import (
    ballots,
    complaints,
    confirmations,
    contests,
    entries,
    health,
    log,
    media,
    objections,
    share_cards,
    tallies,
    videos,
    voters,
)
from voting.web.api.staff import accounts, cells, groups, growth, live, marking, results
from voting.web.api.staff import confirmations as staff_confirmations
from voting.web.api.staff import contests as staff_contests
from voting.web.api.staff import rosters as staff_rosters
from voting.web.client import ClientReader
from voting.web.cors import Cors
from voting.web.dependencies import GivenClients, GivenServices, Services
from voting.web.flood_limiter import FloodLimiter
from voting.web.guard import STRICT_TRANSPORT, ASGIApp, Guard, StrictRequest
from voting.web.options import WebOptions
from voting.web.pages import about, assets, own_data, posters, publication, sign_in
from voting.web.pages import contests as contest_pages
from voting.web.pages import log as log_pages
from voting.web.pages.staff import account, audit, boards, control, new_contest, overview, review, roster
from voting.web.pages.staff import complaints as complaint_pages
from voting.web.pages.staff import marking as marking_pages
from voting.web.pages.staff import objections as objection_pages
from voting.web.pages.staff import results as result_pages
from voting.web.pages.staff.reader import SignInNeeded, show_sign_in
from voting.web.plain_ballots import PlainBallots
from voting.web.problems import answer_error

HANDLERS: list[Any] = [
    contests.list_contests,
    contests.show_contest,
    entries.list_entries,
    tallies.show_tallies,
    voters.ask_challenge,
    voters.register_voter,
    voters.send_phone_code,
    voters.show_me,
    voters.give_consent,
    voters.erase_me,
    confirmations.send_confirmation_code,
    confirmations.confirm,
    confirmations.deny,
    confirmations.wish_reminder,
    ballots.cast_ballot,
    live.watch,
    results.show_results,
    share_cards.sign_page,
    groups.list_groups,
    groups.show_group,
    groups.decide,
    groups.show_history,
    groups.show_staff_tallies,
    staff_contests.create,
    staff_rosters.import_roster,
    staff_rosters.mark_faults,
    staff_rosters.import_covers,
    staff_contests.seal,
    staff_contests.pause,
    staff_contests.resume,
    staff_contests.extend,
    staff_contests.withdraw,
    staff_contests.change_display,
    staff_contests.announce,
    staff_contests.end_announcement,
    cells.list_cells,
    cells.decide_cell,
    growth.decide_growth,
    staff_confirmations.confirm_known_voter,
    accounts.sign_in,
    accounts.sign_out,
    accounts.list_sessions,
    accounts.end_session,
    accounts.change_password,
    accounts.show_audit,
    media.show_cover,
    videos.show_video,
    log.show_checkpoint,
    log.show_tile,
    log.show_batch,
    log.show_proof,
    log.show_about,
    log.show_policy,
    log_pages.show_log,
    health.live,
    health.ready,
    health.deps,
    health.metrics,
    contest_pages.home,
    contest_pages.show_contest,
    contest_pages.show_entry,
    contest_pages.show_own_part,
    posters.show_poster,
    posters.show_qr_code,
    about.show_privacy,
    about.show_complaints,
    about.show_ballots,
    about.check_receipt,
    own_data.show_own_data,
    own_data.deny_ballot,
    own_data.download_own_data,
    own_data.erase_own_data,
    sign_in.begin,
    sign_in.begin_confirmation,
    sign_in.finish,
    boards.show_board,
    boards.show_screen,
    marking.save_draft,
    marking.submit_marks,
    marking.import_marks,
    marking.return_marks,
    marking_pages.show_rounds,
    marking_pages.show_marking,
    marking_pages.show_progress,
    marking_pages.check_table,
    complaints.file_complaint,
    complaints.answer_complaint,
    complaints.close_complaint,
    complaint_pages.show_complaint_desk,
    objections.file_objection,
    objections.answer_objection,
    publication.show_publication,
    objection_pages.show_objections,
    result_pages.show_results,
    result_pages.show_derivation,
    review.show_queue,
    review.show_group,
    review.show_pack,
    review.show_ballot,
    audit.show_audit_log,
    overview.show_overview,
    new_contest.show_new,
    new_contest.check_new,
    control.show_control,
    roster.show_roster,
    roster.check_roster,
    account.show_account,
    assets.show_asset,
]


def create_app(services: Callable[[], AbstractAsyncContextManager[Services]], options: WebOptions) -> Guard:
    """Returns the ASGI application; `services` is entered when the server starts and left when it stops."""
    clients = ClientReader(options.trusted_proxies, options.cors_origins)
    always = [STRICT_TRANSPORT] if options.secure_cookies else []
    cors = Cors(options.cors_origins)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with services() as ready:
            app.state.services = plain_ballots.services = ready
            yield

    # A chain of dependencies: the framework resolves independent ones in separate tasks, at three times the cost.
    def after_services(services: GivenServices) -> ClientReader:
        return clients

    def after_clients(clients: GivenClients) -> WebOptions:
        return options

    app = Litestar(
        [*HANDLERS, *assets.verify_files(options.wechat_verify_files)],
        state=State(
            {
                "secure_cookies": options.secure_cookies,
                "public_origin": options.public_origin,
                "site": options.site,
            }
        ),
        lifespan=[lifespan],
        request_class=StrictRequest,
        before_request=_check_query,
        # Otherwise the framework's configuration would override ours.
        logging_config=None if is_json() else Empty,
        exception_handlers={SignInNeeded: show_sign_in, Exception: answer_error},
        dependencies={
            "services": Provide(_services, sync_to_thread=False),
            "clients": Provide(after_services, sync_to_thread=False),
            "options": Provide(after_clients, sync_to_thread=False),
        },
        openapi_config=OpenAPIConfig(
            title="voting", version=__version__, path="/api/v1/schema", render_plugins=[JsonRenderPlugin()]
        ),
    )
    limiter = FloodLimiter(options.shield_reads, options.shield_writes, clients, app)
    plain_ballots = PlainBallots(clients, limiter, cors, always)
    limiter.note_refused = plain_ballots.note_refused
    return Guard(cast(ASGIApp, app), limiter, cors, plain_ballots, always)


async def _check_query(request: Request[Any, Any, Any]) -> None:
    """Refuses unknown query parameters of the API's reads, which callers might believe to have an effect.

    Pages ignore them, because WeChat adds its own to shared links.
    """
    if request.method != "GET" or not request.scope["query_string"] or not request.scope["path"].startswith("/api/"):
        return
    if request.route_handler.opt.get("any_query"):
        return
    known = _query_names(request.route_handler)
    if unknown := [name for name in request.query_params if name not in known]:
        takes = f"takes {', '.join(known)}" if known else "takes none"
        raise Malformed(f"there is no query parameter {unknown[0][:64]!r}: this address {takes}")


@cache
def _query_names(handler: Any) -> tuple[str, ...]:
    parameters = handler.parsed_fn_signature.parameters.items()
    found = [(name, each.kwarg_definition) for name, each in parameters]
    return tuple(how.name or name for name, how in found if isinstance(how, QueryParameter))


def _services(state: State) -> Services:
    found: Services = state.services
    return found
