"""Acts of a demo whose rollouts were simulated: their records are real, their users are told."""

from datetime import timedelta
from pathlib import Path

from laptop_simulated import FAILING, HEALTHY, NAME, SimulatedLaptop, revision_name
from sluice_cli.demo.act import Played
from sluice_cli.demo.crowd import Answer
from sluice_cli.demo.script import Act
from sluice_operator.rollout.status import Phase

STABLE = revision_name("v1")
CANDIDATE = revision_name("v2")


def act(name: str = "v2", outcome: str = "Promoted") -> Act:
    """How an act stands in a script."""
    return Act(
        name=name,
        story="as if it were true",
        project=Path("sluice.yaml"),
        deployment=Path("deployment.yaml"),
        outcome=outcome,
    )


def promoted(folder: Path) -> Played:
    """A candidate that does no harm."""
    laptop = SimulatedLaptop.at(folder).wants("v1").run(4).wants("v2", HEALTHY)
    return _played(laptop, Phase.HEALTHY)


def taken_back(folder: Path) -> Played:
    """A candidate that fails half of its requests."""
    laptop = SimulatedLaptop.at(folder).wants("v1").run(4).wants("v2", FAILING)
    return _played(laptop, Phase.ROLLED_BACK)


def _played(laptop: SimulatedLaptop, end: Phase) -> Played:
    began = laptop.now
    laptop.until(Phase.PREPARING).until(end)
    attempt = laptop.status.history[-1]
    return Played(
        act=act(outcome="Promoted" if end is Phase.HEALTHY else "RolledBack"),
        attempt=attempt,
        began=began.timestamp(),
        ended=(laptop.now + timedelta(seconds=1)).timestamp(),
        record=laptop.home.run_file(NAME, attempt.number),
    )


def answer(at: float, *, route: str = STABLE, status: int = 200, seconds: float = 0.01) -> Answer:
    """What one user saw."""
    return Answer(at=at, seconds=seconds, status=status, route=route)
