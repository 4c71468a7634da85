"""Where MLServer looks for models when an engine fills its folder: packages, and nothing else.

Its law: a `model-settings.json` may say what a model is called, never what code runs. MLServer's
own repository imports whatever class that file names, with the folder of the model first on the
path, so that whoever can write to the storage of models runs code before anything was verified.
Here every model is served by our runtime, from the folder in which it lies.
"""

import logging
import os
from pathlib import Path
from typing import Any, TypeAlias

from mlserver import ModelSettings
from mlserver.errors import ModelNotFound
from mlserver.repository import ModelRepository
from mlserver.settings import ModelParameters
from pydantic import BaseModel, Field, ValidationError
from sluice_package.digest import MANIFEST
from sluice_package.layout import SERVER_SETTINGS

Models: TypeAlias = list[ModelSettings]
RUNTIME = "sluice_serving.runtime.SluiceModel"
logger = logging.getLogger("mlserver.sluice")


class _Parameters(BaseModel):
    """The parameters of a model that count; the others name code or places."""

    version: str | None = None
    extra: dict[str, Any] = Field(default_factory=dict)


class _Document(BaseModel):
    """The part of a `model-settings.json` that counts."""

    name: str = ""
    parameters: _Parameters = _Parameters()


class PackageRepository(ModelRepository):  # type: ignore[misc]  # MLServer ships no types
    """The packages below a folder; for `MLSERVER_MODEL_REPOSITORY_IMPLEMENTATION`."""

    def __init__(self, root: str) -> None:
        self._root = Path(root).absolute()

    async def list(self) -> Models:
        """Every model that can be loaded; what it is called is all that was looked at."""
        models = (_model(folder) for folder in _folders(self._root))
        return [model for model in models if model is not None]

    async def find(self, name: str) -> Models:
        """The models of this name.

        Raises:
            ModelNotFound: There is none.
        """
        found = [model for model in await self.list() if model.name == name]
        if not found:
            raise ModelNotFound(name)
        return found


def _folders(root: Path) -> list[Path]:
    """Folders with server settings, or the root if it is a package without them."""
    named = sorted(path.parent for path in root.rglob(SERVER_SETTINGS))
    return named or ([root] if (root / MANIFEST).is_file() else [])


def _model(folder: Path) -> ModelSettings | None:
    path = folder / SERVER_SETTINGS
    try:
        document = _Document.model_validate_json(path.read_bytes() if path.exists() else b"{}")
    except (ValidationError, OSError) as wrong:
        logger.error("Left out %s: %s", path, wrong)  # noqa: TRY400 - its message says it all
        return None
    # no _source: MLServer then leaves the path of modules alone
    return ModelSettings(
        name=document.name or os.environ.get("MLSERVER_MODEL_NAME") or folder.name,
        implementation=RUNTIME,
        parallel_workers=0,
        parameters=ModelParameters(uri=str(folder), **document.parameters.model_dump()),
    )
