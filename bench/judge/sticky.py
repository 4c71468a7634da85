"""A limit of the error-rate gate: errors that belong to users, and users that stay on one revision.

The candidate is as good as stable; half of the requests of some users fail on either. With sticky
routing these users are dealt once, so that a handful decides for half an hour; with requests dealt
one by one the same errors do no harm. 20 candidate requests a second, 10 % canary, a look every
5 s, alpha 1 %.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from detection import first_proof
from record import Claim, Options, Report, options, progress, show
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import FloatArray
from sluice_operator.judge.ratio import RatioFamily
from traffic import BASE_RATE, LOOK_SECONDS, LOOKS, STABLE_PER_CANDIDATE

TEST = Test(margin=2.0, alpha_harm=0.01)
RATIO = RatioFamily()
REQUESTS = 20.0 * LOOK_SECONDS
"""Requests of the candidate in one look."""
FAILING = 0.5
"""Share of the requests that fail for a user who has the problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Users of one rollout, all with the same number of requests."""

    users: int
    sticky: bool

    def looks(self, runs: int, rng: np.random.Generator) -> Iterator[FloatArray]:
        """Counts of each look: stable total, stable bad, candidate total, candidate bad.

        Shapes: each item: (runs, 4).
        """
        stable_rate, rate = self._rates(runs, rng)
        for _ in range(LOOKS):
            stable = rng.poisson(REQUESTS * STABLE_PER_CANDIDATE, runs)
            candidate = rng.poisson(REQUESTS, runs)
            bad = (rng.binomial(stable, stable_rate), rng.binomial(candidate, rate))
            yield np.stack((stable, bad[0], candidate, bad[1]), axis=1).astype(np.float64)

    def _rates(self, runs: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Error rates that the two revisions show for all of the rollout."""
        if not self.sticky:
            return np.full(runs, BASE_RATE), np.full(runs, BASE_RATE)
        mine = self.users // (STABLE_PER_CANDIDATE + 1)
        troubled = round(self.users * BASE_RATE / FAILING)
        dealt = rng.hypergeometric(troubled, self.users - troubled, mine, runs)
        return FAILING * (troubled - dealt) / (self.users - mine), FAILING * dealt / mine


CROWDS = (
    Crowd(users=1_000, sticky=False),
    Crowd(users=1_000_000, sticky=True),
    Crowd(users=100_000, sticky=True),
    Crowd(users=10_000, sticky=True),
    Crowd(users=1_000, sticky=True),
)


def false_rollbacks(given: Options) -> list[float]:
    """Share of healthy candidates that are called harmful, by crowd."""
    shares = []
    with progress() as bar:
        task = bar.add_task("simulating", total=len(CROWDS))
        for number, crowd in enumerate(CROWDS):
            looks = crowd.looks(given.runs, given.rng(number))
            found = first_proof(looks, partial(RATIO.harm, TEST), TEST.alpha_harm)
            shares.append(found.found)
            bar.advance(task)
    return shares


def main() -> int:
    """Simulate, show, write."""
    given = options("What sticky users do to the error-rate gate.", runs=1000, quick=200)
    report = Report(name="judge-sticky", options=given)
    shares = false_rollbacks(given)
    rows = [
        {"users": crowd.users, "sticky": crowd.sticky, "runs": given.runs, "false_rollbacks": share}
        for crowd, share in zip(CROWDS, shares, strict=True)
    ]
    lines = [
        (f"{row['users']:,}", "by user" if row["sticky"] else "by request", f"{share:.1%}")
        for row, share in zip(rows, shares, strict=True)
    ]
    show("Healthy candidates rolled back", ("users", "dealt", "false rollbacks"), lines)
    claim = f"dealt by request: false rollbacks {shares[0]:.2%} <= 1 %"
    return report.write(rows, [Claim(claim=claim, holds=shares[0] <= TEST.alpha_harm)])


if __name__ == "__main__":
    sys.exit(main())
