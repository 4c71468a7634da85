"""What the operator writes has a place in the schema: the API server would drop it in silence."""

from datetime import timedelta
from typing import Any

import pytest
from admission_objects import MIRROR, SLO, deployment, steps, trial
from pydantic import BaseModel
from sluice_operator.api.load import parse
from sluice_operator.api.run import DecisionEntry
from sluice_operator.api.status import ModelDeploymentStatus, PauseStatus
from sluice_operator.controller.memory import Ailment
from sluice_operator.controller.page import Look, page_of
from sluice_operator.controller.view import status_shown
from sluice_operator.model import Action, Verb
from sluice_operator.rollout.reconcile import Wish, reconcile
from sluice_operator.rollout.revision import wanted_revision
from sluice_operator.rollout.status import Status
from sluice_operator.simulation.behaviour import Behaviour
from sluice_operator.simulation.world import World

TROUBLE = Ailment(reason="EngineRefused", message="trouble")
BODY: dict[str, Any] = {"metadata": {"generation": 3}}
CHECK = {"analysis": {"gates": ["slo"], "maxDuration": "1m"}}
CANARY = steps(MIRROR, CHECK, {"setWeight": 10}, {"pause": {"duration": "1m"}})["spec"]["strategy"]
DEPLOYMENTS = {
    "promoted": (deployment(strategy=CANARY, gates=[SLO]), Behaviour()),
    "harmful": (deployment(strategy=CANARY, gates=[SLO]), Behaviour(error_rate=0.3)),
    "broken": (deployment(strategy=CANARY, gates=[SLO]), Behaviour(broken="no such file")),
    "trial": (trial(duration="2m"), Behaviour(slow=0.05)),
}


def lost(plain: Any, kept: Any, path: str = "") -> list[str]:
    """Places of a plain value that another one lacks."""
    if isinstance(plain, dict):
        return [
            place
            for key, value in plain.items()
            for place in (
                lost(value, kept[key], f"{path}.{key}") if key in kept else [f"{path}.{key}"]
            )
        ]
    if isinstance(plain, list):
        pairs = zip(plain, kept, strict=True)
        return [place for i, (a, b) in enumerate(pairs) for place in lost(a, b, f"{path}[{i}]")]
    return []


def assert_has_a_place(kind: type[BaseModel], plain: Any) -> None:
    kept = kind.model_validate(plain).model_dump(mode="json", by_alias=True)
    assert lost(plain, kept) == []


@pytest.mark.parametrize("name", sorted(DEPLOYMENTS))
def test_everything_that_the_operator_writes_has_its_place(name: str) -> None:
    document, behaviour = DEPLOYMENTS[name]
    wanted = parse(document).spec
    first = wanted.model_copy(
        update={"model": wanted.model.model_copy(update={"uri": "models:/a/1"})}
    )
    candidate = wanted_revision("churn", wanted).name
    world = World(behaviours={wanted.model.uri: behaviour})
    status = Status(deployment="churn")
    pause = Action(id="1", verb=Verb.PAUSE, revision=candidate, by="ann", reason="to look")
    resume = Action(id="2", verb=Verb.RESUME, revision=candidate)
    actions = ()
    for look in range(200):
        if look == 20:
            world.metrics_down = True
            actions = (pause,)
        if look == 40:
            world.metrics_down = False
            actions = (resume,)
        spec = wanted if look > 5 else first
        turn = reconcile(Wish(spec=spec, actions=actions), status, world.ports)
        page = page_of(Look(spec=spec, before=status, seen=turn.seen, decision=turn.decision))
        shown = status_shown(spec, turn.decision, turn.seen, BODY, TROUBLE)
        assert_has_a_place(ModelDeploymentStatus, shown)
        for _, entry in page.decisions:
            assert_has_a_place(DecisionEntry, entry)
        status = turn.decision.status
        world.advance(timedelta(seconds=1))
    assert status.attempt == 2


def test_what_is_too_long_is_cut() -> None:
    assert PauseStatus(message="é" * 5000).message == "é" * 4095 + "…"


def test_a_status_of_a_newer_version_can_be_read() -> None:
    assert ModelDeploymentStatus.model_validate({"phase": "Healthy", "mood": "good"}).phase


def test_an_empty_status_can_be_read() -> None:
    assert ModelDeploymentStatus.model_validate({}) == ModelDeploymentStatus()
