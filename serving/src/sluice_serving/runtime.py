"""The one class that MLServer loads: a verified package behind the V2 protocol.

MLServer reloads this module when it resolves the class, so nothing here may be made twice: metrics
and corrections live in modules of their own.
"""

import asyncio
import logging
import os
import time
from http import HTTPStatus
from pathlib import Path

from mlserver import MLModel, ModelSettings
from mlserver.errors import MLServerError
from mlserver.types import InferenceRequest, InferenceResponse, MetadataModelResponse
from mlserver.utils import get_model_uri
from sluice_package.error import PackageError

from sluice_serving.correction import correct_mlserver
from sluice_serving.error import FailedModelError, RejectedRequestError, ServingError
from sluice_serving.metric import Outcome
from sluice_serving.response import input_metadata, output_metadata, response_parameters
from sluice_serving.served import Served
from sluice_serving.setting import Refusal, refusal_in, refuse_unfit_server, runtime_settings
from sluice_serving.trace import TraceLog

correct_mlserver()
logger = logging.getLogger("mlserver.sluice")


class SluiceModel(MLModel):  # type: ignore[misc]  # MLServer ships no types
    """One revision of one deployment."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__(settings)
        self._served: Served | None = None
        self._refused = ""
        self._trace = TraceLog(logger)

    async def load(self) -> bool:
        """Verify, then unpickle.

        Raises:
            MLServerError: The package is refused; or the model stays, not ready for good, where the
                settings say so.
        """
        try:
            await self._load()
        except (ServingError, PackageError, MLServerError, OSError) as refused:
            self._refused = str(refused)
            logger.critical("Refused to serve %s: %s", self.name, refused)
            if refusal_in(self._extra()) is Refusal.FAIL:
                raise MLServerError(str(refused), HTTPStatus.UNPROCESSABLE_ENTITY) from refused
            return False
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer one request.

        Raises:
            MLServerError: 422 with every problem of the request, or 500 if the model fails.
        """
        assert self._served is not None, "MLServer asks no model that is not ready"
        started = time.perf_counter()
        outcome = Outcome.FAILED
        try:
            response = self._served.respond(payload, self.name)
            outcome = Outcome.OK
        except RejectedRequestError as rejected:
            outcome = Outcome.REJECTED
            raise MLServerError(str(rejected), HTTPStatus.UNPROCESSABLE_ENTITY) from rejected
        except FailedModelError as failed:
            self._trace.note(f"Request {payload.id} failed: {failed}", failed.__cause__ or failed)
            message = f"{self._served.settings.revision}: {failed}; its log says more"
            raise MLServerError(message, HTTPStatus.INTERNAL_SERVER_ERROR) from failed
        finally:
            self._served.metrics.count(outcome, time.perf_counter() - started)
        return response

    async def unload(self) -> bool:
        """Bring what was recorded to the spool."""
        if self._served is not None:
            await asyncio.to_thread(self._served.close)
        return True

    async def metadata(self) -> MetadataModelResponse:
        """Inputs and outputs by the contract, and why the package was refused, if it was."""
        metadata = await super().metadata()
        revision, digest = self._identity()
        metadata.parameters = response_parameters(
            revision=revision, digest=digest, refused=self._refused
        )
        return metadata

    async def _load(self) -> None:
        refuse_unfit_server(self._settings.max_batch_size)
        settings = runtime_settings(self._extra(), name=self.name, environ=os.environ)
        folder = Path(await get_model_uri(self._settings))
        served = await asyncio.to_thread(Served.from_package, folder, settings)
        self.inputs = input_metadata(served.contract)
        self.outputs = output_metadata(served.predictor)
        self._served = served

    def _identity(self) -> tuple[str, str]:
        """Revision and digest; as they were asked for while there is no package."""
        if self._served is not None:
            return self._served.settings.revision, self._served.digest
        extra = self._extra()
        return str(extra.get("revision", "")), str(extra.get("digest", ""))

    def _extra(self) -> dict[str, object]:
        parameters = self._settings.parameters
        return (parameters.extra if parameters is not None else None) or {}
