"""Which request this is, and whether a user saw its answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sluice_serving.error import RejectedRequestError
from sluice_serving.problem import Problem

REQUEST_ID = "x-request-id"
MIRROR = "x-sluice-mirror"
SHADOW_HOST = "-shadow"
LONGEST_ID = 256


class GeneratedId(str):
    """An id that nobody sent; a header may still name the request."""

    __slots__ = ()


def generated_id() -> GeneratedId:
    """A fresh id, marked as such."""
    return GeneratedId(uuid4())


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a request says of itself."""

    request_id: str
    mirrored: bool


def identity_of(body_id: str | None, headers: Mapping[str, Any]) -> Identity:
    """The id of the body, else that of the header, else a fresh one.

    Raises:
        RejectedRequestError: The id is longer than a ledger should have to keep.
    """
    sent = body_id if not isinstance(body_id, GeneratedId) else None
    request_id = sent or str(headers.get(REQUEST_ID) or body_id or generated_id())
    if len(request_id) > LONGEST_ID:
        text = f"has {len(request_id)} characters; send at most {LONGEST_ID}"
        raise RejectedRequestError([Problem(field="id" if sent else REQUEST_ID, text=text)])
    return Identity(request_id=request_id, mirrored=is_mirrored(headers))


def is_mirrored(headers: Mapping[str, Any]) -> bool:
    """Whether the router sent this copy and drops its answer.

    Source: Envoy appends `-shadow` to the host of a mirrored request, before the port.
    """
    if str(headers.get(MIRROR, "")) == "1":
        return True
    name, _, port = str(headers.get("host", "")).rpartition(":")
    host = name if name and port.isdigit() else str(headers.get("host", ""))
    return host.endswith(SHADOW_HOST)
