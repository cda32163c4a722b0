"""Header fields and query strings, valid and malformed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from loadtests.fuzz.bodies import TEXTS
from loadtests.fuzz.environment import ValidData

Field = tuple[bytes, bytes]

_TYPES = (
    b"application/json; charset=utf-8",
    b'application/json; charset="UTF-8"',
    b"APPLICATION/JSON",
    b"application/json; charset=gbk",
    b"application/json; charset=utf-7; charset=utf-8",
    b"application/json; boundary=x",
    b"application/json;",
    b"application/problem+json",
    b"application/msgpack",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x",
    b"multipart/form-data",
    b"text/plain",
    b"text/html; charset=\xff",
    b"application",
    b"/",
    b";",
    b"",
    b"application/json, text/plain",
)
_RANGES = (b"bytes=0-0", b"bytes=-1", b"bytes=9-1", b"bytes=0-999999999999", b"bytes=" + b"0-0," * 500, b"lines=1")
_AGENTS = (
    b"",
    b"curl/8",
    b"Mozilla/5.0 (Linux; Android 13; wv) AppleWebKit/537.36 MicroMessenger/8.0.42",
    b"Mozilla/5.0 " + b"(" * 4000,
    b"\xff\xfe",
    b"Android " + b"; " * 2000,
    b"Version/1" + b".1" * 1000,
)
_ADDRESSES = (
    b"203.0.113.9",
    b"203.0.113.9, 10.0.0.1",
    b"2001:db8::1",
    b"[2001:db8::1]:443",
    b"::ffff:203.0.113.9",
    b"fe80::1%eth0",
    b"fe80::1%\xff",
    b"203.0.113.9:80",
    b"256.1.1.1",
    b"0x7f.1",
    b"1",
    b"unknown",
    b"_hidden",
    b",",
    b", ," * 300,
    b"203.0.113.9," * 500,
    b"127.0.0.1, " * 500,
    b"\xff",
)
_ACCEPTS = (
    b"text/html",
    b"text/html;q=0",
    b"*/*",
    b"application/json",
    b"",
    b"text/html;" * 300,
    b"\xff",
    b";q=",
    b"/",
)
_LANGUAGES = (b"en", b"zh-CN,zh;q=0.9", b"", b",", b"\xff", b"en" * 3000, b";q=nan", b"en;q=" + b"9" * 400)
_KEYS = (b"", b"a b", b"x" * 64, b"x" * 65, b"x" * 5000, b"\xff", b"a/b", b"%00", b"k, k", b"\tk", b"k\x0b", b"'", b"-")
_TAGS = (b"*", b'""', b'W/""', b'"' * 300, b",", b"W/", b"\xff", b'"x", W/"y"')
_LENGTHS = (b"0", b"-1", b"+1", b"00", b"1_0", b"1e3", b"0x10", b"", b"\xb2", b"1, 1", b"9" * 30)


def headers(random: Random, valid: ValidData, body: bytes) -> tuple[Field, ...]:
    """The fields of a request, some of them missing, malformed or repeated."""
    fields: list[Field] = [(b"host", b"127.0.0.1"), *_of_the_voter(random, valid)]
    if body:
        fields += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    for _ in range(random.choice((0, 0, 1, 1, 2, 4))):
        name, make = random.choice(_ODD)
        value = make(random, valid)
        kept = [field for field in fields if field[0] != name or random.random() < 0.2]
        fields = [*kept, (name, value)]
    if random.random() < 0.01:
        fields += [(b"x-%d" % number, b"1") for number in range(random.choice((50, 64, 200)))]
    if random.random() < 0.01:
        fields.append((b"x-long", b"x" * random.choice((8_000, 16_000, 60_000))))
    return tuple(fields)


def query(random: Random) -> bytes:
    """A query string, mostly empty."""
    if random.random() < 0.7:
        return b""
    names = (b"page", b"q", b"category", b"sort", b"lang", b"format", b"", b"page[]", b"%ff", b"x" * 2000)
    values = (b"1", b"0", b"-1", b"9" * 30, b"%00", b"%ff%fe", b"%", b"%ud800", b"en", b"zh", b"picks", b"xlsx", b"csv")
    more = (
        b"",
        b"a+b",
        b"%F0%9F%97%B3",
        b"%ED%A0%80",
        b"x" * 101,
        b"x" * 3000,
        b"\xe4",
        b"1&page=2",
        b"[]",
        b"one",
        b"?",
    )
    pairs = [random.choice(names) + b"=" + random.choice(values + more) for _ in range(random.choice((1, 1, 2, 5)))]
    if random.random() < 0.02:
        pairs *= 300
    return b"?" + random.choice((b"&", b"&", b";", b"&&")).join(pairs)


def _of_the_voter(random: Random, valid: ValidData) -> list[Field]:
    token = random.choice(valid.tokens).encode()
    credential = random.choice(
        (
            (b"authorization", b"Bearer " + token),
            (b"authorization", b"Bearer " + token),
            (b"cookie", b"voter-" + valid.contest.encode() + b"=" + token),
            (b"authorization", b"Bearer " + valid.staff.encode()),
        )
    )
    return [credential, (b"idempotency-key", b"%x" % random.getrandbits(48))]


def _credential(random: Random, valid: ValidData) -> bytes:
    token = random.choice((random.choice(valid.tokens), valid.staff)).encode()
    at = random.randrange(len(token))
    forms = (
        b"",
        b"Bearer",
        b"Bearer ",
        b"bearer " + token,
        b"Bearer  " + token + b" ",
        b"Basic " + token,
        b"Bearer " + token[:at],
        b"Bearer " + token[:at] + b"\xff" + token[at:],
        b"Bearer " + token[:at] + bytes([token[at] ^ 1]) + token[at + 1 :],
        b"Bearer " + token * 20,
        b"Bearer " + b"." * random.choice((1, 2, 500)),
        b"Bearer vsk_000000000000_" + b"x" * 40,
        token,
    )
    return random.choice(forms)


def _cookie(random: Random, valid: ValidData) -> bytes:
    name, token = b"voter-" + valid.contest.encode(), random.choice(valid.tokens).encode()
    forms = (
        name + b"=" + token + b"; " + name + b"=" + token,
        name + b'="' + token + b'"',
        name + b'="\\377\\000"',
        name + b"=%00",
        name + b"=" + token[:-1],
        name,
        b"=",
        b";" * 2000,
        b"a=b; " * 1000,
        b"voting-staff=" + token,
        b"voting-staff=",
        b"voting-staff=\xff",
        b"lang=en",
        b"lang=\xff; lang=zh",
        b"\xff=\xff",
        b'a="\\',
    )
    return random.choice(forms)


def _one_of(values: tuple[bytes, ...]) -> Callable[[Random, ValidData], bytes]:
    return lambda random, valid: random.choice(values)


def _any_text(random: Random, valid: ValidData) -> bytes:
    text = random.choice(TEXTS).encode("utf-8", "surrogatepass")
    return bytes(byte for byte in text if byte >= 32 and byte != 127)


_ODD: tuple[tuple[bytes, Callable[[Random, ValidData], bytes]], ...] = (
    (b"authorization", _credential),
    (b"authorization", _credential),
    (b"cookie", _cookie),
    (b"cookie", _cookie),
    (b"content-type", _one_of(_TYPES)),
    (b"content-type", _one_of(_TYPES)),
    (b"content-encoding", _one_of((b"gzip", b"identity", b"br, gzip", b"", b"\xff"))),
    (b"content-length", _one_of(_LENGTHS)),
    (b"idempotency-key", _one_of(_KEYS)),
    (b"idempotency-key", _any_text),
    (b"user-agent", _one_of(_AGENTS)),
    (b"user-agent", _any_text),
    (b"x-forwarded-for", _one_of(_ADDRESSES)),
    (b"x-forwarded-for", _one_of(_ADDRESSES)),
    (b"accept", _one_of(_ACCEPTS)),
    (b"accept", _one_of((b"text/html",))),
    (b"accept-language", _one_of(_LANGUAGES)),
    (b"accept-encoding", _one_of((b"gzip", b"*;q=0", b"\xff", b"identity;q=0"))),
    (b"if-none-match", _one_of(_TAGS)),
    (b"range", _one_of(_RANGES)),
    (b"last-event-id", _one_of((b"", b"-1", b"9" * 40, b"\xff", b"a:b", b"1.5"))),
    (b"last-event-id", _any_text),
    (b"host", _one_of((b"", b"evil", b"a:99999", b"[::1", b"\xff", b"a b", b"x" * 3000))),
    (b"origin", _one_of((b"null", b"http://evil", b"\xff"))),
    (b"forwarded", _one_of((b"for=_x;proto=https", b"\xff"))),
    (b"x-http-method-override", _one_of((b"DELETE",))),
    (b"hx-request", _one_of((b"true",))),
    (b"x-odd", _any_text),
)
