"""Codes for how a page was reached, and for what is odd about a request."""

from __future__ import annotations

from enum import IntEnum


class Odd(IntEnum):
    """What does not fit the client. Honest clients have it too: filters, settings, old browsers."""

    NOTHING = 0
    NO_LANGUAGE = 1
    OTHER_PLATFORM = 2
    NO_HINTS = 3
    BARE = 4
    FOREIGN_LANGUAGE = 5
    OTHER_REPORT = 6
    FOREIGN_ZONE = 7


# In an order that decides what a seed draws.
ODDITIES = (
    *(Odd.NO_LANGUAGE, Odd.OTHER_PLATFORM, Odd.NO_HINTS, Odd.BARE),
    *(Odd.FOREIGN_LANGUAGE, Odd.OTHER_REPORT, Odd.FOREIGN_ZONE),
)


class Site(IntEnum):
    """`Sec-Fetch-Site` of the ballot."""

    OWN = 0
    CROSS = 1
    ABSENT = 2


# Where the ballot's page was reached from. Larger codes are campaigns' own links, codes below NO_REFERER foreign pages.
NO_REFERER = -1
DIRECT, SINGLE, GROUP, TIMELINE, POSTER, ARTICLE = range(6)
OWN_SOURCES = ("", "?from=singlemessage", "?from=groupmessage", "?from=timeline", "?src=qr", "?src=mp")
ORIGIN = "https://vote.example.cn"
