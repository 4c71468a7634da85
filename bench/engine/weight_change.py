"""How fast a weight change takes effect, and what it costs: `python bench/engine/weight_change.py`.

Users ask a local engine without pause while all traffic is moved from one revision to the other
and back. Measured for each change, from the call of `route`: when the first request was sent that
the new rule answered; when the last one was sent that the old rule answered; how long the call
took; how many requests failed. Every time is of the moment at which a user sent the request.

Prints a table and writes build/bench/engine.json. `--servers stand-in` leaves MLServer out.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from engine_world import (  # type: ignore[import-not-found]  # noqa: E402
    EngineWorld,
    Load,
    mlserver_world,
    standin_world,
)
from eventually import eventually  # type: ignore[import-not-found]  # noqa: E402

WORLDS = {"mlserver": mlserver_world, "stand-in": standin_world}
TARGET_SECONDS = 0.1


@dataclass(frozen=True)
class Change:
    """One move of all traffic."""

    call_seconds: float
    first_new_seconds: float
    last_old_seconds: float


def main() -> None:
    """Measure, print, write; exit 1 if the target is missed."""
    options = parsed()
    with tempfile.TemporaryDirectory() as folder, WORLDS[options.servers](Path(folder)) as world:
        world.settle(world.both(), within=120)
        with world.load(options.users) as load:
            changes = [changed(world, load, turn) for turn in range(options.changes)]
    result = summary(changes, load, options.servers)
    show(changes, result)
    target = ROOT / "build" / "bench" / "engine.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n")
    sys.exit(0 if result["met"] else 1)


def parsed() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--changes", type=int, default=24)
    parser.add_argument("--users", type=int, default=2)
    parser.add_argument("--servers", choices=WORLDS, default="mlserver")
    return parser.parse_args()


def changed(world: EngineWorld, load: Load, turn: int) -> Change:
    """Move all traffic to the other revision while users ask."""
    weight, winner = ((100, world.two.name), (0, world.one.name))[turn % 2]
    asked = time.monotonic()
    world.route(world.both(weight=weight))
    call_seconds = time.monotonic() - asked
    eventually(lambda: load.by(winner, asked), every=0.01)
    eventually(lambda: world.is_settled(world.both(weight=weight)))
    time.sleep(0.5)
    return timed(load, asked, winner, call_seconds)


def timed(load: Load, asked: float, winner: str, call_seconds: float) -> Change:
    """The moments of one change, from what users saw."""
    later = [(sent, by) for sent, _, _, by in list(load.answers) if sent > asked]
    return Change(
        call_seconds=call_seconds,
        first_new_seconds=min(sent for sent, by in later if by == winner) - asked,
        last_old_seconds=max((sent for sent, by in later if by != winner), default=asked) - asked,
    )


def summary(changes: list[Change], load: Load, servers: str) -> dict[str, object]:
    """The figures."""
    effective = [max(change.first_new_seconds, change.last_old_seconds) for change in changes]
    return {
        "servers": servers,
        "changes": len(changes),
        "requests": len(load.answers),
        "failed_requests": load.failed,
        "effective_median_seconds": statistics.median(effective),
        "effective_max_seconds": max(effective),
        "target_seconds": TARGET_SECONDS,
        "met": load.failed == 0 and max(effective) <= TARGET_SECONDS,
        "each": [asdict(change) for change in changes],
    }


def show(changes: list[Change], result: dict[str, object]) -> None:
    """The table."""
    print("change  route() ms  first new ms  last old ms")
    for number, change in enumerate(changes, start=1):
        call, first, last = (1000 * seconds for seconds in asdict(change).values())
        print(f"{number:6d}  {call:10.1f}  {first:12.1f}  {last:11.1f}")
    for name, value in result.items():
        if name != "each":
            print(f"{name}: {value}")


if __name__ == "__main__":
    main()
