"""How a new model stands against the one in charge."""

import pickle
from pathlib import Path

import pytest
from sluice_components.evaluate.champion import Exam, compare_with
from sluice_components.evaluate.scored import class_texts
from sluice_components.evaluation import Standing
from sluice_components.example import inputs_of, truth_of
from sluice_components.project.rule import Champion, Metric
from sluice_package.contract import Contract
from sluice_package.profile import profile_frame
from sluice_package.schema import Column, ColumnType, Schema
from sluice_package.seal import seal
from training_rows import FEATURES, TARGET, estimator, fitted, trips

RULE = Champion(metric=Metric.ACCURACY, margin=0.05, confidence=0.95)
GUESS = estimator("dummy.DummyClassifier", strategy="prior")


def sealed(folder: Path, model: object, columns=("distance", "hour", "carrier")) -> Path:
    """A package around a model, with just enough in it to be verified and loaded."""
    types = {"carrier": ColumnType.STRING}
    schema = Schema(
        columns=tuple(
            Column(name=name, type=types.get(name, ColumnType.FLOAT), nullable=True)
            for name in columns
        )
    )
    contract = Contract(input=schema, target=TARGET, classes=("0", "1"))
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    rows = trips().rename(columns={"id": "weight"})
    rows[TARGET] = rows[TARGET].astype("str")
    profile = profile_frame(rows, contract.profiled)
    seal(folder, contract=contract, profile=profile, lineage={}, metrics={}, card="card")
    return folder


def exam(learner=None) -> Exam:
    """A model trained on some trips, before 2000 others."""
    frame = trips(2000, seed=9)
    return Exam(
        model=fitted(trips(1500), learner).model,
        frame=frame,
        inputs=inputs_of(frame, FEATURES.names),
        truth=class_texts(truth_of(frame, TARGET)),
    )


def test_without_a_rule_nothing_is_compared():
    assert compare_with(None, None, exam(), 7).standing is Standing.NOT_ASKED


def test_without_a_champion_there_is_nothing_to_lose_against():
    comparison = compare_with(None, RULE, exam(), 7)
    assert comparison.standing is Standing.NO_CHAMPION
    assert comparison.passed
    assert "no champion yet" in comparison.reason


# who always says yes has perfect recall: nobody beats that
@pytest.mark.parametrize("metric", [m for m in Metric if m is not Metric.RECALL], ids=str)
def test_a_model_that_beats_the_champion_passes_in_every_metric(tmp_path, metric):
    champion = sealed(tmp_path / "champion", fitted(trips(300), GUESS).model)
    rule = RULE.model_copy(update={"metric": metric})
    comparison = compare_with(champion, rule, exam(), 7)
    assert comparison.standing is Standing.NOT_WORSE
    assert comparison.difference > 0
    assert comparison.low > -rule.margin


def test_a_worse_model_is_not_proven_to_be_as_good(tmp_path):
    champion = sealed(tmp_path / "champion", fitted(trips(1500)).model)
    comparison = compare_with(champion, RULE, exam(GUESS), 7)
    assert comparison.standing is Standing.NOT_PROVEN
    assert not comparison.passed
    assert comparison.low < -RULE.margin
    assert "widen `champion.margin`" in comparison.reason


def test_the_same_model_passes_with_a_margin_and_not_without(tmp_path):
    champion = sealed(tmp_path / "champion", fitted(trips(1500)).model)
    assert compare_with(champion, RULE, exam(), 7).passed
    strict = RULE.model_copy(update={"margin": 0.0})
    assert not compare_with(champion, strict, exam(), 7).passed


def test_a_champion_that_needs_another_column_is_not_comparable(tmp_path):
    champion = sealed(
        tmp_path / "champion", fitted(trips()).model, ("distance", "hour", "carrier", "weight")
    )
    comparison = compare_with(champion, RULE, exam(), 7)
    assert comparison.standing is Standing.NOT_COMPARABLE
    assert not comparison.passed
    assert "needs the column 'weight'" in comparison.reason


def test_a_champion_that_was_changed_is_never_unpickled(tmp_path):
    champion = sealed(tmp_path / "champion", fitted(trips()).model)
    (champion / "model.pkl").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    comparison = compare_with(champion, RULE, exam(), 7)
    assert comparison.standing is Standing.NOT_COMPARABLE
    assert "model.pkl" in comparison.reason
