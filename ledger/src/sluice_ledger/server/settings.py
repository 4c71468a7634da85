"""Settings of the service, from the environment; anything unknown or odd is refused."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from sluice_ledger.errors import LedgerError

PREFIX = "SLUICE_LEDGER_"
OF_CLIENTS = frozenset({"token", "token_file"})
"""Variables with our prefix that are read by those who ask the service."""


class SettingsError(LedgerError):
    """The environment does not say how the service should run; one line for each problem."""


class Settings(BaseModel):
    """What a platform engineer may set; each field is the variable `SLUICE_LEDGER_<FIELD>`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    database: SecretStr
    """`postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE`; a password may also come from
    `PGPASSWORD` or `PGPASSFILE`."""
    tokens_file: Path
    """Who may do what, by digests of tokens; read anew when it changes."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """API, health and metrics; 0 takes any free port."""
    bind: str = "0.0.0.0"  # noqa: S104 - a Pod's clients come from outside of it
    """Address of the port."""
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Whole days that are kept, by the day of arrival; labels that come later find no answer."""
    body_bytes: Annotated[int, Field(ge=1 << 10, le=1 << 30)] = 8 << 20
    """Longest body of a request."""
    waiting_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 34)] = 64 << 20
    """Bodies in memory, in all; more is answered with 429 and `Retry-After`."""
    commit_records: Annotated[int, Field(ge=1, le=100_000)] = 20_000
    """Most records of one commit; requests that wait at the same time share one."""
    grace_seconds: Annotated[int, Field(ge=1, le=600)] = 20
    """For requests under way when the process is asked to end."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least level that is logged."""


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings that the environment holds.

    Raises:
        SettingsError: A variable is missing, unknown or wrong; one line for each.
    """
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value
    }
    try:
        return Settings.model_validate({k: v for k, v in given.items() if k not in OF_CLIENTS})
    except ValidationError as broken:
        problems = broken.errors(include_url=False, include_context=False, include_input=False)
        lines = [_in_words(str(one["loc"][0]), one["type"], one["msg"], given) for one in problems]
        raise SettingsError("\n".join(lines)) from None


def _in_words(field: str, kind: str, message: str, given: Mapping[str, str]) -> str:
    name = PREFIX + field.upper()
    if kind == "missing":
        about = " ".join((Settings.model_fields[field].description or "").split())
        return f"{name}: is not set; {about}"
    if given[field].startswith("tcp://") or "service_" in field or "_tcp" in field:
        return (
            f"{name}: this is Kubernetes speaking of a Service of the same name; set"
            " enableServiceLinks: false in the Pod"
        )
    if kind != "extra_forbidden":
        shown = "" if field == "database" else f" (it is {given[field]!r})"
        return f"{name}: {message}{shown}"
    near = get_close_matches(field, Settings.model_fields, n=1)
    return f"{name}: no such setting" + (
        f"; did you mean {PREFIX}{near[0].upper()}?" if near else ""
    )
