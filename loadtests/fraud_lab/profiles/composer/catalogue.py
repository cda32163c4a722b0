"""The families: the page's attacks A1-A16 and crowds L1-L10 as limits on traits, and own free ones (Z, M)."""

from __future__ import annotations

from collections.abc import Mapping

from loadtests.fraud_lab.profiles.composer.traits import Family, limited

_SIZE = (300.0, 5_000.0)


def _script(about: str, limits: str, size: tuple[float, float] = _SIZE) -> Family:
    return Family(about, True, size, "script", limited(limits))


def _paid(about: str, limits: str) -> Family:
    return Family(about, False, _SIZE, "paid", limited(limits))


def _crowd(about: str, limits: str, size: tuple[float, float] = _SIZE) -> Family:
    return Family(about, False, size, "crowd", limited(limits))


ATTACKS: Mapping[str, Family] = {
    "A1": _script(
        "one host: 1-6 addresses, fixed gaps of 0.5-10 s, one agent, reading 0.2-2.4 s, cookies cleared",
        "where=hosts|line spots=1..6 phones=emulators models=1 alike=1 when=fixed pace=0.5..10 reading=instant "
        "dwell=0.2..2.4 tokens=renewed",
        (400, 5_000),
    ),
    "A2": _script(
        "data-centre pool: 30-120 /24s, 10-40 agents, exponential gaps, 25-100 % broken headers",
        "where=datacentre spots=30..120 phones=emulators models=10..40 when=gaps pace=5..80 "
        "headers=missing|contradictory broken=0.25..1",
    ),
    "A3": _script(
        "residential proxies: each ballot a new address, 25-100 agents, 15-60 % contradictory hints, gaps 8-120 s",
        "where=residential phones=emulators models=25..100 when=gaps|flat pace=8..120 headers=contradictory",
    ),
    "A4": _script(
        "second-dial pool: 30-120 /24s of home lines, 4-16 models, gaps 4-80 s",
        "where=dial spots=30..120 phones=emulators models=4..16 when=gaps pace=4..80",
    ),
    "A5": _script(
        "phone farm: 1-6 models, 2-6 accounts a phone, few Wi-Fi exits and mobile data, stagger of 1.5-6 s",
        "where=wifi phones=farm accounts=2..6 when=fixed|gaps pace=1.5..6 headers=public tokens=old|aged|fresh "
        "returning=0.3..0.95",
    ),
    "A7": _paid(
        "click farm: real phones and networks, 2-10 entries in rotation, task windows of 12-90 min",
        "where=public phones=public when=tasks pace=720..5400 whom=rotation",
    ),
    "A8": _paid(
        "mutual-vote groups: real people, 4-16 entries in posted order, 15-60 % camouflage, spread over 35-140 min",
        "where=public phones=public when=tasks|tasks|bursts parts=3..12 pace=2100..8400 whom=posted clients=4..16 "
        "loyal=0.4..0.85",
    ),
    "A9": _script(
        "blitz of the last 1-4 hours: residential addresses, reading 0.8-12 s",
        "where=residential when=last reading=instant|tight|human dwell=0.8..12 spread=0.1..0.6",
        (800, 8_000),
    ),
    "A10": _script(
        "slow drip: flat round the clock for 5-10 days, the public's phones, human reading, mobile and residential",
        "where=residential|public|region inside=0.3..1 phones=public when=flat parts=5..10 reading=human|usual "
        "headers=public",
        (1_000, 8_000),
    ),
    "A11": _script(
        "framing: a blatant attack as A2 for one popular rival",
        "where=datacentre spots=30..120 phones=emulators models=10..40 when=gaps pace=5..80 "
        "headers=missing|contradictory broken=0.25..1 whom=rival",
    ),
    "A12": _script(
        "hidden embed: browsers of real people, reading under 1 s, cross-site requests",
        "where=public phones=public when=public|burst|flat|bursts reading=instant dwell=0.05..0.8 headers=embedded "
        "tokens=public|fresh",
    ),
    "A14": _script("waves: 1-3 waves of 0.2-4.4 ballots a second", "when=waves pace=0.23..5 parts=1..3", (95, 1_000)),
    "A16": _script(
        "limit-hugger: one ballot per address every cooldown and a minute, all day",
        "where=hosts|line|vpn|dial spots=4..120 when=cooldown",
    ),
    "Z1": _script("free script: every trait of scripts at will", ""),
    "Z2": _paid("free paid people: every trait of paid people at will", ""),
    "Z3": _script(
        "free drip: slow, flat or copied from the public, over 2-10 days",
        "when=flat|public|cooldown reading=tight|human|usual|narrow",
    ),
    "Z4": Family(
        "free hybrid: a script and paid people for the same clients", False, (300, 5_000), "script", {}, hybrid=True
    ),
}

CROWDS: Mapping[str, Family] = {
    "L1": _crowd(
        "office: 40-700 staff behind 1-4 addresses, 60-100 % for one entry",
        "where=exit phones=public|public|brand when=burst|bursts|daily|public whom=one",
        (40, 700),
    ),
    "L2": _crowd(
        "school: few addresses, 25-90 % identical devices, one entry 80-100 %, burst of 10-45 min",
        "where=campus phones=few alike=0.25..0.9 when=burst pace=600..2700 whom=one loyal=0.8..1",
        (200, 1_800),
    ),
    "L3": _crowd(
        "carrier NAT: one region's mobile addresses, by popularity, all the time",
        "where=region inside=0.8..1 phones=public when=public reading=usual tokens=public whom=public",
        (200, 3_000),
    ),
    "L4": _crowd(
        "viral group: at most 500, fresh tokens, decay of 12-50 min, one entry, one region",
        "where=region phones=public when=burst pace=720..3000 tokens=fresh whom=one",
        (40, 500),
    ),
    "L5": _crowd(
        "employer's daily voters: a fixed hour, one entry, 40-90 % come back",
        "where=exit|town|region|public when=daily whom=one returning=0.4..0.9 tokens=public|old",
    ),
    "L6": _crowd(
        "livestream's call: decay of 3-20 min, everywhere, one entry",
        "where=public phones=public when=burst pace=180..1200 whom=one|some tokens=fresh|public",
        (1_500, 12_000),
    ),
    "L7": _crowd(
        "deadline rush: the last 20 min to 4 h, everywhere",
        "where=public phones=public when=deadline whom=one|some|public",
        (200, 4_000),
    ),
    "L8": _crowd(
        "kiosk: one or two models, tokens cleared for each voter, daytime of 5-10 days",
        "where=exit inside=1 spots=1..2 phones=kiosk when=shift parts=5..10 tokens=cleared returning=0 again=0",
        (60, 1_200),
    ),
    "L9": _crowd(
        "privacy browsers and VPN: hosting exits or abroad, 30-90 % odd headers, tokens often cleared",
        "where=vpn|vpn|abroad when=public reading=usual|slow tokens=cleared|public|fresh headers=private "
        "whom=public|some",
        (50, 1_000),
    ),
    "L10": _crowd(
        "small town's fans: few /24s, one entry, any time",
        "where=town phones=public when=public|bursts|daily whom=one",
        (100, 1_500),
    ),
    "M1": Family(
        "free crowd: one to three shared causes, else as the public", False, (20, 4_000), "crowd", {}, shared=3
    ),
}
