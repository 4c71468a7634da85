"""Builders of what a ledger keeps."""

from sluice_ledger.records import KpiEvent, Label, Prediction


def answered(
    request: str, by: str = "churn-a", said: str = "1", row: int = 0, **other: object
) -> Prediction:
    """One answer of a revision."""
    fields: dict[str, object] = {
        "request_id": request,
        "row": row,
        "deployment": "churn",
        "revision": by,
        "prediction": said,
        "confidence": 0.9,
        "mirrored": False,
        "at": 1000.0,
    }
    return Prediction(**{**fields, **other})  # type: ignore[arg-type]


def truth(request: str, label: str = "1", row: int = 0, at: float = 2000.0) -> Label:
    """What was true about one row."""
    return Label(request_id=request, row=row, label=label, at=at)


def happened(
    event: str, request: str, value: float = 1.0, name: str = "purchase", row: int = 0
) -> KpiEvent:
    """Something of worth that followed an answer."""
    return KpiEvent(event_id=event, request_id=request, row=row, name=name, value=value, at=3000.0)
