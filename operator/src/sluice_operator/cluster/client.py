"""The Kubernetes API server over HTTP; the only module that imports `kubernetes`.

Its login, TLS and connection pools are that library's; requests and answers are plain JSON, because
typed models cost more than everything else that the operator does. Nothing is tried twice in here.
"""

import json
import logging
import os
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import yaml
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import (
    ConfigException,
    list_kube_config_contexts,
    load_incluster_config,
    load_kube_config,
)
from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import HTTPError

from sluice_operator.cluster.answer import Asked, error_of
from sluice_operator.cluster.kind import FIELD_MANAGER, Kind, Object, name_of, namespace_of
from sluice_operator.cluster.port import Listing, Plain
from sluice_operator.cluster.precondition import checked_apply, checked_replace
from sluice_operator.errors import (
    ConflictError,
    ExistsError,
    MissingError,
    SluiceError,
    UnavailableError,
)

LOG = logging.getLogger(__name__)
CONNECT_SECONDS = 2.0
READ_SECONDS = 10.0
LEASE_READ_SECONDS = 2.0
"""For the client that renews a lease: time for other tries must be left before its deadline."""
THREADS = 16
"""Connections that one client keeps open."""
JSON = "application/json"
APPLY = "application/apply-patch+yaml"
_NAMESPACE_OF_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_UNREADABLE = (ConfigException, OSError, yaml.YAMLError, TypeError, ValueError)
"""What the library raises of a kubeconfig that is none."""
NO_OBJECT = "1"
"""No object has this resourceVersion: etcd begins with revision 1, so the first write is 2."""
ACCESS_REVIEW = Kind(
    group="authorization.k8s.io",
    version="v1",
    kind="SelfSubjectAccessReview",
    plural="selfsubjectaccessreviews",
    namespaced=False,
)
SUBJECT_REVIEW = Kind(
    group="authentication.k8s.io",
    version="v1",
    kind="SelfSubjectReview",
    plural="selfsubjectreviews",
    namespaced=False,
)


class LoginError(SluiceError):
    """There is no way to log in to a cluster; the message says what was looked for."""


def login(kubeconfig: Path | None = None, context: str = "") -> Configuration:
    """Where the API server is and who we are: this kubeconfig, else the pod, else kubectl's own.

    Raises:
        LoginError: There is none, or it cannot be read.
    """
    configuration = Configuration()
    try:
        if _is_pod(kubeconfig, context):
            load_incluster_config(client_configuration=configuration)
        else:
            file = str(kubeconfig) if kubeconfig else None
            load_kube_config(file, context or None, client_configuration=configuration)
    except _UNREADABLE as missing:
        raise LoginError(
            f"{kubeconfig or 'neither a pod nor a kubeconfig'}: {missing}; give --kubeconfig, set "
            "KUBECONFIG, or run in a pod with a ServiceAccount"
        ) from missing
    return configuration


def namespace_of_login(kubeconfig: Path | None = None, context: str = "") -> str:
    """The namespace that kubectl would take for the same login.

    Raises:
        LoginError: The kubeconfig cannot be read.
    """
    if _is_pod(kubeconfig, context):
        return _NAMESPACE_OF_POD.read_text() if _NAMESPACE_OF_POD.exists() else "default"
    try:
        contexts, current = list_kube_config_contexts(str(kubeconfig) if kubeconfig else None)
    except _UNREADABLE as missing:
        raise LoginError(f"{kubeconfig or 'kubeconfig'}: {missing}; give --namespace") from missing
    chosen = next((one for one in contexts if one["name"] == context), current)
    return str(chosen["context"].get("namespace") or "default")


def _is_pod(kubeconfig: Path | None, context: str) -> bool:
    """Whether nothing was named, and the pod's own ServiceAccount is meant."""
    return kubeconfig is None and not context and "KUBERNETES_SERVICE_HOST" in os.environ


class KubernetesCluster:
    """Speaks for one identity; safe for use by many threads.

    Two clients share no connection, so that what must not wait (retreats) gets a client of its own.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        user_agent: str = "sluice",
        threads: int = THREADS,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        configuration.connection_pool_maxsize = threads
        configuration.retries = False
        self._api = ApiClient(configuration)
        self._pool = self._api.rest_client.pool_manager
        self._user_agent = user_agent
        self._timeout = Timeout(connect=min(CONNECT_SECONDS, read_seconds), read=read_seconds)
        self._warned: set[str] = set()

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """See `Cluster`."""
        asked = Asked(verb="get", kind=kind, namespace=namespace, name=name)
        try:
            return self._object(kind, self._send("GET", asked))
        except MissingError:
            return None

    def list(self, kind: Kind, namespace: str = "", *, selector: str = "") -> Listing:
        """See `Cluster`."""
        asked = Asked(verb="list", kind=kind, namespace=namespace)
        query = {"labelSelector": selector} if selector else {}
        answer = self._send("GET", asked, query=query)
        items = (self._object(kind, item) for item in answer["items"])
        return Listing(items, version=int(answer["metadata"]["resourceVersion"]))

    def create(self, kind: Kind, body: Object) -> Object:
        """See `Cluster`.

        An apply that no object can meet. After a POST, an apply that leaves a field out would not
        remove it: the API server keeps what our manager applied apart from what it posted.
        """
        metadata = {**body["metadata"], "resourceVersion": NO_OBJECT}
        metadata.pop("uid", None)
        asked = _about("create", kind, body)
        try:
            return self._apply(asked, {**body, "metadata": metadata})
        except ConflictError as taken:
            raise ExistsError(f"{asked.what}: there is one already; look at it first") from taken

    def apply(self, kind: Kind, body: Object) -> Object:
        """See `Cluster`."""
        return self._apply(_about("apply", kind, body), checked_apply(body))

    def replace(self, kind: Kind, body: Object) -> Object:
        """See `Cluster`."""
        asked = _about("replace", kind, body)
        return self._object(kind, self._write("PUT", asked, _typed(kind, checked_replace(body))))

    def replace_status(self, kind: Kind, body: Object) -> Object:
        """See `Cluster`."""
        asked = _about("replace", kind, body, "status")
        return self._object(kind, self._write("PUT", asked, _typed(kind, checked_replace(body))))

    def delete(
        self, kind: Kind, namespace: str, name: str, *, uid: str = "", resource_version: str = ""
    ) -> None:
        """See `Cluster`."""
        asked = Asked(verb="delete", kind=kind, namespace=namespace, name=name)
        wanted = {"uid": uid, "resourceVersion": resource_version}
        conditions = {key: value for key, value in wanted.items() if value}
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": conditions}
        try:
            self._send("DELETE", asked, options)
        except MissingError:
            return

    def allowed(self, verb: str, kind: Kind, namespace: str = "", subresource: str = "") -> bool:
        """See `Cluster`."""
        attributes = {
            "verb": verb,
            "group": kind.group,
            "resource": kind.plural,
            "subresource": subresource,
            "namespace": namespace,
        }
        review = _typed(ACCESS_REVIEW, {"spec": {"resourceAttributes": attributes}})
        answer = self._send("POST", Asked(verb="create", kind=ACCESS_REVIEW), review)
        return bool(answer["status"]["allowed"])

    def whoami(self) -> str:
        """The user name that RBAC knows us by."""
        asked = Asked(verb="create", kind=SUBJECT_REVIEW)
        answer = self._send("POST", asked, _typed(SUBJECT_REVIEW, {}))
        return str(answer["status"]["userInfo"]["username"])

    def _apply(self, asked: Asked, body: Object) -> Object:
        typed = _typed(asked.kind, body)
        return self._object(asked.kind, self._write("PATCH", asked, typed, {"force": "true"}))

    def _write(self, method: str, asked: Asked, body: Plain, query: Mapping[str, str] = {}) -> Any:
        return self._send(method, asked, body, {"fieldManager": FIELD_MANAGER, **query})

    def _send(
        self,
        method: str,
        asked: Asked,
        body: Plain | None = None,
        query: Mapping[str, str] = {},
    ) -> Any:
        """One request; the JSON of a successful answer.

        Raises:
            ClusterError: There was no answer, or another one.
        """
        path = path_of(asked) + (f"?{urlencode(query)}" if query else "")
        try:
            answer = self._pool.request(
                method,
                f"{self._api.configuration.host}{path}",
                body=None if body is None else json.dumps(body).encode(),
                headers=self._headers(APPLY if method == "PATCH" else JSON),
                timeout=self._timeout,
                retries=False,
            )
        except HTTPError as away:
            outcome = "" if method == "GET" else "; it may or may not have been carried out"
            raise UnavailableError(
                f"{asked.what}: no answer from {self._api.configuration.host} ({away}){outcome}"
            ) from away
        self._heed(asked, answer)
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise error_of(asked, answer.status, answer.headers, answer.data)
        return _parsed(asked, answer.data)

    def _headers(self, content: str) -> dict[str, str]:
        headers = {"Accept": JSON, "Content-Type": content, "User-Agent": self._user_agent}
        self._api.update_params_for_auth(headers, [], ["BearerToken"])
        return headers

    def _heed(self, asked: Asked, answer: BaseHTTPResponse) -> None:
        """Log what the API server warns of, once: fields that it does not know, old versions."""
        warning = answer.headers.get("Warning")
        if warning and warning not in self._warned:
            self._warned.add(warning)
            LOG.warning("The API server warned on %s: %s", asked.verb, warning)

    def _object(self, kind: Kind, body: Plain) -> Object:
        """As the operator keeps it: with its kind, without the ledger of field managers.

        A write without that ledger leaves it as it is, and it is half of an object's size.
        """
        body["metadata"].pop("managedFields", None)
        return _typed(kind, body)


def path_of(asked: Asked) -> str:
    """Path of what a request is about."""
    kind = asked.kind
    root = f"/apis/{kind.group}" if kind.group else "/api"
    parts = [root, kind.version]
    if kind.namespaced and asked.namespace:
        parts += ["namespaces", asked.namespace]
    return "/".join(filter(None, (*parts, kind.plural, asked.name, asked.subresource)))


def _parsed(asked: Asked, data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except ValueError as garbled:
        beginning = data[:80].decode(errors="replace")
        raise UnavailableError(
            f"{asked.what}: the answer is no JSON but {beginning!r}; is this the API server's port?"
        ) from garbled


def _about(verb: str, kind: Kind, body: Object, subresource: str = "") -> Asked:
    return Asked(
        verb=verb,
        kind=kind,
        namespace=namespace_of(body),
        name=name_of(body),
        subresource=subresource,
    )


def _typed(kind: Kind, body: Object) -> Plain:
    return {**body, "apiVersion": kind.api_version, "kind": kind.kind}
