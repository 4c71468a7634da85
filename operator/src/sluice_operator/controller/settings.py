"""Settings of the operator's process, from the environment; anything unknown or odd is refused."""

import os
import socket
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from sluice_operator.errors import SpecError

PREFIX = "SLUICE_"


def _parts(text: object) -> object:
    """`a, b` as a tuple of words."""
    if not isinstance(text, str):
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


Words = Annotated[tuple[str, ...], BeforeValidator(_parts)]
Url = Annotated[str, Field(pattern=r"^(https?://[^\s/]+(/\S*)?)?$")]
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseModel):
    """What a platform engineer may set; each field is the variable `SLUICE_<FIELD>`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    namespaces: Words = ()
    """Namespaces to watch, separated by commas; all when empty."""
    lease_namespace: str = "sluice"
    """Namespace of the Lease that decides which replica acts."""
    lease_name: str = "sluice-operator"
    """Name of that Lease."""
    identity: str = Field(default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}")
    """Name of this replica in the Lease."""
    prometheus_url: Url = ""
    """Prometheus that answers gates on errors and latency; without it those gates have no data."""
    prometheus_namespace_label: Annotated[str, Field(pattern=r"^(-|[a-zA-Z_]\w*)$")] = "namespace"
    """Label of series that has the namespace of the server that exports them; `-` for none."""
    prometheus_series: Literal["Seldon", "OwnServers", "Runtime"] = "Seldon"
    """Which series count for Seldon Core 2: `Seldon` for requests of its agents and seconds of our
    runtime; `OwnServers` for both of its agents, where each revision has a Server of its own name;
    `Runtime` for both of our runtime. Seldon Core 1 has those of its executor."""
    ledger: str = ""
    """Ledger that answers gates on accuracy; without it those gates have no data. Behind `http` it
    is also the one that model servers are told to write to: say a name that they can resolve."""
    ledger_token_file: Path | None = None
    """File with the token that a ledger behind `http` asks for; the ledger's client reads it."""
    mlflow_url: Url = ""
    """MLflow that knows where `models:/…` lie; without it such models are refused."""
    envoy_admin_urls: Words = ("http://seldon-mesh:9003",)
    """Admin addresses of Seldon's Envoy replicas, separated by commas; what they report is the
    truth about traffic."""
    workers: Annotated[int, Field(ge=1, le=64)] = 8
    """Deployments looked at in parallel."""
    poll_seconds: Annotated[float, Field(ge=0.2, le=300)] = 5.0
    """Between two looks at the evidence of a rollout."""
    checkpoint_seconds: Annotated[float, Field(ge=1, le=600)] = 30.0
    """Between two records of evidence and counts that change nothing else; longer by itself when
    many rollouts are active, so that recording costs at most 15 writes per second each."""
    health_port: Port = 8081
    """Liveness and readiness (`/healthz`, `/readyz`); 0 takes any free port."""
    metrics_port: Port = 8080
    """Metrics of the operator itself (`/metrics`); 0 takes any free port."""
    bind: str = "0.0.0.0"  # noqa: S104 - a Pod's probes and scrapes come from outside of it
    """Address of the two ports."""
    log_format: Literal["json", "text"] = "json"
    """How log lines are written."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least level that is logged."""
    kubeconfig: Path | None = None
    """Instead of the Pod's own ServiceAccount."""


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings that the environment holds.

    Raises:
        SpecError: A variable is unknown or wrong; one line for each.
    """
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value
    }
    try:
        return Settings.model_validate(given)
    except ValidationError as broken:
        raise SpecError("\n".join(_in_words(error) for error in broken.errors())) from None


def _in_words(error: object) -> str:
    assert isinstance(error, dict)
    field = str(error["loc"][0])
    name = PREFIX + field.upper()
    if error["type"] != "extra_forbidden":
        return f"{name}: {error['msg']} (it is {error['input']!r})"
    near = get_close_matches(field, Settings.model_fields, n=1)
    return f"{name}: no such setting" + (
        f"; did you mean {PREFIX}{near[0].upper()}?" if near else ""
    )
