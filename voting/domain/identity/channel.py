"""The channels through which voters come in. A new one needs one line in each table here, and a provider."""

from __future__ import annotations

from typing import Literal

from voting.domain.language import Language

Channel = Literal["web", "wechat", "mini_program", "phone", "oidc", "issued"]
"""The channels that a contest's file may name; the organiser hands out `issued` credentials."""
NUMBERS: dict[Channel, int] = {"web": 0, "wechat": 1, "mini_program": 2, "phone": 3, "oidc": 4, "issued": 255}
"""Their numbers in credentials: no number ever changes its meaning."""

SharedIdentity = Literal["unionid", "phone"]
SHARED_IDENTITIES: dict[Channel, frozenset[SharedIdentity]] = {
    "web": frozenset(),
    "wechat": frozenset({"unionid"}),
    "mini_program": frozenset({"unionid", "phone"}),
    "phone": frozenset({"phone"}),
    "oidc": frozenset({"phone"}),
    "issued": frozenset(),
}
"""The identities by which a person of one channel can be recognised in another."""

NAMES: dict[Language, dict[Channel, str]] = {
    "zh": {
        "web": "网页",
        "wechat": "微信",
        "mini_program": "小程序",
        "phone": "手机验证码",
        "oidc": "单位账号登录",
        "issued": "主办方核验后发放的凭证",
    },
    "en": {
        "web": "the web",
        "wechat": "WeChat",
        "mini_program": "the mini program",
        "phone": "a code sent to a phone",
        "oidc": "an organisation's own login",
        "issued": "a credential that the host gives out after a check",
    },
}
