"""Where Seldon can fetch a model from: registry names become the URIs behind them.

An alias may be moved and a registry may be away. What is found when a revision is first deployed is
kept in its object, and never asked for again: a revision does not change under its name.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from sluice_operator.model import Revision
from sluice_operator.seldon.errors import ModelUnknownError, StorageUnknownError

REGISTRY = "models:/"
PROXIED = "mlflow-artifacts"
TIMEOUT_SECONDS = 5.0
API = "/api/2.0/mlflow"
REFUSALS = frozenset(
    {
        httpx.codes.BAD_REQUEST,
        httpx.codes.UNAUTHORIZED,
        httpx.codes.FORBIDDEN,
        httpx.codes.NOT_FOUND,
    }
)
"""Answers that asking again does not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """What a registry URI names: a version, or an alias that stands for one."""

    name: str
    version: str = ""
    alias: str = ""


class Storage:
    """Resolves model URIs; safe to use from several threads."""

    def __init__(self, mlflow_url: str = "", transport: httpx.BaseTransport | None = None) -> None:
        """Without an MLflow, models of a registry are refused."""
        self._url = mlflow_url.rstrip("/")
        self._client = httpx.Client(
            timeout=TIMEOUT_SECONDS, trust_env=False, transport=transport, follow_redirects=False
        )

    def resolve(self, revision: Revision) -> str:
        """The URI that Seldon's storage initializer understands.

        Raises:
            ModelUnknownError: There is no such model, or Seldon cannot get at it.
            StorageUnknownError: The registry did not answer.
        """
        if not revision.uri.startswith(REGISTRY):
            return seldon_uri(revision.uri)
        wanted = registered_model(revision.uri)
        if not self._url:
            raise ModelUnknownError(
                f"model.uri {revision.uri}: the operator knows no MLflow; set SLUICE_MLFLOW_URL,"
                " or name the folder itself, for example s3://bucket/path"
            )
        version = wanted.version or self._aliased(revision, wanted)
        query = {"name": wanted.name, "version": version}
        uri = str(self._ask(revision, "model-versions/get-download-uri", query)["artifact_uri"])
        if urlsplit(uri).scheme == PROXIED:
            raise ModelUnknownError(
                f"model.uri {revision.uri}: MLflow serves {uri} itself, where Seldon cannot fetch"
                " it; start the tracking server with --no-serve-artifacts and an artifact root"
                " that Seldon reaches, for example s3://bucket/path"
            )
        return seldon_uri(uri)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _aliased(self, revision: Revision, wanted: RegisteredModel) -> str:
        query = {"name": wanted.name, "alias": wanted.alias}
        return str(
            self._ask(revision, "registered-models/alias", query)["model_version"]["version"]
        )

    def _ask(self, revision: Revision, path: str, query: dict[str, str]) -> Any:
        try:
            answer = self._client.get(f"{self._url}{API}/{path}", params=query)
            said = answer.json()
        except (httpx.HTTPError, ValueError) as broken:
            raise StorageUnknownError(
                f"model.uri {revision.uri}: MLflow at {self._url} does not answer: {broken!r}"
            ) from broken
        if answer.status_code == httpx.codes.OK:
            return said
        why = f"{said.get('error_code', answer.status_code)}: {said.get('message', '')}"
        if answer.status_code in REFUSALS:
            raise ModelUnknownError(
                f"model.uri {revision.uri}: MLflow at {self._url} refuses it: {why}"
            )
        raise StorageUnknownError(f"model.uri {revision.uri}: MLflow at {self._url} fails: {why}")


def registered_model(uri: str) -> RegisteredModel:
    """The parts of `models:/NAME/VERSION` or `models:/NAME@ALIAS`.

    Raises:
        ModelUnknownError: It is neither.

    Source: MLflow's model URIs; stages are left out, since MLflow has given them up.
    """
    path = uri.removeprefix(REGISTRY)
    name, at, alias = path.partition("@")
    if at and name and alias and "/" not in path:
        return RegisteredModel(name=name, alias=alias)
    name, _, version = path.rpartition("/")
    if name and "/" not in name and not at and version.isdecimal():
        return RegisteredModel(name=name, version=version)
    raise ModelUnknownError(
        f"model.uri {uri}: write models:/NAME/VERSION with a number, or models:/NAME@ALIAS"
    )


def seldon_uri(uri: str) -> str:
    """A URI as rclone reads it: a local folder is a bare path, object stores are as they are."""
    parts = urlsplit(uri)
    return unquote(parts.path) if parts.scheme == "file" else uri
