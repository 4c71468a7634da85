"""A model for MLServer that does as it is told by a file, as the double's light models do.

`model-settings.json` names the file in `parameters.extra.behaviour`. A real MLServer loads it,
behind the double or behind a real Seldon; this folder must be on its PYTHONPATH.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

from mlserver import MLModel
from mlserver.errors import MLServerError
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput


class StandInModel(MLModel):
    """See the module."""

    async def load(self) -> bool:
        """Fail, or take its time, if told so.

        Raises:
            MLServerError: It was told not to load.
        """
        await asyncio.sleep(self._told("load_seconds", 0))
        if error := self._told("load_error", ""):
            raise MLServerError(error, 400)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer one number.

        Raises:
            MLServerError: It was told another status than 200.
        """
        await asyncio.sleep(self._told("delay_seconds", 0))
        status = self._told("status", 200)
        if status != 200:
            raise MLServerError("told to fail", status)
        output = ResponseOutput(name="predict", shape=[1, 1], datatype="INT64", data=[0])
        return InferenceResponse(model_name=self.name, id=payload.id, outputs=[output])

    def _told(self, name: str, default: Any) -> Any:
        extra = self._settings.parameters.extra or {}
        try:
            return json.loads(Path(extra["behaviour"]).read_text()).get(name, default)
        except FileNotFoundError:
            return default
