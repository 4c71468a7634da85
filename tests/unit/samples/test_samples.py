"""Every sample is played by the real loop, with a candidate that is fine and one that is not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

import pytest
from sluice_operator.api.load import read
from sluice_operator.api.template import in_force
from sluice_operator.api.v1alpha1 import ModelDeployment
from sluice_operator.model import Action, Verb
from sluice_operator.rollout.reconcile import Wish
from sluice_operator.rollout.status import RESTING, Attempt, Outcome, Status
from sluice_operator.simulation.behaviour import Behaviour
from sluice_operator.simulation.run import run
from sluice_operator.simulation.world import World

FOLDER = Path(__file__).parents[3] / "manifests" / "samples"
SAMPLES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
BEFORE = "models:/before/1"
GOOD = Behaviour(better=0.04, worse=0.02)
FAILING = Behaviour(error_rate=0.2)
SLOW = Behaviour(slow=0.2)
WRONG = Behaviour(better=0.01, worse=0.08)


@dataclass(frozen=True, kw_only=True)
class End:
    """How a bad candidate should end."""

    outcome: Outcome
    peak_weight: int
    by_gate: str


FAILS = {
    "ab-test": End(outcome=Outcome.ROLLED_BACK, peak_weight=50, by_gate="errors"),
    "blue-green": End(outcome=Outcome.ROLLED_BACK, peak_weight=0, by_gate="alive"),
    "canary": End(outcome=Outcome.ROLLED_BACK, peak_weight=5, by_gate="errors"),
    "defaults": End(outcome=Outcome.ROLLED_BACK, peak_weight=1, by_gate="errors"),
    "immediate": End(outcome=Outcome.UNDONE, peak_weight=100, by_gate="slo"),
    "manual-approval": End(outcome=Outcome.ROLLED_BACK, peak_weight=10, by_gate="errors"),
    "seldon-v1": End(outcome=Outcome.ROLLED_BACK, peak_weight=10, by_gate="errors"),
    "shadow": End(outcome=Outcome.ROLLED_BACK, peak_weight=0, by_gate="alive"),
    "shadow-then-canary": End(outcome=Outcome.ROLLED_BACK, peak_weight=0, by_gate="errors"),
    "templates": End(outcome=Outcome.ROLLED_BACK, peak_weight=10, by_gate="errors"),
}
IS_SLOW = {
    "ab-test": End(outcome=Outcome.ROLLED_BACK, peak_weight=50, by_gate="fast"),
    "blue-green": End(outcome=Outcome.ROLLED_BACK, peak_weight=0, by_gate="fast"),
}
IS_WRONG = {
    "shadow": End(outcome=Outcome.ROLLED_BACK, peak_weight=0, by_gate="no-worse"),
    "shadow-then-canary": End(outcome=Outcome.ROLLED_BACK, peak_weight=0, by_gate="better"),
}


@dataclass(kw_only=True)
class Play:
    """A sample's deployment, which serves another model when the play begins."""

    wanted: ModelDeployment
    world: World
    status: Status

    @classmethod
    def of(cls, sample: str, candidate: Behaviour) -> Self:
        found = read(FOLDER / f"{sample}.yaml")
        (written,) = found.deployments
        whole = in_force(written.spec, found.gates)
        wanted = written.model_copy(update={"spec": whole})
        world = World(behaviours={wanted.spec.model.uri: candidate})
        play = cls(wanted=wanted, world=world, status=Status(deployment=wanted.metadata.name))
        before = wanted.spec.model.model_copy(update={"uri": BEFORE})
        first = wanted.spec.model_copy(update={"model": before})
        play.go_on(Wish(spec=first), until=lambda status: status.stable is not None)
        return play

    def go_on(self, wish: Wish, until: Callable[[Status], bool]) -> None:
        for turn in run(self.world, wish, self.status, timedelta(hours=2)):
            self.status = turn.decision.status
            if until(self.status):
                return
        raise AssertionError(f"after two hours: {self.status.phase}, {self.status.message}")

    def end(self, *actions: Action) -> Attempt:
        """How the attempt ended, once nothing is under way."""
        self.go_on(Wish(spec=self.wanted.spec, actions=actions), until=is_over)
        return self.status.history[-1]

    def promoted(self, *actions: Action) -> bool:
        """Whether the candidate was made stable; its bake is left out."""
        self.go_on(Wish(spec=self.wanted.spec, actions=actions), until=has_a_second_attempt)
        return self.status.history[-1].outcome is Outcome.PROMOTED


def has_a_second_attempt(status: Status) -> bool:
    return len(status.history) > 1


def is_over(status: Status) -> bool:
    return has_a_second_attempt(status) and status.phase in RESTING


def waits_for_approval(status: Status) -> bool:
    return status.message == "Waiting for approval (Promote)"


def test_there_are_the_samples_that_the_docs_promise() -> None:
    assert sorted(FAILS) == SAMPLES


@pytest.mark.parametrize("sample", [name for name in SAMPLES if name != "manual-approval"])
def test_a_good_candidate_is_promoted(sample: str) -> None:
    assert Play.of(sample, GOOD).promoted()


def test_a_good_candidate_that_needs_approval_waits_for_it() -> None:
    play = Play.of("manual-approval", GOOD)
    play.go_on(Wish(spec=play.wanted.spec), until=waits_for_approval)
    assert play.status.weight == 10
    assert play.status.candidate is not None
    yes = Action(id="001", verb=Verb.PROMOTE, revision=play.status.candidate.name)
    assert play.promoted(yes)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_candidate_that_fails_requests_is_taken_back(sample: str) -> None:
    end = Play.of(sample, FAILING).end()
    assert (end.outcome, end.peak_weight) == (FAILS[sample].outcome, FAILS[sample].peak_weight)
    assert end.cause.startswith(f"Gate {FAILS[sample].by_gate}: ")


@pytest.mark.parametrize("sample", sorted(IS_SLOW))
def test_a_candidate_that_is_slow_is_taken_back(sample: str) -> None:
    end = Play.of(sample, SLOW).end()
    assert (end.outcome, end.peak_weight) == (IS_SLOW[sample].outcome, IS_SLOW[sample].peak_weight)
    assert end.cause.startswith(f"Gate {IS_SLOW[sample].by_gate}: slow answers over ")


@pytest.mark.parametrize("sample", sorted(IS_WRONG))
def test_a_candidate_that_is_quietly_wrong_never_answers_a_user(sample: str) -> None:
    end = Play.of(sample, WRONG).end()
    assert (end.outcome, end.peak_weight) == (IS_WRONG[sample].outcome, 0)
    assert end.cause.startswith(f"Gate {IS_WRONG[sample].by_gate}: ")
