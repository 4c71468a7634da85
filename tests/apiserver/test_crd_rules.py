"""Every rule of admission, asked of a real API server."""

from collections.abc import Iterator

import pytest
from admission_corpus import CASES, Case
from control_plane import ControlPlane
from sluice_kinds import Admission, install_kinds
from sluice_operator.api.rule import RULES

KNOWN = {rule.name: rule for rule in RULES}
PLURALS = {
    "ModelDeployment": "modeldeployments",
    "RolloutRun": "rolloutruns",
    "RolloutAction": "rolloutactions",
}
STILL = [case for case in CASES if case.before is None]
MOVING = [case for case in CASES if case.before is not None]


def name_of(case: Case) -> str:
    return case.rule


def plural_of(case: Case) -> str:
    return PLURALS[case.accepted["kind"]]


@pytest.fixture(scope="module")
def admission(control_plane: ControlPlane) -> Iterator[Admission]:
    install_kinds(control_plane)
    with control_plane.client() as client:
        yield Admission(client, "default")


def told_by(answer: str) -> list[str]:
    """The rules whose message is in an answer."""
    return [rule.name for rule in RULES if rule.message in answer]


def test_every_rule_has_a_pair() -> None:
    assert {case.rule for case in CASES} == {rule.name for rule in RULES}


@pytest.mark.parametrize("case", STILL, ids=name_of)
def test_an_object_that_keeps_the_rule_is_admitted(case: Case, admission: Admission) -> None:
    assert admission.says(case.accepted, plural_of(case)) == ""


@pytest.mark.parametrize("case", STILL, ids=name_of)
def test_an_object_that_breaks_the_rule_is_told_so_and_nothing_else(
    case: Case, admission: Admission
) -> None:
    answer = admission.says(case.refused, plural_of(case))
    assert told_by(answer) == [case.rule], answer


@pytest.mark.parametrize("case", MOVING, ids=name_of)
def test_a_change_that_keeps_the_rule_is_admitted(
    case: Case, admission: Admission, namespace: str
) -> None:
    assert (
        admission.within(namespace).says_to_change(case.before, case.accepted, plural_of(case))
        == ""
    )


@pytest.mark.parametrize("case", MOVING, ids=name_of)
def test_a_change_that_breaks_the_rule_is_told_so(
    case: Case, admission: Admission, namespace: str
) -> None:
    answer = admission.within(namespace).says_to_change(case.before, case.refused, plural_of(case))
    assert told_by(answer) == [case.rule], answer
