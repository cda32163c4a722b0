"""The configurations in deploy/patroni; `make failover` runs them."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
import yaml

from tests.conftest import ROOT

PATRONI = ROOT / "deploy" / "patroni"


def test_patroni_waits_for_a_standby_and_its_times_fit() -> None:
    config = yaml.safe_load((PATRONI / "patroni.yml").read_text("utf-8"))
    dcs = config["bootstrap"]["dcs"]
    assert dcs["synchronous_mode"]
    assert dcs["synchronous_mode_strict"]
    # Patroni's own rule; otherwise a leader that is well may lose its place.
    assert dcs["loop_wait"] + 2 * dcs["retry_timeout"] <= dcs["ttl"]
    assert dcs["ttl"] >= 20, "Patroni takes no fewer"
    assert all(line.startswith(("local", "hostssl")) for line in config["postgresql"]["pg_hba"])
    assert config["watchdog"]["mode"] == "required"


def test_haproxy_takes_its_configuration() -> None:
    haproxy = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/bin")
    text = (PATRONI / "haproxy.cfg").read_text("utf-8")
    assert "on-marked-down shutdown-sessions" in text
    if not haproxy:
        pytest.skip("haproxy is not installed")
    # Names of machines that there are not here.
    text = re.sub(r"server (n\d) \w+:", r"server \1 127.0.0.1:", text)
    done = subprocess.run([haproxy, "-c", "-f", "/dev/stdin"], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
