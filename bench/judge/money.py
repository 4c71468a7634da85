"""The gate of a key figure without bounds: does the asymptotic test keep its promise?

One answer in twenty brings an order, whose value is lognormal. The heavier its tail, the longer
the mean is unsure; the test says nothing before it leans on enough orders of weight.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from detection import Detection
from record import Claim, Report, kept, options, progress, show
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.mixture import FloatArray
from sluice_operator.judge.tailed import WEIGHTY, log_mixture

TEST = Test(metric="BusinessKPI", margin=1.1)
BUY = 0.05
ANSWERS, STABLE = 200, 9
"""Matured answers of the candidate in one look, and stable's for one of these."""
LOOKS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One kind of orders, and what the candidate makes of them."""

    tail: float
    """Deviation of the logarithm of an order's value."""
    worth: float
    """Candidate's mean over stable's."""
    side: str
    is_false: bool

    def judged(self, runs: int, rng: np.random.Generator) -> Detection:
        """Answers of the candidate until the proof in each run."""
        till = Till(runs=runs)
        first = np.full(runs, np.inf)
        alpha = TEST.alpha_harm if self.side == "harm" else TEST.alpha_safe
        for number, look in enumerate(self._looks(runs, rng), start=1):
            till.add(*look)
            log = till.log_less() if self.side == "harm" else till.log_more(1 / TEST.margin)
            first[(log >= -np.log(alpha)) & np.isinf(first)] = number
        return Detection(first * ANSWERS)

    def _looks(
        self, runs: int, rng: np.random.Generator
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        for _ in range(LOOKS):
            yield (
                self._orders(ANSWERS * STABLE, 1.0, runs, rng),
                self._orders(ANSWERS, self.worth, runs, rng),
            )

    def _orders(
        self, answers: int, worth: float, runs: int, rng: np.random.Generator
    ) -> FloatArray:
        """Sum and sum of squares of one look; shapes: (2, runs)."""
        orders = rng.binomial(answers, BUY, runs)
        whose = np.repeat(np.arange(runs), orders)
        values = worth * np.exp(self.tail * rng.normal(size=len(whose)))
        return np.stack([np.bincount(whose, each, runs) for each in (values, values**2)])


@dataclass(slots=True, kw_only=True)
class Till:
    """The sums of `judge.tailed` for many rollouts at once."""

    runs: int
    looks: int = 0
    _stable: FloatArray = field(init=False)
    _mine: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is known."""
        self._stable, self._mine = np.zeros((2, self.runs)), np.zeros((2, self.runs))

    def add(self, stable: FloatArray, mine: FloatArray) -> None:
        """One look more; shapes: (2, runs)."""
        self._stable += stable
        self._mine += mine
        self.looks += 1

    def log_less(self) -> FloatArray:
        """Against "the candidate's mean is no less"."""
        return self._log(1.0, 1.0)

    def log_more(self, ratio: float) -> FloatArray:
        """Against "the candidate's mean is at most `ratio` times stable's"."""
        return self._log(ratio, -1.0)

    def _log(self, ratio: float, sign: float) -> FloatArray:
        counts = (self.looks * ANSWERS * STABLE, self.looks * ANSWERS)
        size = counts[0] * counts[1] / sum(counts)
        means = self._stable[0] / counts[0], self._mine[0] / counts[1]
        variance = np.maximum(_variance(self._stable, counts[0]), _variance(self._mine, counts[1]))
        noise = variance * size**2 * (ratio**2 / counts[0] + 1 / counts[1])
        return log_mixture(sign * size * (ratio * means[0] - means[1]), noise, size)


def _variance(sums: FloatArray, count: int) -> FloatArray:
    """0 while the mean leans on too few answers, so that nothing is proven."""
    weight = sums[0] ** 2 / np.maximum(sums[1], 1e-300)
    variance = np.maximum(sums[1] / count - (sums[0] / count) ** 2, 0.0)
    return np.where(weight < WEIGHTY, np.inf, variance)


SHOPS = tuple(
    Shop(tail=tail, worth=worth, side=side, is_false=is_false)
    for tail in (0.5, 1.0, 1.5)
    for worth, side, is_false in (
        (1.0, "harm", True),
        (0.8, "harm", False),
        (1 / TEST.margin, "safe", True),
        (1.0, "safe", False),
    )
)


def words(shop: Shop, found: Detection) -> tuple[str, ...]:
    """A line of the table."""
    times = (found.quantile(0.5), found.quantile(0.95))
    said = (f"{time:,.0f}" if time is not None else "-" for time in times)
    proof = f"{shop.side}, {'false' if shop.is_false else 'true'}"
    return (f"{shop.tail:g}", f"{shop.worth:.2f}", proof, f"{found.found:.2%}", *said)


def claims(found: list[tuple[Shop, Detection]], runs: int) -> list[Claim]:
    """What is promised in the limit, tried at these numbers."""
    promised = []
    for shop, seen in found:
        if shop.is_false:
            alpha = TEST.alpha_harm if shop.side == "harm" else TEST.alpha_safe
            what = f"tail {shop.tail:g}: false {shop.side}"
            promised.append(kept(what, seen.found, alpha, runs))
    return promised


def main() -> int:
    """Simulate, show, write."""
    given = options("Key figures with heavy tails.", runs=5000, quick=100)
    report = Report(name="judge-money", options=given)
    found = []
    with progress() as bar:
        task = bar.add_task("simulating", total=len(SHOPS))
        for number, shop in enumerate(SHOPS):
            found.append((shop, shop.judged(given.runs, given.rng(number))))
            bar.advance(task)
    head = ("tail", "true ratio", "proof", "proven", "median answers", "95 %")
    show(f"Margin {TEST.margin:g}, {ANSWERS * LOOKS:,} answers", head, [words(*f) for f in found])
    rows = [
        {"tail": s.tail, "ratio": s.worth, "side": s.side, "false": s.is_false}
        | {"runs": given.runs, "answers": seen.record()}
        for s, seen in found
    ]
    return report.write(rows, claims(found, given.runs))


if __name__ == "__main__":
    sys.exit(main())
