"""Fingerprints: what a browser says of itself, consistent with itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loadtests.hands.foreign import models
from loadtests.hands.foreign.rows import Floats, Ints

_MOZILLA = "Mozilla/5.0"
_WEBKIT, _APPLE = "AppleWebKit/537.36 (KHTML, like Gecko)", "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_MAC_APP = "wxa1b7c2d94e6f8035"


@dataclass(frozen=True, slots=True)
class Profile:
    """One fingerprint. The user agent is `head`, the phone's number with `middle` if there is one, and the kind of
    network with `tail` if there is one."""

    channel: str
    kind: str
    head: str
    screen: str
    dpr: float
    platform: str
    middle: str | None = None
    tail: str | None = None
    language: str | None = "zh-CN,zh;q=0.9"
    languages: str = "zh-CN,zh"
    zone: str = "Asia/Shanghai"
    hints: str | None = None
    hint_platform: str | None = None
    fetch: bool = True


class Catalogue:
    """All fingerprints of a world: what its public has, and what attackers add."""

    def __init__(self, random: np.random.Generator, mini: float) -> None:
        self._random, self._mini = random, mini
        self.profiles: list[Profile] = []
        coarse = random.random() < 0.5
        count = int(random.integers(200, 1001) if coarse else random.integers(5000, 7001))
        self._steep = random.uniform(0.4, 0.8) if coarse else random.uniform(0.85, 1.1)
        self._variety = 2 if coarse else 12
        web = int(count * random.uniform(0.45, 0.6))
        self.web = self._draw(web, self._browser)
        self.wechat = self._draw(count - web, self._wechat)
        self._shares = {True: self._zipf(len(self.wechat)), False: self._zipf(len(self.web))}

    def _draw(self, count: int, make: Callable[[], Profile]) -> Ints:
        found: dict[Profile, None] = {}
        for _ in range(count * 4):
            found[make()] = None
            if len(found) == count:
                break
        return self.add_all(list(found))

    def _zipf(self, count: int) -> Floats:
        # Common things are drawn early, so that the order tells roughly how common each is.
        weights = (np.arange(count) + 3.0) ** -self._steep * np.exp(self._random.normal(0, 0.3, count))
        total: Floats = weights / weights.sum()
        return total

    def add_all(self, profiles: Sequence[Profile]) -> Ints:
        """Their numbers, after adding them."""
        first = len(self.profiles)
        self.profiles.extend(profiles)
        return np.arange(first, len(self.profiles), dtype=np.int64)

    def public(self, count: int, wechat: float) -> Ints:
        """As the public has them; `wechat` of them come in by WeChat."""
        inside = self._random.random(count) < wechat
        found = np.empty(count, np.int64)
        for which, numbers in ((True, self.wechat), (False, self.web)):
            where = inside == which
            found[where] = self._random.choice(numbers, int(where.sum()), p=self._shares[which])
        return found

    def of_kind(self, kinds: Sequence[str], count: int, channel: str | None = None) -> Ints:
        """Different ones of these kinds, common ones more likely; fewer if there are not so many."""
        both = np.concatenate([self.web, self.wechat])
        weights = np.concatenate([self._shares[False], self._shares[True]])
        fits = [self.profiles[each].kind in kinds and channel in (None, self.profiles[each].channel) for each in both]
        both, weights = both[fits], weights[fits]
        return self._random.choice(both, min(count, len(both)), replace=False, p=weights / weights.sum())

    def spoofed(self, count: int, kinds: Sequence[str] = ("desktop", "android", "ios")) -> Ints:
        """Of a bot's list of user agents: some that the public has too, others outdated."""
        old = int(self._random.binomial(count, 0.5))
        made: list[Profile] = []
        while len(made) < old:
            profile = self._browser(stale=True)
            if profile.kind in kinds:
                made.append(profile)
        return np.concatenate([self.of_kind(kinds, count - old, "web"), self.add_all(made)])

    def wechat_bots(self, count: int, channel: str = "wechat") -> Ints:
        """Of a script that says that it is WeChat on Android."""
        made = [self._android_wechat() for _ in range(count)]
        numbers = self._random.integers(0, 10_000, count)
        # The user agent is copied from one phone, with that phone's number.
        return self.add_all(
            [
                replace(each, channel=channel, head=f"{each.head}MMWEBID/{number}{each.middle}", middle=None)
                for each, number in zip(made, numbers, strict=True)
            ]
        )

    def _pick(self, values: Sequence[str], weights: Sequence[float] | None = None) -> str:
        shares = None if weights is None else np.array(weights) / sum(weights)
        return str(values[int(self._random.choice(len(values), p=shares))])

    def _browser(self, *, stale: bool = False) -> Profile:
        makers = (self._chrome_phone, self._maker_browser, self._safari, self._desktop, self._other_desktop)
        which = int(self._random.choice(5, p=[0.17, 0.33, 0.2, 0.22, 0.08]))
        made = makers[which](int(self._random.integers(78, 102)) if stale else self._chrome())
        return self._traveller(made)

    def _wechat(self) -> Profile:
        made = self._android_wechat() if self._random.random() < 0.68 else self._ios_wechat()
        if self._random.random() < self._mini:
            made = replace(made, channel="mini_program", tail=f"{made.tail} miniProgram/{_MAC_APP}")
        return self._traveller(made)

    def _traveller(self, profile: Profile) -> Profile:
        """A few have another language or live elsewhere."""
        drawn = self._random.random()
        if drawn < 0.012:
            return replace(profile, language="en-US,en;q=0.9,zh-CN;q=0.8,zh;q=0.7", languages="en-US,en,zh-CN,zh")
        if drawn < 0.02:
            return replace(profile, language="zh-TW,zh;q=0.9,en;q=0.7", languages="zh-TW,zh,en", zone="Asia/Taipei")
        if drawn < 0.028:
            return replace(profile, zone=self._pick(["Asia/Urumqi", "Asia/Hong_Kong", "Asia/Tokyo", "Europe/London"]))
        return profile

    def _chrome(self) -> int:
        return int(self._random.choice(models.CHROMES[-self._variety :]))

    def _android(self) -> tuple[str, str, str, float, str]:
        weights = np.array([each[4] for each in models.ANDROID]) ** (1.6 if self._variety < 5 else 1.0)
        model, maker, screen, dpr, _ = models.ANDROID[
            int(self._random.choice(len(models.ANDROID), p=weights / weights.sum()))
        ]
        newest = list(models.ANDROIDS)[-2:] if self._variety < 5 else list(models.ANDROIDS)
        return model, maker, screen, dpr, self._pick(newest)

    def _chrome_phone(self, version: int) -> Profile:
        _, _, screen, dpr, _ = self._android()
        head = f"{_MOZILLA} (Linux; Android 10; K) {_WEBKIT} Chrome/{version}.0.0.0 Mobile Safari/537.36"
        made = Profile("web", "android", head, screen, dpr, "Linux armv81")
        return _chromium(made, version, "Google Chrome", "Android")

    def _maker_browser(self, version: int) -> Profile:
        model, maker, screen, dpr, android = self._android()
        names = {
            "huawei": "HuaweiBrowser/14.0.5.302",
            "honor": "HonorBrowser/5.0.1.301",
            "vivo": "VivoBrowser/19.2.0.1",
            "oppo": "HeyTapBrowser/45.10.2.1",
            "xiaomi": "XiaoMi/MiuiBrowser/18.4.70324",
        }
        name = self._pick(
            [names.get(maker, "Quark/6.9.2.481"), "Quark/6.9.2.481", "UCBrowser/15.5.8", "baiduboxapp/13.46"]
        )
        base = min(version, 114)
        head = (
            f"{_MOZILLA} (Linux; U; Android {android}; zh-CN; {model} Build/{maker.upper()}{model}) {_WEBKIT} "
            f"Version/4.0 Chrome/{base}.0.{4900 + base * 3}.0 {name} Mobile Safari/537.36"
        )
        language = self._pick(["zh-CN,zh;q=0.9,en-US;q=0.8,en;q=0.7", "zh-CN"])
        return Profile(
            "web", "android", head, screen, dpr, self._pick(["Linux armv8l", "Linux aarch64"]), language=language
        )

    def _iphone(self) -> tuple[str, float, str]:
        shares = [each[2] for each in models.IPHONE]
        screen, dpr, _ = models.IPHONE[int(self._random.choice(len(shares), p=np.array(shares) / sum(shares)))]
        used = self._variety
        return screen, dpr, self._pick(models.IOS[-used - 2 :], models.IOS_COMMON[-used - 2 :])

    def _safari(self, _version: int) -> Profile:
        screen, dpr, ios = self._iphone()
        name = ios.rsplit("_", ios.count("_") - 1)[0].replace("_", ".")
        head = (
            f"{_MOZILLA} (iPhone; CPU iPhone OS {ios} like Mac OS X) {_APPLE} Version/{name} Mobile/15E148 Safari/604.1"
        )
        return _apple(Profile("web", "ios", head, screen, dpr, "iPhone"), ios)

    def _desktop(self, version: int) -> Profile:
        shares = np.array([each[2] for each in models.DESKTOP])
        screen, dpr, _ = models.DESKTOP[int(self._random.choice(len(shares), p=shares / shares.sum()))]
        edge = self._random.random() < 0.4
        head = f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/{version}.0.0.0 Safari/537.36"
        head += f" Edg/{version}.0.0.0" if edge else ""
        made = Profile("web", "desktop", head, screen, dpr, "Win32")
        return _chromium(made, version, "Microsoft Edge" if edge else "Google Chrome", "Windows")

    def _other_desktop(self, version: int) -> Profile:
        drawn = self._random.random()
        screen = self._pick(models.MAC_SCREENS)
        mac = f"{_MOZILLA} (Macintosh; Intel Mac OS X 10_15_7)"
        if drawn < 0.35:
            head = f"{mac} {_WEBKIT} Chrome/{version}.0.0.0 Safari/537.36"
            made = Profile("web", "desktop", head, screen, 2.0, "MacIntel")
            return _chromium(made, version, "Google Chrome", "macOS")
        if drawn < 0.7:
            head = f"{mac} {_APPLE} Version/{self._pick(['16.6', '17.2', '17.4.1'])} Safari/605.1.15"
            return Profile("web", "desktop", head, screen, 2.0, "MacIntel", language="zh-CN,zh-Hans;q=0.9")
        return self.firefox()

    def firefox(self) -> Profile:
        """Firefox on Windows."""
        version = int(self._random.integers(115, 127))
        head = f"{_MOZILLA} (Windows NT 10.0; Win64; x64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
        language = "zh-CN,zh;q=0.8,zh-TW;q=0.7,zh-HK;q=0.5,en-US;q=0.3,en;q=0.2"
        screen = self._pick(["1920x1080", "1536x864", "1366x768"])
        return Profile("web", "desktop", head, screen, 1.0, "Win32", language=language, languages="zh-CN,zh,zh-TW,en")

    def _android_wechat(self) -> Profile:
        model, maker, screen, dpr, android = self._android()
        xweb, chrome, sdk, hinted = models.XWEB[int(self._random.integers(0, len(models.XWEB)))]
        version = self._pick(models.WECHAT[-self._variety - 1 :])
        head = (
            f"{_MOZILLA} (Linux; Android {android}; {model} Build/{maker.upper()}{model}; wv) {_WEBKIT} "
            f"Version/4.0 Chrome/{chrome}.0.0.0 Mobile Safari/537.36 XWEB/{xweb} MMWEBSDK/{sdk} "
        )
        made = Profile(
            "wechat",
            "android",
            head,
            screen,
            dpr,
            self._pick(["Linux armv8l", "Linux aarch64"]),
            middle=f" MicroMessenger/{version} WeChat/arm64 Weixin ",
            tail=" Language/zh_CN ABI/arm64",
            language="zh-CN,zh;q=0.9,en-US;q=0.8,en;q=0.7",
            languages="zh-CN,en-US",
        )
        return _chromium(made, chrome, "Android WebView", "Android") if hinted else made

    def _ios_wechat(self) -> Profile:
        screen, dpr, ios = self._iphone()
        version = self._pick(["8.0.42(0x18002a32)", "8.0.47(0x18002f2c)", "8.0.49(0x18003137)", "8.0.50(0x18003229)"])
        head = (
            f"{_MOZILLA} (iPhone; CPU iPhone OS {ios} like Mac OS X) {_APPLE} Mobile/15E148 MicroMessenger/{version} "
        )
        return _apple(Profile("wechat", "ios", head, screen, dpr, "iPhone", tail=" Language/zh_CN"), ios)


def _chromium(profile: Profile, version: int, brand: str, platform: str) -> Profile:
    """Chromium sends hints since 89."""
    if version < 90:
        return profile
    hints = f'"Chromium";v="{version}", "Not.A/Brand";v="{8 + version % 3 * 8}", "{brand}";v="{version}"'
    return replace(profile, hints=hints, hint_platform=f'"{platform}"')


def _apple(profile: Profile, ios: str) -> Profile:
    """Safari tells where a request comes from since 16.4."""
    numbers = [int(each) for each in ios.split("_")]
    return replace(profile, language="zh-CN,zh-Hans;q=0.9", languages="zh-CN", fetch=numbers[:2] >= [16, 4])
