"""What Kubeflow's UI can draw itself, from an evaluation."""

from typing import Protocol

from sluice_components.evaluation import Evaluation, RocCurve, scalars


class MetricsSink(Protocol):
    """What a `Metrics` artifact takes."""

    def log_metric(self, metric: str, value: float) -> None:
        """Add one scalar."""
        ...


class PlotSink(Protocol):
    """What a `ClassificationMetrics` artifact takes."""

    def log_confusion_matrix(self, categories: list[str], matrix: list[list[int]]) -> None:
        """Set the table of truth against answer."""
        ...

    def log_roc_curve(self, fpr: list[float], tpr: list[float], threshold: list[float]) -> None:
        """Set the curve."""
        ...


def show_metrics(found: Evaluation, sink: MetricsSink) -> None:
    """Every metric as a scalar, in a length that people can read."""
    for name, value in scalars(found.metrics).items():
        sink.log_metric(name, value)


def show_plots(found: Evaluation, sink: PlotSink) -> None:
    """The confusion matrix, and the one curve that the UI has room for."""
    sink.log_confusion_matrix(list(found.classes), [list(row) for row in found.confusion])
    if len(found.roc) == 1:
        curve: RocCurve = found.roc[0]
        sink.log_roc_curve(
            list(curve.false_positive_rate),
            list(curve.true_positive_rate),
            list(curve.thresholds),
        )
