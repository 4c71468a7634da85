"""The longest evidence that admission lets through fits into the checkpoint of a RolloutRun."""

import random

from sluice_operator.api.gate import MOST_DRIFTS, MOST_GATES, MOST_SHIFTS
from sluice_operator.api.run import MOST_CHECKPOINT, RunStatus
from sluice_operator.controller.recall import checkpoint_of
from sluice_operator.judge.drift import MOST_CHARACTERS
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.slot import PLACES
from sluice_operator.judge.update import problem_of, restart_safe, update
from sluice_operator.model import Arm, Table, Window
from sluice_operator.rollout.status import GateState, Status

EDGED = Test(metric="LatencyExceedance", margin=1.5)
SHIFT = Test(metric="PredictionShift", margin=1.5)
DRIFT = Test(metric="FeatureDrift", comparison="Absolute", margin=1.5)
EDGES = ("0.025", "0.01", "0.05", "0.1", "0.25")
CLASSES = tuple(f"{n:02}".ljust(64, "\u5206") for n in range(PLACES))
FIELDS = 50
CHANCE = random.Random(1)


def bins(longer: int) -> tuple[str, ...]:
    """All bins that the serving runtime counts, with names of some length."""
    return tuple(f"{field:02}{'x' * longer}|{n}" for field in range(FIELDS) for n in range(10))


def longest_bins() -> tuple[str, ...]:
    """Those with the longest names that are judged."""
    judged = (one for one in range(200, 0, -1) if not problem_of(DRIFT, counted(bins(one))))
    return bins(next(judged))


def counted(names: tuple[str, ...]) -> Window:
    """A window with counts of many digits."""
    stable, candidate = (tuple(CHANCE.randrange(10**11, 10**12) for _ in names) for _ in "12")
    shares = tuple(CHANCE.uniform(0.09, 0.1) for _ in names)
    return Window(
        gate="any",
        stable=Arm(total=sum(stable), bad=stable[0]),
        candidate=Arm(total=sum(candidate), bad=candidate[0]),
        table=Table(names=names, stable=stable, candidate=candidate, shares=shares),
    )


def longest(test: Test, names: tuple[str, ...]) -> GateState:
    """Evidence of a second step: sums since then are kept beside those of the attempt."""
    evidence = Evidence()
    for number in range(10):
        evidence = update(test, evidence, counted(names))
        evidence = restart_safe(evidence) if number == 5 else evidence
    return GateState(test=test, evidence=evidence, cursor="1770000000000;" + "0123abcd," * 50)


def test_evidence_of_all_gates_fits_into_the_record():
    kinds = [longest(DRIFT, longest_bins())] * MOST_DRIFTS
    kinds += [longest(SHIFT, CLASSES)] * MOST_SHIFTS
    kinds += [longest(EDGED, EDGES)] * (MOST_GATES - len(kinds))
    gates = {f"gate-{number}": state for number, state in enumerate(kinds)}
    text = checkpoint_of(Status(deployment="churn", gates=gates))
    assert 0.7 * MOST_CHECKPOINT < len(text) < 0.85 * MOST_CHECKPOINT
    assert len(RunStatus(checkpoint=text).checkpoint) == len(text)


def test_bins_take_no_more_characters_than_is_allowed_them():
    state = longest(DRIFT, longest_bins())
    alone = checkpoint_of(Status(deployment="churn", gates={"drift": state}))
    nothing = checkpoint_of(Status(deployment="churn", gates={"drift": GateState(test=DRIFT)}))
    assert 0.7 * MOST_CHARACTERS < len(alone) - len(nothing) < MOST_CHARACTERS
