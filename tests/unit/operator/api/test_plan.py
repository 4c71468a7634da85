"""An experiment, written out in steps."""

from datetime import timedelta

import pytest
from admission_objects import MIRROR, steps, trial
from sluice_operator.api.load import parse
from sluice_operator.api.v1alpha1 import OnInconclusive
from sluice_operator.rollout.revision import wanted_revision


def test_steps_are_run_as_they_are_written() -> None:
    strategy = parse(steps(MIRROR, {"setWeight": 10})).spec.strategy
    assert strategy.plan == strategy.steps


def test_an_experiment_is_a_weight_and_an_analysis_that_ends_in_a_rollback() -> None:
    weight, analysis = parse(trial(minDuration="2h")).spec.strategy.plan
    assert (weight.set_weight, weight.kinds) == (50, ("set_weight",))
    assert analysis.analysis is not None
    assert analysis.analysis.gates == ("fast",)
    assert analysis.analysis.min_duration == timedelta(hours=2)
    assert analysis.analysis.max_duration == timedelta(hours=168)
    assert analysis.analysis.on_inconclusive is OnInconclusive.ROLLBACK


@pytest.mark.parametrize(
    "change", [{"memory": "1Gi"}, {"replicas": 3}, {"secretName": "other"}], ids=str
)
def test_where_a_model_is_put_does_not_make_it_another(change) -> None:
    before, after = trial(), trial()
    after["spec"]["model"] |= change
    revisions = {wanted_revision("churn", parse(document).spec) for document in (before, after)}
    assert len(revisions) == 1
