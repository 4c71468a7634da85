"""Two corrections of MLServer 1.7, made once when the runtime is imported.

MLServer gives every request an id before the model sees it, so the model cannot tell an id that the
caller sent from one that nobody did; and it answers a rejected request over gRPC with
FAILED_PRECONDITION, which tells clients to change the state of the server instead of the request.
"""

from http import HTTPStatus

from grpc import StatusCode
from mlserver.grpc.utils import STATUS_CODE_MAPPING
from mlserver.handlers import dataplane

from sluice_serving.identity import generated_id


def correct_mlserver() -> None:
    """Mark generated ids, and map rejected requests to INVALID_ARGUMENT; idempotent."""
    assert hasattr(dataplane, "generate_uuid"), "MLServer no longer makes ids here; see this module"
    dataplane.generate_uuid = generated_id
    STATUS_CODE_MAPPING[HTTPStatus.UNPROCESSABLE_ENTITY] = StatusCode.INVALID_ARGUMENT
