"""What every object of ours keeps to, in every chart and profile."""

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from helm_charts import (
    CHARTS,
    EVERYTHING,
    PARTS,
    Wish,
    alone,
    containers,
    named,
    pods,
    profile,
    rendered,
)

WITHOUT_PROBES = {"Deployment ml-pipeline-persistenceagent"}
"""It listens nowhere; helm/kfp/README.md says so."""
MIRROR = "registry.example.com/mirror"
SECRET_WORD = re.compile(r"password|token|secret[-_]?key|access[-_]?key", re.IGNORECASE)

every_wish = pytest.mark.parametrize(
    "wish", [*EVERYTHING, alone("seldon", "serverConfig.install=true")], ids=str
)


@every_wish
def test_nobody_is_root_and_nobody_can_become_it(wish: Wish) -> None:
    for name, pod in pods(rendered(wish)):
        about = pod["securityContext"]
        assert about["runAsNonRoot"] is True, name
        assert about["runAsUser"] > 0, name
        assert about["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in containers(pod):
            rights = container["securityContext"]
            assert rights["readOnlyRootFilesystem"] is True, (name, container["name"])
            assert rights["allowPrivilegeEscalation"] is False, (name, container["name"])
            assert rights["capabilities"] == {"drop": ["ALL"]}, (name, container["name"])


@every_wish
def test_every_container_says_what_it_needs_and_how_much_it_may_take(wish: Wish) -> None:
    for name, pod in pods(rendered(wish)):
        for container in containers(pod):
            for level in ("requests", "limits"):
                given = container["resources"][level]
                assert set(given) == {"cpu", "memory"}, (name, container["name"], level)


@every_wish
def test_every_server_is_probed(wish: Wish) -> None:
    for name, pod in pods(rendered(wish)):
        if name.startswith("Job ") or name in WITHOUT_PROBES:
            continue
        for container in pod["containers"]:
            assert {"livenessProbe", "readinessProbe"} <= set(container), (name, container["name"])


@every_wish
def test_every_image_has_an_exact_tag(wish: Wish) -> None:
    for name, pod in pods(rendered(wish)):
        for container in containers(pod):
            image = container["image"].rpartition("/")[2]
            tag = image.partition("@")[0].partition(":")[2]
            assert re.search(r"\d", tag), (name, image)
            assert tag not in {"latest", "main", "stable"}, (name, image)
            assert container["imagePullPolicy"] == "IfNotPresent", name


@every_wish
def test_no_pod_takes_addresses_of_services_for_settings(wish: Wish) -> None:
    for name, pod in pods(rendered(wish)):
        assert pod["enableServiceLinks"] is False, name


@every_wish
def test_only_who_asks_the_api_server_has_a_token_for_it(wish: Wish) -> None:
    for name, pod in pods(rendered(wish)):
        assert pod["automountServiceAccountToken"] is False, name
        mounted = {m["name"] for c in pod["containers"] for m in c.get("volumeMounts", ())}
        offered = {v["name"] for v in pod.get("volumes", ())}
        assert ("api-token" in offered) == ("api-token" in mounted), name


@every_wish
def test_no_password_stands_outside_of_a_secret(wish: Wish) -> None:
    objects = rendered(wish)
    variables = [v for _, pod in pods(objects) for c in containers(pod) for v in c.get("env", ())]
    for variable in variables:
        if SECRET_WORD.search(variable["name"]) and not variable["name"].endswith("_FILE"):
            assert "value" not in variable, variable["name"]
    hidden = {
        base64.b64decode(value).decode()
        for one in objects
        if one["kind"] == "Secret"
        for key, value in one["data"].items()
        if not key.endswith(".json")
    }
    assert all(len(word) >= 20 for word in hidden)
    for one in objects:
        if one["kind"] != "Secret":
            assert not any(word in str(one) for word in hidden), one["metadata"]["name"]


def test_no_two_installations_have_the_same_password() -> None:
    one, other = (rendered(alone("postgresql"), namespace) for namespace in ("one", "other"))
    secret = "sluice-postgresql"
    assert named(one, "Secret", secret)["data"] != named(other, "Secret", secret)["data"]


@every_wish
def test_data_passwords_and_kinds_outlive_the_release(wish: Wish) -> None:
    for one in rendered(wish):
        if one["kind"] in {"PersistentVolumeClaim", "Secret", "CustomResourceDefinition"}:
            kept = one["metadata"].get("annotations", {}).get("helm.sh/resource-policy")
            assert kept == "keep", one["metadata"]["name"]


@every_wish
def test_every_workload_is_behind_a_network_policy(wish: Wish) -> None:
    objects = rendered(wish)
    doors = [
        one["spec"]["podSelector"]["matchLabels"]
        for one in objects
        if one["kind"] == "NetworkPolicy"
    ]
    for one in objects:
        if one["kind"] in {"Deployment", "StatefulSet"}:
            labels = one["spec"]["template"]["metadata"]["labels"].items()
            assert any(door.items() <= labels for door in doors), one["metadata"]["name"]


@every_wish
def test_what_has_replicas_is_not_drained_all_at_once(wish: Wish) -> None:
    objects = rendered(wish)
    budgets = [
        (one["spec"]["selector"]["matchLabels"].items(), one["spec"]["maxUnavailable"])
        for one in objects
        if one["kind"] == "PodDisruptionBudget"
    ]
    many = [one for one in objects if one.get("spec", {}).get("replicas", 1) > 1]
    for one in many:
        labels = {"seldon-server-name": one["metadata"]["name"]}  # as Seldon's operator does
        if one["kind"] != "Server":
            labels = one["spec"]["template"]["metadata"]["labels"]
        (most,) = (most for budget, most in budgets if budget <= labels.items())
        assert most < one["spec"]["replicas"], one["metadata"]["name"]
    assert len(budgets) == len(many)


@every_wish
def test_every_service_leads_to_a_port_of_a_pod(wish: Wish) -> None:
    objects = rendered(wish)
    offered = [
        (o["spec"]["template"]["metadata"]["labels"].items(), port["name"])
        for o in objects
        if o["kind"] in {"Deployment", "StatefulSet"}
        for container in o["spec"]["template"]["spec"]["containers"]
        for port in container.get("ports", ())
    ]
    for one in objects:
        if one["kind"] == "Service":
            selector = one["spec"]["selector"].items()
            for port in one["spec"]["ports"]:
                leads = [n for labels, n in offered if selector <= labels]
                assert port["targetPort"] in leads, one["metadata"]["name"]


@every_wish
def test_every_object_is_known_as_ours(wish: Wish) -> None:
    for one in rendered(wish):
        if one["kind"] == "CustomResourceDefinition" or one["metadata"]["name"].startswith(
            ("sluice-viewer", "sluice-editor", "sluice-releaser", "rolloutactions.")
        ):
            continue
        labels = one["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "sluice", one["metadata"]["name"]
        assert labels["app.kubernetes.io/managed-by"] == "Helm", one["metadata"]["name"]


def images(values: dict[str, Any], version: str) -> Iterator[str]:
    """Name and tag of every image that values know, the registry left out."""
    if {"repository", "tag"} <= set(values):
        yield f"{values['repository']}:{values['tag'] or version}"
    for value in values.values():
        if isinstance(value, dict):
            yield from images(value, version)


@pytest.fixture(scope="module")
def mirrored() -> str:
    """All that a site with its own registry would have, as text."""
    mirror = f'global.imageRegistry="{MIRROR}"'
    objects = rendered(profile("kind", mirror, "seldon.serverConfig.install=true"))
    return yaml.safe_dump_all(objects, width=1_000_000)


@pytest.mark.parametrize("chart", [part for part in PARTS if part != "grafana-dashboards"])
def test_a_site_with_its_own_registry_names_it_once(chart: str, mirrored: str) -> None:
    """Wherever an image is told: in Pods, Servers, and to programs that start Pods."""
    values = yaml.safe_load((CHARTS / chart / "values.yaml").read_text())
    version = yaml.safe_load((CHARTS / chart / "Chart.yaml").read_text())["appVersion"]
    known = set(images(values, version))
    assert known
    for image in known:
        found = re.findall(rf"([^\s\"'=,]*){re.escape(image)}(?![\w.-])", mirrored)
        assert set(found) == {f"{MIRROR}/"}, image


def test_a_digest_wins_over_the_tag() -> None:
    digest = f"sha256:{'0' * 64}"
    objects = rendered(alone("operator", f'image.digest="{digest}"'))
    _, pod = next(pods(objects))
    assert pod["containers"][0]["image"] == f"sluice-operator@{digest}"


def test_an_existing_secret_is_used_and_none_is_made() -> None:
    objects = rendered(
        alone(
            "postgresql",
            'existingSecret="admin"',
            'databases=[{"name":"ledger","existingSecret":"mine"}]',
        )
    )
    assert [one for one in objects if one["kind"] == "Secret"] == []
    (_, pod), *_ = pods(objects)
    named_secrets = {v["secret"]["secretName"] for v in pod["volumes"] if "secret" in v}
    assert named_secrets == {"admin", "mine"}


@pytest.mark.parametrize(
    "change", ['buckets.names=["more"]', 'pod.nodeSelector={"disk":"fast"}', 'region="eu"']
)
def test_a_job_that_would_change_gets_another_name(change: str) -> None:
    before, after = (
        next(one for one in rendered(wish) if one["kind"] == "Job")
        for wish in (alone("object-store"), alone("object-store", change))
    )
    assert before["metadata"]["name"] != after["metadata"]["name"]
