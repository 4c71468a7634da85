"""Gates that wait for labels and events: what they ask, and when their windows count."""

from dataclasses import replace
from datetime import timedelta

import pytest
from laptop_specs import NOW, serving, spec, status
from sluice_operator.model import Arm, Cohort, Counters, Kpi, Moments, Observation, Window
from sluice_operator.rollout.attend import FEW_ANSWERS, attend
from sluice_operator.rollout.gate import fresh_gates, questions_due, state_of

LABELS = {"maturity": "24h", "minCoverage": "0.8"}
KPI = {"name": "purchase", "maturity": "1h", "lowest": "0", "highest": "50"}
PAIR = {"bad": "failures_total", "total": "attempts_total", "label": "model"}
GATES = [
    {"name": "right", "metric": "Accuracy", "labels": LABELS},
    {"name": "covered", "metric": "LabelCoverage", "labels": LABELS},
    {"name": "sales", "metric": "BusinessKPI", "kpi": KPI},
    {"name": "own", "metric": "Counters", "counters": PAIR, "role": "Observe"},
]
STEPS = [{"setWeight": 10}, {"analysis": {"gates": ["right"]}}]
SPEC = spec(gates=GATES, strategy={"type": "Canary", "steps": STEPS})


def begun():
    return status(step=1, gates=fresh_gates(SPEC))


def cohort(matured: int, labelled: int) -> Cohort:
    return Cohort(matured=matured, labelled=labelled, wrong=labelled // 10)


def window(gate: str, stable: Cohort, candidate: Cohort, error: str = "") -> Window:
    return Window(
        gate=gate,
        cursor="after",
        stable=Arm(total=stable.labelled, bad=stable.wrong),
        candidate=Arm(total=candidate.labelled, bad=candidate.wrong),
        coverage=(stable, candidate),
        error=error,
    )


def attended(*windows: Window, **changes):
    seen = Observation(now=NOW, serving=serving(**changes), windows=windows)
    return attend(SPEC, begun(), seen).status


FULL = cohort(100, 90)


def test_a_question_carries_what_its_source_must_know():
    asked = {question.gate: question for question in questions_due(SPEC, begun())}
    assert (asked["right"].maturity, asked["covered"].maturity) == (timedelta(hours=24),) * 2
    assert asked["sales"].maturity == timedelta(hours=1)
    assert asked["sales"].kpi == Kpi(name="purchase", lowest=0.0, highest=50.0)
    assert asked["own"].counters == Counters(**PAIR)
    assert asked["own"].maturity is None


def test_a_window_with_enough_labels_counts_and_its_coverage_is_kept():
    state = attended(window("right", FULL, FULL)).gates["right"]
    assert state.evidence.candidate == Arm(total=90, bad=9)
    assert state.coverage == (FULL, FULL)
    twice = replace(begun(), gates={"right": state})
    seen = Observation(now=NOW, serving=serving(), windows=(window("right", FULL, FULL),))
    assert (
        attend(SPEC, twice, seen).status.gates["right"].coverage
        == (Cohort(matured=200, labelled=180, wrong=18),) * 2
    )


@pytest.mark.parametrize("low", [0, 1], ids=["stable", "candidate"])
def test_too_few_labels_on_one_side_are_missing_data(low):
    sides = [FULL, FULL]
    sides[low] = cohort(100, 79)
    after = attended(window("right", *sides))
    state = after.gates["right"]
    assert state.evidence.windows == 0
    assert (state.cursor, state.blind_since) == ("", NOW)
    assert "have a label, less than 80%" in state.error
    assert after.blind_since == NOW


def test_a_handful_of_answers_is_waited_with_and_no_outage():
    """They are asked for again with those that mature until then: the cursor stays."""
    few = cohort(FEW_ANSWERS - 1, 1)
    state = attended(window("right", FULL, few)).gates["right"]
    assert (state.evidence.windows, state.cursor) == (0, "")
    assert (state.error, state.blind_since) == ("", None)


def test_a_handful_of_answers_with_their_labels_counts_at_once():
    few = cohort(10, 10)
    assert attended(window("right", few, few)).gates["right"].evidence.windows == 1


def test_a_source_that_is_down_is_an_outage_however_few_answers_it_told():
    few = cohort(1, 0)
    state = attended(window("right", few, few, error="away")).gates["right"]
    assert (state.error, state.blind_since) == ("away", NOW)


def test_coverage_itself_is_counted_whatever_it_is():
    state = attended(window("covered", FULL, cohort(100, 10))).gates["covered"]
    assert state.evidence.windows == 1


def test_answers_of_yesterday_count_though_stable_is_away_now():
    away = attended(window("right", FULL, FULL), ready=frozenset())
    assert away.gates["right"].evidence.windows == 1


def test_counts_of_the_moment_do_not():
    arm = Arm(total=100, bad=1)
    away = attended(
        Window(gate="own", cursor="after", stable=arm, candidate=arm), ready=frozenset()
    )
    assert (away.gates["own"].evidence.windows, away.gates["own"].cursor) == (0, "after")


def test_worth_is_evidence_of_its_own():
    sums = Moments(count=100, total=120.0, squares=400.0)
    state = attended(Window(gate="sales", cursor="after", worth=(sums, sums))).gates["sales"]
    assert state.evidence.windows == 1


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("right", {"labels": LABELS | {"maturity": "23h"}}),
        ("right", {"labels": LABELS | {"minCoverage": "0.7"}}),
        ("sales", {"kpi": KPI | {"name": "revenue"}}),
        ("sales", {"kpi": KPI | {"highest": "60"}}),
        ("own", {"counters": PAIR | {"bad": "others_total"}}),
        ("own", {"counters": PAIR | {"label": "version"}}),
    ],
    ids=str,
)
def test_another_question_starts_anew(name, edit):
    seen = {gate: replace(state, cursor="far") for gate, state in fresh_gates(SPEC).items()}
    before = status(gates=seen)
    gates = [gate | edit if gate["name"] == name else gate for gate in GATES]
    edited = spec(gates=gates, strategy={"type": "Canary", "steps": STEPS})
    cursors = {gate.name: state_of(gate, before).cursor for gate in edited.gates}
    assert cursors == {gate["name"]: "" if gate["name"] == name else "far" for gate in GATES}
