"""A leap over quiet looks changes nothing but the time that it takes."""

import re
from dataclasses import replace
from datetime import timedelta

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.rollout.reconcile import Wish
from sluice_operator.rollout.status import Status
from sluice_operator.simulation.behaviour import Behaviour, Incident, Traffic
from sluice_operator.simulation.leap import Leaper
from sluice_operator.simulation.world import World

MINUTE = timedelta(minutes=1)
GATES = (
    {"name": "errors", "metric": "ErrorRate", "comparison": "Relative", "margin": "1.5"},
    {"name": "slo", "metric": "ErrorRate", "comparison": "Absolute", "margin": "0.02"},
    {
        "name": "slow",
        "metric": "LatencyExceedance",
        "comparison": "Relative",
        "margin": "2",
        "threshold": "250ms",
    },
    {
        "name": "accuracy",
        "metric": "Accuracy",
        "comparison": "Paired",
        "margin": "0.02",
        "role": "Objective",
    },
)
ANALYSES = st.fixed_dictionaries(
    {
        "gates": st.lists(st.sampled_from(["errors", "slo", "slow"]), min_size=1, unique=True),
        "minDuration": st.sampled_from(["0s", "90s", "7m"]),
        "maxDuration": st.sampled_from(["10m", "20m"]),
        "onInconclusive": st.sampled_from(["Pause", "Rollback", "Proceed"]),
    }
)
SHADOWS = st.just([{"mirror": {"percent": 50}}]) | st.just([])


@st.composite
def plans(draw):
    """A shadow or none, then weights with something between them."""
    steps = [*draw(SHADOWS)]
    if steps:
        analysis = draw(ANALYSES) | {"gates": ["accuracy"]}
        steps.append({"analysis": analysis})
    for weight in draw(st.sampled_from([(10,), (10, 50), (25, 100)])):
        rest = st.builds(lambda analysis: {"analysis": analysis}, ANALYSES)
        steps += [{"setWeight": weight}, draw(rest | st.just({"pause": {"duration": "3m"}}))]
    return steps


BEHAVIOURS = st.builds(
    Behaviour,
    error_rate=st.sampled_from([0.005, 0.01, 0.1]),
    slow=st.sampled_from([0.005, 0.02]),
    worse=st.sampled_from([0.025, 0.06]),
)
TRAFFICS = st.builds(
    Traffic,
    per_second=st.sampled_from([0.3, 5.0, 60.0]),
    label_delay=st.sampled_from([timedelta(seconds=10), 5 * MINUTE]),
    daily=st.sampled_from([0.0, 0.8]),
    incidents=st.sampled_from([(), (Incident(begins=5 * MINUTE),)]),
    unrest=st.sampled_from([0.0, 0.5]),
    retries=st.sampled_from([0, 2]),
)


def spec_of(steps, version: int) -> Spec:
    plain = {
        "model": {"uri": f"models:/churn/{version}"},
        "strategy": {"type": "Canary", "steps": steps, "maxWeightBeforeObjectives": 100},
        "gates": GATES,
        "rollback": {"bake": "4m"},
    }
    return Spec.model_validate(plain)


def told(world: World, steps, *, leaps: bool):
    """All that happened, the last status, and how many looks that took."""
    status, leaper = Status(deployment="churn"), None
    events = []
    for version in (1, 2):
        wish = Wish(spec=spec_of(steps, version))
        leaper = Leaper(world=world, wish=wish, leaps=leaps)
        for turn in leaper.run(status, timedelta(minutes=40)):
            status = turn.decision.status
            events += [(e.at, e.reason, without_bounds(e.message)) for e in turn.decision.events]
        world.advance(MINUTE)
    return events, as_decided(status), leaper.looks


def without_bounds(text: str) -> str:
    """A sentence without intervals, whose last digits a leap may round otherwise."""
    return re.sub(r"(ratio|rate|gain) [^;]*", r"\1", text)


def as_decided(status: Status) -> Status:
    """The status without the sums that intervals are made of."""
    gates = {
        name: replace(
            gate, evidence=replace(gate.evidence, below=gate.evidence.harm, strata=(0.0, 0.0))
        )
        for name, gate in status.gates.items()
    }
    return replace(status, gates=gates, message=without_bounds(status.message), history=())


@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(plans(), BEHAVIOURS, TRAFFICS, st.integers(0, 1000))
def test_a_leap_decides_as_every_look_does(steps, candidate, traffic, seed):
    models = {"models:/churn/1": Behaviour(), "models:/churn/2": candidate}
    looked, leapt = (
        told(World(behaviours=models, traffic=traffic, seed=seed, block=64), steps, leaps=leaps)
        for leaps in (False, True)
    )
    assert leapt == looked
