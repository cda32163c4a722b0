"""Settings files as people write them, and names that are almost right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.test_cli import run
from tests.conftest import SECRET
from voting.demo.demo_contest import document
from voting.errors import FileInvalid, SettingInvalid
from voting.services.fraud.policy_files import load_policy
from voting.settings import load, values

URL = "postgresql://voting:pw@127.0.0.1:1/voting"
LINES = f"DATABASE_URL={URL}\nREDIS_URL=redis://127.0.0.1:1/0\nVOTING_SECRET={SECRET}\n"


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "voting.env"
    file.write_bytes(text.encode(encoding))
    return file


@pytest.mark.parametrize(
    "text",
    [
        LINES,
        "\ufeff" + LINES,
        LINES.replace("\n", "\r\n"),
        LINES.replace("\n", "\r"),
        "export " + LINES.replace("\n", "\nexport  ").removesuffix("export  "),
        LINES.replace("=", " = ").replace("\n", "\t \n"),
        LINES.replace("=", "='").replace("\n", "'\n"),
        '# settings\n\n  DATABASE_URL="' + LINES.removeprefix("DATABASE_URL=").replace("\n", '"\n', 1),
    ],
    ids=["plain", "mark", "crlf", "cr", "export", "blanks", "quotes", "comment"],
)
def test_every_line_is_read(tmp_path: Path, text: str) -> None:
    settings = load({}, write(tmp_path, text))
    assert (settings.database_url, settings.redis_url) == (URL, "redis://127.0.0.1:1/0")
    assert settings.secret.decode() == SECRET


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("\ufeff\ufeffDATABASE_URL=x", "line 1, DATABASE_URL: has other characters than"),
        ("A=1\n\u200bDATABASE_URL=x", "line 2, DATABASE_URL: has other characters than"),
        ("DATABSE_URL=x", "line 1, DATABSE_URL: is not a known setting; did you mean DATABASE_URL?"),
        ("DATABASE_URI=x", "line 1, DATABASE_URI: is not a known setting; did you mean DATABASE_URL?"),
        ("database_url=x", "line 1, database_url: is not a known setting; did you mean DATABASE_URL?"),
        ("REDIS_HOST=x", "line 1, REDIS_HOST: is not a known setting"),
        ("REDIS-URL=x", "line 1, REDIS-URL: has other characters than"),
        ("VOTNG_SECRET=x", "line 1, VOTNG_SECRET: is not a known setting; did you mean VOTING_SECRET?"),
        ("VOTING_RW_PORT=tcp://10.0.0.1:5432", "line 1, VOTING_RW_PORT: is not a known setting"),
        ("REDIS_URL=redis://a\nX=1\nREDIS_URL=redis://a", "line 3, REDIS_URL: stands in line 1 already"),
        ('VOTING_POLICY="a.toml', "line 1, VOTING_POLICY: has a quote without its other half"),
        ('VOTING_POLICY="a.toml" # ours', "line 1, VOTING_POLICY: has a quote without its other half"),
        ('VOTING_POLICY="a" "b"', "line 1, VOTING_POLICY: has more than two quotes"),
        ("VOTING_POLICY=a.toml # ours", "line 1, VOTING_POLICY: has a blank in its value; put the value in quotes"),
        ("VOTING_POLICY=${HOME}/a.toml", "line 1, VOTING_POLICY: names a variable"),
        ("VOTING_SECRET: x", "line 1, VOTING_SECRET: is not NAME=value"),
    ],
)
def test_a_line_that_could_mislead_is_refused_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(FileInvalid) as refused:
        load({}, write(tmp_path, text))
    assert says in str(refused.value)


@pytest.mark.parametrize("text", [f"{SECRET}\n", f"VOTING_SECRET＝{SECRET}", f"VOTING_SECRET\n{SECRET}=\n"])
def test_a_fault_never_shows_what_may_be_a_secret(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileInvalid) as refused:
        load({}, write(tmp_path, text))
    assert SECRET not in str(refused.value)


def test_other_programs_settings_and_quoted_dollars_are_allowed(tmp_path: Path) -> None:
    file = write(tmp_path, "POSTGRES_PASSWORD=pa$word\nTZ='a ${b}'\nCOMPOSE_FILE=\n")
    assert load({}, file)
    assert values(file) == {"POSTGRES_PASSWORD": "pa$word", "TZ": "a ${b}", "COMPOSE_FILE": ""}


@pytest.mark.parametrize(
    ("encoding", "says"),
    [
        ("utf-16", "file: is not UTF-8 but UTF-16"),
        ("utf-16-le", "file: is not UTF-8 but UTF-16"),
        ("utf-32", "file: is not UTF-8 but UTF-32"),
        ("gbk", "line 4: is not UTF-8 but GBK"),
        ("big5", "line 4: is not UTF-8, as"),
    ],
)
def test_another_encoding_is_named(tmp_path: Path, encoding: str, says: str) -> None:
    says = says.removesuffix(", as")
    with pytest.raises(FileInvalid) as refused:
        load(
            {},
            write(
                tmp_path,
                LINES + "# 主辦單位的設定與密碼\n" if encoding == "big5" else LINES + "# 主办方设置\n",
                encoding,
            ),
        )
    assert says in str(refused.value)
    assert "save the file as UTF-8" in str(refused.value)


def test_with_a_file_no_command_starts_an_embedded_database_by_itself(tmp_path: Path) -> None:
    file = write(tmp_path, f"VOTING_SECRET={SECRET}\nVOTING_DATA={tmp_path / 'data'}\n")
    for command in (("serve",), ("migrate",), ("credentials", "issue", "--contest", "c", "--count", "1")):
        answer = run(*command, "--env-file", str(file))
        assert answer.returncode == 1, answer.stderr
        assert "DATABASE_URL is set neither in the file of settings nor in the environment" in answer.stderr
    answer = run("serve", "--env-file", str(file), env={"DATABASE_URL": URL})
    assert "REDIS_URL is set neither in the file" in answer.stderr
    assert not (tmp_path / "data").exists()


def test_an_embedded_engine_can_be_asked_for_in_a_file(tmp_path: Path) -> None:
    text = f"DATABASE_URL=embedded\nREDIS_URL=embedded\nVOTING_DATA={tmp_path / 'data'}\n"
    answer = run("migrate", "--env-file", str(write(tmp_path, "\ufeff" + text)))
    assert answer.returncode == 0, answer.stderr
    assert f"using the embedded PostgreSQL in {tmp_path / 'data'}" in answer.stderr


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL does not fit"),
        ({"REDIS_URL": ""}, "REDIS_URL does not fit"),
        ({"DATABSE_URL": URL}, "DATABASE_URL is not set; did you mean it by DATABSE_URL?"),
        ({"REDIS_URLS": "redis://a"}, "REDIS_URL is not set; did you mean it by REDIS_URLS?"),
        ({"VOTING_POOLS": "4"}, "VOTING_POOLS is not a known setting; did you mean VOTING_POOL?"),
        ({"VOTING_PORT": "8000"}, "VOTING_PORT is not a known setting"),
        ({"VOTING_SERVICE": "x"}, "VOTING_SERVICE is not a known setting"),
        ({"REDIS_URL": "redis+sentinel://a:26379"}, "redis+sentinel://:password@host:26379,host:26379/service"),
        ({"REDIS_URL": "redis+cluster://a:6379/1"}, "redis+cluster://:password@host:6379,host:6379"),
        ({"REDIS_URL": "redis-sentinel://a:26379/0"}, "write it as redis://"),
        ({"REDIS_URL": "valkeys://a:6379"}, "write it as redis://"),
        ({"VOTING_TRUSTED_PROXIES": "0.0.0.0/0"}, "0.0.0.0/0 would let clients name their own addresses"),
        ({"VOTING_TRUSTED_PROXIES": "10.0.0.0/8, ::/0"}, "::/0 would let clients name their own addresses"),
        ({"VOTING_TRUSTED_PROXIES": "0.0.0.0/1,128.0.0.0/1"}, "0.0.0.0/1 would let clients"),
        ({"VOTING_TRUSTED_PROXIES": "2000::/3"}, "2000::/3 would let clients"),
        ({"VOTING_METRICS_NETWORKS": "0.0.0.0/0"}, "0.0.0.0/0 would show everybody how many ballots are held"),
        ({"DATABASE_URL": f"{URL}?sslmode=require&sslmode=disable"}, "it has sslmode more than once"),
        ({"DATABASE_URL": f"{URL}?host=a&host=b&x=1&%68ost=c&x=2"}, "it has host and x more than once"),
        ({"DATABASE_OWNER_URL": f"{URL}?sslmode=require&sslmode=disable"}, "it has sslmode more than once"),
        ({"REDIS_URL": "redis:///0?host=cache"}, "REDIS_URL would send passwords and votes to cache without TLS"),
        ({"VOTING_PUBLIC_URL": "https://vote.example.org?from=wechat"}, "without a path, a query or a user"),
        ({"VOTING_PUBLIC_URL": "https://vote.example.org#page"}, "without a path, a query or a user"),
        ({"VOTING_PUBLIC_URL": "https://vote.example.org@evil.example"}, "without a path, a query or a user"),
        ({"VOTING_SECRET": SECRET + "\u00a0"}, "cannot be seen (U+00A0); write it again without them"),
        ({"VOTING_SECRET": "\ufeff" + SECRET}, "cannot be seen (U+FEFF)"),
        ({"VOTING_SECRET": f"\u200b{SECRET}\u200d"}, "cannot be seen (U+200B, U+200D)"),
        ({"VOTING_SECRET": f"a b {SECRET} "}, "cannot be seen (U+0020)"),
        ({"VOTING_SECRET": f"{SECRET}\n"}, "cannot be seen (U+000A)"),
    ],
)
def test_an_environment_that_could_mislead_is_refused(environ: dict[str, str], says: str) -> None:
    with pytest.raises(SettingInvalid) as refused:
        load(environ)
    assert says in str(refused.value)


@pytest.mark.parametrize("secret", [f"{SECRET}\u00a0", f"'{SECRET}\u00a0'", f"{SECRET}\ufeff", f"'{SECRET} '"])
def test_a_character_that_cannot_be_seen_is_not_dropped_from_a_secret_of_a_file(tmp_path: Path, secret: str) -> None:
    with pytest.raises(FileInvalid, match=r"line 1, VOTING_SECRET: .*(cannot be seen|has a blank)") as refused:
        load({}, write(tmp_path, f"VOTING_SECRET={secret}\n"))
    assert SECRET not in str(refused.value)


def test_a_secret_of_several_words_is_taken() -> None:
    assert load({"VOTING_SECRET": f"{SECRET} 口令 é"}).secret.decode() == f"{SECRET} 口令 é"


def test_an_address_in_other_letters_is_the_same() -> None:
    assert load({"VOTING_PUBLIC_URL": "HTTPS://Vote.Example.ORG:8443"}).public_url == "https://vote.example.org:8443"


def test_networks_that_proxies_have_are_taken() -> None:
    text = "10.0.0.0/8, 172.16.0.0/12,127.0.0.1/32,fc00::/7,2400:cb00::/32,103.21.244.0/22"
    assert len(load({"VOTING_TRUSTED_PROXIES": text}).trusted_proxies) == 6


@pytest.mark.parametrize("service", ["VOTING", "VOTING_RW", "VOTING_RO", "VOTING_R", "VOTING_POOLER_RW", "VOTING_2"])
def test_variables_set_by_kubernetes_are_ignored(service: str) -> None:
    made = {
        f"{service}_SERVICE_HOST": "10.96.0.7",
        f"{service}_SERVICE_PORT": "5432",
        f"{service}_SERVICE_PORT_POSTGRES": "5432",
        f"{service}_SERVICE_PORT_WEB_2": "5432",
        f"{service}_PORT": "tcp://10.96.0.7:5432",
        f"{service}_PORT_5432_TCP": "tcp://10.96.0.7:5432",
        f"{service}_PORT_5432_TCP_PROTO": "tcp",
        f"{service}_PORT_5432_TCP_PORT": "5432",
        f"{service}_PORT_5432_TCP_ADDR": "10.96.0.7",
        f"{service}_PORT_53_UDP_ADDR": "10.96.0.7",
    }
    assert load(made)
    assert load({"REDIS_PORT": "tcp://10.96.0.8:6379", "REDIS_SERVICE_HOST": "10.96.0.8"})


def test_a_mark_before_a_contest_or_a_policy_is_skipped(tmp_path: Path) -> None:
    contest, policy = tmp_path / "c.toml", tmp_path / "p.toml"
    contest.write_text(document(), "utf-8-sig")
    assert "is right" in run("contest", "check", str(contest)).stderr
    contest.write_text(document(), "utf-16")
    assert "is not UTF-8 but UTF-16" in run("contest", "check", str(contest)).stderr
    packaged = Path("voting/fraud/policies/2026.2/rules.toml").read_bytes()
    policy.write_bytes(b"\xef\xbb\xbf" + packaged)
    assert load_policy(policy).sha256 == load_policy().sha256
    policy.write_bytes(packaged.decode().encode("utf-16"))
    with pytest.raises(FileInvalid, match="UTF-16"):
        load_policy(policy)


@pytest.mark.parametrize(
    ("environ", "host"),
    [
        ({"DATABASE_URL": "postgresql://u:p@db.example.org/voting"}, "db.example.org"),
        ({"DATABASE_URL": "postgresql://u:p@db.example.org/voting?sslmode=disable"}, "db.example.org"),
        ({"DATABASE_URL": "postgresql://u:p@db/voting?sslmode=prefer"}, "db"),
        ({"DATABASE_URL": "postgresql://u:p@127.0.0.1:1,10.0.0.7:2/voting"}, "10.0.0.7"),
        ({"DATABASE_URL": "postgresql://u:p@[2001:db8::7]:5432/voting"}, "2001:db8::7"),
        ({"DATABASE_URL": "postgresql:///voting?host=db"}, "db"),
        ({"DATABASE_URL": "postgresql:///voting", "PGHOST": "db"}, "db"),
        ({"DATABASE_OWNER_URL": "postgresql://u:p@db/voting"}, "db"),
        ({"REDIS_URL": "redis://:p@cache:6379/0"}, "cache"),
        ({"REDIS_URL": "redis://cache"}, "cache"),
        ({"REDIS_URL": "redis://Cache"}, "cache"),
        ({"REDIS_URL": "redis+cluster://:p@127.0.0.1:1,cache:2"}, "cache"),
        ({"REDIS_URL": "redis+sentinel://:p@cache:1/vote"}, "cache"),
        ({"DATABASE_URL": "postgresql://u:p@DB.Example.org/voting"}, "db.example.org"),
    ],
)
def test_a_connection_to_another_host_needs_tls_unless_excepted(environ: dict[str, str], host: str) -> None:
    with pytest.raises(SettingInvalid) as refused:
        load(environ)
    assert "without TLS" in str(refused.value)
    assert host in str(refused.value)
    assert ":p@" not in str(refused.value)
    with pytest.raises(SettingInvalid):
        load(environ | {"VOTING_UNENCRYPTED_HOSTS": "example.org"})
    assert load(environ | {"VOTING_UNENCRYPTED_HOSTS": f"another, [{host}],{host}"})
    assert load(environ | {"VOTING_UNENCRYPTED_HOSTS": host.upper()})


@pytest.mark.parametrize(
    "environ",
    [
        {"DATABASE_URL": "postgresql://u:p@db/voting?sslmode=require"},
        {"DATABASE_URL": "postgresql://u:p@a,b:5433/voting?sslmode=verify-full&target_session_attrs=primary"},
        {"DATABASE_URL": "postgresql://u:p@db/voting", "PGSSLMODE": "verify-ca"},
        {"DATABASE_URL": "postgresql://u@localhost/voting"},
        {"DATABASE_URL": "postgresql://u@127.0.0.53:5433/voting"},
        {"DATABASE_URL": "postgresql://u@[::1]/voting"},
        {"DATABASE_URL": "postgresql:///voting?host=/var/run/postgresql"},
        {"DATABASE_URL": "postgresql://%2Fvar%2Frun%2Fpostgresql/voting"},
        {"REDIS_URL": "rediss://cache:6379/0"},
        {"REDIS_URL": "rediss+cluster://:p@a:1,b:2"},
        {"REDIS_URL": "rediss+sentinel://:p@a:1,b/vote/2?sentinel_password=s"},
        {"REDIS_URL": "unix:///run/valkey.sock"},
        {"REDIS_URL": "redis:///0"},
    ],
)
def test_this_machine_and_tls_need_no_telling(environ: dict[str, str]) -> None:
    assert load(environ)


def test_the_owner_of_another_database_is_refused() -> None:
    with pytest.raises(SettingInvalid, match="DATABASE_URL names the database 'voting' and DATABASE_OWNER_URL 'other'"):
        load({"DATABASE_URL": URL, "DATABASE_OWNER_URL": "postgresql://owner@127.0.0.1/other"})
