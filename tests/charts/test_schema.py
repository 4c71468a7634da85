"""A value that is wrong is refused before anything happens, and its name is told."""

import re
from collections.abc import Iterator

import pytest
import yaml
from helm_charts import CHARTS, PARTS, HelmError, Wish, alone, profile, rendered

WRONG = (
    ("operator", 'replicas="two"', "/replicas"),
    ("operator", "replicas=0", "/replicas"),
    ("operator", "replcas=2", "replcas"),
    ("operator", 'image.tag="latest"', "/image/tag"),
    ("operator", 'image.tag="a b"', "/image/tag"),
    ("operator", 'image.digest="sha256:1"', "/image/digest"),
    ("operator", 'image.pullPolicy="Sometimes"', "/image/pullPolicy"),
    ("operator", "settings.workers=65", "/settings/workers"),
    ("operator", "settings.pollSeconds=0.1", "/settings/pollSeconds"),
    ("operator", 'settings.logLevel="LOUD"', "/settings/logLevel"),
    ("operator", 'settings.prometheusUrl="prometheus:9090"', "/settings/prometheusUrl"),
    ("operator", 'settings.prometheusURL="http://x"', "prometheusURL"),
    ("operator", 'settings.leaseNamespace="x"', "leaseNamespace"),
    ("operator", 'resources.limits.memory="much"', "/resources/limits/memory"),
    ("operator", "pod.runAsUser=0", "/pod/runAsUser"),
    ("operator", 'serviceMonitor.interval="15"', "/serviceMonitor/interval"),
    ("operator", 'fullnameOverride="Sluice"', "/fullnameOverride"),
    ("postgresql", 'databases=[{"name":"drop table"}]', "/databases/0/name"),
    ("postgresql", 'databases=[{"name":"a","password":"b"}]', "password"),
    ("postgresql", 'password="mine"', "password"),
    ("postgresql", 'persistence.size="big"', "/persistence/size"),
    ("object-store", 'buckets.names=["My_Bucket"]', "/buckets/names/0"),
    ("object-store", "volumeSizeLimitMb=1", "/volumeSizeLimitMb"),
    ("ledger", "settings.retentionDays=0", "/settings/retentionDays"),
    ("ledger", 'database.sslMode="maybe"', "/database/sslMode"),
    ("ledger", 'database.password="mine"', "password"),
    ("mlflow", 'artifacts.path="/a"', "/artifacts/path"),
    ("prometheus", 'scrapeInterval="5"', "/scrapeInterval"),
    ("seldon", 'runtime.serviceType="Open"', "/runtime/serviceType"),
    ("kfp", 'images.ui.tag="latest"', "/images/ui/tag"),
    ("kfp", 'runner.mayDeploy="yes"', "/runner/mayDeploy"),
    ("sluice", "mlfow.enabled=false", "mlfow"),
    ("sluice", "mlflow.replica=1", "replica"),
    ("sluice", 'global.imageRegistry="https://x/"', "/global/imageRegistry"),
    ("sluice", 'kfp.enabled="no"', "/enabled"),
)
WITHOUT = (
    (Wish(chart="ledger"), "ledger: database.host: name the PostgreSQL server"),
    (Wish(chart="mlflow"), "mlflow: database.host: name the PostgreSQL server"),
    (Wish(chart="kfp"), "kfp: artifacts.host: name the object store"),
    (Wish(chart="sluice", files=("values-prod.yaml",)), "name the"),
    *(
        (profile(name, f'{value}=""'), f"{part}: {path}: name the ")
        for name, part, path in (
            ("staging", "sluice", "operator.settings.prometheusUrl"),
            ("prod", "sluice", "operator.settings.prometheusUrl"),
            ("prod", "ledger", "database.host"),
            ("prod", "ledger", "database.existingSecret"),
            ("prod", "mlflow", "database.host"),
            ("prod", "mlflow", "database.existingSecret"),
            ("prod", "kfp", "artifacts.host"),
            ("prod", "kfp", "artifacts.credentials.name"),
        )
        for value in [path if part == "sluice" else f"{part}.{path}"]
    ),
)


@pytest.mark.parametrize(("chart", "value", "told"), WRONG, ids=lambda part: part)
def test_a_wrong_value_is_refused_by_its_name(chart: str, value: str, told: str) -> None:
    with pytest.raises(HelmError, match="values don't meet the specifications") as refused:
        rendered(alone(chart, value))
    assert f"'{told}'" in str(refused.value)


@pytest.mark.parametrize(("wish", "told"), WITHOUT, ids=str)
def test_what_has_no_default_is_asked_for(wish: Wish, told: str) -> None:
    with pytest.raises(HelmError) as refused:
        rendered(wish)
    assert told in str(refused.value)


def free(values: dict[str, object], name: str) -> bool:
    """Whether the names below are somebody else's, as those of PostgreSQL's settings are."""
    return name == "settings" and "databases" in values


def paths(values: dict[str, object], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict) and value and not free(values, name):
            yield from paths(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


@pytest.mark.parametrize("chart", ["sluice", *PARTS])
def test_every_value_is_told_of_in_the_readme(chart: str) -> None:
    values = yaml.safe_load((CHARTS / chart / "values.yaml").read_text())
    table = (CHARTS / chart / "README.md").read_text().partition("## Values")[2]
    told = set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
    stated = {path for path in paths(values) if chart != "sluice" or not path.endswith(".enabled")}
    assert stated <= told
    assert told <= stated | {"grafana-dashboards.enabled"}
