"""One browser as the server sees it, and how one is drawn from a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from loadtests.hands.newcomer.dice import Rng

WECHAT_ANDROID, WECHAT_IOS, WEB_ANDROID, WEB_IOS, DESKTOP, STALE, AUTOMATION, PRIVACY = range(8)
IN_WECHAT = (WECHAT_ANDROID, WECHAT_IOS)
PHONES = (WECHAT_ANDROID, WECHAT_IOS, WEB_ANDROID, WEB_IOS)
COMPUTERS = (DESKTOP, STALE)
HOME_ZONE = "Asia/Shanghai"
CHINESE = "zh-CN,zh;q=0.9"

Hints = tuple[str | None, str | None, str | None]
NO_HINTS: Hints = (None, None, None)

_Item = TypeVar("_Item")
_Row = TypeVar("_Row", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class Profile:
    """A browser. Its user agent is `head`, WeChat's number of the device if `numbered`, `middle`, the network if
    `networked`, `tail`; `hints` are brands, system and whether it is mobile; `fetches` if it sends fetch metadata."""

    kind: int
    head: str
    screen: str
    dpr: float
    platform: str
    accept_language: str | None
    hints: Hints = NO_HINTS
    languages: str = "zh-CN"
    timezone: str = HOME_ZONE
    middle: str = ""
    tail: str = ""
    numbered: bool = False
    networked: bool = False
    fetches: bool = True


def by_weight(rng: Rng, rows: Sequence[_Row]) -> _Row:
    """A row by the weight in its last column."""
    weight = np.array([each[-1] for each in rows], float)
    return rows[rng.choice(len(rows), p=weight / weight.sum())]


def later(rng: Rng, items: Sequence[_Item]) -> _Item:
    """One of a list in which later ones are likelier."""
    weight = np.linspace(0.3, 2, len(items)) ** 2
    return items[rng.choice(len(items), p=weight / weight.sum())]
