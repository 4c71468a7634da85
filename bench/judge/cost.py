"""What one window costs: the whole update of one gate, and the bare tests of 5,000 at once."""

import sys
import time
from collections.abc import Callable

import numpy as np
from record import Claim, Report, options, show
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import log_e, proven
from sluice_operator.judge.update import FAMILIES, update
from sluice_operator.model import Arm, Pairs, Window

GATES = 5_000
"""1,000 rollouts with 5 gates."""
ARMS = Window(gate="errors", stable=Arm(total=900, bad=5), candidate=Arm(total=100, bad=1))
PAIRS = Window(gate="accuracy", pairs=Pairs(worse=1, same=38, better=2))
TESTS = (
    (Test(margin=2.0), ARMS),
    (Test(comparison="Absolute", margin=0.01), ARMS),
    (Test(comparison="Paired", margin=0.02), PAIRS),
)


def best_seconds(work: Callable[[], object], runs: int) -> float:
    """Time of the quickest run: the others waited for something."""
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def cost(test: Test, window: Window, runs: int) -> dict[str, object]:
    """Figures of one family."""
    family = FAMILIES[test.comparison]
    counts = np.repeat(np.array([family.counts(window)], dtype=np.float64), GATES, axis=0)
    seen = Evidence()
    for _ in range(20):
        seen = update(test, seen, window)

    def batch() -> None:
        proven(log_e(family.harm(test, counts)), test.alpha_harm)
        proven(log_e(family.safe(test, counts)), test.alpha_safe)

    return {
        "comparison": test.comparison,
        "update_microseconds": best_seconds(lambda: update(test, seen, window), runs) * 1e6,
        "batch_milliseconds": best_seconds(batch, max(3, runs // 100)) * 1e3,
    }


def main() -> int:
    """Measure, show, write."""
    given = options("Cost of the judge.", runs=2000, quick=200)
    report = Report(name="judge-cost", options=given)
    rows = [cost(test, window, given.runs) for test, window in TESTS]
    head = ("comparison", "update of one gate", f"tests of {GATES:,} at once")
    lines = [
        (
            f"{row['comparison']}",
            f"{row['update_microseconds']:.0f} us",
            f"{row['batch_milliseconds']:.1f} ms",
        )
        for row in rows
    ]
    show("Cost of one window", head, lines)
    slowest = max(float(str(row["update_microseconds"])) for row in rows)
    share = slowest * 1e-6 * GATES / 5
    claim = f"{GATES:,} gates every 5 s, all of the slowest kind: {share:.0%} of a core < 100 %"
    return report.write(rows, [Claim(claim=claim, holds=share < 1)])


if __name__ == "__main__":
    sys.exit(main())
