"""The manifests in deploy/kubernetes: valid for Kubernetes 1.30 to 1.37, and of one piece with the code."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import click
import kubernetes_validate
import pytest
import yaml

from tests.conftest import ROOT
from voting import cli
from voting.errors import SettingInvalid
from voting.settings import load, reference
from voting.web.app import HANDLERS
from voting.web.guard import FILE_BYTES, FILE_SECONDS

KUBERNETES = ROOT / "deploy" / "kubernetes"
VERSIONS = [f"1.{minor}" for minor in range(30, 38)]
SETTINGS = set(re.findall(r"`([A-Z_]+)`", reference()))
PATHS = {path for handler in HANDLERS for path in handler.paths}
Document = dict[str, Any]


def base() -> str:
    files = sorted(KUBERNETES.glob("base/*.yaml"))
    return "\n---\n".join(file.read_text("utf-8") for file in files if file.stem != "kustomization")


def secrets() -> dict[str, dict[str, str]]:
    documents = yaml.safe_load_all((KUBERNETES / "secrets.example.yaml").read_text("utf-8"))
    return {each["metadata"]["name"]: each["stringData"] for each in documents}


def pods(documents: list[Document]) -> Iterator[tuple[Document, Document]]:
    """Yields each workload with the specification of its pods."""
    for each in documents:
        if each["kind"] in ("Deployment", "Job"):
            yield each, each["spec"]["template"]["spec"]


def faults(text: str, version: str = VERSIONS[-1]) -> list[str]:
    """Returns what is wrong with the documents, for Kubernetes and for the service."""
    documents = [each for each in yaml.safe_load_all(text) if each]
    return [
        *(fault for each in documents for fault in of_schema(each, version)),
        *of_references(documents),
        *(fault for workload, pod in pods(documents) for fault in of_pod(documents, workload, pod)),
    ]


def of_schema(document: Document, version: str) -> list[str]:
    try:
        kubernetes_validate.validate(document, version, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return [f"{document['kind']}: {error.message}"]
    return []


def of_references(documents: list[Document]) -> list[str]:
    """Names that other objects must have."""
    labels = [each["spec"]["template"]["metadata"]["labels"] for each, _ in pods(documents)]
    ports = {
        each["metadata"]["name"]: {port["name"] for port in each["spec"]["ports"]}
        for each in documents
        if each["kind"] == "Service"
    }
    found = []
    for each in documents:
        kind, name, spec = each["kind"], each["metadata"]["name"], each.get("spec", {})
        selector = spec.get("selector", {}) if kind != "NetworkPolicy" else spec["podSelector"]
        wanted = selector.get("matchLabels", selector)
        if wanted and not any(wanted.items() <= each.items() for each in labels):
            found.append(f"{kind} {name} selects no pods")
        if kind == "Ingress":
            for path in (path for rule in spec["rules"] for path in rule["http"]["paths"]):
                service = path["backend"]["service"]
                if service["port"]["name"] not in ports.get(service["name"], ()):
                    found.append(f"Ingress {name} leads to no Service")
        target = spec.get("scaleTargetRef", {}).get("name")
        if target and target not in {each["metadata"]["name"] for each in documents if each["kind"] == "Deployment"}:
            found.append(f"{kind} {name} scales nothing")
    return found


def of_pod(documents: list[Document], workload: Document, pod: Document) -> Iterator[str]:
    name, (container,) = workload["metadata"]["name"], pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", ())}
    hard = container["securityContext"]
    if not (hard["readOnlyRootFilesystem"] and hard["capabilities"]["drop"] == ["ALL"]) or pod["enableServiceLinks"]:
        yield f"{name} is not hardened"
    if "memory" not in container["resources"]["limits"]:
        yield f"{name} may take all memory"
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        http = container.get(probe, {}).get("httpGet")
        if http and (http["path"] not in PATHS or http["port"] not in ports):
            yield f"{name}: {probe} asks nobody"
    if name.endswith("valkey"):
        return
    try:
        program, command, *arguments = container["args"]
        assert program == "voting"
        cli.voting.get_command(click.Context(cli.voting), command).make_context(command, arguments)  # type: ignore[union-attr]
    except (click.ClickException, AttributeError) as error:
        yield f"{name}: {error}"
    if "serve" in container["args"] and str(ports["http"]) not in container["args"]:
        yield f"{name} listens on another port"
    try:
        environment = environment_of(documents, container)
        load(environment)
    except (KeyError, SettingInvalid) as error:
        yield f"{name}: {error}"
        return
    if unknown := environment.keys() - SETTINGS:
        yield f"{name}: {', '.join(unknown)} is no setting"


def environment_of(documents: list[Document], container: Document) -> dict[str, str]:
    """Returns the container's environment, with the example's secrets. Raises KeyError for what is not there."""
    maps = {each["metadata"]["name"]: each["data"] for each in documents if each["kind"] == "ConfigMap"}
    environment: dict[str, str] = {}
    for source in container["envFrom"]:
        environment |= maps[source["configMapRef"]["name"]] if "configMapRef" in source else {}
        environment |= secrets()[source["secretRef"]["name"]] if "secretRef" in source else {}
    for each in container.get("env", ()):
        key = each["valueFrom"]["secretKeyRef"]
        environment[each["name"]] = secrets()[key["name"]][key["key"]]
    return {name: value.replace("PASSWORD", "a" * 64) for name, value in environment.items()}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_base_is_valid(version: str) -> None:
    assert faults(base(), version) == []


def test_the_secrets_are_valid_and_the_owner_is_the_migrations_alone() -> None:
    text = (KUBERNETES / "secrets.example.yaml").read_text("utf-8")
    assert [fault for each in yaml.safe_load_all(text) for fault in of_schema(each, VERSIONS[-1])] == []
    assert "DATABASE_OWNER_URL" not in secrets()["voting-secrets"]
    for workload, pod in pods(list(yaml.safe_load_all(base()))):
        assert ("voting-owner" in str(pod)) == (workload["metadata"]["name"] == "voting-migrate")


def test_the_key_of_the_log_is_the_sequencers_alone() -> None:
    documents = [each for each in yaml.safe_load_all(base()) if each]
    with_key = {workload["metadata"]["name"] for workload, pod in pods(documents) if "voting-log-key" in str(pod)}
    assert with_key == {"voting-log"}
    (pod,) = [pod for workload, pod in pods(documents) if workload["metadata"]["name"] == "voting-log"]
    settings = load(environment_of(documents, pod["containers"][0]))
    mounted = {each["mountPath"]: each["name"] for each in pod["containers"][0]["volumeMounts"]}
    assert settings.log_key is not None
    assert mounted[str(settings.log_key.parent)] == "key", "which the first container fills"
    assert pod["initContainers"][0]["args"][-1] == str(settings.log_key)
    assert mounted[str(settings.data)] == "anchors", "which outlive the pod"
    assert set(secrets()["voting-log-key"]) == {"log.key"}


def test_the_ingress_waits_for_the_staffs_files() -> None:
    (ingress,) = [each for each in yaml.safe_load_all(base()) if each and each["kind"] == "Ingress"]
    values = {name.partition("/")[2]: value for name, value in ingress["metadata"]["annotations"].items()}
    assert int(values["proxy-body-size"].removesuffix("m")) * 2**20 >= FILE_BYTES
    for way in ("read", "send"):
        assert int(values[f"proxy-{way}-timeout"]) > FILE_SECONDS


@pytest.mark.parametrize("overlay", ["small", "large"])
def test_the_overlays_are_valid(overlay: str) -> None:
    kubectl = shutil.which("kubectl")
    if not kubectl:
        pytest.skip("kubectl is not installed")
    command = [kubectl, "kustomize", str(KUBERNETES / "overlays" / overlay)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for version in (VERSIONS[0], VERSIONS[-1]):
        assert faults(done.stdout, version) == []
    documents = list(yaml.safe_load_all(done.stdout))
    assert {each["metadata"].get("namespace", "voting") for each in documents} == {"voting"}
    settings = next(each["data"] for each in documents if each["metadata"]["name"] == "voting-settings")
    assert settings["VOTING_SWEEP"] == "off", "voting-sweep sweeps"
    serve = next(pod for workload, pod in pods(documents) if workload["metadata"]["name"] == "voting")
    assert serve["containers"][0]["args"][-2:] == ["--workers", {"small": "1", "large": "2"}[overlay]]


BREAKS = [
    ("automountServiceAccountToken: false", "automountServiceAccountTokens: false"),
    ("apiVersion: policy/v1", "apiVersion: policy/v1beta1"),
    ("  replicas: 2", '  replicas: "two"'),
    ("path: /health/ready", "path: /health/readyz"),
    ("VOTING_LOG: json", "VOTING_LOGS: json"),
    ("VOTING_SYNC: required", "VOTING_SYNC: always"),
    ("--workers", "--worker-count"),
    ("containerPort: 8000", "containerPort: 8080"),
    ("backend: {service: {name: voting,", "backend: {service: {name: voting-web,"),
    ("  selector: {app.kubernetes.io/name: voting-valkey}", "  selector: {app.kubernetes.io/name: valkey}"),
    ("secretRef: {name: voting-secrets}", "secretRef: {name: voting-secret}"),
    ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
]


@pytest.mark.parametrize(("part", "broken"), BREAKS)
def test_a_broken_manifest_is_found(part: str, broken: str) -> None:
    text = base()
    assert part in text
    assert faults(text.replace(part, broken))


def test_the_cluster_of_cloudnativepg_waits_for_a_standby() -> None:
    """Its schema is not at hand; these are the names that others rely on."""
    cluster, backup = yaml.safe_load_all((KUBERNETES / "cnpg" / "cluster.yaml").read_text("utf-8"))
    name = cluster["metadata"]["name"]
    assert f"@{name}-rw:" in secrets()["voting-secrets"]["DATABASE_URL"]
    assert cluster["spec"]["postgresql"]["synchronous"]["dataDurability"] == "required"
    assert {role["name"] for role in cluster["spec"]["managed"]["roles"]} == {"voting_app", "voting_auditor"}
    assert backup["spec"]["cluster"]["name"] == name
    assert f"cnpg.io/cluster: {name}" in base()
