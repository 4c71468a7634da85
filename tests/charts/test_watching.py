"""Prometheus' own tool reads our configuration and plays our rules; what is asked for exists."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from helm_charts import CHARTS, Object, Wish, alone, named, profile, rendered
from house import ROOT
from prometheus_client import CollectorRegistry
from prometheus_server import programs
from sluice_ledger.server.metric import Metrics
from sluice_operator.controller.gauge import Gauges
from sluice_operator.controller.settings import Settings

FILES = CHARTS / "prometheus" / "files"
SERIES = re.compile(r"\b((?:sluice|seldon)[_:][a-z0-9_:]+|up)\b")
OF_OTHERS = {"up", "seldon_model_infer_total"}
"""Of Prometheus itself, and of Seldon's agent: docs/evidence.md."""


def promtool(*arguments: str, folder: Path) -> str:
    done = subprocess.run(
        [str(programs() / "promtool"), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_alert_and_recording_does_what_its_story_says() -> None:
    assert "SUCCESS" in promtool("test", "rules", "tests.yaml", folder=FILES)


WISHES = (
    profile("kind"),
    profile("test"),
    alone("prometheus", 'namespaces=["a","b"]', 'alertmanagers=["alerts:9093"]'),
    alone("prometheus", 'extraScrapeConfigs=[{"job_name":"mine","static_configs":[]}]'),
)


@pytest.mark.parametrize("wish", WISHES, ids=str)
def test_prometheus_reads_the_configuration(wish: Wish, tmp_path: Path) -> None:
    laid_out(named(rendered(wish), "ConfigMap", "sluice-prometheus"), tmp_path)
    said = promtool("check", "config", "prometheus.yml", folder=tmp_path)
    assert "SUCCESS" in said


def laid_out(one: Object, folder: Path) -> None:
    """As the Pod sees it. Debian's Prometheus knows no Pods, so here they are found in a file."""
    (folder / "rules").mkdir()
    config = yaml.safe_load(one["data"]["prometheus.yml"])
    config["rule_files"] = ["rules/*.yaml"]
    for job in config["scrape_configs"]:
        if job.pop("kubernetes_sd_configs", None):
            job["file_sd_configs"] = [{"files": ["pods.json"]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    for name in ("recording.yaml", "alerting.yaml"):
        (folder / "rules" / name).write_text(one["data"][name])


@pytest.mark.parametrize("wish", WISHES, ids=str)
def test_pods_are_looked_for_where_they_may_be_seen(wish: Wish) -> None:
    objects = rendered(wish)
    config = config_of(objects)
    seen = {o["metadata"]["namespace"] for o in objects if is_role_of_prometheus(o)}
    for job in config["scrape_configs"]:
        for discovery in job.get("kubernetes_sd_configs", ()):
            assert discovery["role"] == "pod"
            assert set(discovery["namespaces"]["names"]) == seen


def test_without_discovery_only_what_people_name_is_scraped() -> None:
    mine = 'extraScrapeConfigs=[{"job_name":"mine","static_configs":[]}]'
    objects = rendered(alone("prometheus", 'discovery="none"', mine))
    assert [job["job_name"] for job in config_of(objects)["scrape_configs"]] == ["mine"]
    assert not [one for one in objects if one["kind"] in {"Role", "RoleBinding"}]


def config_of(objects: tuple[Object, ...]) -> Object:
    text = named(objects, "ConfigMap", "sluice-prometheus")["data"]["prometheus.yml"]
    config: Object = yaml.safe_load(text)
    return config


def is_role_of_prometheus(one: Object) -> bool:
    return one["kind"] == "Role" and one["metadata"]["name"] == "sluice-prometheus"


@pytest.mark.parametrize("wish", WISHES, ids=str)
def test_a_scrape_is_as_evidence_needs_it(wish: Wish) -> None:
    config = config_of(rendered(wish))
    interval, timeout = (
        int(config["global"][name].removesuffix("s"))
        for name in ("scrape_interval", "scrape_timeout")
    )
    assert timeout < interval <= 60
    assert timeout <= 10
    for job in config["scrape_configs"]:
        if job["job_name"] != "mine":
            labels = {rule.get("target_label") for rule in job["relabel_configs"]}
            assert {"namespace", "pod"} <= labels, job["job_name"]


Scrape = tuple[str, str, frozenset[str]]


@pytest.mark.parametrize("wish", [profile("staging"), profile("prod")], ids=str)
def test_a_prometheus_of_others_scrapes_model_servers_as_ours_does(wish: Wish) -> None:
    objects = rendered(wish)
    assert "sluice-prometheus" not in {
        n["metadata"]["name"] for n in objects if n["kind"] == "StatefulSet"
    }
    spec = named(objects, "PodMonitor", "sluice-seldon")["spec"]
    assert spec["selector"] == {
        "matchExpressions": [{"key": "seldon-server-name", "operator": "Exists"}]
    }
    assert spec["namespaceSelector"] == {"matchNames": ["sluice"]}
    assert {scrape(one["relabelings"], "L") for one in spec["podMetricsEndpoints"]} == {
        scrape(job["relabel_configs"], "_l")
        for job in config_of(rendered(profile("kind")))["scrape_configs"]
        if job["job_name"] in {"seldon-agents", "seldon-models"}
    }


def test_a_prometheus_of_others_finds_the_ports_that_both_kinds_of_servers_name() -> None:
    """Those of Seldon's own ServerConfig, 2.6.0; ours, and what a Server adds to it."""
    official = {("agent", "metrics", 9006), ("mlserver", "server-grpc", 9500)}
    wish = alone("seldon", "serverConfig.install=true", "podMonitor.enabled=true")
    objects = rendered(wish)
    asked = named(objects, "PodMonitor", "sluice-seldon")["spec"]["podMetricsEndpoints"]
    assert {one["port"] for one in asked} == {port for _, port, _ in official}
    pod = named(objects, "ServerConfig", "mlserver")["spec"]["podSpec"]
    ours = {
        (c["name"], p["name"], p["containerPort"]) for c in pod["containers"] for p in c["ports"]
    }
    assert official <= ours


def scrape(rules: list[Object], style: str) -> Scrape:
    """Container, address if it is another than that of the port, and labels that are set."""
    target = f"target{style}abel"
    (container,) = (
        rule["regex"].partition(";")[0]
        for rule in rules
        if rule.get("action") == "keep" and "container_name" in str(rule)
    )
    addresses = [rule["replacement"] for rule in rules if rule.get(target) == "__address__"]
    labels = {rule[target] for rule in rules if target in rule} - {"__address__"}
    return container, "".join(addresses), frozenset(labels)


def exported() -> set[str]:
    """Every series that our own programs have."""
    names = {name for registry in registries() for name in sampled(registry)}
    return names | serving_series() | recorded()


def registries() -> tuple[CollectorRegistry, CollectorRegistry]:
    return Gauges(Settings()).registry, Metrics().registry


def sampled(registry: CollectorRegistry) -> set[str]:
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
    return {
        family.name + suffix
        for family in registry.collect()
        for suffix in suffixes.get(family.type, ("_info",))
    }


def serving_series() -> set[str]:
    """Those of the runtime, which lives in an environment of its own; read from its source."""
    module = ROOT / "serving" / "src" / "sluice_serving" / "metric.py"
    ends = {"Counter": ("_total",), "Histogram": ("_bucket", "_sum", "_count"), "Gauge": ("",)}
    return {
        call.args[0].value + end
        for call in ast.walk(ast.parse(module.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ends
        and call.args
        and isinstance(call.args[0], ast.Constant)
        for end in ends[call.func.id]
    }


def recorded() -> set[str]:
    groups = yaml.safe_load((FILES / "recording.yaml").read_text())["groups"]
    return {rule["record"] for group in groups for rule in group["rules"]}


def expressions() -> dict[str, str]:
    """Everything that is asked of Prometheus, by where."""
    asked = {}
    for name in ("recording.yaml", "alerting.yaml"):
        for group in yaml.safe_load((FILES / name).read_text())["groups"]:
            for rule in group["rules"]:
                asked[rule.get("alert") or rule["record"]] = rule["expr"]
    for path in (CHARTS / "grafana-dashboards" / "files").glob("*.json"):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                asked[f"{path.stem}: {panel['title']}"] = target["expr"]
    return asked


@pytest.mark.parametrize("where", sorted(expressions()))
def test_every_series_that_is_asked_for_is_exported(where: str) -> None:
    asked = set(SERIES.findall(re.sub(r'"[^"]*"', '""', expressions()[where])))
    assert asked
    assert asked <= exported() | OF_OTHERS


def test_every_expression_can_be_read_by_prometheus(tmp_path: Path) -> None:
    rules = [{"record": f"number{n}", "expr": one} for n, one in enumerate(expressions().values())]
    text = yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]})
    (tmp_path / "rules.yaml").write_text(text)
    assert f"{len(rules)} rules found" in promtool("check", "rules", "rules.yaml", folder=tmp_path)
