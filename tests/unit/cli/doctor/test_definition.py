"""Our definitions and Seldon's, compared with what should be there."""

from copy import deepcopy
from typing import Any

import pytest
from canned_api import operator_deployment, site_at
from sluice_cli.doctor.definition import (
    SELDON_1,
    SELDON_2,
    differences,
    judge_ours,
    judge_seldon,
)
from sluice_cli.doctor.finding import Verdict
from sluice_cli.doctor.reader import Unknown
from sluice_operator.api.crd import MODEL_DEPLOYMENT, definition_of

SITE = site_at("http://127.0.0.1:9")
WANTED = definition_of(MODEL_DEPLOYMENT)
NAME = "customresourcedefinition modeldeployments.sluice.dev"
ACCEPTED = [{"type": kind, "status": "True"} for kind in ("NamesAccepted", "Established")]


def installed() -> dict[str, Any]:
    return deepcopy(WANTED) | {"status": {"conditions": deepcopy(ACCEPTED)}}


def schema(definition: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def judged(seen: Any) -> tuple[Verdict, str, str]:
    SITE.__dict__["workloads"] = []
    found = judge_ours(WANTED, seen, SITE)
    assert found.object == NAME
    return found.verdict, found.said, found.next


def test_the_definition_of_this_version_is_well():
    assert judged(installed())[0] is Verdict.OK


def test_a_definition_that_is_missing_is_installed_with_the_release():
    verdict, said, step = judged(None)
    assert (verdict, said) == (Verdict.FAILURE, "not installed")
    assert step.startswith("helm upgrade --install sluice helm/sluice")


def test_a_definition_that_a_release_has_lost_comes_back_with_its_upgrade():
    SITE.__dict__["workloads"] = [operator_deployment()]
    step = judge_ours(WANTED, None, SITE).next
    assert step.startswith("helm upgrade --install sluice helm/operator --reset-then-reuse-values")


def test_the_first_difference_of_a_schema_is_named():
    seen = installed()
    del schema(seen)["properties"]["spec"]["properties"]["suspend"]
    verdict, said, step = judged(seen)
    assert verdict is Verdict.FAILURE
    assert said.endswith("properties.spec.properties.suspend: missing in the cluster")
    assert step.startswith("kubectl apply --server-side --force-conflicts -f manifests/crd")


def test_a_field_that_only_the_cluster_has_is_a_difference_too():
    seen = installed()
    schema(seen)["properties"]["spec"]["properties"]["later"] = {"type": "string"}
    assert judged(seen)[1].endswith("later: only in the cluster")


def test_other_words_alone_are_no_failure():
    seen = installed()
    schema(seen)["description"] = "As it was before."
    verdict, said, _ = judged(seen)
    assert verdict is Verdict.WARNING
    assert "'As it was before.' in the cluster" in said


def test_a_field_called_description_is_no_words():
    seen = installed()
    schema(seen)["properties"]["description"] = {"type": "string"}
    assert judged(seen)[0] is Verdict.FAILURE


def test_what_a_release_made_is_renewed_by_that_release():
    seen = installed()
    schema(seen)["required"] = []
    names = {"release-name": "rollouts", "release-namespace": "ml"}
    seen["metadata"]["annotations"] = {f"meta.helm.sh/{k}": v for k, v in names.items()}
    step = judged(seen)[2]
    assert step.startswith("helm upgrade --install rollouts helm/")
    assert "--namespace ml" in step


def test_a_definition_whose_name_is_taken_is_a_failure():
    seen = installed()
    seen["status"]["conditions"][0] |= {"status": "False", "message": "mdep is in use"}
    verdict, said, step = judged(seen)
    assert (verdict, said) == (Verdict.FAILURE, "NamesAccepted is False: mdep is in use")
    assert step == "kubectl describe customresourcedefinition modeldeployments.sluice.dev"


@pytest.mark.parametrize("switch", ["served", "storage"])
def test_a_version_that_is_not_served_and_stored_is_a_failure(switch):
    seen = installed()
    seen["spec"]["versions"][0][switch] = False
    assert judged(seen)[0] is Verdict.FAILURE


def test_what_could_not_be_read_is_neither_pass_nor_fail():
    verdict, said, step = judged(Unknown(why="forbidden", code=403))
    assert (verdict, said) == (Verdict.NOT_ASKED, "forbidden")
    assert step == "kubectl auth can-i --list --namespace sluice"


def test_differences_come_in_the_order_of_what_is_wanted():
    wanted, seen = {"a": 1, "b": [{"c": 2}], "d": 4}, {"a": 1, "b": [{"c": 3}], "e": 5}
    assert list(differences(wanted, seen, "v")) == [
        "v.b[0].c: 3 in the cluster, 2 here",
        "v.d: missing in the cluster",
        "v.e: only in the cluster",
    ]


def seldon(*there: str) -> dict[str, Verdict]:
    seen = {name: {} if name in there else None for name in (*SELDON_2, SELDON_1)}
    found = {one.object: one for one in judge_seldon(seen, SITE.remedy)}
    for one in found.values():
        assert one.verdict is not Verdict.FAILURE or "seldon-core-v2-crds" in one.next
    return {name.removeprefix("customresourcedefinition "): f.verdict for name, f in found.items()}


def test_either_generation_of_seldon_is_enough():
    assert set(seldon(*SELDON_2).values()) == {Verdict.OK}
    assert seldon(SELDON_1) == {"Seldon Core 2": Verdict.NOT_INSTALLED, SELDON_1: Verdict.OK}


def test_without_any_seldon_nothing_can_be_rolled_out():
    assert seldon() == {SELDON_2[0]: Verdict.FAILURE}


def test_half_of_seldon_core_2_is_a_failure():
    assert seldon(*SELDON_2[:2])[SELDON_2[2]] is Verdict.FAILURE
