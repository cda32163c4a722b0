"""The settings that the web uses, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from voting.setting_values import Network
from voting.settings import Settings


@dataclass(frozen=True, slots=True)
class Site:
    """What the foot of every page says: whom to ask, and the numbers under which the site is filed."""

    contact: str = ""
    complaints: str = ""
    icp: str = ""
    police: str = ""
    missing: tuple[str, ...] = ()
    """Settings that are empty although the pages are public."""


NO_SITE = Site()


def site_of(settings: Settings) -> Site:
    """Returns what the settings say for the foot of every page."""
    must = {
        "VOTING_CONTACT": settings.contact,
        "VOTING_ICP": settings.icp,
        "VOTING_POLICE_FILING": settings.police_filing,
    }
    is_public = settings.public_url.startswith("https://")
    missing = tuple(name for name, value in must.items() if is_public and not value)
    return Site(settings.contact, settings.complaints, settings.icp, settings.police_filing, missing)


@dataclass(frozen=True, slots=True)
class WebOptions:
    """`secure_cookies`: cookies are sent over TLS only. `public_origin`: of the pages, if the settings name it.

    `wechat_everywhere`: not only WeChat's own browser signs in.
    """

    trusted_proxies: tuple[Network, ...] = ()
    secure_cookies: bool = False
    public_origin: str = ""
    cors_origins: frozenset[str] = frozenset()
    metrics_networks: tuple[Network, ...] = ()
    shield_reads: str = "2000/second"
    shield_writes: str = "1000/second"
    wechat_verify_files: tuple[str, ...] = ()
    wechat_everywhere: bool = False
    site: Site = NO_SITE
