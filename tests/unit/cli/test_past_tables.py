"""What it would have taken otherwise, of gates that count classes, bins or several edges."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from operator_world import CANARY, OperatorWorld
from sluice_cli.past.change import changes_of, dealt
from sluice_cli.past.reason import decided, least, otherwise
from sluice_cli.past.source import Where, past_of
from sluice_operator.api.v1alpha1 import Gate
from sluice_operator.cluster.kind import ROLLOUT_RUN
from sluice_operator.laptop.home import Home
from sluice_operator.model import Arm, Table, Window
from sluice_operator.rollout.replay import Replayed
from sluice_operator.simulation.behaviour import Behaviour, Traffic
from sluice_operator.simulation.world import World

GATES: dict[str, dict[str, Any]] = {
    "shift": {"metric": "PredictionShift", "margin": "1.5"},
    "drift": {"metric": "FeatureDrift", "role": "Guardrail", "margin": "1.5"},
    "slow": {"metric": "LatencyExceedance", "margin": "1.5"},
    "other": {"metric": "PredictionShift", "comparison": "Paired", "margin": "0.05"},
}
BEHAVIOURS = {
    "shift": Behaviour(classes=(0.5, 0.2, 0.3)),
    "drift": Behaviour(),
    "slow": Behaviour(slow=0.05),
    "other": Behaviour(differs=0.2),
}
DRIFTED = Traffic(inputs=(0.55, 0.15, 0.15, 0.15))
WHAT = {
    "shift": r"fewer answers? '2' in shift",
    "drift": r"fewer rows? of x\|0 in drift",
    "slow": r"fewer answers? over [\d.]+ s in slow",
    "other": r"fewer pairs? with different predictions in other",
}
"""Gate to what its harm is told by."""


def retreat_by(gate: str, folder: Path) -> Replayed:
    """The look at which that gate took a candidate back."""
    traffic = DRIFTED if gate == "drift" else Traffic()
    world = OperatorWorld(world=World(traffic=traffic))
    spec = CANARY | {"gates": [*CANARY["gates"], {"name": gate} | GATES[gate]]}
    if gate == "other":
        steps = [{"mirror": {"percent": 50}}, {"pause": {"duration": "10m"}}, {"setWeight": 50}]
        spec = spec | {"strategy": {"type": "Canary", "ungated": True, "steps": steps}}
    world.apply("s3://models/one", **spec)
    world.run(30)
    world.world.behaviours["s3://models/two"] = BEHAVIOURS[gate]
    world.apply("s3://models/two", **spec)
    world.run(400)
    path = folder / "run.yaml"
    path.write_text(yaml.safe_dump_all(dict(run) for run in world.memory.list(ROLLOUT_RUN)))
    past = past_of(Where(home=Home(root=folder), file=path), "", 2)
    return next(
        turn
        for turn in past.turns
        if any(event.reason == "RollingBack" for event in turn.decision.events)
    )


@pytest.mark.parametrize("gate", GATES)
def test_a_retreat_by_a_table_is_told_with_what_would_have_prevented_it(gate, tmp_path):
    turn = retreat_by(gate, tmp_path)
    assert any(gate in event.message for event in turn.decision.events)
    told = [change for change in otherwise(turn) if f"in {gate} " in change]
    prevented = [change for change in told if change.endswith("nothing would have moved")]
    assert prevented, told
    assert any(re.search(WHAT[gate], change) for change in prevented), prevented


@pytest.mark.parametrize("gate", GATES)
def test_with_one_less_than_told_the_same_is_decided(gate, tmp_path):
    turn = retreat_by(gate, tmp_path)
    (window,) = [window for window in turn.seen.windows if window.gate == gate]
    sums = turn.decision.status.gates[gate].evidence.table
    tried = [one for all_ways in changes_of(turn.spec.gate(gate), window, sums) for one in all_ways]
    enough = {change: least(turn, change) for change in tried}
    assert any(enough.values())
    for change, count in enough.items():
        if count is not None:
            assert decided(turn, change.of(count)) is not None
            assert count == 1 or decided(turn, change.of(count - 1)) is None


CLASSES = Window(
    gate="shift",
    stable=Arm(total=100, bad=0),
    candidate=Arm(total=50, bad=0),
    table=Table(names=("a", "b", "c"), stable=(60, 30, 10), candidate=(20, 20, 10)),
)
BINS = Window(
    gate="drift",
    table=Table(
        names=("x|0", "x|1", "y|0", "y|1"),
        stable=(0, 0, 0, 0),
        candidate=(30, 20, 25, 25),
        shares=(0.5, 0.5, 0.9, 0.1),
    ),
)
EDGES = Window(
    gate="slow",
    stable=Arm(total=100, bad=5),
    candidate=Arm(total=50, bad=5),
    table=Table(names=("0.25", "0.1", "0.5"), stable=(5, 9, 1), candidate=(5, 8, 2)),
)


def moved(gate: str, window: Window, what: str, count: int) -> tuple[int, ...] | None:
    """The candidate's column with that many more or fewer of something."""
    known = Gate.model_validate({"name": gate} | GATES[gate])
    all_ways = [one for ways in changes_of(known, window, None) for one in ways]
    change = next(one for one in all_ways if one.what(count) == f"{count} {what}")
    found = change.of(count)
    return None if found is None else found.table.candidate


def test_answers_of_a_class_go_to_where_those_of_stable_are():
    assert moved("shift", CLASSES, "fewer answers 'c'", 9) == (26, 23, 1)
    assert moved("shift", CLASSES, "fewer answers 'c'", 11) is None


def test_answers_of_a_class_come_from_where_those_of_the_candidate_are():
    assert moved("shift", CLASSES, "more answers 'a'", 15) == (35, 10, 5)
    assert moved("shift", CLASSES, "more answers 'a'", 31) is None


def test_rows_of_a_bin_stay_in_their_field():
    assert moved("drift", BINS, "fewer rows of y|1", 20) == (30, 20, 45, 5)
    assert moved("drift", BINS, "more rows of x|0", 20) == (50, 0, 25, 25)


def test_no_more_answers_are_over_an_edge_than_over_a_lower_one():
    assert moved("slow", EDGES, "more answers over 0.25 s", 10) == (15, 15, 2)
    assert moved("slow", EDGES, "fewer answers over 0.1 s", 7) == (1, 1, 1)
    assert moved("slow", EDGES, "more answers over 0.5 s", 49) is None


def test_the_main_edge_and_the_arm_count_the_same():
    (change, *_), _ = changes_of(Gate.model_validate({"name": "slow"} | GATES["slow"]), EDGES, None)
    assert change.of(2).candidate == Arm(total=50, bad=3)
    assert change.what(1) == "1 fewer answer over 0.25 s"


@given(st.lists(st.integers(0, 50), min_size=1).filter(any), st.data())
def test_no_row_gives_more_than_it_has(weights, data):
    count = data.draw(st.integers(0, sum(weights)))
    parts = dealt(count, weights)
    assert sum(parts) == count
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))
