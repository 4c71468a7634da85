"""What gates are told about answers that have come of age."""

from collections.abc import Callable

import pytest
from ledger_rows import answered, happened, truth
from ledger_world import FullLedger, LedgerWorld
from sluice_ledger.records import CohortOutcomes, Due, KeyFigure, WorthOutcomes
from sluice_ledger.tick import TICK_SECONDS

STABLE, CANDIDATE = "churn-a", "churn-b"
HOUR = 3600.0
PURCHASE = KeyFigure(name="purchase")


def due(cursor: int = 0, revision: str = STABLE, maturity: float = HOUR) -> Due:
    return Due(deployment="churn", revision=revision, maturity_seconds=maturity, cursor=cursor)


def counts(found: CohortOutcomes) -> tuple[int, int, int]:
    return found.matured, found.labelled, found.wrong


def sums(found: WorthOutcomes) -> tuple[int, float, float]:
    return found.count, found.total, found.squares


def test_an_empty_ledger_has_nobody_of_age(ledger):
    assert counts(ledger.cohort_outcomes(due())) == (0, 0, 0)
    assert sums(ledger.worth_outcomes(due(), PURCHASE)) == (0, 0.0, 0.0)


def test_an_answer_is_counted_once_it_is_of_age_with_or_without_a_label(ledger, world):
    ledger.append_predictions([answered("r1"), answered("r2", said="0"), answered("r3")])
    ledger.append_labels([truth("r1"), truth("r2")])
    world.clock.turn(HOUR)
    young = ledger.cohort_outcomes(due())
    world.clock.turn(TICK_SECONDS)
    old = ledger.cohort_outcomes(due(young.cursor))

    assert counts(young) == (0, 0, 0)
    assert counts(old) == (3, 2, 1)
    assert counts(ledger.cohort_outcomes(due(old.cursor))) == (0, 0, 0)


def test_answers_that_no_user_saw_are_left_out(ledger, world):
    ledger.append_predictions([answered("r1", mirrored=True), answered("r2")])
    ledger.append_labels([truth("r1", "0"), truth("r2")])
    world.clock.turn(2 * HOUR)
    assert counts(ledger.cohort_outcomes(due())) == (1, 1, 0)


def test_other_revisions_and_deployments_are_counted_by_themselves(ledger, world):
    ledger.append_predictions([answered("r1"), answered("r2", CANDIDATE)])
    ledger.append_predictions([answered("r3", deployment="fraud")])
    world.clock.turn(2 * HOUR)
    assert counts(ledger.cohort_outcomes(due())) == (1, 0, 0)
    assert counts(ledger.cohort_outcomes(due(revision=CANDIDATE))) == (1, 0, 0)


def test_a_label_that_comes_after_its_answer_was_counted_changes_nothing(ledger, world):
    ledger.append_predictions([answered("r1"), answered("r2")])
    world.clock.turn(2 * HOUR)
    first = ledger.cohort_outcomes(due())
    ledger.append_labels([truth("r1")])
    world.clock.turn(HOUR)

    assert counts(first) == (2, 0, 0)
    assert counts(ledger.cohort_outcomes(due(first.cursor))) == (0, 0, 0)


def test_whether_a_label_was_in_time_does_not_depend_on_when_one_asks(ledger, world):
    ledger.append_predictions([answered("in time"), answered("too late")])
    world.clock.turn(HOUR)
    ledger.append_labels([truth("in time")])
    world.clock.turn(TICK_SECONDS)
    at_once = ledger.cohort_outcomes(due())
    ledger.append_labels([truth("too late")])
    world.clock.turn(50 * HOUR)

    assert counts(at_once) == counts(ledger.cohort_outcomes(due())) == (2, 1, 0)
    assert counts(ledger.cohort_outcomes(due(maturity=2 * HOUR))) == (2, 2, 0)


def test_an_answer_that_arrives_late_comes_of_age_late_and_is_counted_once(ledger, world):
    ledger.append_predictions([answered("on time", at=world.clock.now)])
    given = world.clock.now
    world.clock.turn(3 * HOUR)
    first = ledger.cohort_outcomes(due())
    ledger.append_predictions([answered("from a spool", at=given)])
    ledger.append_labels([truth("from a spool")])
    second = ledger.cohort_outcomes(due(first.cursor))
    world.clock.turn(2 * HOUR)
    third = ledger.cohort_outcomes(due(second.cursor))

    assert [counts(one) for one in (first, second, third)] == [(1, 0, 0), (0, 0, 0), (1, 1, 0)]


def test_a_label_that_came_before_its_answer_counts_with_it(ledger, world):
    ledger.append_labels([truth("r1", "0")])
    world.clock.turn(HOUR)
    ledger.append_predictions([answered("r1")])
    world.clock.turn(2 * HOUR)
    assert counts(ledger.cohort_outcomes(due())) == (1, 1, 1)


def test_the_cursor_of_now_leaves_out_what_came_before(ledger, world):
    ledger.append_predictions([answered("before")])
    world.clock.turn(TICK_SECONDS)
    now = ledger.present_tick()
    world.clock.turn(TICK_SECONDS)
    ledger.append_predictions([answered("after")])
    world.clock.turn(2 * HOUR)
    assert counts(ledger.cohort_outcomes(due(now))) == (1, 0, 0)


def test_a_cursor_never_goes_back(ledger, world):
    now = ledger.present_tick()
    assert ledger.cohort_outcomes(due(now)).cursor == now
    world.clock.turn(2 * HOUR)
    later = ledger.cohort_outcomes(due(now))
    assert later.cursor > now
    assert ledger.cohort_outcomes(due(later.cursor, maturity=9 * HOUR)).cursor == later.cursor


def test_a_clock_that_goes_back_counts_nothing_twice(ledger, world):
    ledger.append_predictions([answered("r1")])
    world.clock.turn(2 * HOUR)
    first = ledger.cohort_outcomes(due())
    world.clock.turn(-HOUR)
    ledger.append_predictions([answered("r2")])
    ledger.append_labels([truth("r1"), truth("r2")])
    world.clock.turn(3 * HOUR)
    assert counts(first) == (1, 0, 0)
    assert counts(ledger.cohort_outcomes(due(first.cursor))) == (1, 1, 0)


def test_windows_of_any_looks_add_up(world, ledger):
    whole: list[CohortOutcomes] = []
    worth: list[WorthOutcomes] = []
    for number in range(30):
        request = f"r{number}"
        ledger.append_predictions([answered(request, said=str(number % 2))])
        if number > 3:
            ledger.append_labels([truth(f"r{number - 3}")])
            ledger.append_events([happened(f"e{number}", f"r{number - 4}", number / 7)])
        if number % 4 == 0:
            since = whole[-1].cursor if whole else 0
            whole.append(ledger.cohort_outcomes(due(since, maturity=45.0)))
            worth.append(ledger.worth_outcomes(due(since, maturity=45.0), PURCHASE))
        world.clock.turn(7.0)
    world.clock.turn(HOUR)
    last = whole[-1].cursor
    whole.append(ledger.cohort_outcomes(due(last, maturity=45.0)))
    worth.append(ledger.worth_outcomes(due(last, maturity=45.0), PURCHASE))

    at_once = ledger.cohort_outcomes(due(maturity=45.0))
    assert tuple(map(sum, zip(*map(counts, whole), strict=True))) == counts(at_once)
    assert at_once.matured == 30
    assert 20 < at_once.labelled < 30
    added = tuple(map(sum, zip(*map(sums, worth), strict=True)))
    assert added == pytest.approx(sums(ledger.worth_outcomes(due(maturity=45.0), PURCHASE)))


def test_an_answer_is_worth_the_sum_of_its_events(ledger, world):
    ledger.append_predictions([answered("r1"), answered("r2"), answered("r3")])
    ledger.append_events([happened("e1", "r1", 2.0), happened("e2", "r1", 3.0)])
    ledger.append_events([happened("e3", "r2", -1.0), happened("e4", "r2", 9.0, "complaint")])
    ledger.append_events([happened("e1", "r1", 2.0), happened("e5", "nobody", 4.0)])
    world.clock.turn(2 * HOUR)
    assert sums(ledger.worth_outcomes(due(), PURCHASE)) == (3, 4.0, 26.0)


def test_bounds_cut_what_each_answer_is_worth(ledger, world):
    ledger.append_predictions([answered("r1"), answered("r2"), answered("r3")])
    ledger.append_events([happened("e1", "r1", 2.0), happened("e2", "r1", 30.0)])
    ledger.append_events([happened("e3", "r2", -7.0)])
    world.clock.turn(2 * HOUR)

    def cut(lowest: float | None = None, highest: float | None = None) -> tuple[int, float, float]:
        figure = KeyFigure(name="purchase", lowest=lowest, highest=highest)
        return sums(ledger.worth_outcomes(due(), figure))

    assert cut(0.0, 10.0) == (3, 10.0, 100.0)
    assert cut(lowest=1.0) == (3, 34.0, 1026.0)
    assert cut(highest=-1.0) == (3, -9.0, 51.0)


def test_an_event_after_its_answer_was_counted_changes_nothing(ledger, world):
    ledger.append_predictions([answered("r1")])
    ledger.append_events([happened("in time", "r1", 2.0)])
    world.clock.turn(2 * HOUR)
    ledger.append_events([happened("too late", "r1", 5.0)])
    assert sums(ledger.worth_outcomes(due(), PURCHASE)) == (1, 2.0, 4.0)
    world.clock.turn(3 * HOUR)
    assert sums(ledger.worth_outcomes(due(maturity=4 * HOUR), PURCHASE)) == (1, 7.0, 49.0)


def test_an_event_that_came_before_its_answer_is_of_its_worth(ledger, world):
    ledger.append_events([happened("e1", "r1", 2.0), happened("e2", "r2", 5.0)])
    ledger.append_predictions([answered("r1"), answered("r2", mirrored=True)])
    ledger.append_events([happened("e3", "r1", 1.0)])
    world.clock.turn(2 * HOUR)
    assert sums(ledger.worth_outcomes(due(), PURCHASE)) == (1, 3.0, 9.0)


def test_tenths_of_many_events_add_up_without_a_trace(ledger, world):
    ledger.append_predictions([answered("r1")])
    for number in range(30):
        ledger.append_events([happened(f"e{number}", "r1", 0.1)])
    world.clock.turn(2 * HOUR)
    assert sums(ledger.worth_outcomes(due(), PURCHASE)) == pytest.approx((1, 3.0, 9.0), abs=1e-9)


@pytest.fixture
def reopened(world: LedgerWorld) -> Callable[[FullLedger], FullLedger]:
    def again(ledger: FullLedger) -> FullLedger:
        ledger.close()
        return world.open()

    return again


def test_age_survives_a_restart(ledger, world, reopened):
    ledger.append_predictions([answered("r1"), answered("r2")])
    world.clock.turn(HOUR / 2)
    ledger = reopened(ledger)
    ledger.append_labels([truth("r1", "0")])
    world.clock.turn(HOUR)
    ledger = reopened(ledger)
    assert counts(ledger.cohort_outcomes(due())) == (2, 1, 1)
    ledger.close()
