"""Slow answers, as Envoy's histograms tell them."""

from datetime import timedelta

import pytest
from sluice_operator.errors import WorldError
from sluice_operator.evidence.envoy import (
    LAUNCH,
    Counters,
    EnvoyEvidence,
    slowness_of,
    stats_of,
    window_in,
)
from sluice_operator.model import Arm, Question, Table, Window
from sluice_operator.serving.port import PortPool


def histogram(revision: str, **cumulative: int) -> dict[str, object]:
    buckets = [
        {"upper_bound": float(edge[1:]), "interval": 0, "cumulative": count}
        for edge, count in cumulative.items()
    ]
    return {"name": f"cluster.{revision}.upstream_rq_time", "buckets": buckets}


def answer(*histograms: dict[str, object]) -> dict[str, object]:
    counters = [
        {"name": LAUNCH, "value": "L1"},
        {"name": "cluster.churn-a.upstream_rq_total", "value": 12},
        {"name": "cluster.churn-b.upstream_rq_total", "value": 0},
    ]
    return {"stats": [*counters, {"histograms": list(histograms)}]}


STATS = stats_of(answer(histogram("churn-a", _100=5, _250=9, _10000=12)))


def test_what_is_beyond_the_edge_was_slow_and_a_revision_without_answers_has_none():
    assert slowness_of(STATS, ["churn-a", "churn-b", "churn-c"], 0.25) == Counters(
        launch="L1", arms={"churn-a": Arm(total=12, bad=3), "churn-b": Arm(total=0, bad=0)}
    )


def test_a_threshold_between_two_edges_is_refused_with_both():
    with pytest.raises(WorldError, match=r"0.2 s is no edge .* nearest are 0.1 s and 0.25 s"):
        slowness_of(STATS, ["churn-a"], 0.2)


def test_a_threshold_beyond_all_edges_is_refused_with_the_last():
    with pytest.raises(WorldError, match="nearest are 10 s:"):
        slowness_of(STATS, ["churn-a"], 60)


def test_before_the_first_answer_any_threshold_may_turn_out_right():
    assert slowness_of(stats_of(answer()), ["churn-b"], 0.2).arms == {
        "churn-b": Arm(total=0, bad=0)
    }


@pytest.mark.parametrize(
    ("metric", "counters"),
    [
        ("ErrorRate", "(upstream_rq_completed|upstream_rq_5xx)"),
        ("LatencyExceedance", "upstream_rq_time"),
        ("SampleRatio", "upstream_rq_completed"),
    ],
)
def test_the_query_of_a_gate_is_a_path_of_envoys_admin(metric, counters):
    source = EnvoyEvidence(f"http://127.0.0.1:{PortPool().lend()}")
    question = Question(
        gate="g",
        metric=metric,
        comparison="Relative",
        stable="churn-a",
        candidate="churn-b",
        threshold=timedelta(seconds=1),
    )
    path = source.query_of(question)
    assert path.startswith("/stats?histogram_buckets=cumulative&filter=^cluster")
    assert path.endswith(rf"\.(churn-a|churn-b)\.{counters}$")
    source.close()


def latency(cursor: str = "") -> Question:
    return Question(
        gate="g",
        metric="LatencyExceedance",
        comparison="Relative",
        stable="churn-a",
        candidate="churn-b",
        cursor=cursor,
    )


def told(cursor: str, a: tuple[int, ...], b: tuple[int, ...]) -> Window:
    """Answers not above 50, 100, 250 and 500 ms, and all of them."""
    names = ("_50", "_100", "_250", "_500", "_10000")
    both = (
        histogram(revision, **dict(zip(names, counts, strict=True)))
        for revision, counts in (("churn-a", a), ("churn-b", b))
    )
    return window_in(latency(cursor), stats_of(answer(*both)))


NONE = (0,) * 5


def test_without_a_threshold_edges_near_the_slowest_hundredth_of_stable_are_kept():
    first = told("", (800, 900, 990, 1000, 1000), NONE)
    second = told(first.cursor, (800, 900, 990, 1000, 1010), (3, 3, 5, 9, 10))
    third = told(second.cursor, (800, 900, 990, 1000, 1010), (3, 3, 5, 9, 12))

    assert first.table == Table(
        names=("0.25", "0.1", "0.5", "0.05", "10"), stable=NONE, candidate=NONE
    )
    assert second.stable == Arm(total=10, bad=10)
    assert second.candidate == Arm(total=10, bad=5)
    assert second.table
    assert second.table.names == first.table.names
    assert second.table.stable == (10, 10, 10, 10, 0)
    assert second.table.candidate == (5, 7, 1, 7, 0)
    assert third.candidate == Arm(total=2, bad=2)
    assert third.table
    assert third.table.candidate == (2, 2, 2, 2, 0)


def test_a_new_launch_begins_at_nothing_at_every_edge():
    first = told("", (800, 900, 990, 1000, 1000), (50, 50, 50, 60, 70))
    anew = told(first.cursor.replace("L1", "L0"), (1, 1, 2, 2, 2), (0, 0, 3, 4, 4))
    assert anew.candidate == Arm(total=4, bad=1)
    assert anew.table
    assert anew.table.candidate == (1, 4, 0, 4, 0)


def test_without_answers_of_stable_there_is_no_edge_yet():
    window = told("", NONE, NONE)
    assert "no answers of stable" in window.error
    assert window.cursor == ""


def test_a_cursor_whose_counts_do_not_fit_its_edges_counts_from_now():
    odd = '{"launch":"L1","counted":{"churn-a":[5,1],"churn-b":[5,1]},"edges":[0.25,0.1]}'
    window = told(odd, (800, 900, 990, 1000, 1000), NONE)
    assert not window.error
    assert window.stable == Arm(total=0, bad=0)
