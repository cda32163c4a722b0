"""The files in deploy/: valid for their own programs, and consistent with the code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram, Metric
from redis import AuthenticationError, Redis

from tests.conftest import ROOT, as_owner
from tests.redis.test_server import valkey
from voting import telemetry
from voting.errors import SettingInvalid
from voting.postgres.schema.rights import APPLICATION, AUDITOR
from voting.settings import Settings, load, reference

DEPLOY = ROOT / "deploy"


def test_compose_is_valid() -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*checker, DEPLOY / "compose.yaml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    content = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    found: dict[str, Any] = content["services"]
    return found


def test_only_nginx_is_published(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]


def test_the_service_runs_bare_and_limited(services: dict[str, Any]) -> None:
    service = services["voting"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"] == ["/tmp"]
    assert all(each["deploy"]["resources"]["limits"].keys() >= {"cpus", "memory"} for each in services.values())


def test_no_password_has_a_default() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    used = re.findall(r"\$\{(POSTGRES_PASSWORD|POSTGRES_APP_PASSWORD|REDIS_PASSWORD|VOTING_SECRET)([^}]*)\}", text)
    assert used
    assert all(rest.startswith(":?") for _, rest in used)


def test_images_are_of_one_version_each(services: dict[str, Any]) -> None:
    images = [service["image"] for service in services.values() if "build" not in service]
    assert len(images) == 4
    images += re.findall(r"^ARG PYTHON=(.*)$", (DEPLOY / "Dockerfile").read_text("utf-8"), re.M)
    assert [image for image in images if not re.search(r"(^|:)v?\d+\.\d+(\.\d+)?$", image)] == []


def test_no_password_is_on_a_command_line(services: dict[str, Any]) -> None:
    for service in services.values():
        assert "PASSWORD" not in str([service.get("command"), service.get("entrypoint"), service.get("healthcheck")])


def test_the_owner_of_the_tables_migrates_and_no_one_else_has_its_password(services: dict[str, Any]) -> None:
    holders = {name for name, service in services.items() if "{POSTGRES_PASSWORD:" in str(service.get("environment"))}
    assert holders == {"postgres", "migrate"}
    for name in ("migrate", "voting", "office"):
        assert services[name]["environment"]["DATABASE_URL"].startswith("postgresql://voting_app:")


def test_the_settings_of_compose_are_taken(services: dict[str, Any]) -> None:
    for name in ("migrate", "voting", "office"):
        environment = services[name]["environment"]
        filled = {
            key: re.sub(r"\$\{VOTING_PUBLIC_URL[^}]*\}", "https://a.example", text) for key, text in environment.items()
        }
        filled = {key: re.sub(r"\$\{\w+:\?[^}]*\}", "a" * 64, text) for key, text in filled.items()}
        assert load({key: re.sub(r"\$\{\w+:-\}", "", text) for key, text in filled.items()}), name
        with pytest.raises(SettingInvalid, match="without TLS"):
            load({key: text for key, text in filled.items() if key != "VOTING_UNENCRYPTED_HOSTS" and "$" not in text})


def test_valkey_takes_its_configuration(tmp_path: Path) -> None:
    content = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["configs"]["valkey"]["content"]
    with valkey(tmp_path, config=re.sub(r"\$\{REDIS_PASSWORD[^}]*\}", "secret", content)) as address:
        with Redis.from_url(f"redis://:secret@{address}") as client:
            assert client.config_get("maxmemory")["maxmemory"] == "268435456"
            assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        with Redis.from_url(f"redis://{address}") as client, pytest.raises(AuthenticationError):
            client.ping()


def test_compose_and_its_example_name_only_known_settings(services: dict[str, Any]) -> None:
    names = set(re.findall(r"`(VOTING_\w+|DATABASE_\w+|REDIS_URL)`", reference()))
    assert services["voting"]["environment"].keys() <= names
    assert services["voting"]["environment"].keys() >= {"DATABASE_URL", "REDIS_URL", "VOTING_TRUSTED_PROXIES"}
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text("utf-8")))
    assert asked == set(re.findall(r"^(?:# )?(\w+)=", (DEPLOY / "voting.env.example").read_text("utf-8"), re.M))


def test_the_reference_of_settings_is_up_to_date() -> None:
    assert (DEPLOY / "settings.md").read_text("utf-8") == reference(), "run: voting settings > deploy/settings.md"


def test_the_image_runs_as_a_numbered_user_with_a_health_check() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    assert [int(user) > 0 for user in re.findall(r"^USER (\d+):\d+$", text, re.M)] == [True]
    assert re.search(r"^HEALTHCHECK .*\\\n\s+CMD \[.*/health/ready", text, re.M)
    assert json.loads(re.findall(r"^CMD (\[.*\])$", text, re.M)[-1])[:2] == ["voting", "serve"]
    assert "--require-hashes" in text


def all_rules() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Returns the rules on the service's metrics, and those on exporters'."""
    own, around = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text("utf-8"))["groups"]
    return own["rules"], around["rules"]


def families() -> list[Metric]:
    metrics = [value for value in vars(telemetry).values() if isinstance(value, (Counter, Gauge, Histogram))]
    return [family for metric in metrics for family in metric.describe()]


def series() -> set[str]:
    """The names of the service's series."""
    suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}
    known = {family.name + suffix for family in families() for suffix in suffixes[family.type]}
    assert len(known) > 10
    return known


def test_the_panels_of_the_dashboard_are_valid_and_name_series_that_there_are(tmp_path: Path) -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "voting.json").read_text("utf-8"))
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 10
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    for expression in expressions:
        named = set(re.findall(r"\bvoting_\w+", expression))
        assert named, expression
        assert named <= series(), expression
    rules = [{"record": f"panel:{number}", "expr": each} for number, each in enumerate(expressions)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool is not installed")
    done = subprocess.run([promtool, "check", "rules", tmp_path / "panels.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_alerts_name_only_metrics_that_there_are() -> None:
    known = series()
    own, around = all_rules()
    assert len({rule["alert"] for rule in own + around}) == len(own + around)
    for rule in own + around:
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in ("page", "ticket")
    for rule in own:
        named = set(re.findall(r"\bvoting_\w+", rule["expr"]))
        assert named <= known, rule["alert"]
        assert named or "up{" in rule["expr"], rule["alert"]
    readme = (DEPLOY / "README.md").read_text("utf-8")
    bases = {family.name for family in families()}
    assert set(re.findall(r"`(voting_\w+)`", readme)) <= known | bases | {APPLICATION, AUDITOR}


@pytest.mark.skipif(os.geteuid() != 0, reason="programs are installed where we are root")
@pytest.mark.parametrize("program", ["nginx", "promtool", "openssl"])
def test_no_test_is_skipped_when_run_as_root(program: str) -> None:
    assert shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"), "run: sh tests/programs.sh"


def test_the_alerts_are_valid_for_prometheus() -> None:
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool is not installed")
    for command in (["config", "prometheus.yml"], ["rules", "rules.yml"]):
        done = subprocess.run([promtool, "check", *command], cwd=DEPLOY / "prometheus", capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


async def test_the_exporters_own_queries_run(settings: Settings) -> None:
    queries = yaml.safe_load((DEPLOY / "prometheus" / "postgres_queries.yml").read_text("utf-8"))
    rules = (DEPLOY / "prometheus" / "rules.yml").read_text("utf-8")
    async with as_owner(settings) as connection:
        for name, query in queries.items():
            (row,) = await connection.fetch(query["query"])
            for column in (column for metric in query["metrics"] for column in metric):
                assert row[column] >= 0
                assert f"{name}_{column}" in rules


RULES_TEST = Path(__file__).with_name("rules_test.yml")


def test_each_alert_fires_and_stays_silent_as_intended() -> None:
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool is not installed")
    done = subprocess.run([promtool, "test", "rules", RULES_TEST], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_a_test_of_its_firing_and_of_its_silence() -> None:
    own, around = all_rules()
    tried = {
        (check["alertname"], bool(check["exp_alerts"]))
        for case in yaml.safe_load(RULES_TEST.read_text("utf-8"))["tests"]
        for check in case["alert_rule_test"]
    }
    assert tried == {(rule["alert"], fires) for rule in own + around for fires in (True, False)}


def test_the_security_review_names_tests_that_exist() -> None:
    review = (DEPLOY / "security.md").read_text("utf-8")
    named = re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+){2,})(_?\.\.\.)?`", review)
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def test_(\w+)", path.read_text("utf-8"))
    }
    missing = [name for name, more in named if not any(n == name or (more and n.startswith(name)) for n in there)]
    assert len(named) > 50
    assert missing == []


def test_the_security_review_goes_through_every_item() -> None:
    """The numbers of ASVS 5.0, chapters V6 to V10."""
    review = (DEPLOY / "security.md").read_text("utf-8")
    counts = {"6": (3, 12, 8, 6, 8, 4, 2, 4), "7": (3, 4, 2, 5, 3, 2), "8": (4, 4, 3, 2), "9": (3, 4)}
    counts["10"] = (2, 3, 5, 16, 5, 2, 3)
    rows = " ".join(re.findall(r"^\| (\d[^|]*)\|", review, re.M))
    found = set(re.findall(r"\d+\.\d+\.\d+", rows))
    for chapter, section, first, last in re.findall(r"(\d+)\.(\d+)\.(\d+) to \d+\.\d+\.(\d+)", rows):
        found |= {f"{chapter}.{section}.{item}" for item in range(int(first), int(last) + 1)}
    wanted = {
        f"{chapter}.{section}.{item}"
        for chapter, sections in counts.items()
        for section, count in enumerate(sections, 1)
        for item in range(1, count + 1)
    }
    assert found == wanted
