"""The errors of serving under Seldon Core 1.

ServingV1Error
├─ StartError             nothing was started, or it ended at once; a person must act
└─ AnswerError            there is no answer to this request
   ├─ RejectedRequestError   the caller must change the request: HTTP 422, gRPC INVALID_ARGUMENT
   ├─ FailedModelError       the model did not answer: HTTP 500, gRPC INTERNAL
   └─ WorkerAwayError        nobody was there to answer: HTTP 503, gRPC UNAVAILABLE
"""

from typing import ClassVar


class ServingV1Error(Exception):
    """Root of the errors that this unit raises on purpose."""


class StartError(ServingV1Error):
    """The package cannot be served here; the message says why."""


class AnswerError(ServingV1Error):
    """A request without an answer; knows how to say so over either protocol."""

    http_status: ClassVar[int] = 500
    grpc_status: ClassVar[str] = "INTERNAL"
    reason: ClassVar[str] = "FAILED_MODEL"


class RejectedRequestError(AnswerError):
    """The request does not fit; the message names each field and its problem."""

    http_status = 422
    grpc_status = "INVALID_ARGUMENT"
    reason = "REJECTED_REQUEST"


class FailedModelError(AnswerError):
    """The model raised, or returned something that is no answer."""


class WorkerAwayError(AnswerError):
    """The process with the model did not answer, or not in time."""

    http_status = 503
    grpc_status = "UNAVAILABLE"
    reason = "WORKER_AWAY"
