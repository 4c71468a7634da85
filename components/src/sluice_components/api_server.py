"""The Kubernetes API server, for the few requests that training makes of it.

Login, TLS and connections are those of the `kubernetes` library; bodies and answers are plain JSON.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from kubernetes.client import ApiClient, ApiException, Configuration
from kubernetes.config import ConfigException, load_incluster_config, load_kube_config
from urllib3.exceptions import HTTPError

from sluice_components.errors import (
    ClusterAwayError,
    ClusterRefusedError,
    ClusterTakenError,
    NoClusterError,
)

Plain = dict[str, Any]
Query = Sequence[tuple[str, str]]

FIELD_MANAGER: Final = "sluice-training"
_OWN_NAMESPACE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_TIMEOUT: Final = (5.0, 30.0)
"""Seconds to connect, and to be answered."""
_APPLY: Final = "application/apply-patch+yaml"
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One kind in one namespace, as paths of the API name it."""

    group: str
    """With its version: `v1`, `sluice.dev/v1alpha1`."""
    plural: str
    namespace: str

    def path(self, name: str = "", subresource: str = "") -> str:
        """Path of the collection, of one object, or of a part of it."""
        root = "/apis" if "/" in self.group else "/api"
        whole = [f"{root}/{self.group}/namespaces/{self.namespace}/{self.plural}"]
        return "/".join(filter(None, [*whole, name, subresource]))


class ApiServer:
    """Speaks for one identity: that of the Pod, or of a kubeconfig."""

    def __init__(self, kubeconfig: Path | None = None, context: str = "") -> None:
        """Log in as the kubeconfig's user, else as the Pod, else as kubectl would.

        Raises:
            NoClusterError: There is no login.
        """
        configuration = Configuration()
        try:
            _load(configuration, kubeconfig, context)
        except (ConfigException, OSError) as missing:
            raise NoClusterError(
                f"{kubeconfig or 'neither a Pod nor a kubeconfig'}: {missing}; give --kubeconfig, "
                "set KUBECONFIG, or run in a Pod with a ServiceAccount"
            ) from missing
        self._api = ApiClient(configuration)

    def get(self, target: Target, name: str) -> Plain | None:
        """The object as it is now; None when there is none."""
        try:
            return self._json("GET", target.path(name))
        except ApiException as refused:
            if refused.status == HTTPStatus.NOT_FOUND and _names_object(refused):
                return None
            raise _told(target.path(name), refused) from refused

    def found(self, target: Target, selector: str = "") -> list[Plain]:
        """The objects whose labels match."""
        query = [("labelSelector", selector)] if selector else []
        return list(self._asked("GET", target.path(), query=query)["items"])

    def create(self, target: Target, body: Plain) -> Plain:
        """A new object.

        Raises:
            ClusterTakenError: The name is taken.
        """
        return self._asked("POST", target.path(), body=body)

    def apply(self, target: Target, body: Plain) -> Plain:
        """Server-side apply; what our manager applied before and is absent now vanishes."""
        query = [("fieldManager", FIELD_MANAGER), ("force", "true")]
        path = target.path(body["metadata"]["name"])
        return self._asked("PATCH", path, query=query, body=body)

    def delete(self, target: Target, name: str, *, grace_seconds: int = 0) -> None:
        """Delete the object; nothing happens when it is gone."""
        options = {"gracePeriodSeconds": grace_seconds, "propagationPolicy": "Background"}
        try:
            self._json("DELETE", target.path(name), body=options)
        except ApiException as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise _told(target.path(name), refused) from refused

    def lines(self, path: str, query: Mapping[str, str]) -> Iterator[str]:
        """A text that grows, such as a log, line by line until it ends or the connection does."""
        try:
            answer = self._called("GET", path, list(query.items()), None, stream=True)
        except ApiException as refused:
            raise _told(path, refused) from refused
        with answer:
            rest = ""
            try:
                for block in answer.stream(amt=None, decode_content=True):
                    *lines, rest = (rest + block.decode(errors="replace")).split("\n")
                    yield from lines
            except HTTPError:
                pass  # who reads on asks again, from the moment that was reached
            if rest:
                yield rest

    def _asked(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Plain | None = None,
    ) -> Plain:
        try:
            return self._json(method, path, query or [], body)
        except ApiException as refused:
            raise _told(path, refused) from refused

    def _json(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Plain | None = None,
    ) -> Plain:
        answer = self._called(method, path, query or [], body)
        return dict(json.loads(answer.data))

    def _called(
        self,
        method: str,
        path: str,
        query: Query,
        body: Plain | None,
        *,
        stream: bool = False,
    ) -> Any:
        headers = {
            "Accept": "*/*" if stream else _JSON,
            "Content-Type": _APPLY if method == "PATCH" else _JSON,
            "User-Agent": FIELD_MANAGER,
        }
        self._api.update_params_for_auth(headers, [], ["BearerToken"])
        try:
            return self._api.request(
                method,
                f"{self._api.configuration.host}{path}",
                query_params=list(query),
                headers=headers,
                body=body,
                _preload_content=not stream,
                _request_timeout=_TIMEOUT,
            )
        except HTTPError as away:
            raise ClusterAwayError(
                f"{path}: no answer from {self._api.configuration.host} ({away}); see whether the "
                "API server runs and is reached from here"
            ) from away


def own_namespace() -> str:
    """The namespace of the Pod that this runs in; empty outside of a cluster."""
    return _OWN_NAMESPACE.read_text(encoding="utf-8").strip() if _OWN_NAMESPACE.exists() else ""


def _load(configuration: Configuration, kubeconfig: Path | None, context: str) -> None:
    if kubeconfig is None and _OWN_NAMESPACE.exists():
        load_incluster_config(client_configuration=configuration)
        return
    file = str(kubeconfig) if kubeconfig else None
    load_kube_config(file, context or None, client_configuration=configuration)


def _names_object(refused: ApiException) -> bool:
    """Whether a 404 means the object, not the kind or the path."""
    return bool((_status(refused).get("details") or {}).get("name"))


def _told(path: str, refused: ApiException) -> Exception:
    """The error that says who must act."""
    status = _status(refused)
    said = status.get("message") or str(refused.body or refused.reason).strip()[:300]
    if status.get("reason") == "AlreadyExists":
        return ClusterTakenError(f"{path}: {said}")
    if refused.status >= HTTPStatus.INTERNAL_SERVER_ERROR or refused.status == (
        HTTPStatus.TOO_MANY_REQUESTS
    ):
        return ClusterAwayError(f"{path}: HTTP {refused.status}, {said}; try again")
    return ClusterRefusedError(f"{path}: {said}{_way_out(refused.status)}")


def _way_out(code: int) -> str:
    ways = {
        HTTPStatus.FORBIDDEN: "; bind the Role in manifests/rbac/pipeline-runner.yaml",
        HTTPStatus.UNAUTHORIZED: "; renew the login of the kubeconfig",
        HTTPStatus.NOT_FOUND: "; install the CRDs in manifests/crd, or correct the namespace",
    }
    return ways.get(HTTPStatus(code), "")


def _status(refused: ApiException) -> Mapping[str, Any]:
    try:
        found = json.loads(refused.body or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
