"""Who leads, and which ModelDeployments need help."""

from datetime import UTC, datetime, timedelta
from typing import Any

from canned_api import operator_deployment, site_of
from sluice_cli.doctor.finding import Finding, Verdict
from sluice_cli.doctor.operator import examine, judge_deployments, judge_lease, troubles_of
from sluice_cli.doctor.site import operator_seen

LOGS = "kubectl logs deployment/sluice-operator --tail 50 --namespace sluice"


def judged(lease: dict[str, Any] | None) -> Finding:
    with site_of({"/version": {"gitVersion": "v1.34.0"}}) as site:
        return judge_lease(lease, operator_seen(operator_deployment()), site)


def lease(holder: str, **ago: float) -> dict[str, Any]:
    renewed = datetime.now(UTC) - timedelta(**ago)
    return {"spec": {"holderIdentity": holder, "renewTime": renewed.isoformat()}}


def test_a_lease_that_is_renewed_has_a_leader():
    found = judged(lease("operator-1", seconds=5))
    assert (found.verdict, found.object) == (Verdict.OK, "lease sluice-operator")
    assert found.said == "held by operator-1"


def test_a_lease_that_is_not_renewed_has_none():
    found = judged(lease("operator-1", minutes=10))
    assert (found.verdict, found.next) == (Verdict.FAILURE, LOGS)
    assert "operator-1 has not renewed it" in found.said


def test_a_lease_that_was_let_go_of_has_none():
    assert judged(lease("", seconds=5)).said.startswith("no operator leads")


def test_a_lease_that_is_not_there_was_never_held():
    found = judged(None)
    assert (found.verdict, found.said) == (Verdict.FAILURE, "no operator has ever led")


def deployment(**conditions: str) -> dict[str, Any]:
    known = [
        {"type": kind, "status": status, "reason": "Because", "message": "it is so"}
        for kind, status in conditions.items()
    ]
    return {
        "metadata": {"name": "churn", "namespace": "shop"},
        "status": {"conditions": known},
    }


def test_conditions_that_need_somebody_are_told():
    found = troubles_of(deployment(Stalled="True", MetricsAvailable="False", Ready="False"))
    assert found == (
        "Stalled is True: Because it is so",
        "MetricsAvailable is False: Because it is so",
    )


def test_conditions_that_are_well_or_unknown_need_nobody():
    assert troubles_of(deployment(Stalled="False", MetricsAvailable="Unknown")) == ()


def test_a_modeldeployment_that_needs_help_is_named():
    with site_of({}) as site:
        (found,) = judge_deployments([deployment(Stalled="True")], site)
    assert (found.verdict, found.object) == (Verdict.FAILURE, "modeldeployment shop/churn")
    assert found.next == ("kubectl describe modeldeployments.sluice.dev churn --namespace shop")


def test_without_the_kind_nothing_is_asked():
    with site_of({}) as site:
        verdicts = [one.verdict for one in examine(site)]
    assert verdicts == [Verdict.NOT_INSTALLED, Verdict.NOT_ASKED]
