"""What stands behind an agent and answers requests: a light one here, MLServer elsewhere.

The light one runs within the agent's event loop and misbehaves on request: beside a model lies
`behaviour.json`, read anew for each request (`status`, `delay_seconds`) and at loading
(`load_error`, `load_seconds`).
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

BEHAVIOUR = "behaviour.json"
OK, NOT_FOUND = 200, 404


class LoadError(Exception):
    """A model server did not load a model; the message is its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request with its path already rewritten."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model server says."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Backend(Protocol):
    """A model server that can hold many models."""

    async def load(self, internal: str, uri: str, parameters: Mapping[str, str]) -> None:
        """Load a model under its internal name.

        Raises:
            LoadError: It could not.
        """
        ...

    async def unload(self, internal: str) -> None:
        """Let a model go."""
        ...

    async def ask(self, request: Request) -> Answer:
        """Answer a request."""
        ...

    async def close(self) -> None:
        """End whatever runs."""
        ...


class LightBackend:
    """Models that answer in a moment what they were told to."""

    def __init__(self) -> None:
        self._folders: dict[str, Path] = {}

    async def load(self, internal: str, uri: str, parameters: Mapping[str, str]) -> None:
        """See `Backend.load`."""
        folder = Path(uri)
        if not folder.is_dir():
            raise LoadError(f"{uri}: there is no such folder")
        behaviour = behaviour_of(folder)
        await asyncio.sleep(behaviour.get("load_seconds", 0))
        if "load_error" in behaviour:
            raise LoadError(behaviour["load_error"])
        self._folders[internal] = folder

    async def unload(self, internal: str) -> None:
        """See `Backend.unload`."""
        self._folders.pop(internal, None)

    async def ask(self, request: Request) -> Answer:
        """See `Backend.ask`."""
        internal = request.path.split("/")[3] if request.path.startswith("/v2/models/") else ""
        folder = self._folders.get(internal)
        if folder is None:
            return Answer(status=NOT_FOUND, body=b'{"error": "model not found"}')
        behaviour = behaviour_of(folder)
        await asyncio.sleep(behaviour.get("delay_seconds", 0))
        return Answer(
            status=behaviour.get("status", OK),
            body=json.dumps(_response(internal, request)).encode(),
            headers={"content-type": "application/json"},
        )

    async def close(self) -> None:
        """See `Backend.close`."""
        self._folders.clear()


def behaviour_of(folder: Path) -> dict[str, Any]:
    """What a model was told; nothing if it was told nothing."""
    try:
        found: dict[str, Any] = json.loads((folder / BEHAVIOUR).read_text())
    except FileNotFoundError:
        return {}
    return found


def _response(internal: str, request: Request) -> dict[str, Any]:
    asked = json.loads(request.body) if request.body else {}
    output = {"name": "predict", "shape": [1, 1], "datatype": "INT64", "data": [0]}
    return {
        "model_name": internal,
        "model_version": "1",
        "id": asked.get("id", ""),
        "outputs": [output],
    }
