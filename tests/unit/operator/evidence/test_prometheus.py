"""Single stories of counting with Prometheus; the properties tell the long ones."""

from datetime import timedelta

import pytest
from prometheus_asking import Scraped, ask, counts, question, source_on
from prometheus_fleet import CANDIDATE, STABLE
from sluice_operator.evidence.family import (
    RUNTIME,
    SELDON_V1,
    SELDON_V2,
    SELDON_V2_OWN_SERVERS,
)
from sluice_operator.evidence.prometheus import query_of


@pytest.fixture
def story() -> Scraped:
    """Both revisions are scraped from the first second on."""
    story = Scraped()
    story.both(1, stable=1000, candidate=10)
    story.go(2)
    return story


def test_counting_starts_at_the_newest_scrape_of_both(story):
    window = ask(source_on(story.memory))
    assert counts(window) == ((0, 0), (0, 0))
    assert window.cursor.startswith(str(story.at(1)))


def test_a_window_ends_where_both_revisions_were_scraped(story):
    source = source_on(story.memory)
    begin = ask(source).cursor
    story.scrape(6, STABLE, c200=1040, c500=2)
    story.go(7)
    assert counts(ask(source, cursor=begin)) == ((0, 0), (0, 0))
    story.scrape(6.5, CANDIDATE, c200=12)
    window = ask(source, cursor=begin)
    assert counts(window) == ((42, 2), (0, 0))
    story.both(11, stable=1040, candidate=13)
    story.go(11)
    assert counts(ask(source, cursor=window.cursor)) == ((0, 0), (3, 0))


def test_without_a_new_scrape_the_cursor_stays(story):
    source = source_on(story.memory)
    begin = ask(source).cursor
    story.go(20)
    window = ask(source, cursor=begin)
    assert (counts(window), window.cursor) == (((0, 0), (0, 0)), begin)


def test_the_first_scrape_of_a_new_pod_is_counted_though_it_became_visible_late(story):
    """It began before the cursor and ended after it; the cursor could not know of it."""
    source = source_on(story.memory)
    begin = ask(source).cursor
    story.scrape(5, CANDIDATE, took=4, pod="slow", c200=7)
    story.both(6, stable=1010, candidate=11)
    story.go(7)
    second = ask(source, cursor=begin)
    assert counts(second) == ((10, 0), (1, 0))
    story.both(11, stable=1020, candidate=12)
    story.scrape(11, CANDIDATE, pod="slow", c200=9)
    story.go(12)
    third = ask(source, cursor=second.cursor)
    assert counts(third) == ((10, 0), (10, 0))
    assert counts(ask(source_on(story.memory), cursor=second.cursor)) == counts(third)
    story.both(16, stable=1030, candidate=13)
    story.scrape(16, CANDIDATE, pod="slow", c200=10)
    story.go(17)
    assert counts(ask(source, cursor=third.cursor)) == ((10, 0), (2, 0))


def test_a_pod_that_was_silent_for_long_goes_on_where_it_stood(story):
    source = source_on(story.memory)
    story.scrape(1, CANDIDATE, pod="lost", c200=500, c500=3)
    cursor = ask(source).cursor
    for second in range(6, 200, 5):
        story.both(second, stable=1000 + second, candidate=10 + second)
        story.go(second + 1)
        cursor = ask(source, cursor=cursor).cursor
    story.scrape(201, CANDIDATE, pod="lost", c200=520, c500=4)
    story.both(201, stable=1201, candidate=211)
    story.go(202)
    window = ask(source, cursor=cursor)
    assert counts(window) == ((15, 0), (15 + 21, 1))


def test_a_restart_is_noticed_by_the_counter_that_fell_and_counts_for_all(story):
    source = source_on(story.memory)
    story.scrape(1, CANDIDATE, pod="1", c200=50, c500=2)
    begin = ask(source).cursor
    story.both(6, stable=1000, candidate=10)
    story.scrape(6, CANDIDATE, pod="1", c200=8, c500=5)
    story.go(7)
    assert counts(ask(source, cursor=begin)) == ((0, 0), (13, 5))


def test_a_code_that_a_restarted_pod_shows_again_begins_at_nothing(story):
    source = source_on(story.memory)
    story.scrape(1, CANDIDATE, pod="1", c200=50, c500=2)
    begin = ask(source).cursor
    story.scrape(6, CANDIDATE, pod="1", c200=8)
    story.scrape(11, CANDIDATE, pod="1", c200=9, c500=4)
    story.both(11, stable=1000, candidate=10)
    story.go(12)
    assert counts(ask(source, cursor=begin)) == ((0, 0), (9 + 4, 4))


def test_a_candidate_without_requests_is_awaited_from_before_its_first_one():
    story = Scraped()
    story.scrape(1, STABLE, c200=1000)
    story.go(2)
    source = source_on(story.memory)
    begin = ask(source)
    assert counts(begin) == ((0, 0), (0, 0))
    story.scrape(6, STABLE, c200=1010)
    story.go(7)
    waiting = ask(source, cursor=begin.cursor)
    assert waiting.error == (
        "Prometheus has no seldon_model_infer_total of churn-0000000b; has it had a request, and is"
        " it scraped?"
    )
    story.both(11, stable=1020, candidate=4)
    story.go(12)
    assert counts(ask(source, cursor=begin.cursor)) == ((20, 0), (4, 0))


def test_a_revision_that_is_no_longer_scraped_is_named_with_the_time(story):
    source = source_on(story.memory)
    begin = ask(source).cursor
    for second in range(6, 100, 5):
        story.scrape(second, STABLE, c200=1000)
    story.go(100)
    window = ask(source, cursor=begin)
    assert window.error == (
        "Prometheus has no seldon_model_infer_total of churn-0000000b since 08:00:01 UTC; is it"
        " still scraped?"
    )
    assert window.cursor == begin


def test_counts_of_one_revision_wait_for_the_other_while_it_is_not_scraped(story):
    """Both sides of a comparison are counted over the same time."""
    source = source_on(story.memory)
    cursor = ask(source).cursor
    for second in range(6, 60, 5):
        story.scrape(second, STABLE, c200=1000 + second)
        story.go(second + 1)
        window = ask(source, cursor=cursor)
        assert (counts(window), window.cursor) == (((0, 0), (0, 0)), cursor)
    story.both(61, stable=1061, candidate=40)
    story.go(62)
    assert counts(ask(source, cursor=cursor)) == ((61, 0), (30, 0))


def test_a_constant_needs_no_stable_revision(story):
    source = source_on(story.memory)
    begin = ask(source, comparison="Absolute", stable="churn-ffffffff").cursor
    story.both(6, stable=1000, candidate=30)
    story.go(7)
    window = ask(source, comparison="Absolute", stable="churn-ffffffff", cursor=begin)
    assert window.candidate
    assert (window.candidate.total, window.stable) == (20, None)


def test_one_revision_may_stand_on_both_sides(story):
    source = source_on(story.memory)
    begin = ask(source, candidate=STABLE).cursor
    story.both(6, stable=1007, candidate=10)
    story.go(7)
    assert counts(ask(source, candidate=STABLE, cursor=begin)) == ((7, 0), (7, 0))


def test_hours_are_caught_up_with_window_by_window(story):
    source = source_on(story.memory)
    cursor = ask(source).cursor
    hours = 15
    for step in range(1, hours * 60 + 1):
        story.both(step * 60, stable=1000 + step, candidate=10 + 2 * step)
    story.go(hours * 3600 + 1)
    found = []
    while True:
        window = ask(source, cursor=cursor)
        if window.cursor == cursor:
            break
        found.append(counts(window))
        cursor = window.cursor
    assert len(found) == 3
    assert sum(stable for (stable, _), _ in found) == hours * 60
    assert sum(candidate for _, (candidate, _) in found) == 2 * hours * 60


def test_hours_without_any_scrape_are_leapt_over(story):
    source = source_on(story.memory)
    cursor = ask(source).cursor
    late = 20 * 3600
    story.both(late, stable=1300, candidate=20)
    story.go(late + 1)
    assert counts(ask(source, cursor=cursor)) == ((300, 0), (10, 0))


def test_a_prometheus_that_has_forgotten_the_cursor_counts_from_now(story):
    cursor = f"{story.at(-86_400 * 3)}"
    window = ask(source_on(story.memory), cursor=cursor)
    assert counts(window) == ((0, 0), (0, 0))
    assert window.cursor.startswith(str(story.at(1)))


def test_counting_begins_only_once_every_old_process_must_have_been_scraped(story):
    source = source_on(story.memory, warm_seconds=90)
    story.both(40, stable=1000, candidate=10)
    story.go(41)
    cold = ask(source)
    assert cold.away
    assert cold.error == (
        "Prometheus has scraped seldon_model_infer_total for 39 s only; counting begins after 90 s"
    )
    story.both(91, stable=1000, candidate=10)
    story.go(92)
    assert not ask(source).error


def test_a_cursor_of_the_future_or_of_long_ago_counts_from_now(story):
    for seconds in (3600, -86_400 * 40):
        window = ask(source_on(story.memory), cursor=str(story.at(seconds)))
        assert window.cursor.startswith(str(story.at(1)))


def test_numbers_that_no_counter_has_are_an_error_and_never_counted(story):
    source = source_on(story.memory)
    begin = ask(source).cursor
    for odd in (float("nan"), float("inf"), -1, 2.5):
        story.scrape(6, CANDIDATE, c200=odd)
        story.go(7)
        window = ask(source_on(story.memory), cursor=begin)
        assert f"stands at {odd}, which no counter of requests does" in window.error.replace(
            "-1.0", "-1"
        )
        story.memory.series["seldon_model_infer_total"].popitem()
        story.scrape(1, CANDIDATE, c200=10)
    story.scrape(6, CANDIDATE, c200=float("nan"))
    story.both(11, stable=1000, candidate=15)
    story.go(12)
    assert counts(ask(source, cursor=begin)) == ((0, 0), (5, 0))


def buckets(story, second, family, counts):
    """What both revisions show of a histogram, by upper bound."""
    for revision in (STABLE, CANDIDATE):
        for le, value in counts.items():
            labels = {family.revision: revision, "le": le, "service": "predictions"}
            story.memory.add(family.metric, labels, story.at(second), value)


@pytest.mark.parametrize("dialect", [RUNTIME, SELDON_V1, SELDON_V2_OWN_SERVERS])
@pytest.mark.parametrize("edge", ["1", "1.0"])
def test_slow_answers_are_those_beyond_the_bucket(dialect, edge):
    story = Scraped()
    buckets(story, 1, dialect.seconds, {edge: 11, "2.5": 11, "+Inf": 11})
    buckets(story, 6, dialect.seconds, {edge: 16, "2.5": 18, "+Inf": 19})
    story.go(2)
    source = source_on(story.memory, dialect)
    latency = {"metric": "LatencyExceedance", "threshold": timedelta(seconds=1)}
    begin = ask(source, **latency).cursor
    story.go(7)
    assert counts(ask(source, cursor=begin, **latency)) == ((8, 3), (8, 3))


def test_a_threshold_that_is_no_edge_is_refused_with_the_nearest(story):
    buckets(story, 1, RUNTIME.seconds, {"0.1": 5, "0.25": 5, "0.5": 5, "+Inf": 5})
    latency = {"metric": "LatencyExceedance", "threshold": timedelta(milliseconds=300)}
    assert ask(source_on(story.memory), **latency).error == (
        "a threshold of 0.3 s is no edge of the buckets of sluice_request_seconds_bucket; nearest"
        " are 0.25 s and 0.5 s: set the gate's threshold to one of them"
    )


def test_a_latency_gate_without_threshold_waits_for_answers_by_which_to_choose_one(story):
    error = ask(source_on(story.memory), metric="LatencyExceedance").error
    assert error.startswith("there are no answers of stable by whose times an edge could be")


def test_a_metric_that_prometheus_cannot_know_is_an_error(story):
    assert "does not know Accuracy" in ask(source_on(story.memory), metric="Accuracy").error


def test_revisions_of_the_same_name_are_told_apart_by_namespace():
    story = Scraped()
    for namespace, count in (("one", 5), ("two", 70)):
        for second in (1, 6):
            for revision in (STABLE, CANDIDATE):
                labels = {"model_internal": f"{revision}_1", "code": "200", "namespace": namespace}
                story.memory.add(
                    "seldon_model_infer_total", labels, story.at(second), count * second
                )
    story.go(2)
    source = source_on(story.memory, labels={"namespace": "one"})
    begin = ask(source).cursor
    story.go(7)
    assert counts(ask(source, cursor=begin)) == ((25, 0), (25, 0))
    assert 'namespace="one"' in source.query_of(question())


def test_grpc_codes_that_http_knows_as_5xx_are_errors(story):
    source = source_on(story.memory)
    begin = ask(source).cursor
    codes = ("OK", "InvalidArgument", "Internal", "Unavailable", "DeadlineExceeded", "503", "422")
    for number, code in enumerate(codes):
        story.scrape(6, CANDIDATE, pod="g", **{f"c{code}": 10**number})
    story.both(6, stable=1000, candidate=10)
    story.go(7)
    assert counts(ask(source, cursor=begin)) == ((0, 0), (1_111_111, 111_100))


def test_names_that_mean_something_in_patterns_are_taken_literally(story):
    odd = 'a.b"c\\d'
    source = source_on(story.memory)
    assert ask(source, candidate=odd).cursor
    assert source.query_of(question(candidate=odd)).endswith(
        r'{model_internal=~"(a\\.b\\\"c\\\\d|churn-0000000a)_[0-9]+"})'
    )


def test_the_query_of_a_gate_shows_the_counters_that_are_read():
    assert query_of(question(), SELDON_V2, {}) == (
        "sum by (model_internal, code) (seldon_model_infer_total"
        '{model_internal=~"(churn-0000000a|churn-0000000b)_[0-9]+"})'
    )
    assert query_of(question(metric="Accuracy"), SELDON_V2, {}) == ""


def test_gates_that_ask_the_same_are_answered_by_the_same_queries(story):
    source = source_on(story.memory)
    cursor = ask(source).cursor
    story.memory.queries.clear()
    questions = tuple(question(gate=f"g{n}", cursor=cursor) for n in range(5))
    assert len(source.windows("churn", questions)) == 5
    assert len(story.memory.queries) == 1


def test_buckets_that_contradict_each_other_are_an_error(story):
    source = source_on(story.memory, RUNTIME)
    latency = {"metric": "LatencyExceedance", "threshold": timedelta(seconds=1)}
    buckets(story, 1, RUNTIME.seconds, {"1.0": 5, "+Inf": 5})
    begin = ask(source, **latency).cursor
    buckets(story, 6, RUNTIME.seconds, {"1.0": 9, "+Inf": 6})
    story.go(7)
    assert "contradicts itself: -3 bad requests of 1" in ask(source, cursor=begin, **latency).error


def test_a_counter_without_the_label_of_outcomes_is_an_error(story):
    for revision in (STABLE, CANDIDATE):
        labels = {"model_internal": f"{revision}_1"}
        story.memory.add("seldon_model_infer_total", labels, story.at(1), 3)
    assert ask(source_on(story.memory)).error == "seldon_model_infer_total lacks the label code"
