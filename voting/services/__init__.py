"""What the system does, one verb a file."""

from __future__ import annotations

from dataclasses import dataclass

from voting.services.ballots.cast import Casting
from voting.services.contests.contest_cache import Catalogue
from voting.services.contests.covers import Covering
from voting.services.fraud.review import Reviewing
from voting.services.identity.keyring import Keyring
from voting.services.identity.registration import Registering
from voting.services.identity.sessions import Authorising
from voting.services.readiness import Probing
from voting.services.results.reports import Reporting
from voting.services.tallies.live_board import Watching
from voting.services.tallies.reader import Showing


@dataclass(frozen=True)
class Services:
    """What the web needs."""

    authorising: Authorising
    casting: Casting
    catalogue: Catalogue
    covering: Covering
    keyring: Keyring
    probing: Probing
    registering: Registering
    reporting: Reporting
    reviewing: Reviewing
    showing: Showing
    watching: Watching
