"""What a model server must be told, beyond what MLServer itself asks for.

Three voices, the first that speaks wins: `parameters.extra` of `model-settings.json`, the
environment of the process, and the name under which the model is served.
"""

import multiprocessing
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sluice_serving.environment import settings_in_environment, settings_in_name
from sluice_serving.error import SettingsError


class Refusal(StrEnum):
    """What loading does with a package that must not be served."""

    FAIL = "fail"
    """Loading fails with the reason: for engines that load models by request, as Seldon does."""
    STAY = "stay"
    """The model stays, not ready, and its metadata say why: for those who start it and then ask."""


class RuntimeSettings(BaseModel):
    """`parameters.extra` of `model-settings.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    deployment: str = Field(min_length=1)
    revision: str = Field(min_length=1)
    digest: str = Field(default="", pattern=r"^(sha256:[0-9a-f]{64})?$")
    """The only package that may be served; empty for any that is as its own manifest says."""
    ledger: str = ""
    """URL of the ledger; empty to record no predictions."""
    spool: str = ""
    """Folder for predictions on their way to the ledger; each ledger needs one."""
    mirrored: bool = False
    """Whether every request is a copy whose answer is dropped: where copies bear no mark."""
    refusal: Refusal = Refusal.FAIL

    @property
    def records(self) -> bool:
        """Whether predictions go to a ledger."""
        return bool(self.ledger)

    @model_validator(mode="after")
    def _a_ledger_has_a_spool(self) -> Self:
        if self.ledger and not self.spool:
            raise ValueError(
                "ledger is set but spool is not, so nothing would be recorded; name a folder for "
                "the spool (or set SLUICE_SPOOL), or leave the ledger out"
            )
        return self


def runtime_settings(
    extra: Mapping[str, Any], name: str = "", environ: Mapping[str, str] | None = None
) -> RuntimeSettings:
    """The settings of a model with this name and `parameters.extra`.

    Raises:
        SettingsError: A field is missing, unknown or wrong.
    """
    told = settings_in_name(name) | settings_in_environment(environ or {}) | dict(extra)
    try:
        return RuntimeSettings.model_validate(told)
    except ValidationError as wrong:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}".removeprefix(": ")
            for error in wrong.errors()
        )
        raise SettingsError(f"model-settings.json: parameters.extra: {problems}") from wrong


def refusal_in(extra: Mapping[str, Any]) -> Refusal:
    """What to do with a refused package, even if other settings are what it is refused for."""
    return Refusal.STAY if extra.get("refusal") == Refusal.STAY else Refusal.FAIL


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
