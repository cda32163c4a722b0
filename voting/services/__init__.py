"""What the system does, one verb a file."""

from __future__ import annotations

from dataclasses import dataclass

from voting.services.authorising import Authorising
from voting.services.casting import Casting
from voting.services.catalogue import Catalogue
from voting.services.covering import Covering
from voting.services.keyring import Keyring
from voting.services.probing import Probing
from voting.services.registering import Registering
from voting.services.reporting import Reporting
from voting.services.reviewing import Reviewing
from voting.services.showing import Showing
from voting.services.watching import Watching


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
