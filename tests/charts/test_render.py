"""Every chart and profile renders, is clean, and is what a real API server would take."""

import json
import re

import pytest
import yaml
from control_plane import ControlPlane
from helm_charts import CHARTS, EVERYTHING, PARTS, Wish, alone, helm, pods, profile, rendered, run
from house import ROOT

MORE = (
    alone("operator", 'settings.namespaces=["shop","bank"]', "serviceMonitor.enabled=true"),
    alone("operator", "replicas=1", "crds.install=false", "policy.install=false"),
    alone("prometheus", "server=false", "rules.asPrometheusRule=true"),
    alone("seldon", "serverConfig.install=true"),
    alone("seldon", "server.replicas=2", "podMonitor.enabled=true"),
    alone("object-store", 'pipelineSecret="sluice-pipeline"'),
    alone("kfp", 'database.host="mysql.data"', 'database.existingSecret="pw"', "ui=false"),
    profile("kind", 'global.imageRegistry="registry.example.com/mirror"'),
)
"""What no profile says."""


@pytest.mark.parametrize("wish", EVERYTHING, ids=str)
def test_helm_finds_nothing_to_complain_about(wish: Wish) -> None:
    said = run("lint", "--strict", str(CHARTS / wish.chart), *wish.options)
    assert "0 chart(s) failed" in said


@pytest.mark.parametrize("wish", [*EVERYTHING, *MORE], ids=str)
def test_the_api_server_takes_every_object(
    wish: Wish, control_plane: ControlPlane, namespace: str
) -> None:
    objects = rendered(wish, namespace)
    text = "---\n".join(yaml.safe_dump(one) for one in objects if own(one, namespace))
    arguments = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")
    done = control_plane.kubectl(*arguments, stdin=text)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("serverside-applied") == text.count("\nkind: ") + text.startswith(
        "kind: "
    ), done.stdout


def own(one: dict[str, object], namespace: str) -> bool:
    """Whether it goes into a namespace that is there; roles in watched ones are told elsewhere."""
    meta = one["metadata"]
    assert isinstance(meta, dict)
    return meta.get("namespace", namespace) == namespace


@pytest.mark.parametrize("wish", [*EVERYTHING, *MORE], ids=str)
def test_every_pod_is_admitted_where_only_restricted_ones_are(
    wish: Wish, control_plane: ControlPlane, restricted: str
) -> None:
    for name, pod in pods(rendered(wish, restricted)):
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "one", "namespace": restricted},
            "spec": pod | {"volumes": [*pod["volumes"], *claimed(pod)]},
        }
        done = control_plane.kubectl(
            "create", "--dry-run=server", "-f", "-", stdin=json.dumps(body)
        )
        assert done.returncode == 0, f"{name}: {done.stderr}"


def claimed(pod: dict[str, list[dict[str, object]]]) -> list[dict[str, object]]:
    """Volumes that a Pod only gets from the templates of its claims."""
    there = {volume["name"] for volume in pod["volumes"]}
    wanted = {
        mount["name"]
        for container in pod["containers"]
        for mount in container["volumeMounts"]  # type: ignore[attr-defined]
    }
    return [{"name": name, "emptyDir": {}} for name in sorted(wanted - there)]


@pytest.fixture(scope="module")
def restricted(control_plane: ControlPlane) -> str:
    name = "charts-restricted"
    control_plane.kubectl("create", "namespace", name)
    label = "pod-security.kubernetes.io/enforce=restricted"
    assert control_plane.kubectl("label", "namespace", name, label).returncode == 0
    return name


def test_a_pod_that_breaks_the_rules_would_have_been_refused(
    control_plane: ControlPlane, restricted: str
) -> None:
    _, pod = next(pods(rendered(alone("operator"), restricted)))
    loose = pod | {"securityContext": {}}
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "one", "namespace": restricted},
        "spec": loose | {"hostNetwork": True},
    }
    done = control_plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(body))
    assert "violates PodSecurity" in done.stderr


def test_the_umbrella_has_every_part_in_its_own_version() -> None:
    described = yaml.safe_load((CHARTS / "sluice" / "Chart.yaml").read_text())
    assert [one["name"] for one in described["dependencies"]] == list(PARTS)
    house = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert house is not None
    for name in ("sluice", *PARTS):
        chart = yaml.safe_load((CHARTS / name / "Chart.yaml").read_text())
        assert chart["version"] == house[1], name
        assert (CHARTS / "sluice" / "charts" / name).exists() or name == "sluice"


def test_the_umbrella_can_be_packed_into_one_file(tmp_path) -> None:
    assert helm().exists()
    run("package", str(CHARTS / "sluice"), "--destination", str(tmp_path))
    (packed,) = tmp_path.glob("*.tgz")
    said = run("show", "readme", str(packed))
    assert "# sluice" in said
