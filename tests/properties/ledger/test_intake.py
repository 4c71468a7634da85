"""However arrivals are cut into commits, what commits sum up is what one reading would count."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from ledger_rows import answered, happened, truth
from sluice_ledger.arrival import Arrivals
from sluice_ledger.postgres.intake import (
    Answer,
    Happened,
    Intake,
    Key,
    Known,
    Pair,
    Present,
    Written,
)
from sluice_ledger.records import KpiEvent, Label, Prediction

Record = Prediction | Label | KpiEvent
REVISIONS = ("churn-a", "churn-b", "churn-c")
DAY = date(2026, 3, 1)
TICK = 7
SAID = st.sampled_from(["0", "1", None])


@st.composite
def commits(draw: st.DrawFn) -> list[list[Record]]:
    """Records in any order, some repeated or contradicted, cut into commits."""
    records: list[Record] = []
    for number in range(draw(st.integers(0, 5))):
        request = f"r{number}"
        for by in REVISIONS:
            if said := draw(SAID):
                mirrored = draw(st.booleans())
                records.append(answered(request, by, said, mirrored=mirrored))
        if label := draw(SAID):
            records.append(truth(request, label))
        if draw(st.booleans()):
            records.append(happened(f"e{number}", request, draw(st.sampled_from([1.0, 2.0]))))
    again = draw(st.lists(st.sampled_from(records), max_size=5)) if records else []
    order = draw(st.permutations([*records, *again]))
    cuts = sorted(draw(st.sets(st.integers(0, len(order)), max_size=6)))
    return [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]


def stored(known: Known, written: Written) -> None:
    """What a database would know after the commit, from its rows alone."""
    for _, p in written.predictions:
        answer = Answer(p.deployment, p.prediction, p.mirrored, DAY, TICK)
        known.answers.setdefault(Key(p.request_id, p.row), {})[p.revision] = answer
    for _, one in written.labels:
        known.labels[Key(one.request_id, one.row)] = one.label
    for _, e in written.events:
        event = Happened(Key(e.request_id, e.row), e.name, e.value)
        known.events[e.event_id] = event
        known.events_about.setdefault(event.key, []).append(event)


def copied(known: Known) -> Known:
    return Known(
        answers={key: dict(by) for key, by in known.answers.items()},
        labels=dict(known.labels),
        events=dict(known.events),
        events_about={key: list(events) for key, events in known.events_about.items()},
    )


def taken_in(history: list[list[Record]]) -> tuple[list[Written], Known, int]:
    known, last, done = Known(), 0, []
    for commit in history:
        intake = Intake(copied(known), Present(last, DAY, TICK))
        for one in commit:
            intake.take(
                Arrivals(
                    predictions=(one,) if isinstance(one, Prediction) else (),
                    labels=(one,) if isinstance(one, Label) else (),
                    events=(one,) if isinstance(one, KpiEvent) else (),
                )
            )
        last = intake.last
        done.append(intake.written)
        stored(known, intake.written)
    return done, known, last


@given(commits())
def test_pairs_and_arms_add_up_to_what_is_true_in_the_end(history):
    done, known, _ = taken_in(history)
    for first, second in (REVISIONS[:2], REVISIONS[1:], REVISIONS[::2]):
        pair = Pair("churn", first, second)
        both = [key for key, by in known.answers.items() if {first, second} <= by.keys()]
        outcomes = [
            (known.answers[key][second].prediction != known.labels[key])
            - (known.answers[key][first].prediction != known.labels[key])
            for key in both
            if key in known.labels
        ]
        for outcome in (-1, 0, 1):
            counted = sum(one.paired[pair, outcome] for one in done)
            assert counted == outcomes.count(outcome)
        waiting = sum(one.waiting[pair, DAY] for one in done)
        assert waiting == len(both) - len(outcomes)


@given(commits())
def test_events_add_up_for_each_revision_that_users_saw(history):
    done, known, _ = taken_in(history)
    for revision in REVISIONS:
        followed = [
            event.value
            for event in known.events.values()
            if (answer := known.answers.get(event.key, {}).get(revision)) and not answer.mirrored
        ]
        sums = [kpi for one in done for figure, kpi in one.kpis.items() if figure[1] == revision]
        assert sum(one.count for one in sums) == len(followed)
        assert sum(one.total for one in sums) == sum(followed)
        assert sum(one.squares for one in sums) == sum(value * value for value in followed)


@given(commits())
def test_numbers_follow_each_other_without_a_gap(history):
    done, _, last = taken_in(history)
    rows = [one.predictions + one.labels + one.events for one in done]
    numbers = sorted(number for commit in rows for number, _ in commit)
    assert numbers == list(range(1, last + 1))
