"""Slow answers, as Envoy's histograms tell them."""

from datetime import timedelta

import pytest
from sluice_operator.errors import WorldError
from sluice_operator.evidence.envoy import LAUNCH, Counters, EnvoyEvidence, slowness_of, stats_of
from sluice_operator.model import Arm, Question
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
