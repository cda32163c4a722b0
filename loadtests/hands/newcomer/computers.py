"""Browsers of computers: usual ones, old ones, those of careful people and those of bare programs."""

from __future__ import annotations

from loadtests.hands.newcomer import models
from loadtests.hands.newcomer.dice import Rng
from loadtests.hands.newcomer.profiles import (
    AUTOMATION,
    CHINESE,
    DESKTOP,
    HOME_ZONE,
    NO_HINTS,
    PRIVACY,
    STALE,
    Hints,
    Profile,
    by_weight,
    later,
)

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT}"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_PROGRAMS = ("python-requests/2.31.0", "Go-http-client/2.0", "okhttp/4.9.3", "",
             f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} HeadlessChrome/124.0.0.0 Safari/537.36")  # fmt: skip


def _desktop_agent(program: str, major: int) -> tuple[str, Hints, str]:
    """User agent, hints and platform of a desktop browser; some are built on a Chrome of their own."""
    if program == "safari":
        return f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15", NO_HINTS, "MacIntel"
    if program == "firefox":
        windows = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{major}.0)"
        return f"{windows} Gecko/20100101 Firefox/{major}.0", NO_HINTS, "Win32"
    if program == "mac":
        return f"{_MAC} {_WEBKIT} Chrome/{major}.0.0.0 Safari/537.36", _desktop_hints(major, system="macOS"), "MacIntel"
    usual = f"{_WINDOWS} Chrome/{major}.0.0.0 Safari/537.36"
    return {
        "chrome": (usual, _desktop_hints(major), "Win32"),
        "edge": (f"{usual} Edg/{major}.0.0.0", _desktop_hints(major, "Microsoft Edge"), "Win32"),
        "360": (f"{_WINDOWS} Chrome/108.0.5359.95 Safari/537.36", _desktop_hints(108, "Chromium"), "Win32"),
        "qq": (
            f"{_WINDOWS} Chrome/123.0.0.0 Safari/537.36 QQBrowser/19.5.0",
            _desktop_hints(123, "Chromium"),
            "Win32",
        ),
    }[program]


def _desktop_hints(major: int, brand: str = "Google Chrome", system: str = "Windows") -> Hints:
    return f'"{brand}";v="{major}", "Chromium";v="{major}", "Not=A?Brand";v="24"', f'"{system}"', "?0"


def desktop(rng: Rng) -> Profile:
    """A usual browser of a computer."""
    screen, dpr, _ = by_weight(rng, models.SCREENS)
    major = later(rng, models.CHROMES)
    program = str(rng.choice(list(models.DESKTOPS), p=list(models.DESKTOPS.values())))
    head, hints, platform = _desktop_agent(program, major)
    if program == "mac":
        screen, dpr = str(rng.choice(models.MAC_SCREENS)), 2.0
    if program == "safari":
        screen, dpr = "1440x900", 2.0
    more = str(rng.choice(["", ",en;q=0.8", ",en;q=0.8,en-GB;q=0.7,en-US;q=0.6"]))
    fixed = {
        "safari": "zh-CN,zh-Hans;q=0.9",
        "firefox": "zh-CN,zh;q=0.8,zh-TW;q=0.7,zh-HK;q=0.5,en-US;q=0.3,en;q=0.2",
    }
    return Profile(
        kind=DESKTOP,
        head=head,
        hints=hints,
        screen=screen,
        dpr=dpr,
        languages=str(rng.choice(["zh-CN,zh", "zh-CN,en", "zh-CN"])),
        platform=platform,
        accept_language=fixed.get(program, f"{CHINESE}{more}"),
    )


def stale(rng: Rng) -> Profile:
    """An old Chrome, as bots' lists have them."""
    major = int(rng.integers(70, 116))
    screen, dpr, _ = by_weight(rng, models.SCREENS)
    hinting = rng.random() < 0.6
    version = f"{major}.0.{rng.integers(3500, 5800)}.{rng.integers(40, 180)}"
    return Profile(
        kind=STALE,
        head=f"{_WINDOWS} Chrome/{version} Safari/537.36",
        hints=(f'"Chromium";v="{major}", "Not)A;Brand";v="8"', '"Windows"', "?0") if hinting else NO_HINTS,
        screen=screen,
        dpr=dpr,
        platform="Win32",
        accept_language=CHINESE,
    )


def privacy(rng: Rng) -> Profile:
    """A browser that hides what it is."""
    firefox = rng.random() < 0.6
    major = int(rng.integers(115, 135))
    head = f"{_WINDOWS} Chrome/{major}.0.0.0 Safari/537.36"
    hints: Hints = (f'"Brave";v="{major}", "Chromium";v="{major}"', '"Windows"', "?0")
    if firefox:
        system = rng.choice(["Windows NT 10.0; Win64; x64", "Android 13; Mobile", "X11; Linux x86_64"])
        head, hints = f"Mozilla/5.0 ({system}; rv:{major}.0) Gecko/20100101 Firefox/{major}.0", NO_HINTS
    return Profile(
        kind=PRIVACY,
        head=head,
        hints=hints,
        screen=str(rng.choice(["1400x900", "1000x900", "1920x1080", "412x915"])),
        dpr=float(rng.choice([1.0, 2.0])),
        languages=str(rng.choice(["zh-CN", "en-US,en"])),
        timezone=str(rng.choice(["UTC", HOME_ZONE, HOME_ZONE])),
        platform="Win32",
        accept_language=str(rng.choice([CHINESE, "en-US,en;q=0.5"])),
    )


def automation() -> list[Profile]:
    """Programs that do not pretend to be browsers."""
    return [
        Profile(
            kind=AUTOMATION,
            head=program,
            screen="800x600",
            dpr=1.0,
            languages="en-US",
            timezone="UTC",
            platform="Linux x86_64",
            accept_language=None,
            fetches=False,
        )
        for program in _PROGRAMS
    ]
