"""What an answer of the API server that is not a success means to us.

Statuses and reasons: Kubernetes API conventions, "Response Status Kind" and "HTTP Status codes".
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sluice_operator.cluster.kind import Kind
from sluice_operator.errors import (
    ClusterError,
    ConflictError,
    ExistsError,
    ForbiddenError,
    InvalidError,
    MissingError,
    MissingKindError,
    UnavailableError,
)

WRONG_TYPES = "failed to create typed patch object"
RETRY_AFTER_SECONDS = 1.0
"""When the API server does not say how long to wait."""
_ACCOUNT = 'User "system:serviceaccount:'
"""Somebody else is a person, whom the operator's role would not help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request was about; messages begin with it."""

    verb: str
    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def resource(self) -> str:
        """As RBAC rules and the API server's messages name it: `experiments.mlops.seldon.io`."""
        whole = ".".join(filter(None, (self.kind.plural, self.kind.group)))
        return "/".join(filter(None, (whole, self.subresource)))

    @property
    def what(self) -> str:
        """`apply experiments.mlops.seldon.io shop/churn`."""
        where = "/".join(filter(None, (self.namespace, self.name)))
        return " ".join(filter(None, (self.verb, self.resource, where)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An answer that is not a success."""

    asked: Asked
    code: int
    headers: Mapping[str, str]
    body: bytes
    status: Mapping[str, Any]
    """The Status object; empty when a proxy answered in its own words."""

    @property
    def said(self) -> str:
        """In the words of whoever answered."""
        words = self.status.get("message") or self.body[:200].decode(errors="replace").strip()
        return str(words) or "no reason given"


def error_of(asked: Asked, code: int, headers: Mapping[str, str], body: bytes) -> ClusterError:
    """The error that says whose turn it is."""
    status = _status(body)
    failure = Failure(asked=asked, code=code, headers=headers, body=body, status=status)
    meant_for_us = HTTPStatus.BAD_REQUEST <= code < HTTPStatus.INTERNAL_SERVER_ERROR
    meaning = MEANINGS.get(code, _invalid if meant_for_us else _unavailable)
    return meaning(failure)


def _status(body: bytes) -> Mapping[str, Any]:
    try:
        status = json.loads(body)
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def _details(failure: Failure) -> Mapping[str, Any]:
    return failure.status.get("details") or {}


def _missing(failure: Failure) -> ClusterError:
    """A 404 names the object that is missing, or it means the path: the kind."""
    asked, kind = failure.asked, failure.asked.kind
    if _details(failure).get("name"):
        return MissingError(f"{asked.what}: {failure.said}")
    return MissingKindError(
        f"{asked.what}: the API server does not know {asked.resource} in version {kind.version}; "
        f"install the CRD of {kind.kind}, or a version of it that serves {kind.version}"
    )


def _conflict(failure: Failure) -> ClusterError:
    taken = failure.status.get("reason") == "AlreadyExists"
    return (ExistsError if taken else ConflictError)(f"{failure.asked.what}: {failure.said}")


def _stranger(failure: Failure) -> ClusterError:
    return ForbiddenError(
        f"{failure.asked.what}: the API server does not know who we are ({failure.said}); renew "
        "the token of the ServiceAccount or the login of the kubeconfig"
    )


def _forbidden(failure: Failure) -> ClusterError:
    """Admission forbids, too; only what RBAC forbids can be granted."""
    said = failure.said
    if " cannot " not in said:
        return ForbiddenError(f"{failure.asked.what}: {said}")
    way_out = (
        "add it to the operator's ClusterRole" if _ACCOUNT in said else "grant it to that user"
    )
    return ForbiddenError(f"{failure.asked.what}: {said}; {way_out}")


def _invalid(failure: Failure) -> ClusterError:
    causes = _details(failure).get("causes") or ()
    named = "; ".join(f"{c.get('field') or 'object'}: {c.get('message')}" for c in causes)
    return InvalidError(f"{failure.asked.what}: {named or failure.said}")


def _broken(failure: Failure) -> ClusterError:
    """A 500 is the API server's own fault, but for an apply whose types are wrong."""
    return (_invalid if failure.said.startswith(WRONG_TYPES) else _unavailable)(failure)


def _unavailable(failure: Failure) -> ClusterError:
    given = failure.headers.get("Retry-After", "")
    seconds = float(given) if given.isdecimal() else RETRY_AFTER_SECONDS
    return UnavailableError(f"{failure.asked.what}: HTTP {failure.code}, {failure.said}", seconds)


MEANINGS: Mapping[int, Callable[[Failure], ClusterError]] = {
    HTTPStatus.UNAUTHORIZED: _stranger,
    HTTPStatus.FORBIDDEN: _forbidden,
    HTTPStatus.NOT_FOUND: _missing,
    HTTPStatus.REQUEST_TIMEOUT: _unavailable,
    HTTPStatus.CONFLICT: _conflict,
    HTTPStatus.TOO_MANY_REQUESTS: _unavailable,
    HTTPStatus.INTERNAL_SERVER_ERROR: _broken,
}
"""Of the others, 4xx is a fault of the object, and the rest one of the API server."""
