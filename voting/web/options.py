"""The settings that the web uses, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from voting.setting_values import Network


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
