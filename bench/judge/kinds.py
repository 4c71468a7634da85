"""Every further gate: how often it is wrong, and how much it needs to be right.

Each line has a hypothesis that is true, so that each proof is a false one, or a difference that is
to be found. The judge is the very arithmetic that runs in a rollout, on a batch of rollouts.
"""

import sys
from dataclasses import dataclass

from detection import Detection
from fleet import EdgeFleet, Fleet, MixtureFleet, ShiftFleet, first_verdicts
from record import Claim, Options, Report, kept, options, progress, show
from sluice_operator.judge.bounded import BoundedFamily
from sluice_operator.judge.coverage import CoverageFamily
from sluice_operator.judge.disagreement import DisagreementFamily
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.split import SplitFamily
from stream import Stream, bought, classes, cohorts, differing, edges, split

WIDTHS = {"PredictionShift": 4, "PredictionShift, deciles": 10}
"""Classes that the gate tells apart."""
SPLIT = Test(metric="SampleRatio", comparison="Absolute", margin=1.25, alpha_harm=0.001)
COVERAGE = Test(metric="LabelCoverage", margin=1.25)
SHIFT = Test(metric="PredictionShift", margin=1.25)
DIFFER = Test(metric="PredictionShift", comparison="Paired", margin=0.05)
SLOW = Test(metric="LatencyExceedance", margin=1.5)
SALES = Test(metric="BusinessKPI", margin=1.1, lowest=0.0, highest=1.0)
FOUR = (0.4, 0.3, 0.2, 0.1)
MORE_OF_ONE = (0.36, 0.27, 0.17, 0.2)
"""The last class is named twice as often."""
AT_MARGIN = (0.375, 0.3, 0.2, 0.125)
"""The last class stands at the margin."""
TENTHS = (0.1,) * 10
"""A bin between each two deciles."""
MOVED = (0.15, *(0.1,) * 8, 0.05)
"""Half of the highest decile has gone to the lowest bin."""
ONE_AT_MARGIN = (*(0.875 / 9,) * 9, 0.125)
FIVE = (0.05, 0.04, 0.007, 0.002, 0.001)
"""Share of answers between one edge and the next; 1 % lie beyond the middle one."""
TAIL = (0.05, 0.04, 0.007, 0.002, 0.004)
"""Four times as many beyond the last edge, which is none of the main one's business."""
HARM, SAFE = "harm", "safe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One gate before one kind of candidate."""

    gate: str
    what: str
    side: str
    is_false: bool
    test: Test
    stream: Stream
    per_look: int
    """Samples in one look, for times in samples."""

    def judged(self, runs: int, given: Options, number: int) -> Detection:
        """Samples until the proof in each run."""
        both = first_verdicts(self._fleet(runs), self.stream(runs, given.rng(number)))
        return Detection((both.harm if self.side == HARM else both.safe).at * self.per_look)

    def _fleet(self, runs: int) -> Fleet:
        if self.gate in WIDTHS:
            return ShiftFleet(self.test, runs, WIDTHS[self.gate])
        if self.test is SLOW:
            return EdgeFleet(SLOW, runs, len(FIVE))
        return MixtureFleet(FAMILIES[self.gate], self.test, runs)

    @property
    def alpha(self) -> float:
        """What was promised."""
        return self.test.alpha_harm if self.side == HARM else self.test.alpha_safe


FAMILIES = {
    "SampleRatio": SplitFamily(),
    "LabelCoverage": CoverageFamily(),
    "PredictionShift, pairs": DisagreementFamily(),
    "BusinessKPI, bounded": BoundedFamily(),
}


Line = tuple[str, str, Stream]
"""Side, candidate, and what it does."""


def lines(gate: str, test: Test, per_look: int, told: list[Line]) -> list[Case]:
    """All cases of one gate; what begins with "no" or "at" is a hypothesis that is true."""
    return [
        Case(
            gate=gate,
            test=test,
            side=side,
            what=what,
            is_false=what.startswith(("no ", "at ")),
            stream=stream,
            per_look=per_look,
        )
        for side, what, stream in told
    ]


def requests() -> list[Case]:
    """Who gets them, and which get a label."""
    at_odds = 0.1 * 1.25 / (0.1 * 1.25 + 0.9)
    dealt: list[Line] = [
        (HARM, "no difference", split(0.1, 0.1, 50, 1000)),
        (HARM, "12 % for 10 %", split(0.1, 0.12, 50, 400)),
        (HARM, "11 % for 10 %", split(0.1, 0.11, 50, 1000)),
        (HARM, "15 % for 10 %", split(0.1, 0.15, 50, 100)),
        (SAFE, "at the margin", split(0.1, at_odds, 50, 600)),
        (SAFE, "equal", split(0.1, 0.1, 50, 600)),
    ]
    labels: list[Line] = [
        (HARM, "no difference", cohorts(0.2, 0.2, 20, 500)),
        (HARM, "30 % unlabelled, not 20 %", cohorts(0.2, 0.3, 20, 500)),
        (HARM, "15 % unlabelled, not 20 %", cohorts(0.2, 0.15, 20, 500)),
        (SAFE, "at the margin", cohorts(0.2, 0.25, 20, 500)),
        (SAFE, "equal", cohorts(0.2, 0.2, 20, 500)),
    ]
    return lines("SampleRatio", SPLIT, 50, dealt) + lines("LabelCoverage", COVERAGE, 20, labels)


def predictions() -> list[Case]:
    """Which classes they are, on split traffic and in pairs."""
    apart: list[Line] = [
        (HARM, "no difference", classes(FOUR, FOUR, 20, 500)),
        (HARM, "at the margin", classes(FOUR, AT_MARGIN, 20, 500)),
        (HARM, "a class of 10 % twice as often", classes(FOUR, MORE_OF_ONE, 20, 500)),
        (SAFE, "at the margin", classes(FOUR, AT_MARGIN, 20, 500)),
        (SAFE, "equal", classes(FOUR, FOUR, 20, 500)),
    ]
    pairs: list[Line] = [
        (HARM, "at the margin", differing(0.05, 20, 250)),
        (HARM, "10 % differ, 5 % tolerated", differing(0.1, 20, 250)),
        (SAFE, "at the margin", differing(0.05, 20, 250)),
        (SAFE, "2 % differ", differing(0.02, 20, 250)),
    ]
    both = lines("PredictionShift", SHIFT, 20, apart)
    return both + lines("PredictionShift, pairs", DIFFER, 20, pairs)


def scores() -> list[Case]:
    """Where they lie between the deciles of stable's."""
    apart: list[Line] = [
        (HARM, "no difference", classes(TENTHS, TENTHS, 20, 500)),
        (HARM, "at the margin", classes(TENTHS, ONE_AT_MARGIN, 20, 500)),
        (HARM, "half of a decile elsewhere", classes(TENTHS, MOVED, 20, 500)),
        (SAFE, "at the margin", classes(TENTHS, ONE_AT_MARGIN, 20, 500)),
        (SAFE, "equal", classes(TENTHS, TENTHS, 20, 500)),
    ]
    return lines("PredictionShift, deciles", SHIFT, 20, apart)


def answers() -> list[Case]:
    """How slow they are, and what they bring."""
    twice, half = tuple(2 * share for share in FIVE), tuple(1.5 * share for share in FIVE)
    slow: list[Line] = [
        (HARM, "no difference", edges(FIVE, FIVE, 100, 360)),
        (HARM, "4x beyond the last edge", edges(FIVE, TAIL, 100, 360)),
        (HARM, "2x at every edge", edges(FIVE, twice, 100, 360)),
        (SAFE, "at the margin", edges(FIVE, half, 100, 360)),
        (SAFE, "equal", edges(FIVE, FIVE, 100, 360)),
    ]
    sales: list[Line] = [
        (HARM, "no difference", bought(0.05, 0.05, 100, 500)),
        (HARM, "4 % buy, not 5 %", bought(0.05, 0.04, 100, 500)),
        (SAFE, "at the margin", bought(0.05, 0.05 / 1.1, 100, 500)),
        (SAFE, "equal", bought(0.05, 0.05, 100, 500)),
    ]
    both = lines("LatencyExceedance, 5 edges", SLOW, 100, slow)
    return both + lines("BusinessKPI, bounded", SALES, 100, sales)


def measured(given: Options) -> list[tuple[Case, Detection]]:
    """All cases, under a bar."""
    cases = requests() + predictions() + answers() + scores()
    with progress() as bar:
        task = bar.add_task("simulating", total=len(cases))
        found = []
        for number, line in enumerate(cases):
            found.append((line, line.judged(given.runs, given, number)))
            bar.advance(task)
    return found


def words(line: Case, found: Detection) -> tuple[str, ...]:
    """A line of the table."""
    times = (found.quantile(0.5), found.quantile(0.95))
    said = (f"{time:,.0f}" if time is not None else "-" for time in times)
    what = f"{line.side}, {'false' if line.is_false else 'true'}"
    return (line.gate, line.what, what, f"{found.found:.2%}", *said)


def claims(found: list[tuple[Case, Detection]], runs: int) -> list[Claim]:
    """No false proof more often than promised, and a wrong share of requests soon found."""
    false = [(line, seen.found) for line, seen in found if line.is_false]
    promised = [
        kept(f"{line.gate}: false {line.side}, {line.what}", share, line.alpha, runs)
        for line, share in false
    ]
    twelve = next(seen for line, seen in found if line.what.startswith("12 %"))
    needed = twelve.quantile(0.5) or float("inf")
    return [*promised, Claim(claim=f"12 % for 10 %: {needed:,.0f} <= 5,000", holds=needed <= 5000)]


def main() -> int:
    """Simulate, show, write."""
    given = options("Errors and speed of further gates.", runs=5000, quick=200)
    report = Report(name="judge-kinds", options=given)
    found = measured(given)
    head = ("gate", "candidate", "proof", "proven", "median samples", "95 %")
    show("Further gates", head, [words(*line) for line in found])
    rows = [
        {"gate": line.gate, "what": line.what, "side": line.side, "false": line.is_false}
        | {"runs": given.runs, "samples": seen.record()}
        for line, seen in found
    ]
    return report.write(rows, claims(found, given.runs))


if __name__ == "__main__":
    sys.exit(main())
