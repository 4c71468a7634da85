"""Simulated counts of all further gates, look by look, for many rollouts at once."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Looks = Iterator[FloatArray]
Stream = Callable[[int, np.random.Generator], Looks]
"""Runs and chance to what each look holds."""

STABLE = 9
"""Answers of stable for one of the candidate."""


def split(wanted: float, got: float, requests: int, looks: int) -> Stream:
    """Requests of both, and the share that was wanted; `requests` a look, the candidate gets `got`.

    Shapes: each item: (runs, 3).
    """

    def stream(runs: int, rng: np.random.Generator) -> Looks:
        for _ in range(looks):
            mine = rng.binomial(requests, got, runs)
            yield np.stack((requests - mine, mine, np.full(runs, wanted)), axis=1)

    return stream


def cohorts(stable: float, mine: float, answers: int, looks: int) -> Stream:
    """Matured answers, and those without a label.

    Shapes: each item: (runs, 4).
    """

    def stream(runs: int, rng: np.random.Generator) -> Looks:
        for _ in range(looks):
            counts = rng.binomial(answers * STABLE, stable, runs), rng.binomial(answers, mine, runs)
            all_ = np.full(runs, answers * STABLE), np.full(runs, answers)
            yield np.stack((all_[0], counts[0], all_[1], counts[1]), axis=1).astype(np.float64)

    return stream


def classes(stable: Sequence[float], mine: Sequence[float], answers: int, looks: int) -> Stream:
    """Answers by class; the mix of the day swings between the classes for both alike.

    Shapes: each item: (runs, classes, 4).
    """

    def stream(runs: int, rng: np.random.Generator) -> Looks:
        for look in range(looks):
            swing = 1 + 0.3 * np.sin(2 * np.pi * look / looks + np.arange(len(stable)))
            theirs, ours = (
                swing * share / (swing * share).sum() for share in map(np.array, (stable, mine))
            )
            yield _two(
                rng.multinomial(answers * STABLE, theirs, runs),
                rng.multinomial(answers, ours, runs),
            )

    return stream


def edges(stable: Sequence[float], mine: Sequence[float], answers: int, looks: int) -> Stream:
    """Slow answers by edge, given the shares between two edges from fast to slow; main one first.

    Shapes: each item: (runs, edges, 4).
    """

    def slow(
        total: int, shares: Sequence[float], runs: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        kinds = rng.multinomial(total, [1 - sum(shares), *shares], runs)
        over: NDArray[np.int64] = kinds[:, :0:-1].cumsum(axis=1)[:, ::-1]
        middle = len(shares) // 2
        return over[:, [middle, *(k for k in range(len(shares)) if k != middle)]]

    def stream(runs: int, rng: np.random.Generator) -> Looks:
        for _ in range(looks):
            counts = slow(answers * STABLE, stable, runs, rng), slow(answers, mine, runs, rng)
            rows = _two(*counts)
            rows[..., 0], rows[..., 2] = answers * STABLE, answers
            yield rows

    return stream


def differing(share: float, pairs: int, looks: int) -> Stream:
    """Pairs, and those that differ.

    Shapes: each item: (runs, 2).
    """

    def stream(runs: int, rng: np.random.Generator) -> Looks:
        for _ in range(looks):
            differ = rng.binomial(pairs, share, runs)
            yield np.stack((np.full(runs, pairs), differ), axis=1).astype(np.float64)

    return stream


def bought(stable: float, mine: float, answers: int, looks: int) -> Stream:
    """Candidate's answers and conversions, and the same of stable: the roles of worth are swapped.

    Shapes: each item: (runs, 4).
    """

    def stream(runs: int, rng: np.random.Generator) -> Looks:
        for counts in cohorts(stable, mine, answers, looks)(runs, rng):
            yield counts[:, (2, 3, 0, 1)]

    return stream


def _two(stable: NDArray[np.int64], mine: NDArray[np.int64]) -> FloatArray:
    """Two tables as rows of tests of ratios, with their sums as totals."""
    rows = np.empty((*stable.shape, 4))
    rows[..., 0], rows[..., 1] = stable.sum(axis=1)[:, None], stable
    rows[..., 2], rows[..., 3] = mine.sum(axis=1)[:, None], mine
    return rows
