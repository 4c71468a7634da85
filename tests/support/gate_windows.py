"""Windows of counts, as the judge is given them."""

from hypothesis import strategies as st
from sluice_operator.model import Arm, Pairs, Window


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
