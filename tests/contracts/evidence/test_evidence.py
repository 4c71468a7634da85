"""What every source of evidence promises to the gates."""

from dataclasses import replace

from eventually import eventually
from evidence_world import Ledgered
from sluice_operator.judge.evidence import Evidence
from sluice_operator.judge.hypothesis import Test
from sluice_operator.judge.update import update
from sluice_operator.model import Arm, Verdict, Window

NOTHING = Arm(total=0, bad=0)


def test_a_question_without_cursor_counts_from_now(world):
    for metric in ("ErrorRate", "LatencyExceedance"):
        world.serve(world.stable, good=3, bad=1)
        reader = Ledgered(world, metric)
        reader.begin()
        reader.expect(world.serve(world.candidate, good=2), world.serve(world.stable, good=1))


def test_every_request_is_counted_for_the_revision_that_answered(world, reader):
    reader.expect(
        world.serve(world.stable, good=6, bad=1),
        world.serve(world.candidate, good=4, bad=2, slow=1),
    )


def test_nothing_is_counted_twice_or_lost_from_window_to_window(world, reader):
    served = []
    for round_ in range(4):
        served.append(world.serve(world.stable, good=2, bad=round_ % 2))
        reader.read()
        served.append(world.serve(world.candidate, good=1 + round_, bad=1))
        reader.read()
        reader.read()
    reader.expect(*served)
    world.settle()
    cursor = reader.cursor
    assert all(reader.read().stable == NOTHING for _ in range(3))
    assert reader.ask(cursor=cursor).candidate == NOTHING


def test_the_same_question_gets_the_same_answer(world, reader):
    served = world.serve(world.stable, good=3, bad=1)
    world.settle()
    eventually(lambda: reader.ask().stable.total == served["total"], 30)
    first = reader.ask()
    assert all(reader.ask().stable == first.stable for _ in range(5))


def test_a_window_that_was_never_recorded_is_told_again_with_what_came_later(world, reader):
    first = world.serve(world.stable, good=3, bad=1)
    world.settle()
    reader.ask()
    second = world.serve(world.candidate, good=2, bad=1)
    reader.expect(first, second)


def test_a_source_that_is_away_is_an_error_and_catches_up(world, reader):
    before = world.serve(world.stable, good=4, bad=1)
    world.settle()
    world.take_away()
    lost = eventually(lambda: is_error(reader.read()))  # counts of before may still be shared
    assert lost.away
    assert (lost.stable, lost.candidate, lost.cursor) == (None, None, reader.cursor)
    world.bring_back()
    reader.expect(before, world.serve(world.candidate, good=2))


def is_error(window):
    return window if window.error else None


def test_counters_that_begin_anew_are_counted_on(world, reader):
    before = (
        world.serve(world.stable, good=5, bad=2, slow=1),
        world.serve(world.candidate, good=4),
    )
    reader.expect(*before)
    world.forget()
    reader.expect(
        *before, world.serve(world.stable, good=2, bad=1), world.serve(world.candidate, good=1)
    )


def test_a_revision_that_nobody_knows_has_no_counts(world, reader):
    world.serve(world.stable, good=2)
    world.settle()
    window = reader.ask(candidate="churn-ffffffff")
    assert window.candidate in {None, NOTHING}
    assert bool(window.error) == (window.candidate is None)
    if window.error:
        assert "churn-ffffffff" in window.error
        assert not window.away
        assert window.cursor == reader.cursor


def test_answers_come_in_the_order_of_the_questions(world, reader):
    questions = tuple(
        replace(reader.question(), gate=f"gate-{number}", cursor=cursor)
        for number, cursor in enumerate((reader.cursor, "", reader.cursor, ""))
    )
    windows = world.source.windows("churn", questions)
    assert [window.gate for window in windows] == ["gate-0", "gate-1", "gate-2", "gate-3"]
    assert world.source.windows("churn", ()) == ()


def test_the_cursor_of_another_source_counts_from_now(world, reader):
    world.serve(world.candidate, bad=2)
    world.settle()
    for cursor in ("17", "{}", "no cursor", "3,4"):
        window = reader.ask(cursor=cursor)
        assert not window.error
        assert (window.stable, window.candidate) == (NOTHING, NOTHING)


def test_a_slow_candidate_is_proven_harmful_by_its_latency_alone(world):
    gates = {
        "ErrorRate": Test(metric="ErrorRate", margin=1.5),
        "LatencyExceedance": Test(metric="LatencyExceedance over 250ms", margin=1.5),
    }
    readers = {metric: Ledgered(world, metric) for metric in gates}
    for reader in readers.values():
        reader.begin()
    served = (world.serve(world.stable, good=40), world.serve(world.candidate, good=4, slow=12))
    for metric, reader in readers.items():
        reader.expect(*served)
        window = Window(
            gate=metric, stable=reader.told[world.stable], candidate=reader.told[world.candidate]
        )
        evidence = update(gates[metric], Evidence(), window)
        assert (evidence.verdict is Verdict.HARM) == (metric == "LatencyExceedance")
