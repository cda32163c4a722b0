"""Every setting, declared once with its default and help. The reference page is generated from this module."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from voting import setting_values as parse
from voting.errors import Fault, FileInvalid, SettingInvalid
from voting.setting_values import EMBEDDED, Network
from voting.spelling import did_you_mean, nearest
from voting.text_file import read_text_file

WECHAT_OPEN = "https://open.weixin.qq.com"


def setting(name: str, parse: Callable[[str], Any], default: str, help: str) -> Any:
    """Declares a setting read from the environment variable `name`; `parse` raises ValueError with how to fix it."""
    metadata = {"name": name, "parse": parse, "default": default, "help": help}
    return field(default=MISSING, metadata=metadata, repr="SECRET" not in name)


@dataclass(frozen=True, slots=True)
class Settings:
    """The values of all settings."""

    database_url: str = setting(
        "DATABASE_URL",
        parse.database,
        EMBEDDED,
        f"PostgreSQL 15 or later; `{EMBEDDED}`: a server of its own in VOTING_DATA. With --env-file it must be set.",
    )
    database_owner_url: str = setting(
        "DATABASE_OWNER_URL",
        parse.owner,
        "",
        "The same database as the owner of its tables, for `voting migrate` alone; DATABASE_URL's user then becomes one"
        " who may record votes and no more.",
    )
    redis_url: str = setting(
        "REDIS_URL",
        parse.redis,
        EMBEDDED,
        "Redis 7.0 or Valkey 7.2 or later: `redis://`, or `redis+cluster://` with nodes of a cluster, or"
        f" `redis+sentinel://` with Sentinels and a service; with TLS `rediss...`. `{EMBEDDED}`: a server of its own in"
        " VOTING_DATA. With --env-file it must be set where it is used.",
    )
    redis_parts: int = setting(
        "VOTING_REDIS_PARTS",
        parse.parts,
        "0",
        "Parts of a contest's limits and counters, spread over a cluster's nodes; 0: 8 if it is one, otherwise 1.",
    )
    data: Path = setting("VOTING_DATA", Path, ".voting", "Folder of the embedded servers and of the demo's secret.")
    secret: bytes = setting(
        "VOTING_SECRET", parse.secret, "", "32 bytes or more, from which every key is made; required outside the demo."
    )
    trusted_proxies: tuple[Network, ...] = setting(
        "VOTING_TRUSTED_PROXIES",
        parse.proxies,
        "",
        "Networks (CIDR, comma-separated) whose X-Forwarded-For is believed.",
    )
    unencrypted_hosts: frozenset[str] = setting(
        "VOTING_UNENCRYPTED_HOSTS",
        parse.hosts,
        "",
        "Other hosts (comma-separated) to which PostgreSQL's and Redis' connections may go without TLS, as on a network"
        " that no one else is on; to this machine they always may.",
    )
    metrics_networks: tuple[Network, ...] = setting(
        "VOTING_METRICS_NETWORKS",
        parse.scrapers,
        "127.0.0.0/8, ::1/128",
        "Networks (CIDR, comma-separated) that may read /metrics, connecting by themselves: not through a proxy.",
    )
    public_url: str = setting(
        "VOTING_PUBLIC_URL", parse.address, "", "Address that voters use; with https, cookies are sent over TLS only."
    )
    contact: str = setting("VOTING_CONTACT", str, "", "Whom voters may ask, such as 010-0000 0000（工作日 9–17 时）.")
    complaints: str = setting("VOTING_COMPLAINTS", str, "", "Whom voters may complain to; empty: VOTING_CONTACT.")
    icp: str = setting("VOTING_ICP", str, "", "The site's ICP filing (ICP 备案号), in the foot of every page.")
    police_filing: str = setting("VOTING_POLICE_FILING", str, "", "Its police filing (公安备案号), there too.")
    videos: Path | None = setting("VOTING_VIDEOS", parse.file, "", "Folder of videos, as CONTEST/CODE.mp4.")
    wechat_appid: str = setting(
        "VOTING_WECHAT_APPID", parse.app_id, "", "AppID of the certified service account (服务号) for `wechat`."
    )
    wechat_secret: str = setting("VOTING_WECHAT_SECRET", str, "", "Its AppSecret.")
    wechat_secret_file: str = setting(
        "VOTING_WECHAT_SECRET_FILE", parse.secret_file, "", "Instead of VOTING_WECHAT_SECRET: a file that has it."
    )
    mini_program_appid: str = setting(
        "VOTING_MINI_PROGRAM_APPID", parse.app_id, "", "AppID of the mini program (小程序) for `mini_program`."
    )
    mini_program_secret: str = setting("VOTING_MINI_PROGRAM_SECRET", str, "", "Its AppSecret.")
    mini_program_secret_file: str = setting(
        "VOTING_MINI_PROGRAM_SECRET_FILE",
        parse.secret_file,
        "",
        "Instead of VOTING_MINI_PROGRAM_SECRET: a file that has it.",
    )
    mini_program_risk: bool = setting(
        "VOTING_MINI_PROGRAM_RISK",
        parse.switch,
        "on",
        "Whether WeChat is asked for the risk rank of a mini program's user: on or off. It is told the user's address,"
        " which the privacy notice must say.",
    )
    mini_program_message: tuple[str, ...] = setting(
        "VOTING_MINI_PROGRAM_MESSAGE", parse.message, "", "Its reminder, as its README says: ID,thing1,time2,thing3."
    )
    wechat_api: str = setting(
        "VOTING_WECHAT_API", parse.address, "https://api.weixin.qq.com", "Address of WeChat's server for servers."
    )
    wechat_open: str = setting(
        "VOTING_WECHAT_OPEN",
        parse.address,
        WECHAT_OPEN,
        "Address of WeChat's sign-in page; with another than the default every browser is offered this sign-in.",
    )
    wechat_verify_files: tuple[str, ...] = setting(
        "VOTING_WECHAT_VERIFY_FILES",
        parse.verify_files,
        "",
        "Names of the files MP_verify_*.txt (comma-separated) by which WeChat checks that the domain is yours.",
    )
    cors_origins: frozenset[str] = setting(
        "VOTING_CORS_ORIGINS",
        parse.origins,
        "",
        "Origins (comma-separated) of pages on other hosts that may use the public API, such as https://h5.example.org.",
    )
    log: str = setting(
        "VOTING_LOG",
        parse.log,
        "text",
        "Form of the log of `voting serve`, `voting sweep` and `voting log run`: text, or json (an object a line).",
    )
    sync_required: bool = setting(
        "VOTING_SYNC",
        parse.sync,
        "optional",
        "required: ballots are taken only while each commit waits for a synchronous standby; else: optional.",
    )
    pool: int = setting(
        "VOTING_POOL", parse.count, "10", "PostgreSQL connections of each worker; up to 4 of them record ballots."
    )
    batch: int = setting(
        "VOTING_BATCH", parse.count, "64", "Ballots that one transaction records at most; 1 is for comparison only."
    )
    collect_ms: int = setting(
        "VOTING_COLLECT_MS",
        parse.milliseconds,
        "4",
        "Ballots are collected for so long while another batch is recorded: more makes larger batches on many nodes.",
    )
    shards: int = setting(
        "VOTING_SHARDS",
        parse.shards,
        "16",
        "Batches of one contest that can be recorded at once, over all nodes; each adds a row an entry to the tally.",
    )
    shield_reads: str = setting(
        "VOTING_SHIELD_READS", parse.rate, "2000/second", "Reads from one address that one worker lets through."
    )
    shield_writes: str = setting(
        "VOTING_SHIELD_WRITES", parse.rate, "1000/second", "Writes from one address that one worker lets through."
    )
    policy: Path | None = setting(
        "VOTING_POLICY", parse.file, "", "File of the fraud policy that ballots are judged by; empty: the packaged one."
    )
    shadow_policy: Path | None = setting(
        "VOTING_SHADOW_POLICY",
        parse.file,
        "",
        "File of a fraud policy that judges the same ballots beside it and decides nothing; empty: none.",
    )
    networks: str = setting(
        "VOTING_NETWORKS",
        str,
        "",
        "MaxMind DB of autonomous systems (GeoLite2-ASN, DB-IP ASN Lite, IPinfo Lite); empty: none is known.",
    )
    hosting: str = setting(
        "VOTING_HOSTING",
        str,
        "",
        "File of the autonomous systems known for hosting, one number a line; empty: the packaged list.",
    )
    limit_voter: str = setting(
        "VOTING_LIMIT_VOTER", parse.shared_rate, "600/minute", "Ballots sent with one credential, over all processes."
    )
    limit_address: str = setting(
        "VOTING_LIMIT_ADDRESS", parse.shared_rate, "600000/minute", "Ballots sent from one address, over all processes."
    )
    limit_registration: str = setting(
        "VOTING_LIMIT_REGISTRATION",
        parse.shared_rate,
        "20/second burst 500",
        "Challenges asked for by one address (IPv6: by one /64) of one contest, over all processes; registrations too.",
    )
    limit_phone: str = setting(
        "VOTING_LIMIT_PHONE", parse.shared_rate, "5/hour burst 3", "Codes sent to one phone number of one contest."
    )
    limit_phone_address: str = setting(
        "VOTING_LIMIT_PHONE_ADDRESS",
        parse.shared_rate,
        "120/hour burst 60",
        "Codes asked for by one address (IPv6: by one /64) of one contest.",
    )
    limit_phone_contest: str = setting(
        "VOTING_LIMIT_PHONE_CONTEST",
        parse.shared_rate,
        "600/minute burst 1000",
        "Codes sent in one contest; it bounds what they cost.",
    )
    phone_sender: str = setting(
        "VOTING_PHONE_SENDER",
        parse.phone_sender,
        "",
        "What sends codes for `phone`: https://sms.example.org/codes, which is sent each as signed JSON, or `log` for "
        "demonstrations; empty: nobody can sign in by phone.",
    )
    phone_secret: str = setting(
        "VOTING_PHONE_SECRET", str, "", "The secret that signs what is sent to VOTING_PHONE_SENDER (HMAC-SHA-256)."
    )
    phone_secret_file: str = setting(
        "VOTING_PHONE_SECRET_FILE", parse.secret_file, "", "Instead of VOTING_PHONE_SECRET: a file that has it."
    )
    oidc_issuer: str = setting(
        "VOTING_OIDC_ISSUER",
        parse.issuer,
        "",
        "OpenID Connect provider for `oidc`, such as https://login.example.org/realms/staff.",
    )
    oidc_client_id: str = setting("VOTING_OIDC_CLIENT_ID", str, "", "The client's id there.")
    oidc_client_secret: str = setting(
        "VOTING_OIDC_CLIENT_SECRET", str, "", "The client's secret; none for a public client."
    )
    oidc_client_secret_file: str = setting(
        "VOTING_OIDC_CLIENT_SECRET_FILE",
        parse.secret_file,
        "",
        "Instead of VOTING_OIDC_CLIENT_SECRET: a file that has it.",
    )
    private_providers: bool = setting(
        "VOTING_PRIVATE_PROVIDERS",
        parse.switch,
        "off",
        "Whether VOTING_PHONE_SENDER, _OIDC_ISSUER and _STAMP_URL may be plain http or in a private network: on, off.",
    )
    log_key: Path | None = setting(
        "VOTING_LOG_KEY",
        parse.file,
        "",
        "File of the key that signs the public log, made by `voting log key`, on the host that appends to it; empty:"
        " one in VOTING_DATA with the embedded PostgreSQL, else this host appends to no log.",
    )
    stamp_url: str = setting(
        "VOTING_STAMP_URL", parse.authority, "", "RFC 3161 authority that stamps logs daily, and certificates; or none."
    )
    stamp_roots: Path | None = setting(
        "VOTING_STAMP_ROOTS", parse.file, "", "PEM file of the roots that the authority's answers are verified with."
    )
    sweep: bool = setting(
        "VOTING_SWEEP",
        parse.switch,
        "on",
        "Whether a process beside the workers sweeps open contests for rings: on or off.",
    )
    second_person: int = setting(
        "VOTING_SECOND_PERSON",
        parse.number,
        "200",
        "Groups of at least this many ballots, or that change a place for a cut or an award, need two reviewers.",
    )

    @property
    def log_key_file(self) -> Path | None:
        """The file of the log's key, if this host is to append to logs."""
        return self.log_key or (self.data / "log.key" if self.database_url == EMBEDDED else None)

    def need_secret(self) -> bytes:
        """Returns the secret. Raises SettingInvalid if there is none."""
        if not self.secret:
            raise SettingInvalid("VOTING_SECRET is not set; set it to 32 bytes or more, such as: openssl rand -hex 32")
        return self.secret


_FIELDS = {item.metadata["name"]: item for item in fields(Settings)}


def load(environ: Mapping[str, str], env_file: Path | None = None) -> Settings:
    """Returns the settings; the environment overrides the file.

    If there is a file, DATABASE_URL and REDIS_URL default to "" and not to the embedded engines: a file is written for
    a server. Raises SettingInvalid or FileInvalid.
    """
    written = _read_env_file(env_file) if env_file else {}
    for name, text in environ.items():
        if name.startswith("VOTING_") and name not in _KNOWN and not parse.is_made_by_kubernetes(name, text):
            raise SettingInvalid(f"environment: {name} is not a known setting; {_hint(name)}")
    for name in _ENGINES - environ.keys() - written.keys():
        if near := nearest(name, environ, _NEAR):
            raise SettingInvalid(f"environment: {name} is not set; did you mean it by {near}?")
    settings = Settings(**{item.name: _parse(name, environ, written, env_file) for name, item in _FIELDS.items()})
    _check_addresses(settings, environ)
    _check_apps(settings)
    return settings


def values(env_file: Path) -> dict[str, str]:
    """Returns the file's names and values, for child processes. Raises SettingInvalid or FileInvalid."""
    return {name: text for name, (_, text) in _read_env_file(env_file).items()}


def reference() -> str:
    """Returns every setting as a Markdown table."""
    rows = [
        f"| `{name}` | {(shown := each['default']) and f'`{shown}`'} | {each['help']} |"
        for name, each in ((name, item.metadata) for name, item in _FIELDS.items())
    ]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _check_addresses(settings: Settings, environ: Mapping[str, str]) -> None:
    """Raises SettingInvalid for an unencrypted connection to another host, or an owner of another database."""
    urls = {
        "DATABASE_URL": settings.database_url,
        "DATABASE_OWNER_URL": settings.database_owner_url,
        "REDIS_URL": settings.redis_url,
    }
    for name, url in urls.items():
        if hosts := parse.clear_hosts(url, environ) - settings.unencrypted_hosts:
            mend = "write it with rediss for redis" if name == "REDIS_URL" else "add ?sslmode=verify-full (or require)"
            raise SettingInvalid(
                f"{name} would send passwords and votes to {', '.join(sorted(hosts))} without TLS; {mend}, or name the"
                " host in VOTING_UNENCRYPTED_HOSTS"
            )
    own, owners = urlsplit(settings.database_url).path, urlsplit(settings.database_owner_url).path
    if settings.database_owner_url and settings.database_url != EMBEDDED and own != owners:
        raise SettingInvalid(
            f"DATABASE_URL names the database {own[1:]!r} and DATABASE_OWNER_URL {owners[1:]!r}; name one in both"
        )


def _check_apps(settings: Settings) -> None:
    """Raises SettingInvalid for half an app, and for a page whose visitors WeChat could not send back."""
    for secret in ("wechat_secret", "mini_program_secret", "phone_secret", "oidc_client_secret"):
        if getattr(settings, secret) and getattr(settings, f"{secret}_file"):
            name = f"VOTING_{secret.upper()}"
            raise SettingInvalid(f"{name} and {name}_FILE are both set; leave one of them")
    for kind in ("wechat", "mini_program"):
        name = f"VOTING_{kind.upper()}"
        app_id, secret, file = (getattr(settings, f"{kind}_{part}") for part in ("appid", "secret", "secret_file"))
        if bool(app_id) != bool(secret or file):
            raise SettingInvalid(f"{name}_APPID and {name}_SECRET (or {name}_SECRET_FILE) belong together; set both")
    if settings.phone_sender not in ("", "log") and not (settings.phone_secret or settings.phone_secret_file):
        raise SettingInvalid("VOTING_PHONE_SENDER needs VOTING_PHONE_SECRET (or _FILE), which signs what is sent to it")
    if settings.phone_sender.startswith("http:") and not settings.private_providers:
        raise SettingInvalid(
            "VOTING_PHONE_SENDER would get codes without TLS; write https://, or set"
            " VOTING_PRIVATE_PROVIDERS=on for a sender in your own network"
        )
    if settings.oidc_issuer and not (settings.oidc_client_id and settings.public_url):
        raise SettingInvalid("VOTING_OIDC_ISSUER needs VOTING_OIDC_CLIENT_ID and VOTING_PUBLIC_URL; set both")
    if settings.oidc_issuer.startswith("http:") and not settings.private_providers:
        raise SettingInvalid(
            "VOTING_OIDC_ISSUER is not https; write https://, or set VOTING_PRIVATE_PROVIDERS=on for a provider in your"
            " own network"
        )
    if settings.wechat_appid and not settings.public_url:
        raise SettingInvalid("VOTING_WECHAT_APPID is set without VOTING_PUBLIC_URL, to which WeChat sends voters back")
    if settings.wechat_appid and settings.wechat_open == WECHAT_OPEN and urlsplit(settings.public_url).port:
        raise SettingInvalid("VOTING_PUBLIC_URL has a port, and WeChat sends no voters there (error 10003)")


# Read by the engines and the tests; not settings of the service.
_KNOWN = {*_FIELDS, "VOTING_PG_BIN", "VOTING_REDIS_BIN", "VOTING_CHROMIUM"}
_OURS = re.compile("VOTING_|DATABASE|REDIS")
_ENGINES = {"DATABASE_URL", "REDIS_URL"}
# DATABASE_URI and DATABSE_URL probably mean DATABASE_URL; TEST_DATABASE_URL does not.
_NEAR = 0.85


def _parse(name: str, environ: Mapping[str, str], written: dict[str, tuple[int, str]], file: Path | None) -> Any:
    metadata = _FIELDS[name].metadata
    if file and name in _ENGINES and name not in environ and name not in written:
        return ""
    line, text = written.get(name, (0, metadata["default"]))
    text = environ.get(name, text)
    try:
        return metadata["parse"](text)
    except ValueError as error:
        what = f"does not fit; {error}"
        if name in environ or file is None:
            raise SettingInvalid(f"environment: {name} {what}") from None
        raise FileInvalid(str(file), (Fault(line, name, "does not fit", str(error)),)) from None


def _read_env_file(file: Path) -> dict[str, tuple[int, str]]:
    """Returns NAME=value lines with their line numbers; skips blank lines and # comments. Raises FileInvalid."""
    values: dict[str, tuple[int, str]] = {}
    faults: list[Fault] = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", read_text_file(file)), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, rest = line.partition("=")
        name = re.sub(r"^export\s+", "", name.strip()).strip()
        try:
            _check_name(name, equals)
            if name in values:
                raise ValueError(f"stands in line {values[name][0]} already", "take one of them away")
            # Strip no other blanks: an invisible one is refused, not dropped.
            values[name] = (number, parse.env_value(rest.strip(" \t")))
        except ValueError as error:
            what, mend = error.args
            faults.append(Fault(number, _place(name), what, mend))
    if faults:
        raise FileInvalid(str(file), tuple(faults))
    return values


def _place(name: str) -> str:
    """Returns the name as a fault shows it: a name unlike any setting's may be part of a secret."""
    near = _near(name)
    return name if re.fullmatch(r"[A-Za-z0-9_.-]+", name) and (near or _OURS.match(name)) else near


def _check_name(name: str, equals: str) -> None:
    """Raises ValueError with what is wrong and how to fix it."""
    if not equals:
        raise ValueError("is not NAME=value", "write NAME=value")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("has other characters than A to Z, digits and _ in its name", "type the name again")
    if name not in _KNOWN and (_OURS.match(name) or _near(name)):
        raise ValueError("is not a known setting", _hint(name))


def _near(name: str) -> str:
    """Returns the setting that `name` probably means or is; "" if none."""
    return nearest(name.upper(), _KNOWN, _NEAR)


def _hint(name: str) -> str:
    return did_you_mean(name.upper(), _KNOWN, str) or "`voting settings` lists them"
