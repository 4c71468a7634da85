"""The one class that `seldon-core-microservice` loads; it asks the worker for every answer."""

import logging
import os
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from flask import request

from sluice_serving_v1.client import WorkerClient
from sluice_serving_v1.correction import correct_seldon_core
from sluice_serving_v1.error import AnswerError
from sluice_serving_v1.leash import die_with_parents
from sluice_serving_v1.message import Message, message_of, request_of

REQUEST_ID = "x-request-id"
MIRROR = "x-sluice-mirror"
PUID = "seldon-puid"
"""The id that Seldon's executor gives to requests without one; a mirrored copy gets another."""


class SluiceComponent:
    """One revision of one deployment, behind Seldon's protocol."""

    def __init__(self) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)  # a line per request says nothing new
        self._worker = WorkerClient.of_environment(os.environ)
        correct_seldon_core(self._worker.metrics)
        die_with_parents()

    def predict_raw(self, message: object) -> Message:
        """The answer to a message over REST; a failure is a message with its HTTP status."""
        try:
            return self.answer(message, request.headers)
        except AnswerError as refused:
            return {"status": _status(refused)}

    def answer(self, message: object, headers: Mapping[str, str]) -> Message:
        """The answer to a message over REST or gRPC.

        Raises:
            AnswerError: There is none.
        """
        asked = request_of(message, self._datatypes)
        assert isinstance(message, dict)
        return message_of(message, self._worker.infer(asked, _forwarded(headers)))

    def init_metadata(self) -> Message:
        """What Seldon tells of this model on `/metadata`."""
        model = self._worker.metadata()
        columns = [tensor["name"] for tensor in model["inputs"]]
        results = [tensor["name"] for tensor in model["outputs"]]
        return {
            "name": model["name"],
            "versions": [model["parameters"]["digest"]],
            "platform": "sluice",
            "inputs": [_tensor(columns)],
            "outputs": [_tensor(results)],
        }

    def health_status_raw(self) -> Message:
        """An empty message while the model answers requests.

        Raises:
            WorkerAwayError: It does not.
        """
        self._worker.refuse_unready()
        return {}

    @cached_property
    def _datatypes(self) -> dict[str, str]:
        return {tensor["name"]: tensor["datatype"] for tensor in self._worker.metadata()["inputs"]}


def _forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    """What the worker has to know of the caller's headers."""
    request_id = headers.get(REQUEST_ID) or headers.get(PUID)
    sent = {REQUEST_ID: request_id, MIRROR: headers.get(MIRROR)}
    return {name: value for name, value in sent.items() if value}


def _status(refused: AnswerError) -> dict[str, Any]:
    return {
        "code": refused.http_status,
        "status": "FAILURE",
        "reason": refused.reason,
        "info": str(refused),
    }


def _tensor(names: list[str]) -> Message:
    return {"messagetype": "ndarray", "schema": {"names": names, "shape": [len(names)]}}
