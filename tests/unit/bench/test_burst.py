"""The breach of the benchmarks leaves nothing to be found out by the controller's gates."""

import pytest
from sluice import GATES, REQUESTS_PER_SECOND
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.update import update
from sluice_operator.model import Arm, Verdict, Window
from subject import BURST

ERROR_GATES = [g for g in GATES if g["metric"] == "ErrorRate" and g.get("role") != "Observe"]


def window(seconds: int, bad_of_candidate: int) -> Window:
    stable = round(REQUESTS_PER_SECOND["stable"] * seconds)
    candidate = round(REQUESTS_PER_SECOND["candidate"] * seconds) + bad_of_candidate
    return Window(
        gate="slo",
        stable=Arm(total=stable, bad=stable // 500),
        candidate=Arm(total=candidate, bad=candidate // 500 + bad_of_candidate),
    )


@pytest.mark.parametrize("gate", ERROR_GATES, ids=lambda gate: gate["name"])
def test_one_burst_proves_harm_after_an_hour_without(gate):
    test = Test(comparison=gate["comparison"], margin=float(gate["margin"]))
    healthy = update(test, Evidence(), window(3600, 0))
    seen = update(test, healthy, window(5, BURST))
    assert (healthy.verdict, seen.verdict) == (Verdict.SAFE, Verdict.HARM)
