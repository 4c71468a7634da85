"""The rules of admission, as a laptop asks them."""

import pytest
from admission_corpus import CASES, Case
from sluice_operator.api.load import parse
from sluice_operator.api.rule import RULES, breaches
from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.errors import SpecError

KNOWN = {rule.name: rule for rule in RULES}
CHECKED = [case for case in CASES if KNOWN[case.rule].check or KNOWN[case.rule].of_gate]
TYPED = [case for case in CASES if case not in CHECKED and case.before is None]


def name_of(case: Case) -> str:
    return case.rule


def test_every_rule_has_one_pair_and_its_own_name() -> None:
    assert sorted(case.rule for case in CASES) == sorted(rule.name for rule in RULES)


def test_there_are_as_many_rules_as_promised() -> None:
    assert len(RULES) >= 30


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_message_is_one_line_that_says_what_to_do(rule) -> None:
    assert "\n" not in rule.message
    assert any(mark in rule.message for mark in (";", "cannot")), rule.message


@pytest.mark.parametrize("case", CHECKED, ids=name_of)
def test_a_broken_rule_is_told_and_no_other(case: Case) -> None:
    spec = Spec.model_validate(case.refused["spec"])
    broken = [rule.name for rule in RULES if list(breaches(rule, spec))]
    assert broken == [case.rule]
    with pytest.raises(SpecError):
        parse(case.refused)


@pytest.mark.parametrize("case", TYPED, ids=name_of)
def test_what_a_type_says_is_refused_when_it_is_read(case: Case) -> None:
    with pytest.raises(SpecError):
        parse(case.refused)


@pytest.mark.parametrize("case", [*CHECKED, *TYPED], ids=name_of)
def test_what_keeps_a_rule_is_taken(case: Case) -> None:
    parse(case.accepted)
