"""What a controller costs and how fast it acts: `python bench/controller/scale.py [--quick]`.

On a real etcd and API server, with a painted Seldon and a fake Prometheus, it measures

W1  from evidence to the traffic object written: against one of N, then against all at once
W2  CPU, memory and requests while N rollouts are analysed by five gates every five seconds
W3  the same while all are healthy
W4  reads and writes of one rollout of six steps
W5  how soon a standby acts after a SIGKILL, and after a SIGTERM
W6  rollbacks and promotions while Prometheus is away
edit  how soon an edit is seen to be read, one after the other

W2, W3, W5 and W6 are run at the largest N. Prints a table, writes build/bench/scale.json, and
exits with 1 if Sluice misses a target. `--subject sluice,argo --binary PATH --crds PATH` measures
a rival in the same way and in the same run; no part of a rival is kept here.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from argo import Argo
from rig import rig
from sluice import Sluice
from subject import Subject
from target import Judged, judged
from workload import (
    Fleet,
    Row,
    breach,
    breach_of_all,
    edited,
    handed_over,
    holding,
    idle,
    killed,
    outage,
    settle,
    stepping,
)

RESULTS = Path(__file__).resolve().parents[2] / "build" / "bench"
EVERY = ("W1", "W2", "W3", "W4", "W5", "W6", "edit")
SUBJECTS = ("sluice", "argo")
Measure = Callable[[argparse.Namespace, Fleet], Iterator[Row]]
FULL = {
    "objects": (1, 100, 1000),
    "idle_seconds": 600.0,
    "hold_seconds": 300.0,
    "outage_seconds": 300.0,
    "settle_seconds": 20.0,
    "one_by_one": 30,
    "edits": 50,
}
"""`one_by_one`: breaches of a single deployment, one after the other, at each size."""
QUICK = {
    "objects": (1, 20),
    "idle_seconds": 15.0,
    "hold_seconds": 15.0,
    "outage_seconds": 15.0,
    "settle_seconds": 8.0,
    "one_by_one": 3,
    "edits": 10,
}
SIX_STEPS = tuple(
    step
    for weight in (10, 25, 50)
    for step in ({"setWeight": weight}, {"analysis": {"gates": ["slo"], "minDuration": "2s"}})
)


def main() -> int:
    """Measure, print, write; 1 if a target is missed."""
    options = parsed()
    began = time.time()
    machine = {
        "load_before": os.getloadavg(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    rows = {one.name: list(measurements(options, one)) for one in subjects(options)}
    claims = {name: judged(measured) for name, measured in rows.items()}
    show(claims)
    record = {
        "name": "scale",
        "subjects": list(rows),
        "quick": options.quick,
        "seconds": round(time.time() - began),
        "machine": {**machine, "load_after": os.getloadavg()},
        "rows": [{"subject": name, **row} for name, measured in rows.items() for row in measured],
        "claims": [
            {"subject": name, **one.row()} for name, found in claims.items() for one in found
        ],
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    suffix = "" if list(rows) == ["sluice"] else f"-{'-'.join(rows)}"
    target = RESULTS / f"scale{suffix}.json"
    target.write_text(json.dumps(record, indent=2) + "\n")
    print(f"{record['seconds']} s, written to {target.relative_to(RESULTS.parents[1])}")
    return 0 if all(one.holds for one in claims.get("sluice", ())) else 1


def parsed() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few objects: shows that it works")
    parser.add_argument("--objects", type=_numbers, help="1,100,1000 if left out; quick: 1,20")
    parser.add_argument("--workload", type=_words, default=EVERY, help="such as W1,W3; all")
    parser.add_argument("--idle-seconds", type=float, help="of W3: 600; quick: 15")
    parser.add_argument("--hold-seconds", type=float, help="of W2: 300; quick: 15")
    parser.add_argument("--outage-seconds", type=float, help="of W6: 300; quick: 15")
    parser.add_argument("--subject", type=_subjects, default=("sluice",), help="sluice,argo")
    parser.add_argument("--binary", type=Path, help="a rival's controller")
    parser.add_argument("--crds", type=Path, help="file or folder with a rival's CRDs")
    parser.add_argument("--poll-seconds", type=float, help="of Sluice: 5")
    parser.add_argument("--rival-poll-seconds", type=float, help="of a rival: 10")
    parser.add_argument("--one-by-one", type=int, help="single breaches of W1: 30; quick: 3")
    parser.add_argument("--edits", type=int, help="50; quick: 10")
    parser.add_argument("--keep", type=Path, help="folder for logs, which stays")
    given = parser.parse_args()
    if set(given.subject) != {"sluice"} and not (given.binary and given.crds):
        parser.error(f"--subject {','.join(given.subject)} needs --binary and --crds")
    return _filled(given)


def _filled(given: argparse.Namespace) -> argparse.Namespace:
    default = QUICK if given.quick else FULL
    for name, value in default.items():
        setattr(given, name, getattr(given, name, None) or value)
    return given


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(sorted(int(part) for part in text.split(",")))


def _words(text: str) -> tuple[str, ...]:
    return _known(text, EVERY)


def _subjects(text: str) -> tuple[str, ...]:
    return _known(text, SUBJECTS)


def _known(text: str, known: Sequence[str]) -> tuple[str, ...]:
    words = tuple(text.split(","))
    if unknown := set(words) - set(known):
        raise argparse.ArgumentTypeError(f"{sorted(unknown)}: there are {', '.join(known)}")
    return words


def subjects(options: argparse.Namespace) -> Iterator[Subject]:
    """Each that was asked for, in that order."""
    for name in options.subject:
        if name == "sluice":
            yield Sluice(poll_seconds=options.poll_seconds or 5.0)
        else:
            poll = options.rival_poll_seconds or 10.0
            yield Argo(binary=options.binary, crds=options.crds, poll_seconds=poll)


def measurements(options: argparse.Namespace, subject: Subject) -> Iterator[Row]:
    """One rig for each size."""
    if "W4" in options.workload and isinstance(subject, Sluice):
        yield from _run(options, replace(subject, steps=SIX_STEPS), 1, _steps)
    if set(options.workload) == {"W4"}:
        return
    for size in options.objects:
        yield from _run(options, subject, size, _scaled)


def _run(
    options: argparse.Namespace, subject: Subject, size: int, measure: Measure
) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as scratch:
        kept = options.keep and tempfile.mkdtemp(prefix=f"{size}-", dir=options.keep)
        folder = Path(kept or scratch)
        with rig(subject, folder) as made:
            names = tuple(f"model-{number:04d}" for number in range(size))
            fleet = Fleet(rig=made, names=names, settle_seconds=options.settle_seconds)
            made.start(0)
            for row in chain([fleet.adopt()], measure(options, fleet)):
                print(json.dumps({"subject": subject.name} | row), flush=True)
                yield row


def _steps(options: argparse.Namespace, fleet: Fleet) -> Iterator[Row]:
    yield stepping(fleet, len(SIX_STEPS))


def _scaled(options: argparse.Namespace, fleet: Fleet) -> Iterator[Row]:
    """The workloads of one size, in an order in which each finds what it needs."""
    largest = len(fleet.names) == max(options.objects)
    wanted = {word for word in options.workload if largest or word in {"W1", "edit"}}
    if "W3" in wanted:
        yield idle(fleet, options.idle_seconds)
    if "edit" in wanted:
        yield edited(fleet, options.edits)
    if wanted - {"W3", "W4", "edit"}:
        yield fleet.hold()
        yield from _held(options, fleet, wanted)


def _held(options: argparse.Namespace, fleet: Fleet, wanted: Collection[str]) -> Iterator[Row]:
    settle(fleet)
    if "W2" in wanted:
        yield holding(fleet, options.hold_seconds)
    if "W1" in wanted:
        yield _one_by_one(fleet, options.one_by_one)
    if "W5" in wanted and fleet.holding:
        yield killed(fleet)
        yield handed_over(fleet)
        settle(fleet)
    if "W6" in wanted and fleet.holding:
        yield outage(fleet, options.outage_seconds)
    if "W1" in wanted and len(fleet.holding) > 1:
        yield breach_of_all(fleet)


def _one_by_one(fleet: Fleet, times: int) -> Row:
    """Single breaches; a fleet of one tries one version after the other."""
    rows, version = [], 2
    for _ in range(times):
        if not fleet.holding:
            version += 1
            fleet.rig.wait_at_rest(fleet.names, fleet.patience)
            fleet.hold(version)
        rows.append(breach(fleet, fleet.holding[:1], version))
    worst = max(rows, key=lambda row: row["max_seconds"])
    each = [row["max_seconds"] for row in rows]
    found = {"breached": len(rows), "median_seconds": sorted(each)[len(each) // 2]}
    return worst | found | {"each_seconds": each}


def show(claims: Mapping[str, Sequence[Judged]]) -> None:
    """The table of targets, with what each subject has reached beside each other."""
    values: dict[tuple[str, float], dict[str, Judged]] = {}
    for name, found in claims.items():
        for one in found:
            values.setdefault((one.claim, one.target.limit), {})[name] = one
    print("\n" + "".join(f"{name:>16}" for name in claims) + f"  {'limit':>8}  target")
    for (claim, limit), row in values.items():
        cells = "".join(f"{_cell(row.get(name)):>16}" for name in claims)
        print(f"{cells}  {limit:8.3f}  {claim}")


def _cell(one: Judged | None) -> str:
    return "" if one is None else f"{one.value:.3f} {'holds' if one.holds else 'FAILS'}"


if __name__ == "__main__":
    sys.exit(main())
