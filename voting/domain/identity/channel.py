"""The channels through which voters come in. A new one needs one line in each table here, and a provider."""

from __future__ import annotations

from typing import Literal, get_args

from voting.domain.language import Language

Channel = Literal["web", "wechat", "mini_program"]
"""The ways in which voters get a credential by themselves."""
CHANNELS: tuple[Channel, ...] = get_args(Channel)
"""In the order of their numbers in credentials: append only."""

VoterChannel = Literal["web", "wechat", "mini_program", "issued"]
"""The channels that a contest's file may name; the organiser hands out `issued` credentials."""
READY_CHANNELS: tuple[VoterChannel, ...] = ("web", "issued")
"""The channels for which a way to get a credential is implemented."""

NAMES: dict[Language, dict[VoterChannel, str]] = {
    "zh": {"web": "网页", "wechat": "微信", "mini_program": "小程序", "issued": "主办方核验后发放的凭证"},
    "en": {
        "web": "the web",
        "wechat": "WeChat",
        "mini_program": "the mini program",
        "issued": "a credential that the host gives out after a check",
    },
}
