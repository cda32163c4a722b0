"""Reasons in words: each code's meaning, its family, and a sentence with the evidence's figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from voting.domain.language import Language

if TYPE_CHECKING:
    # Its module has tables that serving processes do not need.
    from voting.fraud.reasons.findings import Evidence

Family = Literal["N", "C", "T", "G", "A", "R", "V"]


class Reason(NamedTuple):
    """`zh` and `en` are sentences with places for `count` and `of` (the entry); `one_...` those for one ballot."""

    family: Family
    zh: str
    en: str
    one_zh: str = ""
    one_en: str = ""


# N network, C client, T timing, G graph, A age of the device's token; R: refused by a hard rule, never recorded;
# V: void by people's decision, because its voter did not confirm, or by the voter's own word.
REASONS: Mapping[str, Reason] = {
    "V1": Reason(
        "V",
        "{count}张选票{of}的投票人未在规定时间内确认",
        "the voters of {count} ballots{of} did not confirm in the stated time",
        "投票人未在规定时间内确认",
        "the voter did not confirm in the stated time",
    ),
    "V2": Reason(
        "V",
        "{count}张选票{of}的投票人表示不是本人所投",
        "the voters of {count} ballots{of} say that these are not theirs",
        "投票人表示不是本人所投",
        "the voter says that the ballot is not theirs",
    ),
    "R01": Reason("R", "超出票数限额", "the quota was used up"),
    "R02": Reason("R", "凭证或签名无效", "the credential or its signature is not valid"),
    "R03": Reason("R", "验证题被重复使用", "a challenge was used a second time"),
    "N1": Reason(
        "N",
        "{count}张选票{of}来自机房或云主机网络",
        "{count} ballots{of} came from hosting networks",
        "选票来自机房或云主机网络",
        "the ballot came from a hosting network",
    ),
    "N2": Reason(
        "N",
        "同一网段内同一浏览器特征共投出{count}张选票{of}，超出该网段正常的多样性",
        "{count} ballots{of} came from one prefix with one browser fingerprint: more than its own diversity explains",
    ),
    "N3": Reason("N", "{count}张选票{of}来自同一网段", "{count} ballots{of} came from one address prefix"),
    "N4": Reason(
        "N",
        "{count}张选票{of}的网络地址不断更换，浏览器特征却很少",
        "{count} ballots{of} came from ever new addresses with few browser fingerprints",
    ),
    "C1": Reason(
        "C",
        "{count}张选票{of}由自动化程序发出",
        "{count} ballots{of} were sent by a program, not by a voter's browser",
        "选票由自动化程序发出",
        "the ballot was sent by a program, not by a voter's browser",
    ),
    "C2": Reason(
        "C",
        "{count}张选票{of}的请求头自相矛盾",
        "the headers of {count} ballots{of} contradict each other",
        "选票的请求头自相矛盾",
        "the headers of the ballot contradict each other",
    ),
    "C3": Reason("C", "{count}张选票{of}共用同一浏览器特征", "{count} ballots{of} share one browser fingerprint"),
    "C4": Reason("C", "同一台设备上有{count}个投票人", "{count} voters used one device"),
    "C5": Reason(
        "C",
        "{count}张选票{of}由其他网站的页面提交",
        "{count} ballots{of} were submitted by another site's page",
        "选票由其他网站的页面提交",
        "the ballot was submitted by another site's page",
    ),
    "C6": Reason(
        "C",
        "{count}张选票{of}的投票人几乎每次都更换设备或浏览器",
        "the voters of {count} ballots{of} changed their device or browser nearly every time",
    ),
    "C7": Reason("C", "{count}张选票{of}来自同一网站的页面", "{count} ballots{of} came from pages of the same site"),
    "T1": Reason(
        "T",
        "{count}张选票{of}的阅读时间过短，几乎来不及看清作品",
        "{count} ballots{of} came faster than voters read and tap",
        "阅读时间过短，几乎来不及看清作品",
        "the ballot came faster than voters read and tap",
    ),
    "T2": Reason(
        "T", "{count}张选票{of}的阅读时间过于一致", "the reading times of {count} ballots{of} are too much alike"
    ),
    "T3": Reason("T", "{count}张选票{of}的间隔过于均匀", "{count} ballots{of} came at too regular intervals"),
    "T4": Reason(
        "T",
        "{count}张选票{of}集中在每天的同一钟点",
        "{count} ballots{of} came at the same hour of the day",
    ),
    "T5": Reason(
        "T",
        "{count}张选票{of}在短时间内集中投出",
        "{count} ballots{of} came in a burst",
    ),
    "T6": Reason(
        "T", "{count}张选票{of}总在限制间隔刚过时投出", "{count} ballots{of} came just when a limit's interval was over"
    ),
    "G1": Reason(
        "G",
        "{count}个投票人与许多其他投票人投了同样的多件作品",
        "{count} voters each backed several entries that many others backed together, too",
    ),
    "G2": Reason(
        "G",
        "{count}个投票人与同一团伙的选票在时段、网段或浏览器特征上一致",
        "{count} voters share hours, networks or browsers with the ballots of one ring",
    ),
    "G3": Reason("G", "{count}张选票{of}成批连续投出", "{count} ballots{of} came as consecutive batches"),
    "A1": Reason(
        "A",
        "{count}张选票{of}来自刚刚启用的设备",
        "{count} ballots{of} came from devices never seen before",
        "选票来自刚刚启用的设备",
        "the ballot came from a device never seen before",
    ),
    "A2": Reason(
        "A",
        "{count}张选票{of}的投票人只出现过一次",
        "the voters of {count} ballots{of} were seen only once",
    ),
    "A3": Reason(
        "A",
        "{count}张选票{of}来自只投过一次票的新设备，多于其他作品",
        "{count} ballots{of} came from new devices that voted once: more than other entries have",
    ),
    "A4": Reason(
        "A",
        "{count}张选票{of}的设备标识启用时间相近",
        "the device tokens of {count} ballots{of} are of about the same age",
    ),
    "P1": Reason(
        "C",
        "{count}张选票{of}未通过人机验证",
        "the challenge of {count} ballots{of} was not solved",
        "未通过人机验证",
        "the challenge was not solved",
    ),
}


class _Detail(NamedTuple):
    """The wording of a profile's value. `share`: from 0 to 1, shown in percent."""

    zh: str
    en: str
    share: bool = False


_DETAILS: Mapping[str, _Detail] = {
    "fresh": _Detail("新设备占{}", "{} fresh devices", share=True),
    "hosting": _Detail("机房网络占{}", "{} from hosting networks", share=True),
    "odd": _Detail("请求头异常占{}", "{} with odd headers", share=True),
    "night": _Detail("夜间占{}", "{} at night", share=True),
    "reading": _Detail("阅读时间{}秒", "reading time {} s"),
    "age": _Detail("设备标识已启用{}秒", "device token {} s old"),
    "gap": _Detail("间隔{}秒", "intervals of {} s"),
    "voters": _Detail("{}个投票人", "{} voters"),
    "span": _Detail("集中在{}内", "within {}"),
    "prefixes": _Detail("来自{}个网段", "from {} prefixes"),
    "fingerprints": _Detail("{}种浏览器特征", "{} fingerprints"),
    "entries": _Detail("涉及{}件作品", "{} entries"),
    "contradictions": _Detail("{}处矛盾", "{} contradictions"),
}


# Shown in pairs.
_ENDS = ("reading_low", "reading_high", "first", "last")


def family_of(code: str) -> Family:
    """Returns the family of a reason's code, one of REASONS."""
    return REASONS[code].family


def explain(evidence: Evidence, language: Language) -> str:
    """Returns a sentence such as `1,284 ballots for entry 17 share one browser fingerprint; 31 expected`."""
    reason = REASONS[evidence.code]
    chinese = language == "zh"
    entry = evidence.key.get("entry")
    of = "" if entry is None else f"（作品 {entry}）" if chinese else f" for entry {entry}"
    single = evidence.count == 1 and reason.one_en
    sentence = (reason.one_zh if single else reason.zh) if chinese else reason.one_en if single else reason.en
    text = sentence.format(count=f"{evidence.count:,}", of=of)
    parts = [text]
    if evidence.expected:
        expected, surprise = _figure(evidence.expected), _figure(evidence.surprise)
        parts.append(f"按常理应为{expected}张（z {surprise}）" if chinese else f"{expected} expected (z {surprise})")
    return ("；" if chinese else "; ").join([*parts, *details(evidence.profile, language)])


def details(profile: Mapping[str, float], language: Language) -> list[str]:
    """Returns the other remarkable figures in words; unknown ones with their name."""
    chinese, values = language == "zh", dict(profile)
    sentences = [
        _detail(name, f"{values[name]:.0%}" if detail.share else _figure(values[name]), chinese)
        for name, detail in _DETAILS.items()
        if name in values
    ]
    if {"reading_low", "reading_high"} <= values.keys():
        low, high = _figure(values["reading_low"]), _figure(values["reading_high"])
        sentences.append(_detail("reading", f"{low}–{high}", chinese))
    if {"first", "last"} <= values.keys():
        sentences.append(_detail("span", _span(values["last"] - values["first"], chinese), chinese))
    return sentences + [f"{name} {_figure(value)}" for name, value in values.items() if name not in {*_DETAILS, *_ENDS}]


def _detail(name: str, value: str, chinese: bool) -> str:
    detail = _DETAILS[name]
    return (detail.zh if chinese else detail.en).format(value)


def _span(seconds: float, chinese: bool) -> str:
    """Returns a duration in the unit that gives a small number."""
    for unit, zh, en in ((86_400, "天", "days"), (3600, "小时", "hours"), (60, "分钟", "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f}{zh}" if chinese else f"{seconds / unit:.0f} {en}"
    return f"{seconds:.0f}秒" if chinese else f"{seconds:.0f} s"


def _figure(value: float) -> str:
    """Rounds to three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
