from dataclasses import dataclass, field
from pathlib import Path

from sluice_ledger.store import SqliteLedger
from sluice_operator.api.v1alpha1 import Metric
from sluice_operator.evidence.envoy import EnvoyEvidence
from sluice_operator.evidence.ledger import LedgerEvidence
from sluice_operator.evidence.prometheus import PrometheusEvidence
from sluice_operator.evidence.routed import RoutedEvidence
from sluice_operator.model import Arm, Question, Window


@dataclass
class Scripted:
    """A source that says who was asked."""

    total: int
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def windows(self, name: str, questions: tuple[Question, ...]) -> tuple[Window, ...]:
        self.asked.append(tuple(question.gate for question in questions))
        arm = Arm(total=self.total, bad=0)
        return tuple(Window(gate=q.gate, cursor=name, stable=arm) for q in questions)


def question(gate: str, metric: str) -> Question:
    return Question(
        gate=gate, metric=metric, comparison="Relative", stable="a", candidate="b", cursor="c"
    )


def test_each_question_is_answered_by_the_source_of_its_metric_and_in_order():
    envoy, ledger = Scripted(total=1), Scripted(total=2)
    source = RoutedEvidence({"ErrorRate": envoy, "Accuracy": ledger})
    questions = (
        question("g1", "Accuracy"),
        question("g2", "ErrorRate"),
        question("g3", "Accuracy"),
    )

    answers = source.windows("churn", questions)

    assert [(answer.gate, answer.stable.total) for answer in answers] == [
        ("g1", 2),
        ("g2", 1),
        ("g3", 2),
    ]
    assert (envoy.asked, ledger.asked) == ([("g2",)], [("g1", "g3")])


def test_a_metric_without_source_is_an_error_that_names_those_there_are():
    source = RoutedEvidence({"ErrorRate": Scripted(total=1), "Accuracy": Scripted(total=2)})
    (answer,) = source.windows("churn", (question("g", "Latency"),))
    assert answer.error == "metric 'Latency' has no source here; known are Accuracy, ErrorRate"
    assert answer.cursor == "c"


def test_in_a_cluster_every_metric_is_counted_by_somebody_and_none_by_two():
    counted = (*PrometheusEvidence.METRICS, *LedgerEvidence.METRICS)
    assert sorted(counted) == sorted(Metric)


def test_on_a_laptop_two_metrics_are_counted_by_nobody():
    counted = {*EnvoyEvidence.METRICS, *LedgerEvidence.METRICS}
    assert set(Metric) - counted == {Metric.FEATURE_DRIFT, Metric.COUNTERS}


def test_no_questions_ask_nobody():
    envoy = Scripted(total=1)
    assert RoutedEvidence({"ErrorRate": envoy}).windows("churn", ()) == ()
    assert envoy.asked == []


def test_the_query_of_a_gate_is_that_of_its_source_if_it_has_one():
    ledger = LedgerEvidence(lambda: SqliteLedger(Path("nowhere")))
    source = RoutedEvidence({"ErrorRate": Scripted(total=1), "Accuracy": ledger})
    assert source.query_of(question("g1", "Accuracy")).startswith("ledger: ")
    assert source.query_of(question("g2", "ErrorRate")) == ""
    assert source.query_of(question("g3", "Latency")) == ""
