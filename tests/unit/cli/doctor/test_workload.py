"""What keeps a workload from being ready, from what Kubernetes says of it and of its Pods."""

from typing import Any

import pytest
from canned_api import NAMESPACED, site_at, site_of
from sluice_cli.doctor.finding import Finding, Verdict
from sluice_cli.doctor.remedy import Remedy
from sluice_cli.doctor.workload import count_of, judge, judge_absence, judge_helm, trouble_of

LABELS = {"app.kubernetes.io/name": "ledger", "app.kubernetes.io/instance": "sluice"}
SITE = site_at("http://127.0.0.1:9")
REMEDY = Remedy(namespace="sluice", release="sluice")


def deployment(ready: int = 0, **status: Any) -> dict[str, Any]:
    return {
        "kind": "Deployment",
        "metadata": {"name": "sluice-ledger", "namespace": "sluice", "generation": 3},
        "spec": {"replicas": 1, "selector": {"matchLabels": LABELS}},
        "status": {"readyReplicas": ready, "updatedReplicas": 1, "observedGeneration": 3, **status},
    }


def pod(*states: dict[str, Any], **status: Any) -> dict[str, Any]:
    metadata = {"name": "sluice-ledger-1", "labels": {**LABELS, "pod-template-hash": "x"}}
    return {"metadata": metadata, "status": {"containerStatuses": list(states), **status}}


def container(**state: Any) -> dict[str, Any]:
    return {"name": "ledger", "image": "sluice-ledger:0.1.0", **state}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


CRASHED = container(
    state=waiting("CrashLoopBackOff", "back-off 40s"),
    lastState={"terminated": {"reason": "Error", "exitCode": 1}},
    restartCount=4,
)


def judged(workload: dict[str, Any], *pods: dict[str, Any]) -> Finding:
    (found,) = judge(workload, pods, SITE)
    return found


def test_a_workload_with_all_of_its_pods_is_well():
    found = judged(deployment(ready=1))
    assert (found.verdict, found.object, found.said) == (
        Verdict.OK,
        "deployment sluice-ledger",
        "1 of 1 ready",
    )


def test_a_workload_whose_last_change_nobody_has_seen_is_not_ready():
    assert not count_of(deployment(ready=1, observedGeneration=2)).done


def test_a_change_that_does_not_come_to_an_end_hides_behind_no_old_pod():
    found = judged(
        deployment(ready=1, updatedReplicas=0), pod(container(state=waiting("ErrImagePull")))
    )
    assert found.object == "pod sluice-ledger-1"
    assert "1 of 1 ready, 0 of them as it was changed last" in found.said


def test_a_workload_that_is_scaled_to_nothing_is_well():
    nothing = deployment()
    nothing["spec"]["replicas"] = 0
    assert count_of(nothing).done


def test_a_job_is_done_when_it_has_ended_well():
    job = {"kind": "Job", "metadata": {"name": "buckets"}, "spec": {}, "status": {}}
    assert not count_of(job).done
    assert count_of(job | {"status": {"succeeded": 1}}).done


def test_an_image_that_cannot_be_had_is_named():
    message = 'Back-off pulling image "sluice-ledger:0.1.0"'
    found = judged(deployment(), pod(container(state=waiting("ImagePullBackOff", message))))
    assert (found.verdict, found.object) == (Verdict.FAILURE, "pod sluice-ledger-1")
    assert "image sluice-ledger:0.1.0 cannot be had" in found.said
    assert found.next == "kubectl describe pod sluice-ledger-1 --namespace sluice"


def test_a_crash_is_told_with_the_last_line_of_its_log():
    log = f"{NAMESPACED}/pods/sluice-ledger-1/log"
    with site_of({log: (200, "starting\nSLUICE_LEDGER_DATABASE: no such setting\n\n")}) as site:
        (found,) = judge(deployment(), [pod(CRASHED)], site)
    assert "ended with Error (exit code 1), restarted 4 times" in found.said
    assert "SLUICE_LEDGER_DATABASE: no such setting" in found.said
    assert found.next == (
        "kubectl logs sluice-ledger-1 --container ledger --previous --tail 50 --namespace sluice"
    )


def test_a_crash_whose_log_is_gone_is_told_all_the_same():
    assert "exit code 1" in judged(deployment(), pod(CRASHED)).said


def test_a_pod_that_no_node_takes_is_told_with_the_scheduler_s_words():
    words = "0/1 nodes are available: 1 Insufficient memory."
    unplaced = {"type": "PodScheduled", "status": "False", "message": words}
    found = judged(deployment(), pod(conditions=[unplaced]))
    assert words in found.said


def test_a_secret_without_the_key_is_told_in_the_kubelet_s_words():
    words = "couldn't find key token in Secret sluice/sluice-ledger"
    found = judged(deployment(), pod(container(state=waiting("CreateContainerConfigError", words))))
    assert f"CreateContainerConfigError: {words}" in found.said


def test_what_prepares_a_pod_may_be_what_fails():
    failing = container(state=waiting("ErrImagePull", "not found")) | {"name": "prepare"}
    found = judged(deployment(), pod(container(), initContainerStatuses=[failing]))
    assert "prepare: image" in found.said


def test_a_container_that_runs_and_is_not_ready_has_a_log_to_read():
    found = judged(deployment(), pod(container(state={"running": {}}, ready=False)))
    assert "runs and is not ready" in found.said
    assert found.next.startswith("kubectl logs sluice-ledger-1 --container ledger --tail")


def test_a_pod_that_was_evicted_says_why():
    found = trouble_of(pod(phase="Failed", reason="Evicted", message="low on ephemeral-storage"))
    assert found is not None
    assert found.said == "low on ephemeral-storage"


def test_a_pod_that_is_ready_is_in_no_trouble():
    assert trouble_of(pod(container(state={"running": {}}, ready=True, restartCount=9))) is None


def test_a_workload_that_may_not_make_pods_says_why_itself():
    refusal = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: memory"}
    found = judged(deployment(conditions=[refusal]))
    assert found.object == "deployment sluice-ledger"
    assert "exceeded quota: memory" in found.said
    assert found.next == "kubectl describe deployment sluice-ledger --namespace sluice"


def test_pods_of_other_workloads_are_not_its_own():
    other = pod(container(state=waiting("ImagePullBackOff")))
    other["metadata"]["labels"] = {"app.kubernetes.io/name": "mlflow"}
    assert judged(deployment(), other).object == "deployment sluice-ledger"


def helm_state(version: int, status: str) -> dict[str, Any]:
    return {"metadata": {"labels": {"version": str(version), "status": status}}}


def test_the_newest_revision_counts_by_number():
    states = [helm_state(9, "superseded"), helm_state(10, "failed")]
    (found,) = judge_helm(states, "sluice", REMEDY)
    assert (found.verdict, found.next) == (
        Verdict.FAILURE,
        "helm history sluice --namespace sluice",
    )


def test_a_release_that_helm_finished_is_well():
    (found,) = judge_helm([helm_state(2, "deployed")], "sluice", REMEDY)
    assert found.verdict is Verdict.OK


@pytest.mark.parametrize(
    ("others", "command"),
    [
        ([], "helm upgrade --install sluice helm/sluice --create-namespace --namespace sluice"),
        (
            [{"metadata": {"labels": {"app.kubernetes.io/instance": "prod"}}}],
            "helm list --all --namespace sluice",
        ),
    ],
)
def test_a_release_that_is_not_there_may_have_another_name(others, command):
    found = judge_absence(others, SITE)
    assert (found.verdict, found.next) == (Verdict.FAILURE, command)
