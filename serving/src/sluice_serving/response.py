"""From an answer to a V2 response."""

from typing import Any

from mlserver.types import (
    Datatype,
    InferenceResponse,
    MetadataTensor,
    Parameters,
    ResponseOutput,
    TensorData,
)
from sluice_package.contract import Contract
from sluice_package.schema import ColumnType

from sluice_serving.predictor import Answer, Predictor

PREDICTION = "prediction"
CONFIDENCE = "confidence"
_DATATYPES = {
    ColumnType.INTEGER: Datatype.INT64,
    ColumnType.FLOAT: Datatype.FP64,
    ColumnType.STRING: Datatype.BYTES,
    ColumnType.BOOLEAN: Datatype.BOOL,
    ColumnType.TIMESTAMP: Datatype.BYTES,
}


def response_of(answer: Answer, model_name: str, datatype: str) -> InferenceResponse:
    """The outputs `prediction` and, where there is one, `confidence`."""
    predictions = answer.predictions
    if datatype == "BYTES":
        predictions = [str(value).encode() for value in predictions]
    outputs = [_output(PREDICTION, datatype, predictions)]
    if answer.confidences is not None:
        outputs.append(_output(CONFIDENCE, "FP64", answer.confidences))
    return InferenceResponse.model_construct(model_name=model_name, outputs=outputs)


def _output(name: str, datatype: str, values: list[Any]) -> ResponseOutput:
    # built without validation: every part of it was made here
    data = TensorData.model_construct(root=values)
    return ResponseOutput.model_construct(
        name=name, shape=[len(values)], datatype=datatype, data=data
    )


def input_metadata(contract: Contract) -> list[MetadataTensor]:
    """The inputs, as `GET /v2/models/<name>` tells them."""
    return [
        MetadataTensor(name=column.name, datatype=_DATATYPES[column.type], shape=[-1])
        for column in contract.input.columns
    ]


def output_metadata(predictor: Predictor) -> list[MetadataTensor]:
    """The outputs, as `GET /v2/models/<name>` tells them."""
    outputs = [MetadataTensor(name=PREDICTION, datatype=Datatype(predictor.datatype), shape=[-1])]
    if predictor.gives_confidence:
        outputs.append(MetadataTensor(name=CONFIDENCE, datatype=Datatype.FP64, shape=[-1]))
    return outputs


def response_parameters(**values: str) -> Parameters:
    """Parameters of a response; those that are empty are left out."""
    return Parameters(**{name: value for name, value in values.items() if value})
