"""Labels until the paired accuracy gate decides, and how often it decides wrongly.

Both revisions answer the same requests and differ in 5 % of them; labels arrive ten at a time.
The judge is the very code that runs in a rollout, on a batch of rollouts.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from detection import Detection, first_proof
from record import Claim, Options, Report, kept, options, progress, show
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import FloatArray
from sluice_operator.judge.paired import PairedFamily

TEST = Test(metric="Accuracy", comparison="Paired", margin=0.02, alpha_harm=0.01, alpha_safe=0.05)
PAIRED = PairedFamily()
DISCORDANCE = 0.05
LABELS = 10
"""Labelled pairs between two looks."""
HORIZON = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One true difference, and the side of the test that it is held against."""

    side: str
    loss: float
    """Accuracy of stable less that of the candidate."""
    wrong: bool
    """Whether the hypothesis is true, so that each proof is a false one."""

    def looks(self, runs: int, rng: np.random.Generator) -> Iterator[FloatArray]:
        """Counts of each look: worse, same, better.

        Shapes: each item: (runs, 3).
        """
        worse, better = (DISCORDANCE + self.loss) / 2, (DISCORDANCE - self.loss) / 2
        chances = [worse, 1 - DISCORDANCE, better]
        for _ in range(HORIZON // LABELS):
            yield rng.multinomial(LABELS, chances, runs).astype(np.float64)

    def labels(self, runs: int, rng: np.random.Generator) -> Detection:
        """Labels until the proof in each run."""
        factors = partial(PAIRED.harm if self.side == "harm" else PAIRED.safe, TEST)
        alpha = TEST.alpha_harm if self.side == "harm" else TEST.alpha_safe
        found = first_proof(self.looks(runs, rng), factors, alpha)
        return Detection(found.at * LABELS)


SCENARIOS = (
    Scenario(side="safe", loss=0.0, wrong=False),
    Scenario(side="safe", loss=TEST.margin, wrong=True),
    Scenario(side="harm", loss=0.03, wrong=False),
    Scenario(side="harm", loss=0.0, wrong=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One scenario and what came of it."""

    scenario: Scenario
    labels: Detection

    def record(self, runs: int) -> dict[str, object]:
        """As JSON."""
        scenario = self.scenario
        named = {"side": scenario.side, "loss": scenario.loss, "wrong": scenario.wrong}
        return {**named, "runs": runs, "labels": self.labels.record()}

    def words(self) -> tuple[str, ...]:
        """As a line of the table."""
        median, late = self.labels.quantile(0.5), self.labels.quantile(0.95)
        what = f"{self.scenario.side}, {'false' if self.scenario.wrong else 'true'}"
        times = (f"{time:,.0f}" if time is not None else "-" for time in (median, late))
        return (what, f"{self.scenario.loss:.0%}", f"{self.labels.found:.2%}", *times)


def measured(given: Options) -> list[Outcome]:
    """All scenarios, under a bar."""
    with progress() as bar:
        task = bar.add_task("simulating", total=len(SCENARIOS))
        outcomes = []
        for number, scenario in enumerate(SCENARIOS):
            labels = scenario.labels(given.runs, given.rng(number))
            outcomes.append(Outcome(scenario=scenario, labels=labels))
            bar.advance(task)
    return outcomes


def claims(outcomes: list[Outcome], runs: int) -> list[Claim]:
    """What is promised of the gate."""
    safe, false_safe, harm, false_harm = (outcome.labels for outcome in outcomes)
    safe_labels = safe.quantile(0.5) or np.inf
    harm_labels = harm.quantile(0.5) or np.inf
    return [
        kept("false safety", false_safe.found, TEST.alpha_safe, runs),
        kept("false harm", false_harm.found, TEST.alpha_harm, runs),
        Claim(claim=f"no loss: safe in {safe_labels:g} <= 1,000", holds=safe_labels <= 1000),
        Claim(claim=f"3 pp loss: harm in {harm_labels:g} <= 600", holds=harm_labels <= 600),
    ]


def main() -> int:
    """Simulate, show, write."""
    given = options("Labels that the paired accuracy gate needs.", runs=5000, quick=200)
    report = Report(name="judge-paired", options=given)
    outcomes = measured(given)
    head = ("proof", "true loss", "proven", "median labels", "95 %")
    title = f"Margin {TEST.margin:.0%}, {DISCORDANCE:.0%} of pairs differ, {HORIZON:,} labels"
    show(title, head, [outcome.words() for outcome in outcomes])
    return report.write([o.record(given.runs) for o in outcomes], claims(outcomes, given.runs))


if __name__ == "__main__":
    sys.exit(main())
