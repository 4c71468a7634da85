"""What `model-settings.json` must say, beyond what MLServer itself asks for."""

import multiprocessing
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sluice_serving.error import SettingsError


class RuntimeSettings(BaseModel):
    """`parameters.extra` of `model-settings.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    deployment: str = Field(min_length=1)
    revision: str = Field(min_length=1)
    digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    """The only package that this process may serve."""
    ledger: str = ""
    """URL of the ledger; empty to record no predictions."""
    spool: str = ""
    """Folder for predictions on their way to the ledger; empty to record none."""

    @property
    def records(self) -> bool:
        """Whether predictions go to a ledger."""
        return bool(self.ledger and self.spool)


def runtime_settings(extra: dict[str, Any]) -> RuntimeSettings:
    """The settings of the runtime.

    Raises:
        SettingsError: A field is missing, unknown or wrong.
    """
    try:
        return RuntimeSettings.model_validate(extra)
    except ValidationError as wrong:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
            for error in wrong.errors()
        )
        raise SettingsError(f"model-settings.json: parameters.extra: {problems}") from wrong


def refuse_unfit_server(max_batch_size: int) -> None:
    """Refuse settings of MLServer under which answers could not be recorded by request.

    Metrics and queue belong to one process, so there are no workers; a batch of MLServer has one id
    for many requests, so there are no batches.

    Raises:
        SettingsError: MLServer batches requests, or runs this model in a worker process.
    """
    if max_batch_size > 1:
        raise SettingsError(
            f"model-settings.json: max_batch_size is {max_batch_size}; leave it out, for a batch "
            "of requests loses their ids"
        )
    if multiprocessing.parent_process() is not None:
        raise SettingsError(
            "settings.json: parallel_workers is not 0 (MLServer's default is 1); set it to 0 and "
            "run more server processes for more throughput"
        )
