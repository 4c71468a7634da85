"""The workloads; each takes a rig in the state that the one before has left.

A breach counts from the moment at which a scrape shows it (for rivals: at which the query says it)
to the moment at which the watch tells of a traffic object without weight for the candidate.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from account import Asked, by_resource
from eventually import eventually  # type: ignore[import-not-found]
from phase import measured, quiet
from recorder import Write
from rig import REPLICAS, Rig
from subject import HELD_PERCENT

Row = dict[str, Any]
BREACHED_AT_ONCE = 20
"""So many, or a third, turn bad as soon as the leader is gone."""
SETTLE_SECONDS = 20.0
FIRST_VERDICTS, TRUSTED_AGAIN = 5, 6
"""So many times that: until gates have said what they will say, and until a Prometheus that was
away is believed again."""
PATIENCE_SECONDS = 120.0
"""Beyond a second for each object; then a workload counts as failed."""


@dataclass
class Fleet:
    """Deployments of one rig, and those that still hold a candidate."""

    rig: Rig
    names: Sequence[str]
    holding: list[str] = field(default_factory=list)
    settle_seconds: float = SETTLE_SECONDS
    """Between a change of everything and accounts of what goes on without changes."""

    @property
    def patience(self) -> float:
        """How long a change of all of them may take."""
        return PATIENCE_SECONDS + len(self.names)

    def adopt(self) -> Row:
        """Users apply all of them at once."""
        self.rig.apply(self.names)
        took = self.rig.wait_at_rest(self.names, self.patience)
        return {"workload": "adopt", "objects": len(self.names), "seconds": round(took, 1)}

    def hold(self, version: int = 2) -> Row:
        """All of them try another version, and analyse it for ever."""
        self.rig.revise(self.names, version)
        took = self.rig.wait_holding(self.names, self.patience)
        self.holding = list(self.names)
        return {"workload": "start", "objects": len(self.names), "seconds": round(took, 1)}


def breach(fleet: Fleet, names: Sequence[str], version: int = 2) -> Row:
    """W1: evidence against some, until each of them has no weight."""
    rig, began = fleet.rig, time.time()
    rig.order([rig.subject.breach(name, version) for name in names])
    eventually(lambda: _retreated(rig, names, began), within=fleet.patience, every=0.2)
    turned = rig.seen()["turned"]
    fleet.holding = [name for name in fleet.holding if name not in set(names)]
    writes = {name: rig.recorder.reached(name, 0, began) for name in names}
    took = [write.at - turned[name] for name, write in writes.items() if write is not None]
    row = {"workload": "W1", "objects": len(fleet.names), "breached": len(names)}
    return row | spread(took, rig.subject.poll_seconds)


def breach_of_all(fleet: Fleet) -> Row:
    """W1: all at once, with what everybody computes meanwhile: on few cores, that is the limit."""
    rows: list[Row] = []
    phase = measured(fleet.rig, lambda: rows.append(breach(fleet, fleet.holding)))
    return rows[0] | phase.row() | {"workload": "W1 all"}


def _retreated(rig: Rig, names: Sequence[str], since: float) -> bool:
    rig.check()
    return all(rig.recorder.reached(name, 0, since) for name in names)


def spread(took: Sequence[float], poll_seconds: float) -> Row:
    """How times are told: from evidence to write, and how much of that is beyond one poll."""
    ordered = sorted(took)
    ninety_ninth = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    return {
        "median_seconds": round(statistics.median(ordered), 2),
        "p99_seconds": round(ninety_ninth, 2),
        "max_seconds": round(ordered[-1], 2),
        "p99_beyond_poll_seconds": round(max(ninety_ninth - poll_seconds, 0.0), 2),
    }


def settle(fleet: Fleet) -> None:
    """Time passes until first verdicts are told, or all that a leader left is taken over."""
    quiet(fleet.rig, FIRST_VERDICTS * fleet.settle_seconds)


def holding(fleet: Fleet, seconds: float) -> Row:
    """W2: every rollout under way, and nothing to decide, once it has settled."""
    phase = measured(fleet.rig, lambda: quiet(fleet.rig, seconds))
    return {"workload": "W2", "objects": len(fleet.names)} | phase.row()


def idle(fleet: Fleet, seconds: float) -> Row:
    """W3: everything healthy."""
    quiet(fleet.rig, fleet.settle_seconds)
    phase = measured(fleet.rig, lambda: quiet(fleet.rig, seconds))
    return {"workload": "W3", "objects": len(fleet.names)} | phase.row()


def edited(fleet: Fleet, times: int) -> Row:
    """From an edit that moves nothing to the first status that says it was read, one by one."""
    quiet(fleet.rig, fleet.settle_seconds)
    took = [_read_after(fleet.rig, fleet.names[n % len(fleet.names)], n) for n in range(times)]
    row = spread(took, 0.0)
    del row["p99_beyond_poll_seconds"]
    return {"workload": "edit", "objects": len(fleet.names), "edits": times} | row


def _read_after(rig: Rig, name: str, number: int) -> float:
    began = time.time()
    generation = rig.change(name, rig.subject.edit(number))["metadata"]["generation"]
    heard: list[float] = []

    def is_read() -> bool:
        rig.check()
        heard[:] = [at for at in [rig.recorder.read_at(name, generation)] if at is not None]
        return bool(heard)

    eventually(is_read, within=PATIENCE_SECONDS, every=0.01)
    return heard[0] - began


def stepping(fleet: Fleet, steps: int) -> Row:
    """W4: one whole rollout, and what it asks of the API server."""
    quiet(fleet.rig, fleet.settle_seconds)
    name = fleet.names[0]
    before = fleet.rig.recorder.own(name)["metadata"]["generation"]

    def promoted() -> bool:
        fleet.rig.check()
        body = fleet.rig.recorder.own(name)
        newer = body["metadata"]["generation"] > before
        return newer and fleet.rig.subject.is_at_rest(body)

    def roll_out() -> None:
        fleet.rig.revise(fleet.names)
        eventually(promoted, within=fleet.patience)

    phase = measured(fleet.rig, roll_out)
    leases = sum(count for what, count in phase.resources.items() if what.endswith(" leases"))
    seen = fleet.rig.recorder.writes[name]
    weights, inside = [write.weight for write in seen], _within_steps(fleet.rig, seen)
    return {
        "workload": "W4",
        "steps": steps,
        "writes": phase.writes - leases,
        "writes_within_steps": by_resource(inside),
        "writes_per_step": round(len(inside) / steps, 2),
        "live_reads": phase.reads,
        "weights": [w for n, w in enumerate(weights) if n == 0 or w != weights[n - 1]],
    } | phase.row()


def _within_steps(rig: Rig, seen: Sequence[Write]) -> list[Asked]:
    """Writes from the first weight to the last: what a rollout with more steps has more of."""
    begin = next(write.at for write in seen if write.weight)
    end = next(write.at for write in seen if write.weight == 100)
    asked = rig.requests.between(begin, end, REPLICAS[0])
    return [one for one in asked if one.is_write and one.resource != "leases"]


def outage(fleet: Fleet, seconds: float) -> Row:
    """W6: Prometheus goes away, and comes back; who moved meanwhile is not held any more."""
    rig, began, names = fleet.rig, time.time(), list(fleet.holding)
    rig.order([{"do": "away", "away": True}])
    try:
        phase = measured(rig, lambda: quiet(rig, seconds))
    finally:
        rig.order([{"do": "away", "away": False}])
    quiet(rig, TRUSTED_AGAIN * fleet.settle_seconds)
    seen = {name: {write.weight for write in rig.recorder.since(name, began)} for name in names}
    fleet.holding = [name for name in names if seen[name] <= {HELD_PERCENT}]
    return {
        "workload": "W6",
        "objects": len(names),
        "outage_seconds": round(seconds),
        "false_rollbacks": sum(
            bool(s - {HELD_PERCENT}) and min(s) < HELD_PERCENT for s in seen.values()
        ),
        "false_promotions": sum(max(s, default=0) > HELD_PERCENT for s in seen.values()),
        "refused_queries": rig.seen()["refused"],
    } | {name: phase.row()[name] for name in ("cores", "requests_per_second")}


def killed(fleet: Fleet, version: int = 2) -> Row:
    """W5: the leader is killed while a standby waits, and at once some candidates turn bad."""
    _stand_by(fleet, 1)
    began = fleet.rig.kill(0)
    return {"workload": "W5 kill"} | _taken_over(fleet, 1, began, version)


def handed_over(fleet: Fleet, version: int = 2) -> Row:
    """W5: the leader is asked to end while a standby waits, and some candidates turn bad."""
    _stand_by(fleet, 2)
    began, took = fleet.rig.stop(1)
    row: Row = {"workload": "W5 stop", "stop_seconds": round(took, 2)}
    return row | _taken_over(fleet, 2, began, version)


def _stand_by(fleet: Fleet, number: int) -> None:
    """Another replica, long enough to have listed everything."""
    fleet.rig.start(number)
    quiet(fleet.rig, fleet.settle_seconds)


def _taken_over(fleet: Fleet, number: int, began: float, version: int) -> Row:
    """How the next leader does with candidates that turn bad when it has to begin."""
    rig, few = fleet.rig, min(BREACHED_AT_ONCE, -(-len(fleet.holding) // 3))
    bad, steady = fleet.holding[:few], fleet.holding[few:]
    rig.order([rig.subject.breach(name, version) for name in bad])
    eventually(lambda: _retreated(rig, bad, began), within=fleet.patience, every=0.2)
    quiet(rig, fleet.settle_seconds)
    fleet.holding = steady
    turned = rig.seen()["turned"]
    writes = {name: rig.recorder.reached(name, 0, began) for name in bad}
    at = {name: write.at for name, write in writes.items() if write is not None}
    return {
        "objects": len(bad) + len(steady),
        "breached": len(bad),
        "first_write_seconds": first_write(rig, REPLICAS[number], began),
        "first_retreat_seconds": round(min(at.values()) - began, 2),
        "last_retreat_seconds": round(max(at.values()) - began, 2),
        "evidence_to_last_retreat_seconds": round(max(at[n] - turned[n] for n in bad), 2),
        "wrong_writes": wrong_writes(fleet, bad, steady, began),
    }


def first_write(rig: Rig, user: str, since: float) -> float | None:
    """Seconds until a replica wrote a traffic object for the first time; None if it never did."""
    asked = rig.requests.between(since, time.time(), user)
    writes = [one for one in asked if one.is_write and one.resource == rig.subject.traffic.plural]
    return next((round(one.at - since, 2) for one in writes if one.code < 300), None)


def wrong_writes(fleet: Fleet, bad: Sequence[str], steady: Sequence[str], since: float) -> int:
    """Versions with a weight that nobody may have: more than held, or less without evidence."""
    recorder, allowed = fleet.rig.recorder, {HELD_PERCENT}
    wrong = sum(
        write.weight not in allowed for name in steady for write in recorder.since(name, since)
    )
    for name in bad:
        weights = [write.weight for write in recorder.since(name, since)]
        wrong += sum(later > earlier for earlier, later in pairwise(weights))
        wrong += sum(weight not in {0, HELD_PERCENT} for weight in weights)
    return wrong
