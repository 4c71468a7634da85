"""Two corrections of seldon-core 1.17, made once when the component is made.

Over gRPC the wrapper answers every failure with UNKNOWN, which tells clients nothing, and hides the
metadata of the request from the component. And its metrics are those of the wrapper's processes
only, although the model, and with it what counts, is in the worker.
"""

from collections.abc import Callable
from typing import Any

from google.protobuf import json_format
from grpc import ServicerContext, StatusCode
from seldon_core.metrics import SeldonMetrics
from seldon_core.proto.prediction_pb2 import SeldonMessage
from seldon_core.wrapper import SeldonModelGRPC

from sluice_serving_v1.error import AnswerError


def correct_seldon_core(worker_metrics: Callable[[], str]) -> None:
    """Map failures to gRPC's status codes, and add the worker's metrics to the wrapper's."""
    assert hasattr(SeldonModelGRPC, "Predict"), "seldon-core answers gRPC elsewhere; see here"
    SeldonModelGRPC.Predict = predict
    wrapper_metrics = SeldonMetrics.generate_metrics

    def generate_metrics(metrics: SeldonMetrics) -> tuple[str, str]:
        text, kind = wrapper_metrics(metrics)
        return text + worker_metrics(), kind

    SeldonMetrics.generate_metrics = generate_metrics


def predict(servicer: Any, message: Any, context: ServicerContext) -> Any:
    """Answer one gRPC request, for each of the services of a component."""
    headers = {str(key): str(value) for key, value in context.invocation_metadata()}
    try:
        answer = servicer.user_model.answer(json_format.MessageToDict(message), headers)
    except AnswerError as refused:
        context.abort(StatusCode[refused.grpc_status], str(refused))
    return json_format.ParseDict(answer, SeldonMessage())
