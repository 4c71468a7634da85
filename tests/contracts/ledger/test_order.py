"""Cursors are exact while many write: numbers are given in the order of commits, without gaps."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ledger_rows import answered, truth
from ledger_world import FullLedger, LedgerWorld

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
