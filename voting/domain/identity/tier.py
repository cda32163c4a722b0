"""Tiers of credentials: what it costs to have many of one kind, the dearest first."""

from __future__ import annotations

from typing import Literal

from voting.domain.identity.channel import Channel
from voting.domain.language import Language

Tier = Literal["issued", "rated", "wechat", "verified", "web"]
TIERS: tuple[Tier, ...] = ("issued", "rated", "wechat", "verified", "web")
"""The tallies have a column for each, in this order."""
NUMBERS: dict[Tier, int] = {"issued": 5, "rated": 4, "wechat": 3, "verified": 2, "web": 1}
"""Their numbers in stored ballots: no number ever changes its meaning."""

NAMES: dict[Language, dict[Tier, str]] = {
    "zh": {
        "issued": "主办方核验",
        "rated": "小程序（有风险等级）",
        "wechat": "微信",
        "verified": "手机或单位账号",
        "web": "网页",
    },
    "en": {
        "issued": "checked by the host",
        "rated": "mini program with a risk rank",
        "wechat": "WeChat",
        "verified": "phone or organisation's login",
        "web": "web",
    },
}

_TIERS: dict[Channel, Tier] = {
    "web": "web",
    "wechat": "wechat",
    "mini_program": "wechat",
    "phone": "verified",
    "oidc": "verified",
    "issued": "issued",
}


def tier_of(channel: Channel, *, is_rated: bool) -> Tier:
    """Returns the tier of a credential; `is_rated`: WeChat gave the account a risk rank at the sign-in."""
    return "rated" if channel == "mini_program" and is_rated else _TIERS[channel]
