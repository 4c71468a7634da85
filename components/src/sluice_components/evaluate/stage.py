"""Measures a model on the hold-out, judges it by the rules, and writes down what was found."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from sluice_components.errors import ModelError, SourceError
from sluice_components.evaluate.acceptance import outcome_of
from sluice_components.evaluate.breakdown import slice_by
from sluice_components.evaluate.champion import Exam, compare_with
from sluice_components.evaluate.curve import calibration, class_reports, roc_curves
from sluice_components.evaluate.importance import importance_metric, importances
from sluice_components.evaluate.metric import confusion_table, measure_all
from sluice_components.evaluate.report import html_report, markdown_verdict
from sluice_components.evaluate.scored import Scored, class_texts, classes_of, score
from sluice_components.evaluate.unseen import refuse_seen_rows
from sluice_components.evaluation import Evaluation
from sluice_components.example import Examples, inputs_of, read_examples, truth_of
from sluice_components.project.rule import Acceptance, Champion
from sluice_components.registry import folder_at

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What the project wants to know about a model."""

    target: str
    features: tuple[str, ...]
    acceptance: tuple[Acceptance, ...] = ()
    champion: Champion | None = None
    slices: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    seed: int = 0


def evaluate(
    model: Any, train: Examples, holdout: Examples, demands: Demands, champion: Path | None = None
) -> Evaluation:
    """Everything that the hold-out says about the model; equal arguments give equal findings.

    Args:
        model: The fitted pipeline.
        train: The rows that it was trained on; only their digest is used here.
        holdout: The rows that it is measured on.
        demands: What is asked.
        champion: Package of the model in charge; None if there is none.

    Raises:
        SourceError: The hold-out is empty or lacks a column.
        ModelError: The model refuses the hold-out.
    """
    frame = holdout.frame
    _refuse_incomplete(frame, demands)
    inputs = inputs_of(frame, demands.features)
    truth = class_texts(truth_of(frame, demands.target))
    exam = Exam(model=model, frame=frame, inputs=inputs, truth=truth)
    scored = _scored(exam)
    metrics = measure_all(scored)
    return Evaluation(
        rows=scored.rows,
        holdout_digest=holdout.digest,
        training_digest=train.digest,
        classes=scored.classes,
        metrics=metrics,
        per_class=class_reports(scored),
        confusion=tuple(tuple(row) for row in confusion_table(scored).tolist()),
        roc=roc_curves(scored),
        calibration=calibration(scored),
        importances=importances(model, inputs, scored, demands.seed),
        importance_metric=importance_metric(scored),
        slices=tuple(slice_by(name, frame[name], scored) for name in demands.slices),
        protected=tuple(slice_by(name, frame[name], scored) for name in demands.protected),
        acceptance=tuple(outcome_of(rule, metrics) for rule in demands.acceptance),
        champion=compare_with(champion, demands.champion, exam, demands.seed),
        answers=scored.answers,
    )


def evaluate_plain(
    paths: Mapping[str, str], demands: Plain, trained_on: str, champion: str, title: str
) -> Evaluation:
    """`evaluate` with its arguments as a pipeline hands them over; writes the three documents.

    Args:
        paths: Of `model`, `train` and `holdout`, and of `evaluation`, `report` and `verdict`, which
            are written.
        demands: Fields of `Demands`, as plain values.
        trained_on: Digest of the table that the model says it was trained on.
        champion: Source of the champion's package in the registry; empty if there is none.
        title: Heading of the report.
    """
    train, holdout = read_examples(paths["train"]), read_examples(paths["holdout"])
    refuse_seen_rows(train, holdout, trained_on)
    model = pickle.loads(Path(paths["model"]).read_bytes())  # noqa: S301 - made by `train`
    wanted = TypeAdapter(Demands).validate_python(demands)
    found = evaluate(model, train, holdout, wanted, folder_at(champion) if champion else None)
    Path(paths["evaluation"]).write_text(found.model_dump_json(indent=1), encoding="utf-8")
    Path(paths["report"]).write_text(html_report(found, title), encoding="utf-8")
    Path(paths["verdict"]).write_text(markdown_verdict(found), encoding="utf-8")
    return found


def _scored(exam: Exam) -> Scored:
    try:
        return score(exam.model, exam.inputs, exam.truth, classes_of(exam.model, exam.truth))
    except ValueError as wrong:
        raise ModelError(
            f"hold-out: the model refuses it: {wrong}; if it meets categories that training did "
            "not have, set `features.unseen: ignore` or hold out other rows"
        ) from wrong


def _refuse_incomplete(frame: pd.DataFrame, demands: Demands) -> None:
    if frame.empty:
        raise SourceError("hold-out: it has no rows; change `split` or `window`")
    wanted = (*demands.features, demands.target, *demands.slices, *demands.protected)
    absent = [name for name in wanted if name not in frame.columns]
    if absent:
        raise SourceError(
            f"hold-out: no column {absent[0]!r}; add it to `schema` and to the source, or take it "
            "out of the project"
        )
