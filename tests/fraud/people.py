"""Attempts of honest voters and bots: the look-alikes and the simplest families of the research page.

They are seeded: each crowd is always the same. The figures are the research page's, not the detector's.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from voting.fraud.facts.attempt import Attempt, Client

NOON = datetime(2026, 9, 1, 4, tzinfo=UTC)
WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; {model} Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/130.0.6723.103 Mobile Safari/537.36 XWEB/1300333 MMWEBSDK/20240404 MicroMessenger/8.0.49.2600(0x28003133) "
    "WeChat/arm64 Weixin NetType/4G Language/zh_CN ABI/arm64"
)
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{major}.0.0.0 Safari/537.36"
)
MODELS = ("V2309A", "PJD110", "23127PN0CC", "ALN-AL00", "SM-S9180", "PGT-AN10", "RMX3888", "M2102J2SC")
SCREENS = ("360x800", "393x873", "412x915", "384x854")
ODD: Sequence[dict[str, Any]] = (
    {"accept-language": None},
    {"sec-ch-ua-platform": '"Linux"'},
    {"sec-ch-ua": None},
    {"sec-fetch-site": "cross-site"},
    {"accept-language": "en-US,en;q=0.9"},
)


class Crowd:
    """Makes attempts of one crowd; `odd` of its requests have one odd header, `fresh` of its tokens are new."""

    def __init__(self, seed: int, *, odd: float = 0.03, fresh: float = 0.65) -> None:
        self.random = random.Random(seed)
        self._odd = odd
        self._fresh = fresh
        self._number = 0

    def phone(self, at: datetime, entry: str, ip: str, reading: float, **more: Any) -> Attempt:
        """A voter in WeChat who read for this many seconds."""
        agent = WECHAT.format(model=self.random.choice(MODELS))
        screen = self.random.choice(SCREENS)
        client = Client(screen, self.random.choice((2.5, 2.75, 3.0)), ["zh-CN"], "Asia/Shanghai", "Linux aarch64")
        headers = {"accept-language": "zh-CN,zh;q=0.9", "sec-fetch-site": "same-origin"}
        return self._made(at, entry, ip, reading, "wechat", agent, headers, client, more)

    def desk(self, at: datetime, entry: str, ip: str, reading: float, major: int = 130, **more: Any) -> Attempt:
        """A voter with Chrome on Windows."""
        headers = {
            "accept-language": "zh-CN,zh;q=0.9",
            "sec-ch-ua": f'"Chromium";v="{major}", "Google Chrome";v="{major}", "Not?A_Brand";v="99"',
            "sec-ch-ua-platform": '"Windows"',
            "sec-ch-ua-mobile": "?0",
            "sec-fetch-site": "same-origin",
        }
        client = Client("1920x1080", 1.0, ["zh-CN", "zh"], "Asia/Shanghai", "Win32")
        return self._made(at, entry, ip, reading, "web", CHROME.format(major=major), headers, client, more)

    def reads(self, median: float = 18, sigma: float = 0.7, least: float = 1.0) -> float:
        """Returns a person's reading time in seconds."""
        return max(least, self.random.lognormvariate(0, sigma) * median)

    def _made(
        self,
        at: datetime,
        entry: str,
        ip: str,
        reading: float,
        channel: str,
        agent: str,
        headers: dict[str, str],
        client: Client,
        more: dict[str, Any],
    ) -> Attempt:
        self._number += 1
        if self.random.random() < self._odd:
            changed = {**headers, **self.random.choice(ODD)}
            headers = {name: value for name, value in changed.items() if value is not None}
        age = reading + 2 if self.random.random() < self._fresh else self.random.uniform(86_400, 600_000)
        made = Attempt(
            id=f"a{self._number}",
            at=at,
            voter=f"v{self._number}",
            entry=entry,
            channel=channel,  # type: ignore[arg-type]
            device=f"d{self._number}",
            device_issued_at=at - timedelta(seconds=age),
            opened_at=at - timedelta(seconds=reading),
            ip=ip,
            user_agent=agent,
            headers=headers,
            client=client,
        )
        return msgspec.structs.replace(made, **more)


def in_order(attempts: Iterator[Attempt]) -> list[Attempt]:
    """Sorts attempts by time."""
    return sorted(attempts, key=lambda attempt: attempt.at)


def spread(crowd: Crowd, count: int, minutes: float) -> list[datetime]:
    """Returns moments, uniformly at random."""
    return [NOON + timedelta(minutes=crowd.random.uniform(0, minutes)) for _ in range(count)]


def background(crowd: Crowd, count: int = 2000, minutes: float = 60) -> Iterator[Attempt]:
    """A contest's ordinary voters, on phones behind a carrier's shared addresses."""
    for at in spread(crowd, count, minutes):
        ip = f"112.97.{crowd.random.randrange(8)}.{crowd.random.randrange(1, 255)}"
        yield crowd.phone(at, f"E{int(crowd.random.paretovariate(1)) % 40}", ip, crowd.reads())


def office(crowd: Crowd) -> Iterator[Attempt]:
    """L1: 500 of the staff behind two addresses, seven in ten for their own entry, in an hour."""
    for at in spread(crowd, 500, 60):
        entry = "E17" if crowd.random.random() < 0.7 else "E3"
        ip = crowd.random.choice(("61.135.10.1", "61.135.10.2"))
        sort = crowd.desk if crowd.random.random() < 0.5 else crowd.phone
        yield sort(at, entry, ip, crowd.reads())


def school(crowd: Crowd) -> Iterator[Attempt]:
    """L2: 900 pupils behind one address in 22 minutes, 45 % on the computer room's identical machines."""
    for at in spread(crowd, 900, 22):
        sort = crowd.desk if crowd.random.random() < 0.45 else crowd.phone
        yield sort(at, "E17" if crowd.random.random() < 0.9 else "E5", "222.29.1.9", crowd.reads(8))


def wechat_group(crowd: Crowd) -> Iterator[Attempt]:
    """L4: 450 members of a group, fresh and quick, for one entry, decaying over 25 minutes."""
    for _ in range(450):
        at = NOON + timedelta(minutes=crowd.random.expovariate(1 / 25))
        ip = f"223.104.{crowd.random.randrange(4)}.{crowd.random.randrange(1, 255)}"
        yield crowd.phone(at, "E17", ip, crowd.reads(5, least=0.6), device_issued_at=at - timedelta(seconds=9))


def employer(crowd: Crowd) -> Iterator[Attempt]:
    """L5: 1,500 of a firm's staff at nine o'clock, for one entry."""
    for at in spread(crowd, 1500, 15):
        ip = f"120.{crowd.random.randrange(40, 44)}.7.{crowd.random.randrange(1, 255)}"
        yield crowd.phone(at, "E17", ip, crowd.reads(9))


def kiosk(crowd: Crowd) -> Iterator[Attempt]:
    """L8: 200 people at one library's computer, its cookies cleared after each."""
    for number in range(200):
        at = NOON + timedelta(minutes=2 * number + crowd.random.random())
        yield crowd.desk(
            at, f"E{number % 9}", "58.30.2.2", crowd.reads(12), device_issued_at=at - timedelta(seconds=20)
        )


def vpn(crowd: Crowd) -> Iterator[Attempt]:
    """L9: 800 voters through hosting networks."""
    for at in spread(crowd, 800, 60):
        ip = f"45.77.{crowd.random.randrange(90)}.{crowd.random.randrange(1, 255)}"
        entry = f"E{crowd.random.randrange(40)}"
        yield crowd.desk(at, entry, ip, crowd.reads(), hosting=True, major=crowd.random.choice((128, 129, 130)))
