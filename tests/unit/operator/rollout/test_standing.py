"""What nobody can know is not decided: nothing begins, nothing goes on, harm is acted upon."""

from dataclasses import replace
from datetime import timedelta

import pytest
from laptop_specs import CANDIDATE, NOW, STABLE, serving, sight, spec, status, window
from sluice_operator.model import Observation, Routes
from sluice_operator.rollout.decide import decide
from sluice_operator.rollout.revision import wanted_revision
from sluice_operator.rollout.standing import standing
from sluice_operator.rollout.status import Phase, Status

SPEC = spec()
LONG_AFTER = NOW + timedelta(days=30)


@pytest.mark.parametrize("phase", [Phase.PREPARING, Phase.PROGRESSING, Phase.PROMOTING])
def test_a_rollout_keeps_the_traffic_it_has(phase):
    before = status(phase=phase)
    seen = Observation(now=LONG_AFTER, serving=serving())
    after = decide(standing(SPEC, before), before, seen).status
    assert (after.phase, after.step, after.weight) == (phase, before.step, before.weight)


def test_nothing_new_begins_whatever_model_is_asked_for():
    stable = wanted_revision("churn", SPEC)
    resting = status(phase=Phase.HEALTHY, stable=stable, candidate=None, weight=0)
    other = spec(model={"uri": "models:/churn/9"})
    seen = sight(routes=Routes(weights={stable.name: 100}), ready=frozenset({stable.name}))
    assert decide(standing(other, resting), resting, seen).status.phase is Phase.HEALTHY


def test_harm_that_is_proven_is_acted_upon():
    before = replace(status(), candidate=CANDIDATE)
    for _ in range(5):
        decision = decide(standing(SPEC, before), before, sight(window("slo", candidate=90)))
        before = decision.status
    assert before.phase is Phase.ROLLING_BACK


def test_a_first_model_is_adopted():
    new = Status(deployment="churn")
    held = standing(SPEC, new)
    first = wanted_revision("churn", SPEC)
    seen = sight(routes=Routes(weights={first.name: 100}), ready=frozenset({first.name}))
    begun = decide(held, new, seen).status
    assert decide(standing(SPEC, begun), begun, seen).status.stable == first
    assert first != STABLE
