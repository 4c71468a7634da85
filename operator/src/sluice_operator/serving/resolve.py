"""Where the model package of a revision lies."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sluice_operator.model import Revision
from sluice_operator.serving.errors import ModelNotFoundError

Resolve = Callable[[Revision], Path]
"""Finds the folder of a model package; raises `ModelNotFoundError` if there is none."""


def resolve_path(revision: Revision) -> Path:
    """The folder behind a plain path or a `file://` URI.

    Raises:
        ModelNotFoundError: The URI is of another kind, or there is no such folder.
    """
    parts = urlsplit(revision.uri)
    if parts.scheme not in {"", "file"}:
        raise ModelNotFoundError(
            f"{revision.name}: model URI {revision.uri!r} is neither a path nor file://;"
            " this engine was started without a resolver for it"
        )
    folder = Path(unquote(parts.path)).absolute()
    if not folder.is_dir():
        raise ModelNotFoundError(
            f"{revision.name}: {folder} is no folder; give the path of a model package in model.uri"
        )
    return folder
