"""What one part reads is what another part makes, or what people have named."""

import re
from collections.abc import Iterator

import pytest
import yaml
from helm_charts import CHARTS, PROFILES, HelmError, Object, named, pods, profile, rendered
from sluice_pipelines.outfit import MLFLOW_SECRETS, READERS, REGISTRARS, addresses_of, secrets_of
from sluice_pipelines.setting import STEPS, ClusterSettings

ADDRESS = re.compile(r"://(?:[^@/\s]+@)?([a-z0-9][a-z0-9.-]*):(\d+)")
HERE = {"127.0.0.1", "0.0.0.0", "localhost"}
BY_SELDON = ("seldon-mesh", 9003)
"""Service and port that Seldon's operator makes of a SeldonRuntime."""
TELLING = ("sluice-pipeline", "kfp-launcher")
"""ConfigMaps that tell Pods of runs where to go."""

GIVEN = (
    'postgresql.existingSecret="given-administrator"',
    (
        'postgresql.databases=[{"name":"ledger","existingSecret":"given-ledger"},'
        '{"name":"mlflow","existingSecret":"given-mlflow"}]'
    ),
    'ledger.database.existingSecret="given-ledger"',
    'mlflow.database.existingSecret="given-mlflow"',
    'ledger.tokens.existingSecret="given-tokens"',
    'operator.ledgerToken.existingSecret="given-tokens"',
    'seldon.ledgerToken.existingSecret="given-tokens"',
    'object-store.credentials.name="given-keys"',
    'mlflow.artifacts.credentials.name="given-keys"',
    'seldon.packages.credentials.name="given-keys"',
    'kfp.artifacts.credentials.name="given-keys"',
    'kfp.database.existingSecret="given-kubeflow"',
)
"""Every Secret of the stack."""

LEFT_OUT = (
    ("prometheus.server=false", "operator.settings.prometheusUrl"),
    ("prometheus.enabled=false", "operator.settings.prometheusUrl"),
    ("ledger.enabled=false", "operator.settings.ledger"),
    ("mlflow.enabled=false", "operator.settings.mlflowUrl"),
    ("postgresql.enabled=false", "ledger.database.host"),
    ("object-store.enabled=false", "mlflow.artifacts.endpoint"),
    (GIVEN[1], "ledger.database.existingSecret"),
    (GIVEN[4], "operator.ledgerToken.existingSecret"),
    (GIVEN[7], "mlflow.artifacts.credentials.name"),
)
"""What a release no longer makes, and the first value that still reads it."""


def texts(node: object) -> Iterator[str]:
    """Every text below."""
    match node:
        case dict():
            for value in node.values():
                yield from texts(value)
        case list():
            for value in node:
                yield from texts(value)
        case str():
            yield node


def places(objects: tuple[Object, ...]) -> Iterator[tuple[str, Object]]:
    """Whatever tells a Pod where to go, by name."""
    yield from pods(objects)
    for one in objects:
        name = one["metadata"]["name"]
        if one["kind"] == "ConfigMap" and name in TELLING:
            yield f"ConfigMap {name}", one["data"]


def addresses(place: Object) -> set[tuple[str, int]]:
    """Host and port of each."""
    found = {pair for text in texts(place) for pair in ADDRESS.findall(text)}
    return {(host, int(port)) for host, port in found if host not in HERE}


@pytest.mark.parametrize("name", PROFILES)
def test_every_address_that_a_pod_is_told_is_made_or_was_named(name: str) -> None:
    objects = rendered(profile(name))
    made = {
        (one["metadata"]["name"], port["port"])
        for one in objects
        if one["kind"] == "Service"
        for port in one["spec"]["ports"]
    }
    if any(one["kind"] == "SeldonRuntime" for one in objects):
        made.add(BY_SELDON)
    file = CHARTS / "sluice" / "ci" / f"{name}-values.yaml"
    given = " ".join(texts(yaml.safe_load(file.read_text()))) if file.exists() else ""
    told = [(name, *address) for name, place in places(objects) for address in addresses(place)]
    assert told
    for place, host, port in told:
        assert (host.partition(".")[0], port) in made or host in given, (place, host, port)


@pytest.mark.parametrize(("left", "told"), LEFT_OUT, ids=lambda part: part.partition("=")[0])
def test_a_part_that_reads_what_is_no_longer_made_is_refused_by_its_name(
    left: str, told: str
) -> None:
    with pytest.raises(HelmError) as refused:
        rendered(profile("kind", left))
    assert f"sluice: {told}: name the " in str(refused.value)


def test_a_part_that_is_left_out_asks_for_nothing() -> None:
    wish = profile("kind", "ledger.enabled=false", 'operator.settings.ledger=""', *GIVEN[5:7])
    assert not [one for one in rendered(wish) if one["metadata"]["name"] == "sluice-ledger"]


def secrets_read(node: object) -> Iterator[str]:
    """Names of all Secrets that are referred to below."""
    if isinstance(node, dict):
        if "secretName" in node:
            yield node["secretName"]
        for name, value in node.items():
            if name in {"secretKeyRef", "secretRef"} and "name" in value:
                yield value["name"]
            yield from secrets_read(value)
    if isinstance(node, list):
        for value in node:
            yield from secrets_read(value)


def test_with_every_secret_named_none_is_made_and_no_other_is_read() -> None:
    objects = rendered(profile("kind", *GIVEN))
    assert [one["metadata"]["name"] for one in objects if one["kind"] == "Secret"] == []
    launcher = yaml.safe_load(named(objects, "ConfigMap", "kfp-launcher")["data"]["providers"])
    made = [one for one in objects if one["kind"] != "CustomResourceDefinition"]
    read = set(secrets_read([*made, launcher]))
    assert read == {name for text in GIVEN for name in re.findall(r"given-[a-z]+", text)}


def test_production_makes_no_secret() -> None:
    objects = rendered(profile("prod"))
    assert [one["metadata"]["name"] for one in objects if one["kind"] == "Secret"] == []


def test_steps_of_pipelines_find_keys_and_addresses_where_they_look() -> None:
    objects = rendered(profile("kind"))
    settings = ClusterSettings()
    addresses = named(objects, "ConfigMap", settings.config_map)["data"]
    assert set(addresses) == {key for step in STEPS for key in addresses_of(step)}
    keys = named(objects, "Secret", settings.secret)["data"]
    assert set(keys) == {key for step in READERS for key in secrets_of(step)}
    # MLflow asks for no password, and sends those who read or write packages to the store
    assert set(keys) == {key for step in REGISTRARS for key in secrets_of(step)} - {*MLFLOW_SECRETS}
    store = named(objects, "Secret", "sluice-object-store")["data"]
    assert (keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"]) == (
        store["accesskey"],
        store["secretkey"],
    )
