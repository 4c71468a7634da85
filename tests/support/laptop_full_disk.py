"""A laptop whose disk is full for a while; a program of its own, as the limit is the process's.

`python laptop_full_disk.py HOME healthy|failing restart|go-on` tells as JSON what was seen. A limit
on the size of files stands for the disk: writing fails in the same places, with another errno.
"""

import json
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from laptop_simulated import FAILING, HEALTHY, NAME, SimulatedLaptop
from sluice_operator.laptop.run_record import replay
from sluice_operator.rollout.status import Phase

ROOM_BYTES = 64
FULL_SECONDS = 30
START_SECONDS = 3
"""Enough for a model server to start again."""


@contextmanager
def full_disk() -> Iterator[None]:
    """No file gets longer than a few bytes."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def picture(laptop: SimulatedLaptop) -> dict[str, Any]:
    """What is remembered on disk, beside what is true."""
    status = laptop.status
    record = laptop.home.run_file(NAME, 2)
    drafts = [path.name for path in laptop.home.root.rglob(".*") if path.is_file()]
    return {
        "phase": status.phase,
        "outcomes": [past.outcome for past in status.history],
        "weights": dict(laptop.world.routes.weights),
        "told": [event.reason for event in laptop.told],
        "decisions": sum(1 for _ in replay(record)),
        "replay_is_equal": all(turn.equal for turn in replay(record)),
        "drafts": drafts,
    }


def main(folder: Path, behaviour: str, after: str) -> None:
    """Fill the disk in the middle of a canary."""
    laptop = SimulatedLaptop.at(folder).wants("v1").until(Phase.HEALTHY)
    candidate = {"healthy": HEALTHY, "failing": FAILING}[behaviour]
    laptop.wants("v2", candidate).until(Phase.PROGRESSING)
    pictures = [picture(laptop)]
    with full_disk():
        laptop.run(FULL_SECONDS)
        pictures.append(picture(laptop))
    if after == "restart":
        laptop.restart()
        laptop.run(START_SECONDS)
        pictures.append(picture(laptop))
    laptop.run(FULL_SECONDS)
    pictures.append(picture(laptop))
    json.dump(pictures, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
