"""What Envoy reports of its routes, for this is what Sluice believes."""

import pytest
from seldon_double_world import SeldonWorld


@pytest.fixture
def split(world: SeldonWorld) -> tuple[str, str]:
    one, two = world.model("one"), world.model("two")
    world.split(one, two, 0)
    return one, two


def test_a_route_matches_its_name_and_callers_without_a_route(
    world: SeldonWorld, split: tuple[str, str]
):
    one, _ = split
    match = world.route(f"{one}_http")["match"]
    assert match["prefix"] == "/v2"
    named, unpinned = match["headers"]
    assert (named["name"], named["string_match"]) == ("seldon-model", {"exact": one})
    assert (unpinned["name"], unpinned["present_match"]) == ("x-seldon-route", False)


def test_each_share_names_the_version_that_it_leads_to(world: SeldonWorld, split: tuple[str, str]):
    one, two = split
    shares = world.route(f"{one}_http")["route"]["weighted_clusters"]["clusters"]
    named = [share["request_headers_to_add"][0]["header"] for share in shares]
    header = "seldon-internal-model"
    assert named == [{"key": header, "value": f"{model}_1"} for model in (one, two)]


def test_a_candidate_of_weight_zero_still_has_a_sticky_route(
    world: SeldonWorld, split: tuple[str, str]
):
    one, two = split
    sticky = [r for r in world.tables()["listener_0"] if r["name"] == f"{one}_http_experiment"]
    asked = [r["match"]["headers"][1]["string_match"] for r in sticky]
    assert asked == [{"contains": f":{model}_1:"} for model in (one, two)]


def test_every_route_is_there_for_grpc_as_well(world: SeldonWorld, split: tuple[str, str]):
    names = [r["name"] for r in world.tables()["listener_0"] if r["name"].startswith(split[0])]
    protocols = {name: names.count(name) for name in names}
    one = split[0]
    assert protocols == {
        f"{one}_http": 1,
        f"{one}_grpc": 1,
        f"{one}_http_experiment": 2,
        f"{one}_grpc_experiment": 2,
    }


def test_only_the_newer_release_retries(world: SeldonWorld, split: tuple[str, str]):
    one, _ = split
    policy = world.route(f"{one}_http")["route"].get("retry_policy")
    assert (policy or {}).get("num_retries", 0) == world.release.retries
    tables = world.tables()["listener_0"]
    sticky = next(r for r in tables if r["name"] == f"{one}_http_experiment")
    assert "retry_policy" not in sticky["route"]


def test_each_table_has_a_version_that_grows(world: SeldonWorld, split: tuple[str, str]):
    one, two = split
    before = _version(world)
    world.split(one, two, 40)
    assert _version(world) not in {"", before}


def _version(world: SeldonWorld) -> str:
    query = {"resource": "dynamic_route_configs"}
    dump = world.client.get(f"{world.admin_url}/config_dump", params=query).json()
    found = [c for c in dump["configs"] if c["route_config"]["name"] == "listener_0"]
    return str(found[0].get("version_info", ""))
