"""Seldon's own objects, those that were made for us, and its Envoy."""

from datetime import UTC, datetime, timedelta
from typing import Any

from canned_api import APPS, NAMESPACED, operator_deployment, site_at, site_of
from seldon_states import condition
from sluice_cli.doctor.finding import Finding, Verdict
from sluice_cli.doctor.seldon import RUNTIME, examine, hangs, judge_ours, judge_presence, unready
from sluice_operator.cluster.kind import SELDON_MODEL

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SITE = site_at("http://127.0.0.1:9")
SELDON = "/apis/mlops.seldon.io/v1alpha1"


def ago(**time: float) -> str:
    return (NOW - timedelta(**time)).isoformat()


def model(state: str, since: str = ago(seconds=1), **metadata: Any) -> dict[str, Any]:
    """As Seldon has it: reason and message are swapped."""
    happy = state == "ModelAvailable"
    said = condition("ModelReady", happy, state, "rclone: not found") | {
        "lastTransitionTime": since
    }
    named = {"name": "churn-1", "namespace": "shop", "creationTimestamp": since, **metadata}
    return {"metadata": named, "status": {"conditions": [said]}}


def runtime(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "seldon"}, "status": {"conditions": list(conditions)}}


def present(*found: dict[str, Any]) -> Finding:
    (finding,) = judge_presence(RUNTIME, list(found), SITE)
    return finding


def test_a_runtime_that_is_ready_is_well():
    assert present(runtime(condition("Ready", happy=True))).verdict is Verdict.OK


def test_a_runtime_that_is_not_ready_is_a_failure():
    found = present(runtime(condition("Ready", happy=False, message="no scheduler")))
    assert (found.verdict, found.object) == (Verdict.FAILURE, "seldonruntime seldon")
    assert "no scheduler" in found.said
    assert found.next == (
        "kubectl describe seldonruntimes.mlops.seldon.io seldon --namespace sluice"
    )


def test_a_runtime_of_which_seldon_has_said_nothing_is_neither_pass_nor_fail():
    assert present(runtime()).verdict is Verdict.NOT_ASKED


def test_without_a_runtime_nothing_is_served():
    found = present()
    assert found.verdict is Verdict.FAILURE
    assert "--set seldon.enabled=true" in found.next


def test_a_model_that_loads_may_take_its_time():
    assert unready(SELDON_MODEL, model("ModelProgressing", ago(minutes=4)), NOW) == ""


def test_a_model_that_loads_for_too_long_is_stuck():
    assert "rclone" in unready(SELDON_MODEL, model("ModelProgressing", ago(minutes=6)), NOW)


def test_a_model_that_seldon_has_given_up_is_stuck_at_once():
    assert "ModelFailed" in unready(SELDON_MODEL, model("ModelFailed"), NOW)


def test_an_object_that_should_be_gone_names_who_keeps_it():
    going = {"deletionTimestamp": ago(hours=1), "finalizers": ["seldon.model.finalizer"]}
    assert "seldon.model.finalizer" in hangs(model("ModelAvailable", **going), NOW)
    assert hangs(model("ModelAvailable", deletionTimestamp=ago(minutes=1)), NOW) == ""


def test_a_stuck_model_is_named_with_its_namespace():
    with site_of({"/version": {"gitVersion": "v1.34.0"}}) as site:
        (found,) = judge_ours(SELDON_MODEL, [model("ModelFailed")], site)
    assert (found.verdict, found.object) == (Verdict.FAILURE, "model shop/churn-1")
    assert found.next == "kubectl describe models.mlops.seldon.io churn-1 --namespace shop"


def test_models_that_do_not_hang_are_counted():
    with site_of({"/version": {"gitVersion": "v1.34.0"}}) as site:
        (found,) = judge_ours(SELDON_MODEL, [model("ModelAvailable")], site)
    assert (found.verdict, found.said) == (Verdict.OK, "1 of ours, none of them stuck")


def envoy(body: Any) -> Finding:
    ready = condition("Ready", happy=True)
    answers = {
        f"{APPS}/deployments": {"items": [operator_deployment()]},
        f"{SELDON}/namespaces/sluice/seldonruntimes": {"items": [runtime(ready)]},
        f"{SELDON}/namespaces/sluice/servers": {"items": [runtime(ready)]},
        f"{NAMESPACED}/services/seldon-mesh:9003/proxy/config_dump": body,
    }
    with site_of(answers) as site:
        return next(one for one in examine(site) if one.object == "service seldon-mesh")


def test_an_envoy_that_tells_its_routes_is_well():
    assert envoy({"configs": []}).verdict is Verdict.OK


def test_an_envoy_that_refuses_is_a_failure():
    found = envoy((500, "out of memory"))
    assert found.verdict is Verdict.FAILURE
    assert found.next == "kubectl logs service/seldon-mesh --tail 50 --namespace sluice"


def test_without_seldon_s_kinds_nothing_is_asked_of_it():
    with site_of({}) as site:
        assert {one.verdict for one in examine(site)} == {Verdict.NOT_INSTALLED}
