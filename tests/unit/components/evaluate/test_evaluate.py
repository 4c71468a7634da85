"""The stage as a whole, on two and on three classes."""

import re
from pathlib import Path

import pandas as pd
import pytest
from sluice_components.dataset import write_frame
from sluice_components.errors import LeakageError, ModelError, SourceError
from sluice_components.evaluate.report import html_report, markdown_verdict
from sluice_components.evaluate.show import show_metrics, show_plots
from sluice_components.evaluate.stage import Demands, evaluate, evaluate_plain
from sluice_components.evaluation import Evaluation, Standing
from sluice_components.project.model import as_parameter
from sluice_components.project.rule import Acceptance, Metric
from sluice_components.project.section import Features
from sluice_components.train.stage import train_plain
from training_projects import wine_rows
from training_rows import FEATURES, TARGET, estimator, examples, fitted, refusing, trips

DEMANDS = Demands(
    target=TARGET,
    features=FEATURES.names,
    acceptance=(Acceptance(metric=Metric.ROC_AUC, minimum=0.6),),
    slices=("carrier",),
    protected=("carrier",),
    seed=7,
)
TRAIN, HOLDOUT = trips(600), trips(400, seed=9)


def evaluation(model=None, demands: Demands = DEMANDS, holdout: pd.DataFrame = HOLDOUT):
    """What the hold-out says about a model."""
    model = model or fitted(TRAIN).model
    return evaluate(model, examples(TRAIN), examples(holdout), demands)


def wines() -> tuple[object, pd.DataFrame, Demands]:
    """A model of three growers, wines that it has not seen, and what is asked."""
    rows = wine_rows().sample(frac=1, random_state=3).astype({"grower": object})
    features = Features(numeric=tuple(name for name in rows.columns if name != "grower"))
    train, holdout = rows.iloc[:120], rows.iloc[120:]
    model = fitted(train, features=features, target="grower").model
    return model, holdout, Demands(target="grower", features=features.names, seed=7)


def test_an_evaluation_survives_being_written_and_read():
    found = evaluation()
    assert Evaluation.model_validate_json(found.model_dump_json()) == found


def test_equal_arguments_give_equal_findings():
    assert evaluation() == evaluation()


def test_a_model_that_meets_its_rules_is_accepted():
    found = evaluation()
    assert found.accepted
    assert found.refusals == ()
    assert found.champion.standing is Standing.NOT_ASKED


def test_a_model_that_fails_a_rule_is_not_accepted_and_the_rule_is_named():
    strict = (Acceptance(metric=Metric.BRIER, maximum=0.01),)
    found = evaluation(demands=Demands(target=TARGET, features=FEATURES.names, acceptance=strict))
    assert not found.accepted
    assert re.fullmatch(r"brier <= 0\.01: 0\.\d+ is above 0\.01", found.refusals[0])


def test_three_classes_are_evaluated_like_two():
    model, holdout, demands = wines()
    found = evaluate(model, examples(holdout), examples(holdout), demands)
    assert found.classes == ("alba", "bruno", "carlo")
    assert len(found.confusion) == len(found.roc) == 3
    assert found.metrics["roc_auc"] > 0.95


def test_a_class_that_training_never_had_counts_as_wrong():
    model, holdout, demands = wines()
    strange = holdout.assign(grower="dora")
    found = evaluate(model, examples(holdout), examples(strange), demands)
    assert found.classes[-1] == "dora"
    assert found.metrics["accuracy"] == 0


def test_a_model_without_probabilities_has_no_brier_score_and_fails_a_rule_on_it():
    model = fitted(TRAIN, estimator("svm.LinearSVC")).model
    rule = (Acceptance(metric=Metric.BRIER, maximum=0.5),)
    demands = Demands(target=TARGET, features=FEATURES.names, acceptance=rule)
    found = evaluation(model, demands)
    assert "brier" not in found.metrics
    assert found.metrics["roc_auc"] > 0.6
    assert "states no probabilities" in found.refusals[0]


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(SourceError, match="no column 'hour'"):
        evaluation(holdout=HOLDOUT.drop(columns="hour"))


def test_an_empty_holdout_is_refused():
    with pytest.raises(SourceError, match="no rows"):
        evaluation(holdout=HOLDOUT.iloc[:0])


def test_a_category_that_the_model_refuses_is_told_with_the_way_out():
    model = fitted(TRAIN, features=refusing()).model
    with pytest.raises(ModelError, match=r"(?s)ZZ.*features\.unseen: ignore"):
        evaluation(model, holdout=HOLDOUT.assign(carrier="ZZ"))


def test_the_report_needs_nothing_from_outside():
    page = html_report(evaluation(), "late & later")
    assert "<title>late &amp; later</title>" in page
    assert page.count("<svg") == 6
    assert not re.search(r"(?:src|href)=[\"']https?:", page)
    assert "<script" not in page


def test_the_report_of_a_class_with_markup_in_its_name_is_still_a_page():
    rows = TRAIN.assign(**{TARGET: TRAIN[TARGET].map({0: "<on time>", 1: "late"})})
    model = fitted(rows).model
    held = HOLDOUT.assign(**{TARGET: HOLDOUT[TARGET].map({0: "<on time>", 1: "late"})})
    page = html_report(evaluation(model, holdout=held), "title")
    assert "<on time>" not in page


def test_the_verdict_lists_every_rule():
    text = markdown_verdict(evaluation())
    assert "**Accepted: every rule is met**" in text
    assert re.search(r"\| roc_auc >= 0\.6 \| 0\.\d{4} \| yes \|", text)


def test_kubeflow_is_shown_the_metrics_the_matrix_and_the_curve():
    found, sink = evaluation(), Sink()
    show_metrics(found, sink)
    show_plots(found, sink)
    assert sink.scalars.keys() == found.metrics.keys()
    assert sum(map(sum, sink.matrix)) == len(HOLDOUT)
    assert len(sink.curve) == 3


def test_the_stage_writes_findings_report_and_verdict(tmp_path):
    found = run(tmp_path, TRAIN, HOLDOUT)
    written = Evaluation.model_validate_json((tmp_path / "evaluation").read_bytes())
    assert written == found
    assert "<svg" in (tmp_path / "report").read_text()
    assert "Accepted" in (tmp_path / "verdict").read_text()


def test_rows_that_were_trained_on_are_refused(tmp_path):
    leaky = pd.concat([HOLDOUT, TRAIN.iloc[[3]]])
    with pytest.raises(LeakageError, match="1 of 401 rows were trained on"):
        run(tmp_path, TRAIN, leaky)


def test_another_training_table_than_the_models_is_refused(tmp_path):
    with pytest.raises(LeakageError, match="was trained on sha256:0000"):
        run(tmp_path, TRAIN, HOLDOUT, trained_on="sha256:" + "0" * 64)


class Sink:
    """Takes what Kubeflow's artifacts take."""

    def __init__(self) -> None:
        self.scalars: dict[str, float] = {}
        self.matrix: list[list[int]] = []
        self.curve: tuple[list[float], ...] = ()

    def log_metric(self, metric: str, value: float) -> None:
        self.scalars[metric] = value

    def log_confusion_matrix(self, categories: list[str], matrix: list[list[int]]) -> None:
        assert len(categories) == len(matrix)
        self.matrix = matrix

    def log_roc_curve(self, fpr: list[float], tpr: list[float], threshold: list[float]) -> None:
        self.curve = (fpr, tpr, threshold)


def run(folder: Path, train: pd.DataFrame, holdout: pd.DataFrame, trained_on: str = ""):
    """Train and evaluate from files, as the pipeline does."""
    write_frame(train, folder / "train")
    write_frame(holdout, folder / "holdout")
    plan = {
        "features": as_parameter(FEATURES),
        "target": TARGET,
        "estimator": as_parameter(estimator()),
        "seed": 7,
    }
    facts = train_plain(str(folder / "train"), plan, str(folder / "model"))
    names = ("model", "train", "holdout", "evaluation", "report", "verdict")
    demands = {
        "target": TARGET,
        "features": list(FEATURES.names),
        "acceptance": [{"metric": "roc_auc", "minimum": 0.6}],
    }
    paths = {name: str(folder / name) for name in names}
    return evaluate_plain(paths, demands, trained_on or facts["training_digest"], "", "Trips")
