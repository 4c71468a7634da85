"""Between serving and the model registry: where a version lies, and who is champion."""

import re
from pathlib import Path

from sluice_components.registry import connect, folder_of, set_champion, version_by_number
from sluice_operator.model import Event, Revision
from sluice_operator.rollout.status import Status
from sluice_operator.serving.errors import ModelNotFoundError
from sluice_operator.serving.resolve import Resolve, resolve_path
from sluice_package.error import PackageError
from sluice_package.manifest import read_manifest

_REGISTERED = re.compile(r"models:/(?P<name>[^/@]+)/(?P<version>[0-9]+)")


def tracking_uri(workspace: Path) -> str:
    """The registry that `sluice train` writes to in a workspace."""
    # the place is known to the pipelines; kfp, which they bring, is slow to import
    return f"sqlite:///{workspace.absolute() / 'mlflow.db'}"


def resolver(uri: str) -> Resolve:
    """Finds packages in the registry, and plain folders."""

    def resolve(revision: Revision) -> Path:
        if not revision.uri.startswith("models:/"):
            return resolve_path(revision)
        named = _REGISTERED.fullmatch(revision.uri)
        if named is None:
            raise ModelNotFoundError(
                f"{revision.name}: {revision.uri!r} names no version; write models:/NAME/NUMBER"
            )
        version = version_by_number(connect(uri), named["name"], named["version"])
        if version is None:
            raise ModelNotFoundError(
                f"{revision.name}: {uri} has no version {named['version']} of {named['name']}; "
                "run `sluice train`, or pass the right --workspace"
            )
        return _undamaged(revision, folder_of(version), version.digest)

    return resolve


def _undamaged(revision: Revision, folder: Path, digest: str) -> Path:
    """The folder, if its manifest is the one that was registered; the server checks the rest."""
    try:
        found = read_manifest(folder).digest
    except PackageError as broken:
        raise ModelNotFoundError(f"{revision.name}: {broken}") from broken
    if digest and found != digest:
        raise ModelNotFoundError(
            f"{revision.name}: {folder} is {found}, but {digest} was registered; train it again"
        )
    return folder


class Crown:
    """Moves the champion's alias when a rollout promotes, so that training compares with it."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def tell(self, status: Status, event: Event) -> None:
        """Hear of an event; a registry that is away must not stop the controller."""
        if event.reason not in {"Promoted", "Adopted", "Undone"} or status.stable is None:
            return
        named = _REGISTERED.fullmatch(status.stable.uri)
        if named is not None:
            set_champion(self._uri, named["name"], named["version"])
