"""The Kubeflow face of evaluate."""

from typing import Any

from kfp import dsl
from kfp.dsl import (
    HTML,
    Artifact,
    ClassificationMetrics,
    Dataset,
    Input,
    Markdown,
    Metrics,
    Model,
    Output,
)

from sluice_components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)  # type: ignore[untyped-decorator]
def evaluate(
    model: Input[Model],
    train: Input[Dataset],
    holdout: Input[Dataset],
    demands: dict[str, Any],
    champion: str,
    title: str,
    evaluation: Output[Artifact],
    metrics: Output[Metrics],
    classification: Output[ClassificationMetrics],
    report: Output[HTML],
    verdict: Output[Markdown],
) -> bool:
    """Measure the model on rows it has never seen; whether every acceptance rule is met."""
    from sluice_components.evaluate.show import show_metrics, show_plots
    from sluice_components.evaluate.stage import evaluate_plain

    paths = {
        "model": model.path,
        "train": train.path,
        "holdout": holdout.path,
        "evaluation": evaluation.path,
        "report": report.path,
        "verdict": verdict.path,
    }
    found = evaluate_plain(paths, demands, model.metadata["training_digest"], champion, title)
    show_metrics(found, metrics)
    show_plots(found, classification)
    return bool(found.accepted)
