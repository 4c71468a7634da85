"""One candidate tried once under a policy: how it ends, when, and whom it hurts until then."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.model import Action, Verb
from sluice_operator.rollout.gate import awaited, harmed, objectives, unproven
from sluice_operator.rollout.reconcile import Reconciled, Wish
from sluice_operator.rollout.status import PauseReason, Phase, Status
from sluice_operator.simulation.behaviour import Behaviour, Incident, Traffic
from sluice_operator.simulation.leap import Leaper
from sluice_operator.simulation.world import World

NAME = "rehearsal"
STABLE_URI = "models:/rehearsal/stable"
BLOCK = 256
"""Looks that are drawn at a time."""
LONGEST = timedelta(days=30)
"""A rollout that is not over by then is called unfinished."""
SHORTEST_POLL = timedelta(seconds=5)
MOST_LOOKS = 20_000
"""Of one rollout, as planned; what takes longer is looked at less often."""
_MINUTE = timedelta(minutes=1)
_PEOPLE_MUST_COME = frozenset(
    {PauseReason.INCONCLUSIVE, PauseReason.UNPROVEN, PauseReason.UNAPPROVED, PauseReason.MANUAL}
)


class End(StrEnum):
    """How a rehearsed rollout ends."""

    ROLLED_BACK = "RolledBack"
    PROMOTED = "Promoted"
    PAUSED = "Paused"
    """It rests, and only a person can move it."""
    UNFINISHED = "Unfinished"


class Profile(StrEnum):
    """How the load and the trouble of all go over time."""

    FLAT = "flat"
    DAILY = "daily"
    """The load swings by four fifths over a day; a rollout begins at any time of it."""
    INCIDENT = "incident"
    """Once, within the first half hour, everybody fails ten times as often for two minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """What users send, and what stable makes of it."""

    traffic: Traffic = field(default_factory=Traffic)
    stable: Behaviour = field(default_factory=Behaviour)
    profile: Profile = Profile.FLAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is rehearsed."""

    spec: Spec
    users: Users
    candidate: Behaviour
    poll: timedelta = SHORTEST_POLL


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What came of one rehearsed rollout."""

    end: End
    cause: str
    """The gate that proved harm, or what the rollout waits for."""
    seconds: float
    """From its start until it was decided."""
    requests: int
    """Answered by both revisions, until all was over."""
    exposed: int
    """Answered by the candidate to users until then."""
    hurt: float
    """Answers among these that were failed, slow or wrong and would not have been by stable, in
    expectation."""
    peak_weight: int
    looks: int


def poll_of(spec: Spec) -> timedelta:
    """As often as the operator looks; less often in a plan of days, which would take too long."""
    planned = spec.rollback.bake
    for step in spec.strategy.plan:
        if step.analysis is not None:
            planned += step.analysis.max_duration
        if step.pause is not None and step.pause.duration is not None:
            planned += step.pause.duration
    seconds = int(planned.total_seconds() / MOST_LOOKS)
    return max(SHORTEST_POLL, timedelta(seconds=seconds))


def rehearsed(trial: Trial, seed: int) -> Ending:
    """One rollout by the real loop; equal arguments give equal endings."""
    world = _world(trial, seed)
    status = _served(world, trial)
    course = _Course(trial=trial, world=world, began=world.now, before=world.answered_by_all)
    leaper = Leaper(world=world, wish=Wish(spec=trial.spec), poll=trial.poll)
    for turn in leaper.run(status, LONGEST):
        course.take(turn)
        if course.needs_people:
            break
        leaper.wish = Wish(spec=trial.spec, actions=course.obliging())
    return course.ending(leaper.looks)


def _world(trial: Trial, seed: int) -> World:
    chance = np.random.default_rng((seed, 99))
    traffic = trial.users.traffic
    if trial.users.profile is Profile.DAILY:
        daybreak = timedelta(days=float(chance.random()))
        traffic = replace(traffic, daily=0.8, daybreak=daybreak)
    if trial.users.profile is Profile.INCIDENT:
        begins = timedelta(minutes=2 + 30 * float(chance.random()))
        traffic = replace(traffic, incidents=(*traffic.incidents, Incident(begins=begins)))
    models = {STABLE_URI: trial.users.stable, trial.spec.model.uri: trial.candidate}
    return World(behaviours=models, traffic=traffic, seed=seed, block=BLOCK)


def _served(world: World, trial: Trial) -> Status:
    """The first model in charge for a minute."""
    model = trial.spec.model.model_copy(update={"uri": STABLE_URI, "digest": ""})
    wish = Wish(spec=trial.spec.model_copy(update={"model": model}))
    status = Status(deployment=NAME)
    for turn in Leaper(world=world, wish=wish).run(status, _MINUTE):
        status = turn.decision.status
    world.advance(_MINUTE)
    return status


@dataclass(slots=True, kw_only=True)
class _Course:
    """One rollout under way."""

    trial: Trial
    world: World
    began: datetime
    before: int
    """Requests that were answered before it began."""
    status: Status | None = None
    decided: datetime | None = None
    cause: str = ""
    candidate: str = ""
    asked: int = 0

    def take(self, turn: Reconciled) -> None:
        """One more turn."""
        status = self.status = turn.decision.status
        if status.candidate is not None:
            self.candidate = status.candidate.name
        for event in turn.decision.events:
            if event.reason in {"RollingBack", "Promoting"}:
                self.decided = event.at
                self.cause = self._cause(status, event.message)

    def _cause(self, status: Status, message: str) -> str:
        gate = harmed(self.trial.spec, status)
        if gate is not None:
            return gate.name
        return (
            "" if status.phase is Phase.PROMOTING else _undecided(self.trial.spec, status, message)
        )

    @property
    def needs_people(self) -> bool:
        """Whether it rests, and nobody here would know what to say."""
        pause = self.status.pause if self.status else None
        return pause is not None and pause.reason in _PEOPLE_MUST_COME

    def obliging(self) -> tuple[Action, ...]:
        """People who approve at once, where the plan waits for them."""
        status, steps = self.status, self.trial.spec.strategy.plan
        if status is None or status.candidate is None or status.step >= len(steps):
            return ()
        waits = status.phase in {Phase.SHADOWING, Phase.PROGRESSING} and steps[status.step].approval
        if not waits and (status.pause is None or status.pause.reason is not PauseReason.STEP):
            return ()
        self.asked += 1
        verb = Verb.PROMOTE if waits else Verb.RESUME
        name = status.candidate.name
        return (Action(id=f"{self.asked:06d}", verb=verb, revision=name, by="rehearsal"),)

    def ending(self, looks: int) -> Ending:
        """What came of it."""
        status, world = self.status, self.world
        assert status is not None
        end = self._end(status)
        moment = self.decided if end in {End.PROMOTED, End.ROLLED_BACK} else None
        exposed, troubled = world.answered(self.candidate)
        if end is End.PAUSED and status.pause is not None:
            self.cause = _undecided(self.trial.spec, status, status.pause.message)
        return Ending(
            end=end,
            cause=self.cause,
            seconds=((moment or world.now) - self.began).total_seconds(),
            requests=world.answered_by_all - self.before,
            exposed=exposed,
            hurt=self._hurt(exposed, troubled),
            peak_weight=status.peak_weight,
            looks=looks,
        )

    def _end(self, status: Status) -> End:
        if self.needs_people:
            return End.PAUSED
        if status.phase in {Phase.ROLLING_BACK, Phase.ROLLED_BACK}:
            return End.ROLLED_BACK
        stable = status.stable is not None and status.stable.name == self.candidate
        return End.PROMOTED if stable else End.UNFINISHED

    def _hurt(self, exposed: int, troubled: int) -> float:
        model, stable = self.trial.candidate, self.trial.users.stable
        return (
            troubled * max(model.error_rate - stable.error_rate, 0.0)
            + exposed * max(model.slow - stable.slow, 0.0)
            + exposed * max(model.wrong - stable.wrong, 0.0)
        )


def _undecided(spec: Spec, status: Status, message: str) -> str:
    """The gates that were waited for in vain; the message where there are none."""
    missing = unproven(status, (*awaited(spec, status), *objectives(spec)))
    return f"{', '.join(dict.fromkeys(missing))} undecided" if missing else message
