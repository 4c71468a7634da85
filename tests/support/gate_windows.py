"""Windows of counts, as the judge is given them."""

from collections.abc import Sequence

from hypothesis import strategies as st
from sluice_operator.model import Arm, Cohort, Moments, Pairs, Table, Window

Slow = tuple[tuple[int, ...], int]
"""Slow answers by edge, and all answers."""


def arms(*, stable: tuple[int, int], candidate: tuple[int, int]) -> Window:
    """Bad of total of both revisions: `arms(stable=(3, 1200), candidate=(4, 133))`."""
    return Window(
        gate="errors",
        stable=Arm(bad=stable[0], total=stable[1]),
        candidate=Arm(bad=candidate[0], total=candidate[1]),
    )


def pairs(worse: int, same: int, better: int, unlabelled: int = 0) -> Window:
    """Labelled pairs of one window."""
    counts = Pairs(worse=worse, same=same, better=better, unlabelled=unlabelled)
    return Window(gate="accuracy", pairs=counts)


def outage() -> Window:
    """A window whose source was down."""
    return Window(gate="errors", error="connection refused")


def some_arm(most: int = 500) -> st.SearchStrategy[Arm]:
    """Counts that can be true, none included."""
    totals = st.integers(0, most)
    return totals.flatmap(
        lambda total: st.integers(0, total).map(lambda bad: Arm(total=total, bad=bad))
    )


def some_arms(most: int = 500) -> st.SearchStrategy[Window]:
    """One window of counts per revision."""
    return st.builds(
        lambda stable, candidate: Window(gate="errors", stable=stable, candidate=candidate),
        some_arm(most),
        some_arm(most),
    )


def some_pairs(most: int = 60) -> st.SearchStrategy[Window]:
    """One window of pairs."""
    count = st.integers(0, most)
    return st.builds(pairs, count, count, count)


def table(names: str, stable: tuple[int, ...], candidate: tuple[int, ...]) -> Window:
    """Answers by class, one letter each; every answer has one: `table("ab", (90, 10), (8, 2))`."""
    return Window(
        gate="predictions",
        stable=Arm(total=sum(stable), bad=0),
        candidate=Arm(total=sum(candidate), bad=0),
        table=Table(names=tuple(names), stable=stable, candidate=candidate),
    )


def edges(names: str, stable: Slow, candidate: Slow) -> Window:
    """Slow answers by edge and total: `edges("mhl", stable=((3, 1, 9), 100), candidate=...)`."""
    return Window(
        gate="latency",
        stable=Arm(bad=stable[0][0], total=stable[1]),
        candidate=Arm(bad=candidate[0][0], total=candidate[1]),
        table=Table(names=tuple(names), stable=stable[0], candidate=candidate[0]),
    )


def bins(counts: dict[str, int], shares: dict[str, float]) -> Window:
    """Rows by `field|bin`, beside the shares of the profile."""
    return Window(
        gate="drift",
        table=Table(
            names=tuple(shares),
            stable=(0,) * len(shares),
            candidate=tuple(counts.get(name, 0) for name in shares),
            shares=tuple(shares.values()),
        ),
    )


def split(stable: int, candidate: int, share: int | None) -> Window:
    """Requests of both, and what the candidate was given in percent."""
    return Window(
        gate="split",
        stable=Arm(total=stable, bad=0),
        candidate=Arm(total=candidate, bad=0),
        share=share,
    )


def cohorts(*, stable: tuple[int, int], candidate: tuple[int, int], wrong: int = 0) -> Window:
    """Labelled of matured of both; `wrong` of those that are labelled, on either side."""
    return Window(
        gate="labels",
        stable=Arm(total=stable[0], bad=wrong),
        candidate=Arm(total=candidate[0], bad=wrong),
        coverage=(
            Cohort(labelled=stable[0], matured=stable[1], wrong=wrong),
            Cohort(labelled=candidate[0], matured=candidate[1], wrong=wrong),
        ),
    )


def worth(stable: Sequence[float], candidate: Sequence[float]) -> Window:
    """What each answer was worth, of both."""
    one, other = (
        Moments(count=len(each), total=float(sum(each)), squares=float(sum(v * v for v in each)))
        for each in (stable, candidate)
    )
    return Window(gate="kpi", worth=(one, other))


def some_tables(names: str = "abcd", most: int = 60) -> st.SearchStrategy[Window]:
    """One window of classes, some of which have no answer."""
    column = st.tuples(*(st.integers(0, most) for _ in names))
    return st.builds(lambda stable, mine: table(names, stable, mine), column, column)


def some_edges(most: int = 60) -> st.SearchStrategy[Window]:
    """One window of slow answers at three edges, the main one in the middle."""
    counts = st.tuples(*(st.integers(0, most) for _ in range(4)))

    def built(stable: tuple[int, ...], mine: tuple[int, ...]) -> Window:
        return edges("mhl", _nested(stable), _nested(mine))

    return st.builds(built, counts, counts)


def _nested(kinds: tuple[int, ...]) -> Slow:
    """Answers by how slow they were, as counts over three edges."""
    fast, low, main, high = kinds
    return (main + high, high, low + main + high), fast + low + main + high


def some_bins(most: int = 60) -> st.SearchStrategy[Window]:
    """One window of rows in the bins of two fields."""
    shares = {"age|1": 0.7, "age|2": 0.296, "age|3": 0.004, "city|b": 0.4, "city|s": 0.6}
    counts = st.fixed_dictionaries({name: st.integers(0, most) for name in shares})
    return counts.map(lambda counted: bins(counted, shares))


def some_splits(most: int = 500) -> st.SearchStrategy[Window]:
    """One window of requests, at a share that may be unknown."""
    count = st.integers(0, most)
    return st.builds(split, count, count, st.sampled_from([None, 5, 10, 50]))


def some_cohorts(most: int = 200) -> st.SearchStrategy[Window]:
    """One window of matured answers."""
    arm = some_arm(most).map(lambda one: (one.bad, one.total))
    return st.builds(lambda stable, mine: cohorts(stable=stable, candidate=mine), arm, arm)


def some_worth(most: int = 20) -> st.SearchStrategy[Window]:
    """One window of answers that are worth up to 10 each."""
    answers = st.lists(st.sampled_from([0.0, 0.0, 0.0, 2.5, 10.0]), max_size=most)
    return st.builds(worth, answers, answers)
