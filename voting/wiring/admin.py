"""Composes the services of a command, without those of a server: a command starts in half a second."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from voting.errors import SettingInvalid
from voting.fraud.policy import SweepPolicy
from voting.postgres import database as postgres
from voting.postgres.database import Database
from voting.postgres.schema import migrate as postgres_migrate
from voting.postgres.schema.migrate import check_schema
from voting.postgres.schema.rights import check_rights
from voting.services.contests.admin import ContestAdmin
from voting.services.contests.announcements import Announcements
from voting.services.contests.contest_cache import ContestCache
from voting.services.fraud.review import Reviews
from voting.services.identity.retention import Retention
from voting.services.results.marks import Marks
from voting.services.results.reports import Reports
from voting.services.staff.keys import StaffKeys
from voting.services.staff.sessions import StaffSessions
from voting.services.tallies.recount import Recounts
from voting.settings import Settings

if TYPE_CHECKING:
    import httpx

    # What they import is slow to load: polars, cryptography.
    from voting.services.ballots.disowning import Disowning
    from voting.services.complaints import Complaints
    from voting.services.fraud.cells import Cells
    from voting.services.fraud.certify import Certifier
    from voting.services.fraud.export import EventExport
    from voting.services.fraud.growth import Growths
    from voting.services.fraud.policy_comparison import PolicyComparison
    from voting.services.fraud.sweeping import Sweeping
    from voting.services.identity.keyring import Keyring, ReceiptKey
    from voting.services.identity.persons import Persons
    from voting.services.staff.accounts import StaffAccounts
    from voting.services.staff.sign_in import SignIn
    from voting.services.transparency.bundles.stamping import Stamping
    from voting.services.transparency.cosigning import Cosigning
    from voting.services.transparency.sequencing import Sequencer


@dataclass(frozen=True)
class AdminServices:
    """The services of commands. They need no Redis. Those that load slowly or need the secret are made on first use."""

    database: Database
    settings: Settings
    actor: str
    announcements: Announcements
    contest_admin: ContestAdmin
    contest_cache: ContestCache
    marks: Marks
    recounts: Recounts
    reports: Reports
    retention: Retention
    reviews: Reviews
    staff_keys: StaffKeys
    staff_sessions: StaffSessions

    @cached_property
    def keyring(self) -> Keyring:
        """The keys made from the secret. Raises SettingInvalid if there is none."""
        from voting.services.identity.keyring import Keyring

        return Keyring(self.settings.need_secret())

    async def check_secret(self) -> None:
        """Raises SettingInvalid if the secret is not that of an open contest's ballots, or if there is none."""
        from voting.services.ballots.receipts import signed_with_another_key

        if others := await signed_with_another_key(self.database, self.receipt_key):
            raise SettingInvalid(
                f"VOTING_SECRET is not the one that the ballots of {', '.join(others)} were recorded under:"
                " voters would be strangers and could vote once more, tokens and accounts made with it would not work,"
                " and no result could be certified; set the earlier secret (none for the demo, which has its own)"
            )

    @cached_property
    def persons(self) -> Persons:
        """The persons who signed in. Raises SettingInvalid if there is no secret."""
        from voting.services.identity.persons import Persons

        return Persons(self.database, self.keyring)

    @cached_property
    def receipt_key(self) -> ReceiptKey:
        """The key that receipts are checked with. Raises SettingInvalid if there is no secret."""
        from voting.services.identity.keyring import ReceiptKey

        return ReceiptKey(self.keyring.public_key)

    @cached_property
    def staff_accounts(self) -> StaffAccounts:
        """Manages the staff's accounts. Raises SettingInvalid if there is no secret."""
        from voting.services.staff.accounts import StaffAccounts
        from voting.services.staff.passwords import Passwords

        return StaffAccounts(self.database, self.keyring, Passwords(), self.actor)

    @cached_property
    def staff_sign_in(self) -> SignIn:
        """Signs accounts in. Raises SettingInvalid if there is no secret."""
        from voting.services.staff.passwords import Passwords
        from voting.services.staff.sign_in import SignIn

        return SignIn(self.database, self.keyring, Passwords())

    @cached_property
    def certifier(self) -> Certifier:
        """Certifies. Raises SettingInvalid if there is no secret."""
        from voting.services.fraud.certify import Certifier

        return Certifier(self.database, self.actor, self.receipt_key, self.reviews)

    @cached_property
    def complaints(self) -> Complaints:
        """Complaints of voters. Raises SettingInvalid if there is no secret."""
        from voting.services.complaints import Complaints

        return Complaints(self.database, self.keyring)

    @cached_property
    def cells(self) -> Cells:
        """Cells of ballots whose voters confirm too seldom."""
        from voting.services.fraud.cells import Cells

        return Cells(self.database)

    @cached_property
    def disowning(self) -> Disowning:
        """Confirms voters whom the organiser knows. Raises SettingInvalid if there is no secret."""
        from voting.services.ballots.disowning import Disowning
        from voting.services.identity.confirmations import Confirmations

        return Disowning(self.database, Confirmations(self.database, self.keyring))

    @cached_property
    def growths(self) -> Growths:
        """Growth that cannot be tied to single ballots."""
        from voting.services.fraud.growth import Growths

        return Growths(self.database)

    @cached_property
    def event_export(self) -> EventExport:
        """Exports recorded ballots."""
        from voting.services.fraud.export import EventExport

        return EventExport(self.database)

    @cached_property
    def policy_comparison(self) -> PolicyComparison:
        """Compares fraud policies."""
        from voting.services.fraud.policy_comparison import PolicyComparison

        return PolicyComparison(self.database)

    def sequencer(self) -> Sequencer:
        """Returns what appends to the public logs. Raises SettingInvalid without a secret or a log's key."""
        from voting.services.fraud.policy_files import load_policy
        from voting.services.transparency.anchors import Anchors
        from voting.services.transparency.log_key import read_key
        from voting.services.transparency.sequencing import LogIdentity, Sequencer

        if self.settings.log_key is None:
            raise SettingInvalid("VOTING_LOG_KEY is not set; make a key with: voting log key FILE")
        host = urlsplit(self.settings.public_url).netloc or "localhost"
        identity = LogIdentity(host, self.keyring.public_key, load_policy(self.settings.policy).sha256)
        anchors = Anchors(self.settings.data / "anchors")
        return Sequencer(self.database, read_key(self.settings.log_key), identity, anchors)

    def cosigning(self, http: httpx.AsyncClient) -> Cosigning:
        """Returns what asks the contests' witnesses."""
        from voting.services.transparency.cosigning import Cosigning

        return Cosigning(self.database, http)

    def stamping(self, http: httpx.AsyncClient) -> Stamping | None:
        """Returns what has logs and certificates stamped; None without an authority. Raises SettingInvalid."""
        from voting.services.transparency.bundles.stamping import Stamping, read_roots

        if not self.settings.stamp_url:
            return None
        return Stamping(self.database, http, self.settings.stamp_url, read_roots(self.settings.stamp_roots))

    def sweeping(self, policy: SweepPolicy, shadow: SweepPolicy | None) -> Sweeping:
        """Returns what sweeps under these policies."""
        from voting.services.fraud.sweeping import Sweeping

        return Sweeping(self.database, policy, shadow)


@asynccontextmanager
async def services(settings: Settings, actor: str) -> AsyncIterator[AdminServices]:
    """Yields the services of a command on the database that `settings` names. Raises SchemaUnfit."""
    async with postgres.connected(settings.database_url, 2) as database:
        await check_rights(database)
        await check_schema(database)
        contest_cache = ContestCache(database)
        yield AdminServices(
            database,
            settings,
            actor,
            announcements=Announcements(database),
            contest_admin=ContestAdmin(database, actor),
            contest_cache=contest_cache,
            marks=Marks(database, actor),
            recounts=Recounts(database, actor),
            reports=Reports(database),
            retention=Retention(database, contest_cache, actor),
            reviews=Reviews(database, settings.second_person),
            staff_keys=StaffKeys(database, actor),
            staff_sessions=StaffSessions(database),
        )


async def migrate(settings: Settings, report: Callable[[str], None]) -> int:
    """Updates schema and rights; returns how many migrations were applied. Raises SchemaUnfit."""
    owner, application = settings.database_owner_url, settings.database_url
    async with postgres.connected(owner or application, 2) as database:
        return await postgres_migrate.migrate(database, report, application if owner else "")
