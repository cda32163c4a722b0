"""Composes the services of a server process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import NamedTuple

from voting.domain.ballots.rate import read_rate
from voting.networks.lookup import networks_of
from voting.postgres import database as postgres
from voting.postgres.database import Database
from voting.postgres.schema.migrate import check_schema
from voting.postgres.schema.rights import check_rights
from voting.postgres.standby import Standby
from voting.redis import connection as redis
from voting.redis.connection import Connected
from voting.services.audit import AuditLog, record_policies
from voting.services.ballots.cast import Casting
from voting.services.ballots.client_classes import ClientClasses
from voting.services.ballots.disowning import Disowning
from voting.services.ballots.own_receipts import OwnReceipts
from voting.services.ballots.record import CONCURRENT_BATCHES, BallotRecorder
from voting.services.ballots.screen import Screening
from voting.services.ballots.voter_status import VoterStatus
from voting.services.complaint_limits import ComplaintLimits
from voting.services.complaints import Complaints
from voting.services.contests.admin import ContestAdmin
from voting.services.contests.announcements import Announcements
from voting.services.contests.contest_cache import ContestCache
from voting.services.contests.covers import Covers
from voting.services.contests.overview import Overview
from voting.services.contests.pauses import Pauses
from voting.services.contests.videos import Videos
from voting.services.fraud.cells import Cells
from voting.services.fraud.group_view import undecided_as_json
from voting.services.fraud.growth import Growths
from voting.services.fraud.policy_files import load_policy
from voting.services.fraud.review import Reviews
from voting.services.identity.confirmations import Confirmations
from voting.services.identity.keyring import Keyring
from voting.services.identity.privacy import Privacy
from voting.services.identity.reminders import Reminders
from voting.services.rate_limits import RateLimits
from voting.services.readiness import Readiness
from voting.services.results.marking import Marking
from voting.services.results.marks import Marks
from voting.services.results.objections import Objections
from voting.services.results.reports import Reports
from voting.services.staff.accounts import StaffAccounts
from voting.services.staff.passwords import Passwords
from voting.services.staff.sessions import StaffSessions
from voting.services.staff.sign_in import SignIn
from voting.services.tallies.activity import Activities
from voting.services.tallies.live_board import LiveBoards
from voting.services.tallies.projection import TallyProjection
from voting.services.tallies.reader import TallyReader
from voting.services.transparency.public_log import PublicLog
from voting.settings import Settings
from voting.web.dependencies import Services
from voting.wiring.providers import Providers, open_providers
from voting.wiring.starting import reached


class _Pools(NamedTuple):
    readers: Database
    writers: Database
    """For ballots."""
    standby: Standby


class _Vote(NamedTuple):
    contest_cache: ContestCache
    tally_projection: TallyProjection
    activities: Activities
    casting: Casting


@asynccontextmanager
async def services(settings: Settings) -> AsyncIterator[Services]:
    """Yields the services of one process on the database and Redis that `settings` names. Waits for PostgreSQL.

    Raises SchemaUnfit, and FileInvalid for a fraud policy or a list of networks with faults.
    """
    policy = load_policy(settings.policy)
    shadow = load_policy(settings.shadow_policy) if settings.shadow_policy else None
    networks = networks_of(settings)
    writers = max(1, min(CONCURRENT_BATCHES, settings.pool // 2))
    keyring = Keyring(settings.secret)

    async def opened(stack: AsyncExitStack) -> _Pools:
        readers = max(1, settings.pool - writers)
        database = await stack.enter_async_context(postgres.connected(settings.database_url, readers))
        ledger = await stack.enter_async_context(database.committing(writers))
        standby = Standby(database, settings.sync_required)
        await standby.check()
        await check_rights(database)
        await check_schema(database)
        await record_policies(database, policy, shadow, networks, if_changed=True)
        return _Pools(database, ledger, standby)

    async with (
        reached(opened) as pools,
        redis.connected(settings.redis_url, settings.redis_parts) as connected,
        open_providers(settings, pools.readers, connected, keyring) as providers,
    ):
        database = pools.readers
        contest_cache = ContestCache(database)
        tally_projection = TallyProjection(database, connected.view, contest_cache)
        await tally_projection.reconcile_current()
        client_classes, activities = ClientClasses(database), Activities(database, contest_cache)
        casting = Casting(
            contest_cache=contest_cache,
            keyring=keyring,
            screening=Screening(keyring, networks, policy, shadow),
            rate_limits=RateLimits(connected.turns, read_rate(settings.limit_voter), read_rate(settings.limit_address)),
            recorder=BallotRecorder(pools.writers, pools.standby, keyring, policy.sha256, settings.shards),
            tally_projection=tally_projection,
            client_classes=client_classes,
            activities=activities,
            most=settings.batch,
            at_once=writers,
            collect=settings.collect_ms / 1000,
        )
        vote = _Vote(contest_cache, tally_projection, activities, casting)
        services = _services(settings, pools, connected, vote, providers)
        background = (tally_projection, client_classes, activities, Pauses(database), pools.standby, services.reminders)
        beside = [asyncio.create_task(service.run()) for service in background]
        try:
            yield services
        finally:
            services.live_boards.close()
            await casting.drain()
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)


def _services(
    settings: Settings,
    pools: _Pools,
    connected: Connected,
    vote: _Vote,
    providers: Providers,
) -> Services:
    database = pools.readers
    contest_cache, tally_projection, activities, casting = vote
    readiness = Readiness(database, pools.standby, connected.view)
    reviews = Reviews(database, settings.second_person, tally_projection.mark)
    tally_reader = TallyReader(database, connected.view, tally_projection)
    passwords = Passwords()
    confirming = Confirmations(database, providers.keyring)
    return Services(
        announcements=Announcements(database),
        audit_log=AuditLog(database),
        staff_sign_in=SignIn(database, providers.keyring, passwords),
        staff_accounts=StaffAccounts(database, providers.keyring, passwords, "serve"),
        staff_sessions=StaffSessions(database),
        casting=casting,
        cells=Cells(database, tally_projection.mark),
        complaint_limits=ComplaintLimits(providers.keyring, connected.turns),
        complaints=Complaints(database, providers.keyring),
        contest_admin=ContestAdmin(database, "serve"),
        contest_cache=contest_cache,
        covers=Covers(database),
        disowning=Disowning(database, confirming, tally_projection.mark),
        growths=Growths(database),
        keyring=providers.keyring,
        marking=Marking(database),
        marks=Marks(database, "serve"),
        objections=Objections(database),
        overview=Overview(database),
        own_receipts=OwnReceipts(database, providers.keyring),
        persons=providers.persons,
        mini_program_provider=providers.mini_program,
        phone_provider=providers.phone,
        posted_providers=providers.posted,
        confirming_providers=providers.confirming,
        confirmations=confirming,
        privacy=Privacy(database, providers.keyring),
        public_log=PublicLog(database),
        readiness=readiness,
        redirects=providers.redirects,
        reminders=Reminders(database, providers.keyring, contest_cache, confirming, providers.messages),
        reports=Reports(database),
        reviews=reviews,
        tally_reader=tally_reader,
        videos=Videos(settings.videos),
        voter_status=VoterStatus(database, providers.keyring),
        live_boards=LiveBoards(
            database, contest_cache, tally_reader, activities, readiness, partial(undecided_as_json, reviews)
        ),
        share_cards=providers.share_cards,
        web_provider=providers.web,
    )
