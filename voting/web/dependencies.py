"""Dependencies of handlers besides the request's own parameters. They are ours, so calls do not validate them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from voting.domain.contest.contest import Contest
from voting.domain.identity.channel import Channel
from voting.services.audit import AuditLog
from voting.services.ballots.cast import Casting
from voting.services.ballots.disowning import Disowning
from voting.services.ballots.own_receipts import OwnReceipts
from voting.services.ballots.voter_status import VoterStatus
from voting.services.complaint_limits import ComplaintLimits
from voting.services.complaints import Complaints
from voting.services.contests.admin import ContestAdmin
from voting.services.contests.announcements import Announcements
from voting.services.contests.contest_cache import ContestCache
from voting.services.contests.covers import Covers
from voting.services.contests.overview import Overview
from voting.services.contests.videos import Videos
from voting.services.fraud.cells import Cells
from voting.services.fraud.growth import Growths
from voting.services.fraud.review import Reviews
from voting.services.identity.confirmations import Confirmations
from voting.services.identity.keyring import Keyring
from voting.services.identity.persons import Persons
from voting.services.identity.privacy import Privacy
from voting.services.identity.providers.mini_program import MiniProgramProvider
from voting.services.identity.providers.phone import PhoneProvider
from voting.services.identity.providers.provider import ConfirmingProvider, PostedProvider
from voting.services.identity.providers.web import WebProvider
from voting.services.identity.redirects import Redirects
from voting.services.identity.reminders import Reminders
from voting.services.readiness import Readiness
from voting.services.results.marking import Marking
from voting.services.results.marks import Marks
from voting.services.results.objections import Objections
from voting.services.results.reports import Reports
from voting.services.share_cards import ShareCards
from voting.services.staff.accounts import StaffAccounts
from voting.services.staff.sessions import StaffSessions
from voting.services.staff.sign_in import SignIn
from voting.services.tallies.live_board import LiveBoards
from voting.services.tallies.reader import TallyReader
from voting.services.transparency.public_log import PublicLog
from voting.web.client import ClientReader
from voting.web.options import WebOptions

# A page number from 1, or empty: the contract writes `?page=`.
PAGE = r"^([1-9]\d{0,5})?$"


@dataclass(frozen=True)
class Services:
    """The services that the web uses."""

    announcements: Announcements
    audit_log: AuditLog
    staff_sign_in: SignIn
    staff_accounts: StaffAccounts
    staff_sessions: StaffSessions
    casting: Casting
    cells: Cells
    complaint_limits: ComplaintLimits
    complaints: Complaints
    contest_admin: ContestAdmin
    contest_cache: ContestCache
    covers: Covers
    disowning: Disowning
    growths: Growths
    keyring: Keyring
    marking: Marking
    marks: Marks
    objections: Objections
    overview: Overview
    own_receipts: OwnReceipts
    persons: Persons
    privacy: Privacy
    public_log: PublicLog
    readiness: Readiness
    redirects: Redirects
    reminders: Reminders
    reports: Reports
    reviews: Reviews
    share_cards: ShareCards
    tally_reader: TallyReader
    videos: Videos
    voter_status: VoterStatus
    live_boards: LiveBoards
    web_provider: WebProvider
    mini_program_provider: MiniProgramProvider | None
    phone_provider: PhoneProvider | None
    posted_providers: Mapping[Channel, PostedProvider]
    confirming_providers: Mapping[Channel, ConfirmingProvider]
    confirmations: Confirmations

    def sign_ins(self, contest: Contest) -> list[Channel]:
        """Returns the channels with a sign-in on the contest's page, in the order of its file."""
        return [channel for channel in contest.voters.channels if channel in self._here]

    def confirm_ways(self, contest: Contest) -> list[Channel]:
        """Returns the channels through which voters can confirm on the contest's page."""
        return [
            channel for channel in (contest.verification.by if contest.verification else ()) if channel in self._here
        ]

    @property
    def _here(self) -> set[Channel]:
        return {*self.redirects.channels, *(cast(list[Channel], ["phone"]) if self.phone_provider else [])}


GivenServices = NamedDependency[SkipValidation[Services]]
GivenOptions = NamedDependency[SkipValidation[WebOptions]]
GivenClients = NamedDependency[SkipValidation[ClientReader]]
