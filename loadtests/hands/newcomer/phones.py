"""Browsers of phones: inside WeChat and outside."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.hands.newcomer import models
from loadtests.hands.newcomer.dice import Rng
from loadtests.hands.newcomer.profiles import (
    CHINESE,
    NO_HINTS,
    WEB_ANDROID,
    WEB_IOS,
    WECHAT_ANDROID,
    WECHAT_IOS,
    Hints,
    Profile,
    by_weight,
    later,
)

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_HINTING, _SOMETIMES_HINTING = ("Chrome", "Edg", "Huawei"), ("Miui", "HeyTap")


@dataclass(frozen=True, slots=True)
class _Android:
    """A phone before a browser is on it."""

    head: str
    screen: str
    dpr: float
    languages: str
    platform: str
    chrome: str
    kernel: str

    @property
    def major(self) -> str:
        """The first part of Chrome's version."""
        return self.chrome.split(".")[0]


def _android(rng: Rng) -> _Android:
    model, build, screen, dpr, _ = by_weight(rng, models.ANDROIDS)
    version = models.ANDROID_VERSIONS.get(build[0], 14)
    if build[:2] in ("HU", "HO"):
        version = int(rng.choice([10, 12, 12, 13]))
    chrome, kernel = later(rng, models.KERNELS)
    return _Android(
        head=f"Mozilla/5.0 (Linux; Android {version}; {model} Build/{build}",
        screen=screen,
        dpr=dpr,
        languages="zh-CN,en-US" if rng.random() < 0.6 else "zh-CN",
        platform="Linux aarch64" if rng.random() < 0.5 else "Linux armv81",
        chrome=chrome,
        kernel=kernel,
    )


def wechat_android(rng: Rng) -> Profile:
    """WeChat on Android."""
    phone = _android(rng)
    version, code = later(rng, models.WECHATS)
    hints: Hints = NO_HINTS
    if rng.random() < 0.45:
        chromium = f'"Chromium";v="{phone.major}", "Android WebView";v="{phone.major}", "Not?A_Brand";v="99"'
        hints = (chromium, '"Android"', "?1")
    kit = rng.choice([40301, 40802, 41202, 50201])
    return Profile(
        kind=WECHAT_ANDROID,
        head=f"{phone.head}; wv) {_WEBKIT} Version/4.0 Chrome/{phone.chrome} Mobile Safari/537.36 "
        f"XWEB/{phone.kernel} MMWEBSDK/202{kit} MMWEBID/",
        middle=f" MicroMessenger/{version}(0x{code}) WeChat/arm64 Weixin NetType/",
        tail=" Language/zh_CN ABI/arm64",
        numbered=True,
        networked=True,
        hints=hints,
        screen=phone.screen,
        dpr=phone.dpr,
        languages=phone.languages,
        platform=phone.platform,
        accept_language="zh-CN,zh;q=0.9,en-US;q=0.8,en;q=0.7",
    )


def web_android(rng: Rng) -> Profile:
    """A browser on Android."""
    phone = _android(rng)
    shares = [share for _, share in models.ANDROID_BROWSERS.values()]
    brand = str(rng.choice(list(models.ANDROID_BROWSERS), p=shares))
    tail = models.ANDROID_BROWSERS[brand][0].format(major=phone.major)
    hinting = brand in _HINTING or (brand in _SOMETIMES_HINTING and rng.random() < 0.5)
    brands = f'"Chromium";v="{phone.major}", "Not?A_Brand";v="99"'
    return Profile(
        kind=WEB_ANDROID,
        head=f"{phone.head}) {_WEBKIT} Chrome/{phone.chrome} Mobile Safari/537.36{tail}",
        hints=(brands, '"Android"', "?1") if hinting else NO_HINTS,
        screen=phone.screen,
        dpr=phone.dpr,
        languages=phone.languages,
        platform=phone.platform,
        accept_language=CHINESE,
        fetches=brand != "UC",
    )


def _iphone(kind: int, screen: str, dpr: float, system: str, program: str) -> Profile:
    """An iPhone's browser; in WeChat its user agent goes on with the network."""
    inside = kind == WECHAT_IOS
    machine = f"Mozilla/5.0 (iPhone; CPU iPhone OS {system} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    return Profile(
        kind=kind,
        head=f"{machine} {program}",
        tail=" Language/zh_CN" if inside else "",
        networked=inside,
        screen=screen,
        dpr=dpr,
        platform="iPhone",
        accept_language="zh-CN,zh-Hans;q=0.9",
        fetches=system >= "16_6",
    )


def wechat_ios(rng: Rng) -> Profile:
    """WeChat on an iPhone."""
    screen, dpr, _ = by_weight(rng, models.IPHONES)
    system = later(rng, models.IOS)
    version, code = later(rng, models.WECHATS)
    short = ".".join(version.split(".")[:3])
    program = f"Mobile/15E148 MicroMessenger/{short}(0x18{code[2:]}) NetType/"
    return _iphone(WECHAT_IOS, screen, dpr, system, program)


def web_ios(rng: Rng) -> Profile:
    """Safari on an iPhone."""
    screen, dpr, _ = by_weight(rng, models.IPHONES)
    system = later(rng, models.IOS)
    version = ".".join(system.split("_")[:2])
    return _iphone(WEB_IOS, screen, dpr, system, f"Version/{version} Mobile/15E148 Safari/604.1")
