import json

from hypothesis import given
from hypothesis import strategies as st
from sluice_operator.evidence.envoy import (
    BAD,
    EXISTS,
    LAUNCH,
    TOTAL,
    Counters,
    EnvoyEvidence,
    counters_of,
    window_of,
)
from sluice_operator.model import Arm, Question, Window
from sluice_operator.serving.port import PortPool


def question(cursor: str = "") -> Question:
    return Question(
        gate="errors",
        metric="ErrorRate",
        comparison="Relative",
        stable="churn-a",
        candidate="churn-b",
        cursor=cursor,
    )


def counted(a: tuple[int, int], b: tuple[int, int], launch: str = "L1") -> Counters:
    arms = {"churn-a": Arm(total=a[0], bad=a[1]), "churn-b": Arm(total=b[0], bad=b[1])}
    return Counters(launch=launch, arms=arms)


def look(cursor: str, now: Counters) -> Window:
    return window_of(question(cursor), now)


def counts(window: Window) -> tuple:
    assert window.stable
    assert window.candidate
    return (
        (window.stable.total, window.stable.bad),
        (window.candidate.total, window.candidate.bad),
    )


def test_counting_starts_with_the_first_question():
    assert counts(look("", counted((1000, 7), (10, 1)))) == ((0, 0), (0, 0))


def test_a_window_holds_what_came_since_the_cursor():
    first = look("", counted((1000, 7), (10, 1)))
    second = look(first.cursor, counted((1100, 9), (22, 4)))
    assert counts(second) == ((100, 2), (12, 3))
    assert counts(look(second.cursor, counted((1100, 9), (22, 4)))) == ((0, 0), (0, 0))


def test_a_question_that_is_asked_again_gets_the_same_window():
    first = look("", counted((5, 0), (5, 0)))
    now = counted((9, 1), (6, 0))
    assert look(first.cursor, now) == look(first.cursor, now)


def test_after_a_new_launch_of_envoy_all_of_its_counts_are_new():
    before = look("", counted((1000, 7), (10, 1)))
    assert counts(look(before.cursor, counted((2000, 3), (30, 2), launch="L2"))) == (
        (2000, 3),
        (30, 2),
    )


def test_a_revision_whose_counters_began_anew_is_counted_from_there():
    before = look("", counted((1000, 7), (10, 1)))
    assert counts(look(before.cursor, counted((1010, 7), (4, 2)))) == ((10, 0), (4, 2))


def test_a_revision_that_envoy_does_not_know_is_an_error_that_keeps_the_cursor():
    now = Counters(launch="L1", arms={"churn-a": Arm(total=1, bad=0)})
    window = look("before", now)
    assert window.error == "Envoy has no counters for churn-b; is its server running?"
    assert window.cursor == "before"


def test_an_envoy_that_has_read_nothing_yet_is_an_error():
    assert "yet" in look("", counted((0, 0), (0, 0), launch="")).error


def test_a_cursor_of_something_else_starts_to_count_now():
    for cursor in (
        "17",
        "{}",
        "null",
        '{"launch": "L1"}',
        '{"launch": "L1", "counted": {"churn-a": 1}}',
    ):
        assert counts(look(cursor, counted((5, 1), (5, 1)))) == ((0, 0), (0, 0))


def test_counters_are_found_by_name_and_absent_ones_are_zero():
    stats = {
        LAUNCH: "L1",
        f"cluster.churn-a.{EXISTS}": 4,
        f"cluster.churn-a.{TOTAL}": 4,
        f"cluster.churn-a.{BAD}": 1,
        f"cluster.churn-b.{EXISTS}": 0,
        f"cluster.other.{EXISTS}": 9,
    }
    found = counters_of(stats, ["churn-a", "churn-b", "churn-c"])
    assert found == counted((4, 1), (0, 0))


GROWTH = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50)),
    max_size=12,
)


@given(GROWTH)
def test_windows_add_up_to_all_that_was_counted_even_if_bad_is_read_before_total(growth):
    """The counter of bad answers may be ahead of that of all answers at the moment of reading."""
    cursor = look("", counted((0, 0), (0, 0))).cursor
    totals = [0, 0, 0, 0]
    now = [0, 0, 0, 0]
    for step in growth:
        now = [a + b for a, b in zip(now, step, strict=True)]
        window = look(cursor, counted((now[0], now[1]), (now[2], now[3])))
        (a, bad_a), (b, bad_b) = counts(window)
        assert bad_a <= a
        assert bad_b <= b
        totals = [x + y for x, y in zip(totals, (a, bad_a, b, bad_b), strict=True)]
        cursor = window.cursor
    end = look(cursor, counted((now[0] + 10_000, now[1]), (now[2] + 10_000, now[3])))
    (a, bad_a), (b, bad_b) = counts(end)
    assert [totals[0] + a, totals[1] + bad_a] == [now[0] + 10_000, now[1]]
    assert [totals[2] + b, totals[3] + bad_b] == [now[2] + 10_000, now[3]]


def test_an_envoy_that_is_away_is_an_error_that_keeps_the_cursor():
    source = EnvoyEvidence(f"http://127.0.0.1:{PortPool().lend()}")
    cursor = json.dumps({"launch": "L1", "counted": {}})
    (window,) = source.windows("churn", (question(cursor),))
    assert "does not answer" in window.error
    assert window.cursor == cursor
    assert source.windows("churn", ()) == ()
    source.close()
