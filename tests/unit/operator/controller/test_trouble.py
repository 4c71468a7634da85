"""An engine that refuses: what is tried again, what a person is told, and what ends an attempt."""

from dataclasses import replace

import pytest
from operator_world import CANARY, KEY, OperatorWorld
from sluice_operator.controller.memory import NO_TROUBLE, trouble_of, with_trouble
from sluice_operator.controller.turn import PASSING
from sluice_operator.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    MissingKindError,
    ServingEngineError,
    SluiceError,
    UnavailableError,
    UnsupportedRoutingError,
)
from sluice_operator.model import Serving
from sluice_operator.seldon.errors import ModelUnknownError, NameTakenError, StorageUnknownError
from sluice_operator.simulation.behaviour import Traffic
from sluice_operator.simulation.world import World

V1, V2 = "s3://models/v1", "models:/churn/99"
SHORT = CANARY | {"progressDeadline": "30s"}


class Registry(World):
    """A world in which some models cannot be found."""

    refusals: dict[str, type[SluiceError]]

    def route(self, name, routing):
        for revision in routing.revisions:
            if revision.uri in self.refusals:
                refused = self.refusals[revision.uri](f"model.uri {revision.uri}: no such version")
                refused.revision = revision.name
                unknown = "stable" if revision == routing.stable else "candidate"
                super().route(name, replace(routing, **{unknown: None}))
                raise refused
        super().route(name, routing)


@pytest.fixture
def operator():
    world = Registry(traffic=Traffic(per_second=50))
    world.refusals = {}
    return OperatorWorld(world=world)


@pytest.fixture
def serving(operator):
    operator.apply(V1, **SHORT)
    operator.run(20)
    return operator


def condition(operator, kind):
    return next(one for one in operator.status["conditions"] if one["type"] == kind)


@pytest.mark.parametrize(
    ("error", "for_people"),
    [
        (UnsupportedRoutingError("x"), True),
        (NameTakenError("x"), True),
        (ModelUnknownError("x"), True),
        (MissingKindError("x"), True),
        (ForbiddenError("x"), True),
        (InvalidError("x"), True),
        (UnavailableError("x"), False),
        (StorageUnknownError("x"), False),
        (ServingEngineError("x"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_what_does_not_pass_by_itself_needs_a_person(error, for_people):
    trouble = trouble_of(error)
    assert (trouble.text, trouble.needs_person) == ("x", for_people)


@pytest.mark.parametrize("nothing", [None, ConflictError("somebody was faster")])
def test_a_conflict_is_no_trouble(nothing):
    assert trouble_of(nothing) is NO_TROUBLE


def test_what_the_engine_reports_itself_goes_before_what_was_refused():
    refused = ModelUnknownError("no such model")
    refused.revision = "churn-1"
    reported = Serving(failed={"churn-1": "ModelFailed: digest differs"})
    assert with_trouble(reported, trouble_of(refused)) == reported
    assert with_trouble(Serving(), trouble_of(refused)).failed == {"churn-1": "no such model"}


def test_a_candidate_that_the_registry_does_not_know_is_taken_back_with_the_reason(serving):
    serving.world.refusals[V2] = ModelUnknownError
    serving.apply(V2, **SHORT)
    serving.run(5)
    assert serving.status["phase"] == "RolledBack"
    serving.run(2 * PASSING.total_seconds())  # what passes soon is not written
    past = serving.status["history"][-1]
    assert past["cause"].endswith("failed: model.uri models:/churn/99: no such version")
    assert past["peakWeight"] == 0
    assert condition(serving, "RolledBack")["message"] == past["cause"]
    assert condition(serving, "Stalled")["status"] == "False"
    assert serving.world.routes.weights == {serving.status["stable"]["name"]: 100}


def test_a_first_model_that_the_registry_does_not_know_fails_and_stalls_with_the_reason(operator):
    operator.world.refusals[V2] = ModelUnknownError
    operator.apply(V2, **SHORT)
    operator.run(5)
    assert operator.status["phase"] == "Failed"
    assert "no such version" in operator.status["message"]
    assert "no such version" in condition(operator, "Stalled")["message"]
    assert condition(operator, "Ready")["message"] == "no model has been adopted yet"


def test_a_first_model_is_adopted_once_the_registry_knows_it(operator):
    operator.world.refusals[V2] = ModelUnknownError
    operator.apply(V2, **SHORT)
    operator.run(5)
    operator.world.refusals.clear()
    operator.run(20)
    assert operator.status["phase"] == "Healthy"


def test_a_registry_that_is_away_is_waited_for_and_nobody_is_called(serving):
    serving.world.refusals[V2] = StorageUnknownError
    serving.apply(V2, **SHORT)
    serving.run(5)
    assert serving.turns.memory(KEY).status.phase == "Preparing"
    assert condition(serving, "Stalled")["status"] == "False"
    assert "no such version" in condition(serving, "CandidateReady")["message"]
    serving.world.refusals.clear()
    serving.run(20)
    assert serving.status["traffic"]["observedWeight"] == 10


def test_what_was_waited_for_is_told_when_the_deadline_is_over(serving):
    serving.world.refusals[V2] = StorageUnknownError
    serving.apply(V2, **SHORT)
    serving.run(60)
    assert serving.status["phase"] == "RolledBack"
    cause = serving.status["history"][-1]["cause"]
    assert "was not ready within 0:00:30: model.uri models:/churn/99: no such version" in cause
