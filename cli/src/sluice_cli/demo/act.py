"""One act while it is played: from the apply to the moment in which the rollout rests."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sluice_operator.api.load import load
from sluice_operator.errors import WorldError
from sluice_operator.laptop.home import Home
from sluice_operator.rollout.revision import wanted_revision
from sluice_operator.rollout.status import RESTING, Attempt

from sluice_cli.demo.script import Act

LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One act when it is over."""

    act: Act
    attempt: Attempt
    began: float
    ended: float
    """Both in seconds since the epoch."""
    record: Path
    """Every look and decision of the attempt."""


def play(home: Home, act: Act, deployment: Path, meanwhile: Callable[[], None]) -> Played:
    """Apply the deployment, and wait until its rollout is over.

    Raises:
        WorldError: It is not over in time; the message says where it stands.
    """
    wanted = load(deployment)
    name = wanted.metadata.name
    revision = wanted_revision(name, wanted.spec)
    began = time.time()
    home.apply(wanted)
    while True:
        status = home.status(name)
        mine = [past for past in status.history if past.revision == revision]
        if mine and status.phase in RESTING:
            break
        if time.time() - began > act.limit_seconds:
            raise WorldError(
                f"{act.name}: not over after {act.limit_seconds:.0f} s: {status.shown_phase}, "
                f"{status.message}; see {home.root / 'logs'}"
            )
        meanwhile()
        time.sleep(LOOK_SECONDS)
    return Played(
        act=act,
        attempt=mine[-1],
        began=began,
        ended=time.time(),
        record=home.run_file(name, mine[-1].number),
    )
