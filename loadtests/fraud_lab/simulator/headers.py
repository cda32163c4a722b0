"""Codes for what a request's headers say besides the client's own: how the page was reached, and what is odd."""

from __future__ import annotations

from enum import IntEnum


class Odd(IntEnum):
    """What does not fit the client; honest clients have it too, behind filters, settings and old kernels."""

    NOTHING = 0
    NO_LANGUAGE = 1
    OTHER_PLATFORM = 2
    NO_HINTS = 3
    BARE = 4
    FOREIGN_LANGUAGE = 5
    OTHER_REPORT = 6
    FOREIGN_ZONE = 7


class Site(IntEnum):
    """`Sec-Fetch-Site` of the ballot."""

    OWN = 0
    CROSS = 1
    ABSENT = 2
    SAME_SITE = 3
    NONE = 4


# Where the ballot's page was reached from; larger numbers are campaigns' own, lower ones than NO_REFERER foreign pages.
NO_REFERER = -1
DIRECT, SINGLE, GROUP, TIMELINE, POSTER, ARTICLE = range(6)
OWN_SOURCES = ("", "?from=singlemessage", "?from=groupmessage", "?from=timeline", "?src=qr", "?src=mp")
ORIGIN = "https://vote.example.cn"
