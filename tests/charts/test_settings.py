"""What the charts put into environments is what the programs read, and no more."""

import base64
from pathlib import Path

from helm_charts import Object, alone, named, profile, rendered
from sluice_ledger.server.settings import settings_of as ledger_settings
from sluice_ledger.server.token import Keyring, Scope
from sluice_operator.controller.settings import Settings
from sluice_operator.controller.settings import settings_of as operator_settings

SET_ELSEWHERE = {"identity", "kubeconfig", "bind", "ledger_token_file", "lease_namespace"}


def environment(objects: tuple[Object, ...], name: str) -> dict[str, str]:
    """Of the only container of a Deployment; what is only known in the Pod stands as its path."""
    pod = named(objects, "Deployment", name)["spec"]["template"]["spec"]
    variables = pod["containers"][0]["env"]
    return {v["name"]: v.get("value", str(v.get("valueFrom"))) for v in variables}


def test_the_operator_reads_its_defaults_out_of_the_chart() -> None:
    read = operator_settings(environment(rendered(alone("operator")), "sluice-operator"))
    assert read.lease_namespace == "sluice"
    ours = read.model_dump(exclude=SET_ELSEWHERE)
    assert ours == Settings().model_dump(exclude=SET_ELSEWHERE)


def test_the_operator_reads_what_people_set() -> None:
    wish = alone(
        "operator",
        'settings.namespaces=["shop","bank"]',
        "settings.pollSeconds=0.5",
        "settings.workers=32",
        'settings.logLevel="DEBUG"',
        'settings.envoyAdminUrls=["http://one:9003","http://two:9003"]',
    )
    read = operator_settings(environment(rendered(wish), "sluice-operator"))
    assert (read.namespaces, read.poll_seconds, read.workers) == (("shop", "bank"), 0.5, 32)
    assert (read.log_level, len(read.envoy_admin_urls)) == ("DEBUG", 2)


LEDGER = ("Service", "stack-ledger")


def test_under_the_umbrella_the_operator_finds_its_neighbours() -> None:
    objects = rendered(profile("kind"), release="stack")
    read = operator_settings(environment(objects, "stack-operator"))
    services = {one["metadata"]["name"] for one in objects if one["kind"] == "Service"}
    for url in (read.prometheus_url, read.mlflow_url):
        assert url.removeprefix("http://").partition(":")[0] in services
    # model servers of other namespaces are told this one
    (ledger,) = (
        one["metadata"] for one in objects if (one["kind"], one["metadata"]["name"]) == LEDGER
    )
    assert read.ledger == f"http://stack-ledger.{ledger['namespace']}:8080"
    assert read.ledger_token_file == Path("/etc/sluice/ledger/token")


def test_the_ledger_reads_its_defaults_out_of_the_chart() -> None:
    objects = rendered(profile("kind"), release="stack")
    read = ledger_settings(environment(objects, "stack-ledger"))
    where = "postgresql+psycopg://ledger@stack-postgresql:5432/ledger?sslmode=prefer"
    assert read.database.get_secret_value() == where
    assert (read.port, read.body_bytes) == (8080, 8 << 20)


def test_each_token_of_the_ledger_opens_what_it_is_for(tmp_path: Path) -> None:
    secret = named(rendered(profile("kind")), "Secret", "sluice-ledger")
    words = {key: base64.b64decode(value) for key, value in secret["data"].items()}
    (tmp_path / "tokens.json").write_bytes(words["tokens.json"])
    keyring = Keyring(tmp_path / "tokens.json")
    may = {
        name: holder.scopes
        for name in words
        if name != "tokens.json" and (holder := keyring.holder(words[name].decode())) is not None
    }
    assert may == {
        "operator-token": (Scope.READ,),
        "serving-token": (Scope.WRITE,),
        "label-token": (Scope.LABEL,),
        "erase-token": (Scope.ERASE,),
    }
    assert keyring.holder("guessed") is None


def test_every_secret_that_a_pod_of_the_umbrella_asks_for_is_made_with_its_key() -> None:
    objects = rendered(profile("kind"))
    made = {o["metadata"]["name"]: set(o["data"]) for o in objects if o["kind"] == "Secret"}
    for name, key in asked(list(objects)):
        assert key in made[name], (name, key)


def asked(node: object) -> set[tuple[str, str]]:
    """Name and key of every Secret that is referred to below."""
    found: set[tuple[str, str]] = set()
    if isinstance(node, dict):
        reference = node.get("secretKeyRef") or {}
        if reference:
            found.add((reference["name"], reference["key"]))
        if "secretName" in node:
            found |= {(node["secretName"], item["key"]) for item in node.get("items", ())}
        return found.union(*(asked(value) for value in node.values()))
    if isinstance(node, list):
        return found.union(*(asked(value) for value in node))
    return found
