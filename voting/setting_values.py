"""Parses the texts of settings; every function raises ValueError with how to fix the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

Network = IPv4Network | IPv6Network
SECRET_BYTES = 32
EMBEDDED = "embedded"
# No operator or provider has a larger network.
WIDEST_NETWORKS = {4: 8, 6: 16}
_HOSTS = r"[a-z]+\+[a-z]+://([^/?#]*@)?[^/?#@,]+(,[^/?#@,]+)*"
_REDIS_SHAPES = {
    "": r".*",
    # A cluster has one database.
    "+cluster": _HOSTS + r"(/0?)?(\?.*)?",
    "+sentinel": _HOSTS + r"/[\w.-]+(/\d*)?(\?.*)?",
}


def _networks(text: str, danger: str) -> tuple[Network, ...]:
    networks = tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    for network in networks:
        if network.prefixlen < WIDEST_NETWORKS[network.version] and not network.is_private:
            raise ValueError(f"{network} {danger}")
    return networks


def proxies(text: str) -> tuple[Network, ...]:
    """Parses the networks of proxies."""
    return _networks(text, "would let clients name their own addresses; name the proxies' networks alone")


def scrapers(text: str) -> tuple[Network, ...]:
    """Parses the networks of monitoring."""
    return _networks(text, "would show everybody how many ballots are held; name the monitoring's networks alone")


def hosts(text: str) -> frozenset[str]:
    """Parses names of hosts."""
    return frozenset(part.strip().strip("[]").casefold() for part in text.split(",") if part.strip())


def rate(text: str) -> str:
    """Parses a limit of one process."""
    if not re.fullmatch(r"\d+/(second|minute|hour)(;\d+/(second|minute|hour))*", text):
        raise ValueError("write it as 300/second or 300/second;6000/minute")
    return text


def shared_rate(text: str) -> str:
    """Parses a limit over all processes."""
    # Must match domain/ballots/rate.py.
    if not re.fullmatch(r"[1-9]\d{0,6}/(second|minute|hour)( burst [1-9]\d{0,6})?", text):
        raise ValueError("write it as 600/minute or 20/second burst 500")
    return text


def secret(text: str) -> bytes:
    """Parses the secret."""
    if text and len(text.encode()) < SECRET_BYTES:
        raise ValueError(f"write at least {SECRET_BYTES} bytes, such as the output of: openssl rand -hex 32")
    # Invisible characters are lost when a secret is typed or copied, which would change every key derived from it.
    edges = text[:1] + text[-1:]
    if invisible := {char for char in text if not char.isprintable()} | {char for char in edges if char.isspace()}:
        points = ", ".join(sorted(f"U+{ord(char):04X}" for char in invisible))
        raise ValueError(f"it has characters that cannot be seen ({points}); write it again without them")
    return text.encode()


def address(text: str) -> str:
    """Parses the address of a server."""
    if text and not re.fullmatch(r"https?://[^/\s?#@]+", text, re.I):
        raise ValueError("write it as https://vote.example.org, without a path, a query or a user")
    return text.lower()


def phone_sender(text: str) -> str:
    """Parses the address of a sender of messages, or `log`."""
    if text not in ("", "log") and not re.fullmatch(r"https?://[^/\s?#@]+(/[^\s#@]*)?", text, re.I):
        raise ValueError("write it as https://sms.example.org/codes, without a user, or log")
    return text


def authority(text: str) -> str:
    """Parses the address of a time stamp authority."""
    if text and not re.fullmatch(r"https?://[^/\s?#@]+(/[^\s#@]*)?", text, re.I):
        raise ValueError("write it as https://tsa.example.org/tsr, without a user")
    return text


def issuer(text: str) -> str:
    """Parses the issuer of an OpenID Connect provider, which is compared letter by letter."""
    if text and not re.fullmatch(r"https?://[^/\s?#@]+(/[^\s?#@]*)?", text):
        raise ValueError("write it as the provider does: https://login.example.org, without a query or a user")
    return text


def app_id(text: str) -> str:
    """Parses an app's id at WeChat."""
    if text and not re.fullmatch(r"wx[0-9a-f]{16}", text):
        raise ValueError("write it as WeChat shows it: wx and 16 of 0-9 and a-f")
    return text


def message(text: str) -> tuple[str, ...]:
    """Parses the id of WeChat's template and its three keywords."""
    if text and not re.fullmatch(r"[A-Za-z0-9_-]{16,64}(,[a-z_]+[0-9]{1,3}){3}", text):
        raise ValueError("write the template's id and three keywords, as TEMPLATE,thing1,time2,thing3")
    return tuple(text.split(",")) if text else ()


def secret_file(text: str) -> str:
    """Returns the content of the file of a secret, without the line's end."""
    if not text:
        return ""
    try:
        content = Path(text).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ValueError(f"the file cannot be read ({why}); name one that this user may read") from None
    if not content:
        raise ValueError("the file is empty; write the secret into it")
    return content


def verify_files(text: str) -> tuple[str, ...]:
    """Parses names of the files by which WeChat checks a domain."""
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not all(re.fullmatch(r"MP_verify_[A-Za-z0-9]{1,64}\.txt", name) for name in names):
        raise ValueError("write the files' names, such as MP_verify_AbCdEf0123456789.txt, with commas between several")
    return names


def origins(text: str) -> frozenset[str]:
    """Parses origins of pages."""
    origins = [part.strip() for part in text.split(",") if part.strip()]
    if not all(re.fullmatch(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]+)?", origin) for origin in origins):
        raise ValueError("write it as https://h5.example.org, in lower case, without a path; commas between several")
    return frozenset(origins)


def log(text: str) -> str:
    """Parses the log's form."""
    if text not in ("text", "json"):
        raise ValueError("write text or json")
    return text


def sync(text: str) -> bool:
    """Parses whether a synchronous standby is required."""
    if text not in ("required", "optional"):
        raise ValueError("write required or optional")
    return text == "required"


def count(text: str) -> int:
    """Parses a number of things to have."""
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise ValueError("write a whole number from 1 to 1000")
    return int(text)


def milliseconds(text: str) -> int:
    """Parses a short time."""
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise ValueError("write a whole number from 1 to 100")
    return int(text)


def shards(text: str) -> int:
    """Parses a number of shards; a contest has 64 gates."""
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise ValueError("write a whole number from 1 to 64")
    return int(text)


def parts(text: str) -> int:
    """Parses a number of parts of a contest in Redis; 0 leaves it to the address."""
    if not text.isdecimal() or not 0 <= int(text) <= 64:
        raise ValueError("write a whole number from 0 to 64")
    return int(text)


def switch(text: str) -> bool:
    """Parses on or off."""
    if text not in ("on", "off"):
        raise ValueError("write on or off")
    return text == "on"


def number(text: str) -> int:
    """Parses a whole number."""
    if not text.isdecimal():
        raise ValueError("write a whole number")
    return int(text)


def file(text: str) -> Path | None:
    """Parses the path of a file."""
    return Path(text) if text else None


def database(text: str) -> str:
    """Parses the address of a PostgreSQL."""
    if text != EMBEDDED and not text.startswith(("postgresql://", "postgres://")):
        raise ValueError(f"write it as postgresql://user:password@host:5432/database, or {EMBEDDED}")
    # The drivers use the last one.
    if repeated := [name for name, values in parse_qs(urlsplit(text).query).items() if len(values) > 1]:
        raise ValueError(f"it has {' and '.join(repeated)} more than once; leave one of each")
    return text


def owner(text: str) -> str:
    """Parses the address of a PostgreSQL, or none."""
    return text and database(text)


def redis(text: str) -> str:
    """Parses the address of a Redis, of the nodes of a cluster, or of Sentinels."""
    kind = re.match(r"rediss?(\+\w+)?://|unix://", text)
    shape = _REDIS_SHAPES.get(kind[1] or "") if kind else None
    if text == EMBEDDED or (shape and re.fullmatch(shape, text)):
        return text
    raise ValueError(
        f"write it as redis://:password@host:6379/0, redis+cluster://:password@host:6379,host:6379,"
        f" redis+sentinel://:password@host:26379,host:26379/service, with rediss in place of redis for TLS, or"
        f" {EMBEDDED}"
    )


def clear_hosts(url: str, environ: Mapping[str, str]) -> set[str]:
    """Returns the other hosts that the address leads to without TLS; asyncpg reads libpq's variables, too."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    if parts.scheme.startswith("rediss") or parts.scheme in ("unix", ""):
        return set()
    hosts = [re.sub(r":\d*$", "", host) for host in parts.netloc.rpartition("@")[2].split(",")]
    if parts.scheme.startswith("redis"):
        elsewhere = ""
    elif query.get("sslmode", [environ.get("PGSSLMODE", "")])[0] in ("require", "verify-ca", "verify-full"):
        return set()
    else:
        elsewhere = environ.get("PGHOST", "")
    hosts = [host for host in hosts if host] or query.get("host", [elsewhere])[0].split(",")
    hosts = [unquote(host).strip("[]").casefold() for host in hosts]
    return {host for host in hosts if not _is_this_machine(host)}


def _is_this_machine(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def env_value(text: str) -> str:
    """Returns a value of an environment file without its quotes. Raises ValueError with the fault and its mend."""
    if quoted := re.fullmatch(r"([\"'])(.*)\1", text):
        if quoted[1] in quoted[2]:
            raise ValueError("has more than two quotes", "write one pair, around the whole value")
        text = quoted[2]
    elif re.search(r"^[\"']|[\"']$", text):
        raise ValueError(
            "has a quote without its other half", "write one pair, around the whole value, and nothing after it"
        )
    elif re.search(r"\s", text):
        raise ValueError("has a blank in its value", "put the value in quotes; a comment needs a line of its own")
    if re.search(r"\$[({]", text) and not (quoted and quoted[1] == "'"):
        raise ValueError("names a variable, and none is filled in here", "write the value itself, or put it in '...'")
    return text


def is_made_by_kubernetes(name: str, text: str) -> bool:
    """Whether Kubernetes set an environment variable in a pod, for a Service whose name begins with "voting".

    Such as CloudNativePG's voting-rw: VOTING_RW_SERVICE_HOST, VOTING_RW_PORT=tcp://10.0.0.1:5432,
    VOTING_RW_PORT_5432_TCP_ADDR.
    """
    service, port = r"_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)", r"_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?"
    if re.fullmatch(f"VOTING(_[A-Z0-9]+)*({service}|{port})", name):
        return True
    return bool(re.fullmatch("VOTING(_[A-Z0-9]+)*_PORT", name)) and "://" in text
