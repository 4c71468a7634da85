"""The model registry: the only way to MLflow's tracking server, for stages and for the CLI.

Packages are opened by `folder_of`, never loaded as `models:/…`: MLflow would write a file of its
own into the folder, and the package would no longer be what was sealed.
"""

import contextlib
import logging
import os
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlparse
from urllib.request import url2pathname

from sluice_components.errors import RegistrationError

CHAMPION: Final = "champion"
"""Alias of the version in charge; moved when a rollout has promoted it."""
DIGEST_TAG: Final = "sluice.digest"
TRACKING_URI: Final = "MLFLOW_TRACKING_URI"
"""Environment variable with the tracking server, where no parameter names one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredVersion:
    """One version in the registry."""

    name: str
    version: str
    run: str
    """Id of the MLflow run that made it."""
    source: str
    """Where its package lies: a folder, or a URI that MLflow can download."""
    digest: str


def connect(uri: str) -> Any:
    """An MLflow client for tracking and registry; a SQLite store is made if it is absent.

    Without a URI, `MLFLOW_TRACKING_URI` says where it is.

    Raises:
        RegistrationError: The store cannot be opened, or none is named.
    """
    uri = uri or os.environ.get(TRACKING_URI, "")
    if not uri:
        raise RegistrationError(f"no registry is named; give its URI, or set {TRACKING_URI}")
    file = sqlite_file(uri)
    if file is not None:
        try:
            _prepare(file)
        except (OSError, sqlite3.Error) as wrong:
            raise RegistrationError(
                f"{file}: not a registry that can be opened: {wrong}; move the file away or give "
                "another place"
            ) from wrong
    return _opened(uri)


def sqlite_file(uri: str) -> Path | None:
    """The file of a SQLite store; None for stores of other kinds."""
    place = urlparse(uri)
    return Path(place.path.removeprefix("/")).absolute() if place.scheme == "sqlite" else None


def _opened(uri: str) -> Any:
    # must be set before the import; sends nothing anywhere
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow.exceptions import MlflowException  # noqa: PLC0415
    from mlflow.tracking import MlflowClient  # noqa: PLC0415

    logging.getLogger("mlflow.store").setLevel(logging.WARNING)  # names each migration
    logging.getLogger("alembic").setLevel(logging.WARNING)
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    try:
        client.search_experiments(max_results=1)
    except (MlflowException, OSError) as wrong:
        raise RegistrationError(
            f"{uri}: the registry does not answer: {wrong}; start it, or correct the URI"
        ) from wrong
    return client


def _prepare(file: Path) -> None:
    """Make the store if it is absent, and look whether it is one: MLflow would try for minutes."""
    if not file.exists():
        _make_store(file)
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("SELECT name FROM sqlite_master LIMIT 1")


def _make_store(file: Path) -> None:
    """Make the tables beside the place and move them there: a broken-off attempt leaves nothing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".making-", dir=file.parent) as folder:
        made = Path(folder) / file.name
        _opened(f"sqlite:///{made}")
        with contextlib.suppress(FileExistsError):  # somebody else was quicker
            file.hardlink_to(made)


def version_by_alias(client: Any, name: str, alias: str) -> RegisteredVersion | None:
    """The version that carries the alias; None if there is no such model or alias."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see `connect`

    try:
        return _described(client.get_model_version_by_alias(name, alias))
    except MlflowException as absent:
        if absent.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise


def version_by_digest(client: Any, name: str, digest: str) -> RegisteredVersion | None:
    """The version whose package has the digest; None if it was never registered."""
    chosen = f"name='{name}' and tag.`{DIGEST_TAG}` = '{digest}'"
    found = client.search_model_versions(chosen, max_results=1)
    return _described(found[0]) if found else None


def version_by_number(client: Any, name: str, number: str) -> RegisteredVersion | None:
    """The version with the number; None if there is no such model or version."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see `connect`

    try:
        return _described(client.get_model_version(name, number))
    except MlflowException as absent:
        if absent.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise


def folder_of(found: RegisteredVersion) -> Path:
    """The package of a version as a local folder, downloaded if it lies elsewhere."""
    return folder_at(found.source)


def folder_at(source: str) -> Path:
    """The package at a source as a local folder, downloaded if it lies elsewhere."""
    place = urlparse(source)
    if place.scheme == "file":
        return Path(url2pathname(place.path))
    if not place.scheme:
        return Path(source)
    from mlflow.artifacts import download_artifacts  # noqa: PLC0415 - see `connect`

    return Path(download_artifacts(artifact_uri=source))


def set_champion(uri: str, name: str, version: str) -> None:
    """Move the champion's alias to a version: from now on others are compared with it."""
    connect(uri).set_registered_model_alias(name, CHAMPION, version)


def _described(found: Any) -> RegisteredVersion:
    return RegisteredVersion(
        name=found.name,
        version=str(found.version),
        run=found.run_id or "",
        source=found.source,
        digest=found.tags.get(DIGEST_TAG, ""),
    )


if __name__ == "__main__":  # `python -m sluice_components.registry URI` makes a store beforehand
    connect(sys.argv[1])
