"""What a loaded model needs to answer requests; nothing here knows MLServer's life cycle."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from mlserver.types import InferenceRequest, InferenceResponse
from sluice_package.contract import Contract
from sluice_package.package import ModelPackage

from sluice_serving.bin import InputBins
from sluice_serving.identity import Identity, identity_of
from sluice_serving.metric import RequestMetrics
from sluice_serving.metric_bin import bins_of
from sluice_serving.model_file import load_model
from sluice_serving.predictor import Answer, Predictor
from sluice_serving.recorder import Answered
from sluice_serving.recording import Recording
from sluice_serving.request import RequestReader, frame_of
from sluice_serving.response import response_of, response_parameters
from sluice_serving.setting import RuntimeSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One revision, ready to answer."""

    settings: RuntimeSettings
    digest: str
    """Of the package that was verified."""
    contract: Contract
    reader: RequestReader
    predictor: Predictor
    metrics: RequestMetrics
    bins: InputBins
    recording: Recording | None

    @classmethod
    def from_package(cls, folder: Path, settings: RuntimeSettings) -> Self:
        """Verify the package, then unpickle its model, then begin to record.

        Raises:
            PackageError: The package is not what was sealed or asked for.
            RefusedPackageError: It cannot be served here.
        """
        package = ModelPackage.open(folder, expect_digest=settings.digest or None)
        contract = package.contract
        predictor = Predictor(load_model(package), contract)
        recording = Recording(settings) if settings.records else None
        if recording is not None:
            recording.start()
        return cls(
            settings=settings,
            digest=package.digest,
            contract=contract,
            reader=RequestReader(contract),
            predictor=predictor,
            metrics=RequestMetrics(settings.deployment, settings.revision),
            bins=bins_of(settings, InputBins(package.profile, contract)),
            recording=recording,
        )

    def respond(self, request: InferenceRequest, model_name: str) -> InferenceResponse:
        """Answer a request and record the answer; sets the id of the request.

        Raises:
            RejectedRequestError: The request does not fit the contract.
            FailedModelError: The model gave no answer.
        """
        identity = identity_of(request.id, _headers(request))
        request.id = identity.request_id
        columns = self.reader.columns(request.inputs)
        self.bins.add(columns)
        answer = self.predictor.answer(frame_of(columns))
        self._record(identity, answer)
        response = response_of(answer, model_name, self.predictor.datatype)
        response.parameters = response_parameters(
            revision=self.settings.revision, digest=self.digest
        )
        return response

    def close(self) -> None:
        """Bring what was recorded to the spool."""
        if self.recording is not None:
            self.recording.close()

    def _record(self, identity: Identity, answer: Answer) -> None:
        if self.recording is not None:
            mirrored = identity.mirrored or self.settings.mirrored
            self.recording.record(Answered(identity.request_id, mirrored, answer, at=time.time()))


def _headers(request: InferenceRequest) -> Mapping[str, Any]:
    headers: Mapping[str, Any] | None = request.parameters and request.parameters.headers
    return headers or {}
