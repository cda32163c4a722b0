"""Players of videos on other sites: the address that a page may show in a frame."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from voting.domain.contest.schema import PlayerSite

# The addresses under which people know a video, and its player's. Players are asked not to begin by themselves.
_PLAYERS = (
    (
        re.compile(r"https://(?:www|m)\.bilibili\.com/video/(BV\w{10})(?:[/?#].*)?"),
        "https://player.bilibili.com/player.html?bvid={}&autoplay=0&danmaku=0",
    ),
    (
        re.compile(r"https://(?:m\.)?v\.qq\.com/x/(?:page|cover/\w+)/(\w{11})\.html(?:[?#].*)?"),
        "https://v.qq.com/txp/iframe/player.html?vid={}&autoplay=false",
    ),
    (re.compile(r"https://v\.youku\.com/v_show/id_([\w=]+)\.html(?:[?#].*)?"), "https://player.youku.com/embed/{}"),
)


@dataclass(frozen=True, slots=True)
class Player:
    """A player to be shown in a frame, and the site that it comes from."""

    address: str
    site: PlayerSite


def player_of(address: str, sites: Iterable[PlayerSite]) -> Player | None:
    """Returns the player of a video's address, a known one or that of a player; None if it comes from another site."""
    for known, form in _PLAYERS:
        if found := known.fullmatch(address):
            address = form.format(found[1])
            break
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    by_host = {site.host: site for site in sites}
    site = by_host.get(parts.netloc.lower())
    return Player(address, site) if parts.scheme == "https" and site else None
