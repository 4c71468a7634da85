"""VirtualServices as Seldon Core 1 writes them."""

import copy

import pytest
from seldon_states import virtual_service
from seldon_world import DEPLOYMENT, NAMESPACE, ONE, TWO
from sluice_operator.model import Routes
from sluice_operator.seldon.errors import RouterError
from sluice_operator.seldon.istio import routes_of


def service(*predictors):
    metadata = {"namespace": NAMESPACE, "name": DEPLOYMENT}
    return {"spec": virtual_service({"metadata": metadata, "spec": {"predictors": predictors}})}


def predictor(revision, **fields):
    return {"name": revision.name, **fields}


def test_weights_are_told_by_predictor():
    body = service(predictor(ONE, traffic=90), predictor(TWO, traffic=10))
    assert routes_of(body, DEPLOYMENT) == Routes(weights={ONE.name: 90, TWO.name: 10})


def test_a_predictor_without_weight_has_no_route():
    body = service(predictor(ONE, traffic=100), predictor(TWO))
    assert routes_of(body, DEPLOYMENT) == Routes(weights={ONE.name: 100})


def test_one_predictor_has_everything_whatever_its_weight():
    assert routes_of(service(predictor(ONE)), DEPLOYMENT) == Routes(weights={ONE.name: 100})


def test_a_shadow_without_percentage_gets_everything():
    body = service(predictor(ONE, traffic=100), predictor(TWO, shadow=True))
    assert routes_of(body, DEPLOYMENT).mirror == {TWO.name: 100}
    body = service(predictor(ONE, traffic=100), predictor(TWO, shadow=True, traffic=20))
    assert routes_of(body, DEPLOYMENT).mirror == {TWO.name: 20}


def test_nothing_is_routed_by_an_empty_service():
    assert routes_of({"spec": {}}, DEPLOYMENT) == Routes()


def broken(change):
    body = copy.deepcopy(service(predictor(ONE, traffic=90), predictor(TWO, traffic=10)))
    change(body["spec"]["http"])
    return body


@pytest.mark.parametrize(
    "change",
    [
        lambda http: http[1]["route"].pop(),
        lambda http: http[0]["route"][0]["destination"].update(host="other.shop.svc"),
        lambda http: http[0]["route"][0]["destination"].pop("subset"),
        lambda http: http[0]["route"][0].update(weight=1),
        lambda http: http[0].update(
            mirror=http[0]["route"][1]["destination"], mirrorPercentage={"value": 0.5}
        ),
        lambda http: http.__setitem__(0, None),
    ],
)
def test_what_seldon_does_not_write_is_no_report(change):
    with pytest.raises(RouterError, match="VirtualService churn"):
        routes_of(broken(change), DEPLOYMENT)
