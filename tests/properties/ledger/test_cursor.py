"""Whatever the order of arrivals and of looks, windows add up to what one look would have seen."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_rows import answered, truth
from ledger_world import FullLedger, new_database
from sluice_ledger.postgres.store import PostgresLedger
from sluice_ledger.records import Label, Prediction
from sluice_ledger.store import SqliteLedger

STABLE, CANDIDATE = "churn-a", "churn-b"
LOOK = "look"
REOPEN = "reopen"
OUTCOME = st.sampled_from(["0", "1", None])


@st.composite
def histories(draw: st.DrawFn) -> list[Prediction | Label | str]:
    """Arrivals in any order, some of them repeated, with looks and restarts in between."""
    arrivals: list[Prediction | Label | str] = []
    for number in range(draw(st.integers(0, 8))):
        request = f"r{number}"
        said = {by: draw(OUTCOME) for by in (STABLE, CANDIDATE, "churn-c")}
        arrivals.extend(answered(request, by, text) for by, text in said.items() if text)
        if label := draw(OUTCOME):
            arrivals.append(truth(request, label))
    repeated = draw(st.lists(st.sampled_from(arrivals), max_size=5)) if arrivals else []
    looks = draw(st.lists(st.sampled_from([LOOK, REOPEN]), max_size=8))
    return draw(st.permutations([*arrivals, *repeated, *looks]))


def expected(history: list[Prediction | Label | str]) -> tuple[int, int, int, int]:
    """The same counts by a plain reading of the definitions."""
    said = {(p.request_id, p.revision): p.prediction for p in history if isinstance(p, Prediction)}
    labels = {one.request_id: one.label for one in history if isinstance(one, Label)}
    both = [r for r, by in said if by == STABLE and (r, CANDIDATE) in said]
    known = [
        (said[r, STABLE] == labels[r], said[r, CANDIDATE] == labels[r]) for r in both if r in labels
    ]
    worse, better = known.count((True, False)), known.count((False, True))
    return worse, len(known) - worse - better, better, len(both) - len(known)


def replayed(history: list[Prediction | Label | str], open_: Callable[[], FullLedger]) -> None:
    """Play it, and compare the sum of all windows with one look and with the definition."""
    ledger = open_()
    totals = [0, 0, 0]
    answers = [0, 0]
    cursor = arm_cursor = waiting = 0
    for event in [*history, LOOK]:
        if event == REOPEN:
            ledger.close()
            ledger = open_()
        elif isinstance(event, Prediction):
            ledger.append_predictions([event])
        elif isinstance(event, Label):
            ledger.append_labels([event])
        else:
            seen = ledger.paired_outcomes("churn", STABLE, CANDIDATE, cursor)
            totals = [totals[0] + seen.worse, totals[1] + seen.same, totals[2] + seen.better]
            arm = ledger.arm_outcomes("churn", CANDIDATE, arm_cursor)
            answers = [answers[0] + arm.total, answers[1] + arm.wrong]
            cursor, arm_cursor, waiting = seen.cursor, arm.cursor, seen.unlabelled
    whole = ledger.paired_outcomes("churn", STABLE, CANDIDATE, 0)
    whole_arm = ledger.arm_outcomes("churn", CANDIDATE, 0)
    ledger.close()

    assert (*totals, waiting) == expected(history)
    assert (whole.worse, whole.same, whole.better, whole.unlabelled) == expected(history)
    assert answers == [whole_arm.total, whole_arm.wrong]


@settings(max_examples=150, deadline=None)
@given(histories())
def test_windows_add_up_to_one_look_at_the_end(history):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        replayed(history, lambda: SqliteLedger(path))


@settings(max_examples=15, deadline=None)
@given(histories())
def test_windows_add_up_on_postgresql_as_well(history):
    url = new_database()
    replayed(history, lambda: PostgresLedger(url))
