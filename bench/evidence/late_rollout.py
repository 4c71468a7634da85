"""Two rollouts whose labels come days late, with the real core and all that it remembers."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
from sluice_ledger.records import Prediction
from sluice_operator.api.load import parse
from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.evidence.ledger import LedgerEvidence
from sluice_operator.rollout.ports import Ports
from sluice_operator.rollout.reconcile import Wish, reconcile
from sluice_operator.rollout.record import decision_to_plain, status_from_json, status_to_json
from sluice_operator.rollout.status import Status
from sluice_operator.simulation.world import World

LOOK = timedelta(minutes=30)
EARLIEST_HOURS, LATEST_HOURS = 24.0, 72.0
LABELLED = 0.93
ANSWERS = 40
"""Of each deployment, between two looks."""
WRONG = {"split": (0.10, 0.165), "shadow": (0.10, 0.10)}
"""Of stable and of the candidate, by deployment."""
PLANS: dict[str, dict[str, Any]] = {
    "split": {
        "strategy": {
            "type": "Canary",
            "steps": [
                {"setWeight": 30},
                {"analysis": {"gates": ["accuracy"], "minDuration": "1h", "maxDuration": "400h"}},
                {"setWeight": 100},
            ],
        },
        "gates": [
            {
                "name": "accuracy",
                "metric": "Accuracy",
                "comparison": "Relative",
                "margin": "1.3",
                "labels": {"maturity": "72h", "minCoverage": "0.8"},
            }
        ],
    },
    "shadow": {
        "strategy": {
            "type": "Shadow",
            "steps": [
                {"mirror": {"percent": 100}},
                {"analysis": {"gates": ["pairs"], "minDuration": "1h", "maxDuration": "400h"}},
            ],
        },
        "gates": [
            {
                "name": "pairs",
                "metric": "Accuracy",
                "comparison": "Paired",
                "margin": "0.03",
            }
        ],
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One row of a request: who answers it, what is true, and when that is known."""

    number: int
    deployment: str
    chance: float
    """Which revision a split request goes to."""
    is_wrong: tuple[bool, bool]
    label_after: int | None
    """Looks until the label comes; None if it never does."""


def story(seed: int, looks: int) -> list[list[Arrival]]:
    """What users ask between one look and the next, the same for every run."""
    chance = np.random.default_rng(seed)
    hours = LOOK / timedelta(hours=1)
    return [
        [
            Arrival(
                number=number,
                deployment=deployment,
                chance=float(chance.random()),
                is_wrong=(bool(chance.random() < wrong[0]), bool(chance.random() < wrong[1])),
                label_after=round(chance.uniform(EARLIEST_HOURS, LATEST_HOURS) / hours)
                if chance.random() < LABELLED
                else None,
            )
            for deployment, wrong in WRONG.items()
            for number in range(ANSWERS)
        ]
        for _ in range(looks)
    ]


@dataclass(kw_only=True)
class Rollout:
    """One deployment with its world, and all that the core remembers of it."""

    name: str
    world: World = field(default_factory=World)
    status: Status = field(init=False)
    log: list[str] = field(default_factory=list)
    """One line for each look: everything that was decided and will be remembered."""

    def __post_init__(self) -> None:
        self.status = Status(deployment=self.name)

    def spec(self, look: int) -> Spec:
        """The first model, and from the second look on another one."""
        return parse(
            {
                "apiVersion": "sluice.dev/v1alpha1",
                "kind": "ModelDeployment",
                "metadata": {"name": self.name},
                "spec": {
                    "model": {"uri": f"models:/{self.name}/{1 if look < 2 else 2}"},
                    "rollback": {"bake": "0s"},
                    **PLANS[self.name],
                },
            }
        ).spec

    def look(self, number: int, evidence: LedgerEvidence) -> None:
        """Two turns: what the first has wanted, the second sees."""
        for _ in range(2):
            ports = Ports(serving=self.world, evidence=evidence, clock=lambda: self.world.now)
            turn = reconcile(Wish(spec=self.spec(number)), self.status, ports)
            self.status = turn.decision.status
            decided = decision_to_plain(turn.decision)
            seen = [one.error for one in turn.seen.windows]
            self.log.append(json.dumps([number, decided, status_to_json(self.status), seen]))
            self.world.now += timedelta(seconds=5)

    def restart(self) -> None:
        """All that is remembered goes through text."""
        self.status = status_from_json(status_to_json(self.status))

    def answers(self, arrivals: Sequence[Arrival]) -> Iterator[Prediction]:
        """By whoever has the traffic now."""
        stable, candidate = self.status.stable, self.status.candidate
        for one in arrivals:
            if one.deployment != self.name or stable is None:
                continue
            mirror, weight = self.world.routes.mirror, self.world.routes.weights
            goes_to_candidate = candidate and one.chance * 100 < weight.get(candidate.name, 0)
            if candidate and goes_to_candidate:
                yield self._answer(one, candidate.name, wrong=one.is_wrong[1])
                continue
            is_second = stable.uri.endswith("/2")
            yield self._answer(one, stable.name, wrong=one.is_wrong[is_second])
            if candidate and candidate.name in mirror:
                yield self._answer(one, candidate.name, wrong=one.is_wrong[1], mirrored=True)

    def _answer(
        self, one: Arrival, revision: str, *, wrong: bool, mirrored: bool = False
    ) -> Prediction:
        at = self.world.now.timestamp()
        return Prediction(
            request_id=f"{self.name}-{at:.0f}-{one.number}",
            row=0,
            deployment=self.name,
            revision=revision,
            prediction="0" if wrong else "1",
            confidence=0.9,
            mirrored=mirrored,
            at=at,
        )
