"""Cursors are exact while many write: numbers are given in the order of commits, without gaps."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ledger_rows import answered, truth
from ledger_world import FullLedger, LedgerWorld
from sluice_ledger.records import Due, KeyFigure

STABLE, CANDIDATE = "churn-a", "churn-b"
WRITERS = 4
BATCHES = 12
ROWS = 5


def write(ledger: FullLedger, writer: int) -> None:
    """Pairs in two batches and their labels in a third, so that every part is last sometimes."""
    for batch in range(BATCHES):
        names = [f"{writer}-{batch}-{number}" for number in range(ROWS)]
        parts: list[Callable[[], int]] = [
            lambda names=names: ledger.append_predictions([answered(n, STABLE) for n in names]),
            lambda names=names: ledger.append_predictions(
                [answered(n, CANDIDATE, "0") for n in names]
            ),
            lambda names=names: ledger.append_labels([truth(n) for n in names]),
        ]
        for part in parts[batch % 3 :] + parts[: batch % 3]:
            assert part() == ROWS


@contextmanager
def writers(world: LedgerWorld) -> Iterator[list[threading.Thread]]:
    ledgers = [world.open() for _ in range(WRITERS)]
    threads = [
        threading.Thread(target=write, args=(ledger, number))
        for number, ledger in enumerate(ledgers)
    ]
    for thread in threads:
        thread.start()
    yield threads
    for thread in threads:
        thread.join()
    for ledger in ledgers:
        ledger.close()


def test_windows_add_up_while_several_write(world):
    reader = world.open()
    cursor, worse, looks = 0, 0, 0
    with writers(world) as threads:
        while any(thread.is_alive() for thread in threads):
            window = reader.paired_outcomes("churn", STABLE, CANDIDATE, cursor)
            assert window.cursor >= cursor
            cursor, worse, looks = window.cursor, worse + window.worse, looks + 1
    worse += reader.paired_outcomes("churn", STABLE, CANDIDATE, cursor).worse
    whole = reader.paired_outcomes("churn", STABLE, CANDIDATE, 0)
    reader.close()

    assert looks > 1
    assert worse == whole.worse == WRITERS * BATCHES * ROWS
    assert whole.unlabelled == 0


def test_cohorts_worth_and_agreement_add_up_while_several_write_and_time_goes_on(world):
    """A look turns the clock on: whatever tick a commit is in, it is counted once."""
    reader = world.open()
    aged, since, matured, labelled, same, different = 0, 0, 0, 0, 0, 0
    with writers(world) as threads:
        while any(thread.is_alive() for thread in threads):
            world.clock.turn(7.0)
            cohort = reader.cohort_outcomes(due(aged))
            assert cohort.cursor >= aged
            aged, matured = cohort.cursor, matured + cohort.matured
            labelled += cohort.labelled
            pairs = reader.paired_predictions("churn", STABLE, CANDIDATE, since)
            since, same = pairs.cursor, same + pairs.same
            different += pairs.different
    world.clock.turn(3600.0)
    rest = reader.cohort_outcomes(due(aged))
    pairs = reader.paired_predictions("churn", STABLE, CANDIDATE, since)
    whole = reader.cohort_outcomes(due(0))
    worth = reader.worth_outcomes(due(0), KeyFigure(name="purchase"))
    reader.close()

    assert matured + rest.matured == whole.matured == worth.count == WRITERS * BATCHES * ROWS
    assert labelled + rest.labelled == whole.labelled <= whole.matured
    assert (same + pairs.same, different + pairs.different) == (0, WRITERS * BATCHES * ROWS)


def due(cursor: int) -> Due:
    return Due(deployment="churn", revision=CANDIDATE, maturity_seconds=15.0, cursor=cursor)


def test_numbers_have_no_gap_when_several_write(world):
    with writers(world):
        pass
    reader = world.open()
    assert world.size() == reader.last_arrival() == WRITERS * BATCHES * ROWS * 3
    reader.close()


def test_the_same_records_from_several_writers_are_kept_once(world):
    def hand_in(ledger: FullLedger, taken: list[int]) -> None:
        batches = ([answered(f"{batch}-{n}") for n in range(5)] for batch in range(10))
        taken.extend(ledger.append_predictions(batch) for batch in batches)

    ledgers, taken = [world.open() for _ in range(WRITERS)], []
    threads = [threading.Thread(target=hand_in, args=(ledger, taken)) for ledger in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(taken) == ledgers[0].last_arrival() == world.size() == 50
    for ledger in ledgers:
        ledger.close()
