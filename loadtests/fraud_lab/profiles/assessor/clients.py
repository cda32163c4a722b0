"""The catalogue of browsers and apps that voters use, with their popularity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from loadtests.fraud_lab.profiles.assessor.base import Flags, Floats, Ints

SITE = "https://toupiao.example.cn"
_KINDS = ("wx_android", "wx_ios", "mini_android", "mini_ios", "wx_pc", "android", "ios", "desktop", "privacy", "app")
_SHARES = (0.29, 0.16, 0.1, 0.05, 0.02, 0.15, 0.08, 0.1, 0.01, 0.04)
WECHAT = ("wx_android", "wx_ios")
MINI = ("mini_android", "mini_ios")
PHONES = (*WECHAT, *MINI, "android", "ios", "app")

_MODELS = """
ALN-AL00 BRA-AL00 NOH-AN00 JAD-AL50 ELS-AN00 VOG-AL00 ANA-AN00 TAS-AL00 CET-AL00 PGT-AN10 ALI-AN00 MAA-AN10 LGE-AN00
23127PN0CC 24031PN0DC 2210132C 2312DRA50C 23049RAD8C M2012K11AC 22081212C 24069RA21C 2311DRK48C PJH110 PHM110 PGBM10
PEHM00 PCLM10 PKB110 PJD110 PHB110 V2309A V2324A V2241A V2283A V2055A V2148A V2307A V2352A V2403A SM-S9180 SM-S9280
SM-G9910 RMX3820 RMX5010 XT2401-2 NX769J
"""
_SKINS = (
    ("V2", "VivoBrowser/25.2"),
    ("2", "MiuiBrowser/20.1"),
    ("M2", "MiuiBrowser/20.1"),
    ("P", "HeyTapBrowser/40.9"),
)
_BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
_SCREENS = (("360x780", 3.0), ("393x873", 2.75), ("412x915", 2.625), ("360x800", 3.0), ("384x854", 2.8125))
_IPHONES = (("390x844", 3.0), ("393x852", 3.0), ("430x932", 3.0), ("414x896", 2.0), ("375x812", 3.0), ("375x667", 2.0))
_IOS = ("18_7", "18_6_2", "26_2", "18_5", "17_6_1", "16_7_10", "15_8_3")
_WEIXIN = (68, 66, 69, 63, 61, 57, 50)
_CHROMES = (145, 144, 143, 140, 138, 131, 120, 109)
_ENGINES = (138, 134, 134, 130, 126, 122, 116)
_MONITORS = (("1920x1080", 1.0), ("1536x864", 1.25), ("2560x1440", 1.0), ("1366x768", 1.0), ("1440x900", 2.0))
_SHELLS = ("aweme_340500 NetType/{net}", "NewsArticle/9.6.0", "Weibo (14.12.0)", "QQ/9.1.35", "baiduboxapp")


@dataclass(frozen=True, slots=True)
class _Client:
    """A row of the catalogue; `{net}` and `{mm}` in its user agent are the network and the installation."""

    kind: str
    weight: float
    user_agent: str
    screen: str
    dpr: float
    platform: str
    channel: str = "web"
    accept_language: str | None = "zh-CN,zh;q=0.9"
    sec_ch_ua: str | None = None
    sec_ch_ua_platform: str | None = None
    sec_ch_ua_mobile: str | None = None
    sec_fetch_site: str | None = "same-origin"
    origin: str | None = SITE
    referer: str | None = f"{SITE}/"
    languages: str = "zh-CN"
    timezone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Clients:
    """The catalogue `table`, with each row's kind and its probability in the public."""

    table: pl.DataFrame
    kinds: tuple[str, ...]
    shares: Floats

    def draw(self, rng: np.random.Generator, n: int, kinds: Sequence[str] | None = None) -> Ints:
        """`n` clients as the public has them, of these kinds."""
        weights = self.shares * np.isin(self.kinds, kinds) if kinds else self.shares
        return rng.choice(len(weights), n, p=weights / weights.sum())

    def few(self, rng: np.random.Generator, n: int, kinds: Sequence[str]) -> Ints:
        """At most `n` different clients: what one operator has set up."""
        some = np.flatnonzero(np.isin(self.kinds, kinds) & (self.shares > 0))
        weights = np.sqrt(self.shares[some])
        return rng.choice(some, min(n, len(some)), replace=False, p=weights / weights.sum())

    def are(self, clients: Ints, kinds: Sequence[str]) -> Flags:
        """Whether each client is of these kinds."""
        return np.isin(self.kinds, kinds)[clients]


def catalogue(rng: np.random.Generator) -> Clients:
    """All clients; which models and versions are popular is drawn."""
    rows = [*_android(rng), *_iphones(rng), *_desktops(rng)]
    kinds = tuple(row.kind for row in rows)
    weights = np.array([row.weight for row in rows])
    shares = np.zeros(len(rows))
    for kind, share in zip(_KINDS, _SHARES, strict=True):
        here = np.array(kinds) == kind
        shares[here] = share * weights[here] / weights[here].sum()
    names = [name for name in _Client.__slots__ if name not in ("kind", "weight")]
    return Clients(pl.DataFrame({name: [getattr(row, name) for row in rows] for name in names}), kinds, shares)


def _tail(rng: np.random.Generator, n: int) -> Floats:
    """Popularities of n versions or models with a long tail, disturbed."""
    return np.exp(rng.normal(0, 0.35, n)) / np.arange(1, n + 1)


def _hinted(client: _Client, version: int, platform: str, brand: str = "Google Chrome") -> _Client:
    grease = f'"Not{"-:/(_"[version % 5]}A.Brand";v="{8 + version % 3 * 8}"'
    brands = f'"Chromium";v="{version}", {grease}, "{brand}";v="{version}"'
    mobile = "?1" if platform == "Android" else "?0"
    return replace(client, sec_ch_ua=brands, sec_ch_ua_platform=f'"{platform}"', sec_ch_ua_mobile=mobile)


def _skin(model: str) -> str:
    """The browser of the phone's maker."""
    made = next((skin for start, skin in _SKINS if model.startswith(start)), "MQQBrowser/15.3")
    return "HuaweiBrowser/16.0" if "-A" in model else made


def _mini(client: _Client, system: str, version: str) -> _Client:
    """The same phone in the mini program, whose requests are no browser's."""
    agent = f"{client.user_agent} MiniProgramEnv/{system}"
    language = client.accept_language if system == "ios" else None
    page = "https://servicewechat.com/wx3f1c8a92d07b45e6/37/page-frame.html"
    made = replace(client, kind=f"mini_{system}", channel="mini_program", user_agent=agent, accept_language=language)
    return replace(made, sec_fetch_site=None, origin=None, referer=page, platform=version)


def _android(rng: np.random.Generator) -> Iterator[_Client]:
    models = rng.permutation(_MODELS.split())
    weights, versions, chromes = _tail(rng, len(models)), _tail(rng, len(_WEIXIN)), _tail(rng, len(_CHROMES))
    for model, weight in zip(models.tolist(), weights.tolist(), strict=True):
        android = int(rng.choice([10, 12, 13, 14, 15, 16]))
        screen, dpr = _SCREENS[int(rng.integers(len(_SCREENS)))]
        build = f"Build/UP1A.{android}0{len(model)}05.00{android % 7}"
        head = f"Mozilla/5.0 (Linux; Android {android}; {model} {build}; wv)"
        engine = f"{head} {_BLINK} Version/4.0 Chrome/%d.0.0.0 Mobile Safari/537.36"
        base = _Client("wx_android", weight, "", screen, dpr, "Linux aarch64")
        for which, version in enumerate(_WEIXIN):
            tail = f"XWEB/{_ENGINES[which]}0{version}7 MMWEBSDK/2025{version % 12 + 1:02}01 MMWEBID/{{mm}} "
            tail += f"MicroMessenger/8.0.{version}.2{version}0(0x2800{version:x}3{which}) WeChat/arm64 Weixin "
            agent = f"{engine % _ENGINES[which]} {tail}NetType/{{net}} Language/zh_CN ABI/arm64"
            share = weight * float(versions[which])
            inside = replace(base, weight=share, user_agent=agent, channel="wechat")
            yield _hinted(inside, _ENGINES[which], "Android", "Android WebView") if version == 69 else inside
            yield _mini(inside, "android", "android")
        for shell in _SHELLS:
            yield replace(base, kind="app", user_agent=f"{engine % 126} {shell}")
        for which, version in enumerate(_CHROMES):
            agent = f"Mozilla/5.0 (Linux; Android 10; K) {_BLINK} Chrome/{version}.0.0.0 Mobile Safari/537.36"
            own = f"{agent.replace('10; K', f'{android}; {model}')} {_skin(model)}"
            plain = replace(base, kind="android", weight=weight * float(chromes[which]), user_agent=agent)
            yield _hinted(plain, version, "Android")
            yield replace(plain, user_agent=own)


def _iphones(rng: np.random.Generator) -> Iterator[_Client]:
    systems, versions = _tail(rng, len(_IOS)), _tail(rng, len(_WEIXIN))
    for (screen, dpr), phone in zip(_IPHONES, _tail(rng, len(_IPHONES)).tolist(), strict=True):
        for system, share in zip(_IOS, systems.tolist(), strict=True):
            number = system.split("_")
            shown = "18_7" if number[0] == "26" else system
            head = f"Mozilla/5.0 (iPhone; CPU iPhone OS {shown} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
            agent = f"{head} Version/{number[0]}.{number[1]} Mobile/15E148 Safari/604.1"
            base = _Client("ios", phone * share, agent, screen, dpr, "iPhone", accept_language="zh-CN,zh-Hans;q=0.9")
            base = replace(base, sec_fetch_site=None) if number[0] == "15" else base
            yield base
            for which, version in enumerate(_WEIXIN):
                inside = f"{head} Mobile/15E148 MicroMessenger/8.0.{version}(0x1800{version:x}2{which})"
                made = replace(base, kind="wx_ios", weight=base.weight * float(versions[which]), channel="wechat")
                made = replace(made, user_agent=f"{inside} NetType/{{net}} Language/zh_CN")
                yield made
                yield _mini(made, "ios", "ios")


def _desktops(rng: np.random.Generator) -> Iterator[_Client]:
    windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
    for (screen, dpr), share in zip(_MONITORS, _tail(rng, len(_MONITORS)).tolist(), strict=True):
        base = _Client("desktop", share, "", screen, dpr, "Win32")
        for version, weight in zip(_CHROMES, _tail(rng, len(_CHROMES)).tolist(), strict=True):
            agent = f"{windows} {_BLINK} Chrome/{version}.0.0.0 Safari/537.36"
            made = replace(base, weight=share * weight, user_agent=agent)
            yield _hinted(made, version, "Windows")
            edge = replace(made, user_agent=f"{agent} Edg/{version}.0.0.0")
            yield _hinted(edge, version, "Windows", "Microsoft Edge")
            yield _hinted(replace(made, kind="privacy", weight=share * weight / 2), version, "Windows", "Brave")
        wechat = f"{windows} {_BLINK} Chrome/132.0.0.0 Safari/537.36 NetType/WIFI "
        wechat += "MicroMessenger/7.0.20.1781(0x6700143B) WindowsWechat(0x63090c33) XWEB/14315 Flue"
        yield replace(base, kind="wx_pc", user_agent=wechat, channel="wechat")
        for version in (147, 146, 140, 128):
            fox = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
            language = "zh-CN,zh;q=0.8,zh-TW;q=0.7,en-US;q=0.3,en;q=0.2"
            yield replace(base, kind="privacy", user_agent=fox, accept_language=language)
        mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        mac += "Version/26.2 Safari/605.1.15"
        apple = replace(base, platform="MacIntel", accept_language="zh-CN,zh-Hans;q=0.9")
        yield replace(apple, weight=share * 0.3, user_agent=mac)
