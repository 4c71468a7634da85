"""From a SeldonMessage to a V2 request, and back from its answer; as plain JSON values.

Whether values fit the contract is for the worker to say; here they only find their columns. Source:
Seldon Core v1.17.1, proto/prediction.proto.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sluice_serving_v1.error import RejectedRequestError

Message: TypeAlias = dict[str, Any]
Rows: TypeAlias = list[list[Any]]
BYTES = "BYTES"
NAN = "NaN"
"""How protobuf writes the number into JSON that gRPC clients send for a missing value."""


def request_of(message: object, datatypes: Mapping[str, str]) -> Message:
    """The V2 request of a message.

    Args:
        message: `data` with `names` and `ndarray` or `tensor`, or `jsonData` with a V2 request.
        datatypes: V2 datatype of each column that the model knows.

    Raises:
        RejectedRequestError: The message is neither of these.
    """
    if not isinstance(message, dict):
        raise RejectedRequestError("The message is no JSON object; send a SeldonMessage")
    request = _of_json_data(message) if "jsonData" in message else _of_data(message, datatypes)
    puid = _meta(message).get("puid")
    return {"id": str(puid), **request} if puid else request


def message_of(request: Message, answer: Message) -> Message:
    """The message that answers `request`, given the V2 answer."""
    outputs: list[Message] = answer["outputs"]
    meta = {"puid": answer["id"], "tags": answer.get("parameters") or {}}
    if "jsonData" in request:
        return {"jsonData": answer, "meta": meta}
    rows = [list(row) for row in zip(*(output["data"] for output in outputs), strict=True)]
    names = [output["name"] for output in outputs]
    return {"data": {"names": names, "ndarray": rows}, "meta": meta}


def _meta(message: Message) -> Message:
    meta = message.get("meta") or {}
    if not isinstance(meta, dict):
        raise RejectedRequestError("meta: is no JSON object; leave it out or send {}")
    return meta


def _of_json_data(message: Message) -> Message:
    request = message["jsonData"]
    if not isinstance(request, dict) or not isinstance(request.get("inputs"), list):
        raise RejectedRequestError("jsonData: is no V2 request; send an object with inputs")
    return request


def _of_data(message: Message, datatypes: Mapping[str, str]) -> Message:
    data = message.get("data")
    if not isinstance(data, dict):
        raise RejectedRequestError(
            "data: is missing; send data with names and ndarray, or jsonData with a V2 request"
        )
    rows = _rows(data)
    names = _names(data, datatypes)
    for number, row in enumerate(rows):
        if len(row) != len(names):
            raise RejectedRequestError(
                f"data.ndarray: row {number} has {len(row)} values, data.names has {len(names)}"
            )
    columns = zip(*rows, strict=True)
    return {"inputs": [_input(n, c, datatypes) for n, c in zip(names, columns, strict=True)]}


def _names(data: Message, datatypes: Mapping[str, str]) -> list[str]:
    names = data.get("names")
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise RejectedRequestError(
            f"data.names: is missing; name the column of each value: {', '.join(datatypes)}"
        )
    return names


def _rows(data: Message) -> Rows:
    if "tensor" in data:
        return _rows_of_tensor(data["tensor"])
    rows = data.get("ndarray")
    if not isinstance(rows, list):
        raise RejectedRequestError("data.ndarray: is missing; send a list of rows")
    if not rows:
        raise RejectedRequestError("data.ndarray: has no rows; send at least one")
    for number, row in enumerate(rows):
        if not isinstance(row, list):
            raise RejectedRequestError(
                f"data.ndarray: row {number} is {row!r}, not a list of values"
            )
    return rows


def _rows_of_tensor(tensor: object) -> Rows:
    shape = tensor.get("shape") if isinstance(tensor, dict) else None
    values = tensor.get("values") if isinstance(tensor, dict) else None
    fits = (
        isinstance(shape, list)
        and isinstance(values, list)
        and len(shape) == 2  # noqa: PLR2004 - rows and columns
        and all(isinstance(size, int) and size > 0 for size in shape)
        and shape[0] * shape[1] == len(values)
    )
    if not fits:
        raise RejectedRequestError(
            "data.tensor: shape and values do not fit; send shape [rows, columns] and all values"
        )
    assert isinstance(values, list)
    assert isinstance(shape, list)
    return [values[start : start + shape[1]] for start in range(0, len(values), shape[1])]


def _input(name: str, values: Sequence[Any], datatypes: Mapping[str, str]) -> Message:
    datatype = datatypes.get(name, BYTES)
    if name not in datatypes:
        values = []  # the worker leaves out what it does not know, or names it
    elif datatype != BYTES:
        values = [None if value == NAN else value for value in values]
    return {"name": name, "shape": [len(values)], "datatype": datatype, "data": list(values)}
