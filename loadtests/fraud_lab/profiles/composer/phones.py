"""The phones and browsers of a world: user agents with their headers and reports, popular and rare ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

_BRANDS = ("Huawei", "Xiaomi", "OPPO", "vivo", "Honor", "samsung", "Apple", "desktop")
_CODES = ("{0}{1}-AL{2:02}", "2{3:03}{2:02}{0}C", "P{0}{1}M{2:02}", "V2{3:03}A", "{0}{1}N-AN{2:02}", "SM-{0}{3:03}0")
_LETTERS = "ABCDEFGHJKLNPRSTVWX"
_WIDTHS = (360, 360, 384, 392, 393, 407, 411, 412, 412)
_BUILDS = {
    9: "PKQ1.190118",
    10: "QP1A.190711",
    11: "RP1A.200720",
    12: "SP1A.210812",
    13: "TP1A.220624",
    14: "UP1A.231005",
}
_APPLE = ((375, 812, 3), (390, 844, 3), (393, 852, 3), (414, 896, 2), (428, 926, 3), (430, 932, 3), (375, 667, 2))
_DESKTOP = ((1920, 1080, 1), (1536, 864, 1.25), (1366, 768, 1), (2560, 1440, 1), (1440, 900, 2))
_ANDROIDS = (
    ("Chrome/{chrome}.0.0.0 Mobile Safari/537.36", "Google Chrome"),
    ("Version/4.0 Chrome/{chrome}.0.0.0 Mobile Safari/537.36 HuaweiBrowser/{minor}.0.4", "Android WebView"),
    ("Version/4.0 Chrome/{chrome}.0.0.0 Mobile Safari/537.36 XiaoMi/MiuiBrowser/1{minor}.1", "Android WebView"),
    ("Version/4.0 Chrome/{chrome}.0.0.0 Mobile Safari/537.36 Quark/6.{minor}.5", "Android WebView"),
)
_BARE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{chrome}.0.0.0 Safari/537.36"
)


class Phone(NamedTuple):
    """A fingerprint. `head`, `middle` and `tail` are the user agent around WeChat's number of the phone and its kind of
    network, which both vary by voter; `middle` is empty where it says neither, `head` ends the text then."""

    channel: str
    brand: str
    head: str
    middle: str
    tail: str
    sec_ch_ua: str | None
    sec_ch_ua_platform: str | None
    sec_ch_ua_mobile: str | None
    fetches: bool
    screen: str
    dpr: float
    languages: str
    accept_language: str
    platform: str


@dataclass(frozen=True, slots=True)
class Phones:
    """All fingerprints of a world and how popular each is."""

    table: pl.DataFrame
    weights: npt.NDArray[np.float64]
    brands: npt.NDArray[np.str_]
    channels: npt.NDArray[np.str_]


class _Draw(NamedTuple):
    """What one fingerprint is made of: the model's parts and the versions."""

    model: str
    android: int
    width: int
    height: int
    dpr: float
    chrome: int
    minor: int
    hints: bool
    language: str


def make_phones(rng: np.random.Generator) -> Phones:
    """Draws shares of channels and brands, 20-500 models with popularity tails, versions, and whether hints are sent;
    200-6,000 effective fingerprints."""
    spread = rng.uniform(0.7, 1.4)
    effective = np.exp(rng.uniform(np.log(200), np.log(6_000)))
    count = int(effective * np.exp(spread**2 / 2))
    channels = np.asarray(("web", "wechat", "mini_program"))[_picks(rng, rng.dirichlet((3.2, 4, 1.5)), count)]
    shares = rng.dirichlet((4, 4, 4, 4, 3, 1, 5))
    brands = np.asarray(_BRANDS)[_picks(rng, shares, count)]
    brands = np.where((channels == "web") & (rng.random(count) < rng.uniform(0.05, 0.35)), "desktop", brands)
    draws = _draws(rng, brands)
    rows = [
        _phone(str(channel), str(brand), draw) for channel, brand, draw in zip(channels, brands, draws, strict=True)
    ]
    kinds = {"dpr": pl.Float64, "fetches": pl.Boolean}
    table = pl.DataFrame(rows, {name: kinds.get(name, pl.String) for name in Phone._fields}, orient="row")
    return Phones(table, rng.lognormal(0, spread, count), brands, channels)


def _picks(rng: np.random.Generator, weights: Sequence[float] | npt.NDArray[np.float64], count: int) -> list[int]:
    return [int(each) for each in rng.choice(len(weights), count, p=weights)]


def _tail(rng: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
    weights = np.arange(1, count + 1) ** -rng.uniform(0.6, 1.5)
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _draws(rng: np.random.Generator, brands: npt.NDArray[np.str_]) -> list[_Draw]:
    """Models are popular or rare, and each has its own screen and system; versions vary by phone."""
    kinds, count = int(np.exp(rng.uniform(np.log(20), np.log(500)))), len(brands)
    model = _picks(rng, _tail(rng, kinds), count)
    letters, numbers = rng.integers(0, len(_LETTERS), (kinds, 2)), rng.integers(0, 999, (kinds, 2))
    android, width = rng.integers(9, 15, kinds), rng.integers(0, len(_WIDTHS), kinds)
    height, dense = rng.integers(780, 930, kinds), rng.choice((2.0, 2.75, 3.0, 3.0, 3.5), kinds)
    newest, hints = int(rng.integers(116, 132)), rng.random() < 0.75
    chrome = newest - np.asarray(_picks(rng, _tail(rng, 24), count))
    minor = _picks(rng, _tail(rng, 12), count)
    language = np.asarray(("zh-CN", "zh-CN,en", "zh-CN,zh", "zh-TW,zh", "en-US,zh-CN"))
    spoken = language[_picks(rng, (0.55, 0.2, 0.2, 0.02, 0.03), count)]
    drawn = []
    for place, which in enumerate(model):
        brand = _BRANDS.index(str(brands[place]))
        first, second = (_LETTERS[each] for each in letters[which])
        code = (
            _CODES[brand].format(first, second, numbers[which][0] % 100, numbers[which][1]) if brand < 6 else str(which)
        )
        form = (code, int(android[which]), _WIDTHS[width[which]], int(height[which]), float(dense[which]))
        drawn.append(_Draw(*form, int(chrome[place]), minor[place], bool(hints), str(spoken[place])))
    return drawn


def _phone(channel: str, brand: str, draw: _Draw) -> Phone:
    if brand == "Apple":
        return _apple(channel, draw)
    return _desktop(draw) if brand == "desktop" else _android(channel, brand, draw)


def _accepts(languages: str) -> str:
    first, *rest = languages.split(",")
    return ",".join((first, *(f"{each};q=0.{9 - place}" for place, each in enumerate(rest))))


def _hints(draw: _Draw, name: str, platform: str, mobile: str) -> tuple[str | None, str | None, str | None]:
    """Only Chromium of 89 and later sends them."""
    if not draw.hints:
        return None, None, None
    brands = f'"Chromium";v="{draw.chrome}", "Not_A Brand";v="24", "{name}";v="{draw.chrome}"'
    return brands, f'"{platform}"', mobile


def _android(channel: str, brand: str, draw: _Draw) -> Phone:
    build = f"{_BUILDS[draw.android]}.{len(draw.model):03}"
    system = f"Mozilla/5.0 (Linux; Android {draw.android}; {draw.model}"
    web, name = _ANDROIDS[draw.minor % len(_ANDROIDS)]
    kit = "AppleWebKit/537.36 (KHTML, like Gecko) "
    head, middle, tail = f"{system}) {kit}{web.format(chrome=draw.chrome, minor=draw.minor + 3)}", "", ""
    if channel != "web":
        name = "Android WebView"
        head = (
            f"{system} Build/{build}; wv) {kit}Version/4.0 Chrome/{draw.chrome}.0.0.0 Mobile Safari/537.36 "
            f"XWEB/{draw.chrome}00{65 + draw.minor} MMWEBSDK/2024{draw.minor % 12 + 1:02}01 MMWEBID/"
        )
        middle = (
            f" MicroMessenger/8.0.{40 + draw.minor}.2560(0x2800{40 + draw.minor:02X}30) WeChat/arm64 Weixin NetType/"
        )
        tail = " Language/zh_CN ABI/arm64" + (" MiniProgramEnv/android" if channel == "mini_program" else "")
    hints = _hints(draw, name, "Android", "?1")
    screen, said = f"{draw.width}x{draw.height}", draw.language
    platform = "Linux aarch64" if draw.android > 9 else "Linux armv8l"
    return Phone(channel, brand, head, middle, tail, *hints, True, screen, draw.dpr, said, _accepts(said), platform)


def _apple(channel: str, draw: _Draw) -> Phone:
    width, height, dpr = _APPLE[int(draw.model) % len(_APPLE)]
    major, minor = 18 - draw.minor % 4, draw.chrome % 7
    head = (
        f"Mozilla/5.0 (iPhone; CPU iPhone OS {major}_{minor} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    )
    middle = tail = ""
    if channel == "web":
        head += f"Version/{major}.{minor} Mobile/15E148 Safari/604.1"
    else:
        number = 40 + draw.minor
        middle = f"Mobile/15E148 MicroMessenger/8.0.{number}(0x1800{number:02x}2f) NetType/"
        tail = " Language/zh_CN" + (" miniProgram/wx7c3f" if channel == "mini_program" else "")
    said, fetches = draw.language, major > 16 or (major == 16 and minor > 3)
    screen = f"{width}x{height}"
    return Phone(
        channel,
        "Apple",
        head,
        middle,
        tail,
        None,
        None,
        None,
        fetches,
        screen,
        float(dpr),
        said,
        _accepts(said),
        "iPhone",
    )


def _desktop(draw: _Draw) -> Phone:
    width, height, dpr = _DESKTOP[int(draw.model) % len(_DESKTOP)]
    head, name = _BARE.format(chrome=draw.chrome), "Google Chrome"
    if draw.minor % 3 == 1:
        head, name = f"{head} Edg/{draw.chrome}.0.0.0", "Microsoft Edge"
    hints, said = _hints(draw, name, "Windows", "?0"), draw.language
    screen = f"{width}x{height}"
    return Phone("web", "desktop", head, "", "", *hints, True, screen, float(dpr), said, _accepts(said), "Win32")
