"""Every further gate: how often it is wrong, and how much it needs to be right.

Each line has a hypothesis that is true, so that each proof is a false one, or a difference that is
to be found. The judge is the very arithmetic that runs in a rollout, on a batch of rollouts.
"""

import sys
from dataclasses import dataclass

from detection import Detection
from fleet import EdgeFleet, Fleet, MixtureFleet, ShiftFleet, first_verdicts
from record import Claim, Options, Report, options, progress, show
from sluice_operator.judge.bounded import BoundedFamily
from sluice_operator.judge.coverage import CoverageFamily
from sluice_operator.judge.disagreement import DisagreementFamily
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.split import SplitFamily
from stream import Stream, bought, classes, cohorts, differing, edges, split

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
        if self.test is SHIFT:
            return ShiftFleet(SHIFT, runs, len(FOUR))
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


def case(gate: str, test: Test, side: str, what: str, made: tuple[Stream, int]) -> Case:
    """A line of the table; what begins with "no" or "at" is a hypothesis that is true."""
    stream, per_look = made
    is_false = what.startswith(("no ", "at "))
    return Case(
        gate=gate,
        test=test,
        side=side,
        what=what,
        is_false=is_false,
        stream=stream,
        per_look=per_look,
    )


def each(stream: Stream, per_look: int) -> tuple[Stream, int]:
    """A stream with what one look of it adds to the samples."""
    return stream, per_look


def cases() -> list[Case]:
    """Every line of the table."""
    at_odds = 0.1 * 1.25 / (0.1 * 1.25 + 0.9)
    shift = "PredictionShift"
    pairs = "PredictionShift, pairs"
    slow = "LatencyExceedance, 5 edges"
    sales = "BusinessKPI, bounded"
    return [
        *(
            case("SampleRatio", SPLIT, HARM, what, each(split(0.1, got, 50, looks), 50))
            for what, got, looks in (
                ("no difference", 0.1, 1000),
                ("12 % for 10 %", 0.12, 400),
                ("11 % for 10 %", 0.11, 1000),
                ("15 % for 10 %", 0.15, 100),
            )
        ),
        *(
            case("SampleRatio", SPLIT, SAFE, what, each(split(0.1, got, 50, 600), 50))
            for what, got in (("at the margin", at_odds), ("equal", 0.1))
        ),
        *(
            case("LabelCoverage", COVERAGE, side, what, each(cohorts(0.2, mine, 20, 500), 20))
            for side, what, mine in (
                (HARM, "no difference", 0.2),
                (HARM, "30 % unlabelled, not 20 %", 0.3),
                (HARM, "15 % unlabelled, not 20 %", 0.15),
                (SAFE, "at the margin", 0.25),
                (SAFE, "equal", 0.2),
            )
        ),
        *(
            case(shift, SHIFT, side, what, each(classes(FOUR, mine, 20, 500), 20))
            for side, what, mine in (
                (HARM, "no difference", FOUR),
                (HARM, "at the margin", AT_MARGIN),
                (HARM, "a class of 10 % twice as often", MORE_OF_ONE),
                (SAFE, "at the margin", AT_MARGIN),
                (SAFE, "equal", FOUR),
            )
        ),
        *(
            case(pairs, DIFFER, side, what, each(differing(share, 20, 250), 20))
            for side, what, share in (
                (HARM, "at the margin", 0.05),
                (HARM, "10 % differ, 5 % tolerated", 0.1),
                (SAFE, "at the margin", 0.05),
                (SAFE, "2 % differ", 0.02),
            )
        ),
        *(
            case(slow, SLOW, side, what, each(edges(FIVE, mine, 100, 360), 100))
            for side, what, mine in (
                (HARM, "no difference", FIVE),
                (HARM, "4x beyond the last edge", TAIL),
                (HARM, "2x at every edge", tuple(2 * share for share in FIVE)),
                (SAFE, "at the margin", tuple(1.5 * share for share in FIVE)),
                (SAFE, "equal", FIVE),
            )
        ),
        *(
            case(sales, SALES, side, what, each(bought(0.05, mine, 100, 500), 100))
            for side, what, mine in (
                (HARM, "no difference", 0.05),
                (HARM, "4 % buy, not 5 %", 0.04),
                (SAFE, "at the margin", 0.05 / 1.1),
                (SAFE, "equal", 0.05),
            )
        ),
    ]


def measured(given: Options) -> list[tuple[Case, Detection]]:
    """All cases, under a bar."""
    lines = cases()
    with progress() as bar:
        task = bar.add_task("simulating", total=len(lines))
        found = []
        for number, line in enumerate(lines):
            found.append((line, line.judged(given.runs, given, number)))
            bar.advance(task)
    return found


def words(line: Case, found: Detection) -> tuple[str, ...]:
    """A line of the table."""
    times = (found.quantile(0.5), found.quantile(0.95))
    said = (f"{time:,.0f}" if time is not None else "-" for time in times)
    what = f"{line.side}, {'false' if line.is_false else 'true'}"
    return (line.gate, line.what, what, f"{found.found:.2%}", *said)


def claims(found: list[tuple[Case, Detection]]) -> list[Claim]:
    """No false proof more often than promised, and a wrong share of requests soon found."""
    false = [(line, seen.found) for line, seen in found if line.is_false]
    kept = [
        Claim(
            claim=f"{line.gate}: false {line.side}, {line.what}: {share:.2%} <= {line.alpha:.1%}",
            holds=share <= line.alpha,
        )
        for line, share in false
    ]
    twelve = next(seen for line, seen in found if line.what.startswith("12 %"))
    needed = twelve.quantile(0.5) or float("inf")
    return [*kept, Claim(claim=f"12 % for 10 %: {needed:,.0f} <= 5,000", holds=needed <= 5000)]


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
    return report.write(rows, claims(found))


if __name__ == "__main__":
    sys.exit(main())
