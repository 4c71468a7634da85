from dataclasses import replace

import pytest
from laptop_specs import CANDIDATE, STABLE, spec, status
from sluice_operator.api.v1alpha1 import GateRole
from sluice_operator.judge.evidence import Evidence
from sluice_operator.model import Question, Verdict, Window
from sluice_operator.rollout import gate
from sluice_operator.rollout.gate import (
    armed,
    awaited,
    fresh_gates,
    harmed,
    objectives,
    questions_due,
    state_of,
    unproven,
    unseen_by,
    verdict,
)
from sluice_operator.rollout.status import GateState, Phase

SPEC = spec()


def with_verdicts(**verdicts):
    gates = dict(fresh_gates(SPEC))
    for name, proven in verdicts.items():
        gates[name] = replace(gates[name], evidence=Evidence(verdict=proven, windows=3))
    return status(gates=gates)


def test_a_gate_is_judged_by_the_test_that_its_fields_ask_for():
    test = gate.test_of(SPEC.gate("better"))
    assert (test.metric, test.comparison) == ("Accuracy", "Paired")
    assert (test.margin, test.alpha_harm, test.alpha_safe, test.min_samples) == (
        0.01,
        0.01,
        0.05,
        100,
    )


def test_fresh_gates_know_nothing():
    assert [state.evidence for state in fresh_gates(SPEC).values()] == [Evidence()] * 4


@pytest.mark.parametrize(
    "edit",
    [{"margin": "1.5"}, {"alpha": "0.005"}, {"alphaSafe": "0.01"}, {"minSamples": 7}],
    ids=lambda edit: next(iter(edit)),
)
def test_a_gate_whose_question_was_edited_starts_anew(edit):
    (edited,) = spec(
        gates=[{"name": "errors", "metric": "ErrorRate", "margin": "2"} | edit],
        strategy={"type": "Canary", "steps": [{"setWeight": 9}]},
    ).gates
    state = state_of(edited, with_verdicts(errors=Verdict.HARM))
    assert state == GateState(test=gate.test_of(edited))


def shifted(**edit):
    """A spec with one gate on predictions, and that gate."""
    gates = [{"name": "errors", "metric": "ErrorRate"}]
    gates += [{"name": "shift", "metric": "PredictionShift"} | edit]
    changed = spec(gates=gates, strategy={"type": "Canary", "steps": [{"setWeight": 9}]})
    return changed, changed.gates[1]


def test_another_part_of_the_answer_is_another_question():
    changed, by_number = shifted(answer="Number")
    _, by_class = shifted(answer="Class")
    _, plain = shifted()
    (_, asked) = questions_due(changed, status())
    assert gate.test_of(by_number).metric == "PredictionShift by number"
    assert gate.test_of(by_class) == gate.test_of(plain)
    assert asked.answer == "Number"


def test_a_gate_whose_role_was_edited_keeps_its_evidence():
    """The role says what a verdict does, not what is asked."""
    before = with_verdicts(errors=Verdict.SAFE)
    observed = SPEC.gate("errors").model_copy(update={"role": GateRole.OBSERVE})
    assert state_of(observed, before) is before.gates["errors"]


def test_each_gate_is_asked_about_the_candidate_against_stable_from_its_own_cursor():
    gates = fresh_gates(SPEC)
    seen = {**gates, "slo": replace(gates["slo"], cursor="42")}
    asked = {question.gate: question for question in questions_due(SPEC, status(gates=seen))}
    assert set(asked) == {"errors", "slo", "hints", "better"}
    assert asked["slo"] == Question(
        gate="slo",
        metric="ErrorRate",
        comparison="Absolute",
        stable=STABLE.name,
        candidate=CANDIDATE.name,
        cursor="42",
    )
    assert asked["errors"].cursor == ""


@pytest.mark.parametrize("phase", [Phase.HEALTHY, Phase.ROLLING_BACK, Phase.ROLLED_BACK])
def test_without_a_candidate_on_trial_nothing_is_asked(phase):
    assert questions_due(SPEC, status(phase=phase)) == ()


def test_the_first_model_has_nothing_to_be_compared_with():
    assert questions_due(SPEC, status(phase=Phase.INITIALIZING, stable=None)) == ()


def test_gates_are_asked_before_the_first_request_of_the_candidate():
    """Their cursors must lie before it."""
    assert len(questions_due(SPEC, status(phase=Phase.PREPARING, weight=0))) == 4


def test_in_the_bake_only_gates_that_need_no_other_revision_are_armed():
    baking = status(phase=Phase.BAKING, stable=CANDIDATE, candidate=None, previous=STABLE)
    assert [one.name for one in armed(SPEC, baking)] == ["slo"]
    (question,) = questions_due(SPEC, baking)
    assert question.candidate == CANDIDATE.name


def test_the_first_enforced_gate_with_harm_is_named():
    assert harmed(SPEC, with_verdicts(slo=Verdict.HARM)).name == "slo"
    assert harmed(SPEC, with_verdicts(better=Verdict.HARM)).name == "better"


def test_an_observed_gate_harms_nobody():
    assert harmed(SPEC, with_verdicts(hints=Verdict.HARM)) is None


def test_only_proof_of_safety_is_proof():
    half = with_verdicts(errors=Verdict.SAFE, slo=Verdict.HARM)
    assert unproven(half, ("errors", "slo", "better", "unasked")) == ("slo", "better", "unasked")


def test_a_gate_that_nobody_has_asked_is_inconclusive():
    assert verdict(status(gates={}), "errors") is Verdict.INCONCLUSIVE


def test_a_step_waits_for_the_gates_that_it_names():
    assert awaited(SPEC, status(step=1)) == ("better",)
    assert awaited(SPEC, status(step=3)) == ("errors", "slo")
    assert awaited(SPEC, status(step=2)) == ()


def test_nothing_is_awaited_after_the_last_step_or_at_rest():
    assert awaited(SPEC, status(step=9)) == ()
    assert awaited(SPEC, status(phase=Phase.HEALTHY)) == ()


def test_objectives_are_those_that_must_be_proven():
    assert objectives(SPEC) == ("better",)


def test_only_a_source_that_is_away_hides_a_candidate_and_only_from_gates_in_force():
    names = [one.name for one in SPEC.gates]
    away = [Window(gate=name, error="down", away=True) for name in names]
    enforced = [one.name for one in SPEC.gates if one.role is not GateRole.OBSERVE]
    assert unseen_by(SPEC, away) == "; ".join(f"{name}: down" for name in enforced)
    assert not unseen_by(SPEC, [replace(window, away=False) for window in away])
    watched = SPEC.model_copy(
        update={
            "gates": tuple(one.model_copy(update={"role": GateRole.OBSERVE}) for one in SPEC.gates)
        }
    )
    assert not unseen_by(watched, away)
