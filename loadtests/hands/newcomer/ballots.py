"""Ballots as columns of numbers, before they are written out."""

from __future__ import annotations

import numpy as np

from loadtests.hands.newcomer.dice import Array

# Columns as `SCHEMA` names them.
Ballots = dict[str, Array]
WEB, WECHAT, MINI_PROGRAM = range(3)
WIFI, FOUR, FIVE = range(3)

# Column: its type and its default. An IPv4 address is in `ip`; an IPv6 address has its upper half there and the lower
# one in `ip_low`. `profile` is a row of the browsers, `web_id` fills WeChat's user agent on Android (-1: the device's
# own), `zone` and `language` are other ones than the profile's if not 0, `solve` is a program's typical time (ms) for
# a proof of work. -1 is unknown.
SCHEMA: dict[str, tuple[type, float]] = {
    "at": (np.int64, 0),
    "opened": (np.int64, -1),
    "issued": (np.int64, -1),
    "voter": (np.int64, 0),
    "device": (np.int64, -1),
    "entry": (np.int32, 0),
    "profile": (np.int32, 0),
    "network": (np.int8, 0),
    "ip": (np.uint64, 0),
    "ip_low": (np.uint64, 0),
    "asn": (np.int32, 0),
    "hosting": (np.int8, 0),
    "channel": (np.int8, 0),
    "odd": (np.int8, 0),
    "page": (np.int8, 0),
    "web_id": (np.int32, -1),
    "zone": (np.int8, 0),
    "language": (np.int8, 0),
    "solve": (np.float32, 0.0),
}


def ballots_of(n: int, **given: object) -> Ballots:
    """Columns of n ballots; those not given at their defaults."""
    made: Ballots = {}
    for name, (kind, default) in SCHEMA.items():
        value: Array = np.asarray(given.get(name, default)).astype(kind)
        made[name] = np.ascontiguousarray(np.broadcast_to(value, n)).copy()
    return made


def size(ballots: Ballots) -> int:
    """How many there are."""
    return len(ballots["at"])


def taken(ballots: Ballots, which: Array) -> Ballots:
    """Some of them."""
    return {name: value[which] for name, value in ballots.items()}


def joined(parts: list[Ballots]) -> Ballots:
    """All of several batches."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def readdress(ballots: Ballots, where: Array, ip: Array, asn: Array | int) -> None:
    """Gives those of the mask other IPv4 addresses and their networks."""
    ballots["ip"] = np.where(where, ip.astype(np.uint64), ballots["ip"])
    ballots["ip_low"] = np.where(where, np.uint64(0), ballots["ip_low"])
    ballots["asn"] = np.where(where, asn, ballots["asn"]).astype(np.int32)
