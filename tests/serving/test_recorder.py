import itertools
import threading

import pytest
from eventually import eventually
from sluice_ledger.spool import Spool
from sluice_serving.metric import DROPPED, SPOOL_ERRORS, LedgerMetrics
from sluice_serving.predictor import Answer
from sluice_serving.recorder import FLUSH_SECONDS, Answered, Recorder, Source

revisions = (f"r{number}" for number in itertools.count())


@pytest.fixture
def revision():
    return next(revisions)


def recorder(spool, revision, **options):
    metrics = LedgerMetrics("loans", revision)
    return Recorder(spool, Source(deployment="loans", revision=revision), metrics, **options)


def answered(request_id, rows=1):
    answer = Answer(predictions=[1] * rows, confidences=[0.75] * rows)
    return Answered(str(request_id), mirrored=False, answer=answer, at=1000.5)


def spooled(spool):
    """Every prediction on disk, in order."""
    spool.seal()
    return [p for segment in spool.segments() for p in spool.read(segment).predictions]


def count_of(counter, revision):
    return counter.labels("loans", revision)._value.get()


def test_an_answer_is_in_the_spool_row_by_row(tmp_path, revision):
    spool = Spool(tmp_path)
    running = recorder(spool, revision)
    running.start()
    answer = Answer(predictions=["no", 2.0], confidences=None)
    running.record(Answered("a", mirrored=True, answer=answer, at=3.5))
    assert running.close(within=5)
    first, second = spooled(spool)
    assert (first.request_id, first.row, first.prediction) == ("a", 0, "no")
    assert (second.row, second.prediction, second.confidence) == (1, "2", None)
    assert (first.deployment, first.revision, first.mirrored, first.at) == (
        "loans",
        revision,
        True,
        3.5,
    )


def test_an_answer_reaches_the_disk_without_being_asked(tmp_path, revision):
    spool = Spool(tmp_path)
    running = recorder(spool, revision)
    running.start()
    running.record(answered("a"))
    eventually(lambda: running.waiting == 0, within=5)
    assert [p.request_id for p in spooled(spool)] == ["a"]
    running.close(within=5)


def test_answers_that_come_faster_than_the_disk_takes_them_all_wait_for_it(tmp_path, revision):
    spool = Spool(tmp_path)
    running = recorder(spool, revision)
    running.start()
    for number in range(6000):
        running.record(answered(number))
    assert running.close(within=30)
    assert [p.request_id for p in spooled(spool)] == [str(number) for number in range(6000)]
    assert count_of(DROPPED, revision) == 0


def test_recording_goes_on_while_the_disk_stands_still(revision):
    writing, moves = threading.Event(), threading.Event()

    class Still:
        def write(self, predictions):
            writing.set()
            moves.wait()
            return len(list(predictions))

    running = recorder(Still(), revision)
    running.start()
    running.record(answered("first"))
    assert writing.wait(30)
    rest = threading.Thread(target=lambda: [running.record(answered(n)) for n in range(2000)])
    rest.start()
    rest.join(timeout=30)
    assert not rest.is_alive(), "a request waits for the disk"
    moves.set()
    assert running.close(within=30)


def test_a_full_queue_drops_the_newest_and_counts_them(tmp_path, revision):
    spool = Spool(tmp_path)
    running = recorder(spool, revision, queue_rows=10)
    running.record(answered("a", rows=8))
    running.record(answered("b", rows=3))
    running.record(answered("c", rows=2))
    assert running.waiting == 10
    assert count_of(DROPPED, revision) == 3
    running.start()
    assert running.close(within=5)
    assert {p.request_id for p in spooled(spool)} == {"a", "c"}


def test_a_spool_that_fails_for_a_while_loses_nothing(tmp_path, revision):
    (tmp_path / "spool").write_text("a file where a folder should be")
    spool = Spool(tmp_path / "spool")
    running = recorder(spool, revision)
    running.start()
    running.record(answered("a"))
    eventually(lambda: count_of(SPOOL_ERRORS, revision) >= 1, within=5)
    running.record(answered("b"))
    (tmp_path / "spool").unlink()
    eventually(lambda: running.waiting == 0, within=5)
    assert [p.request_id for p in spooled(spool)] == ["a", "b"]
    assert count_of(DROPPED, revision) == 0
    running.close(within=5)


def test_what_cannot_be_spooled_at_the_end_is_counted(tmp_path, revision):
    (tmp_path / "spool").write_text("a file where a folder should be")
    running = recorder(Spool(tmp_path / "spool"), revision)
    running.start()
    running.record(answered("a", rows=4))
    assert running.close(within=5)
    assert count_of(DROPPED, revision) == 4


def test_an_answer_that_no_spool_can_hold_does_not_stop_the_others(tmp_path, revision):
    class Picky(Spool):
        def write(self, predictions):
            if any(p.request_id == "poison" for p in predictions):
                raise ValueError("cannot be written")
            return super().write(predictions)

    spool = Picky(tmp_path)
    running = recorder(spool, revision)
    running.start()
    running.record(answered("poison"))
    eventually(lambda: count_of(DROPPED, revision) == 1, within=5)
    running.record(answered("a"))
    assert running.close(within=5)
    assert [p.request_id for p in spooled(spool)] == ["a"]


def test_an_answer_after_the_end_is_counted_as_dropped(tmp_path, revision):
    running = recorder(Spool(tmp_path), revision)
    running.start()
    assert running.close(within=5)
    running.record(answered("late"))
    assert count_of(DROPPED, revision) == 1


def test_the_flush_interval_bounds_what_a_kill_can_take():
    assert FLUSH_SECONDS <= 0.1
