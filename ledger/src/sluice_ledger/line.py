"""A prediction as one line of JSON, and back."""

import json

from sluice_ledger.records import Prediction


def line_of(prediction: Prediction) -> bytes:
    """The record as a line that ends in a newline, without which it counts as torn."""
    fields = {
        "request_id": prediction.request_id,
        "row": prediction.row,
        "deployment": prediction.deployment,
        "revision": prediction.revision,
        "prediction": prediction.prediction,
        "confidence": prediction.confidence,
        "mirrored": prediction.mirrored,
        "at": prediction.at,
    }
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def prediction_of(line: bytes) -> Prediction:
    """The record of one line.

    Raises:
        ValueError: The line is not JSON, or not a prediction.
    """
    fields = json.loads(line)
    if not isinstance(fields, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one error for every broken line
    try:
        return Prediction(**fields)
    except TypeError as wrong:
        raise ValueError(str(wrong)) from wrong
