"""What a demo plays: a project folder says it in `demo.yaml`, no code knows its columns."""

from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sluice_operator.errors import SpecError

_STRICT = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Traffic(BaseModel):
    """The users: rows of a table, asked in their order in time."""

    model_config = _STRICT

    file: Path
    """Parquet; every column that is not named below is an input of the model."""
    id: str
    """Column with the request id."""
    asked: str
    """Column with the time of the request."""
    label: str
    """Column with the truth; missing where it never becomes known."""
    known: str
    """Column with the time at which the truth becomes known."""
    per_second: Annotated[float, Field(gt=0)]
    """Requests per second of real time."""
    sticky_users: Annotated[int, Field(ge=0)] = 0
    """Users who send back the route they were given."""
    sticky_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the requests that they send."""


class Act(BaseModel):
    """One model, and how it enters the stage."""

    model_config = _STRICT

    name: str
    """In the report and the summary."""
    story: str
    """What is the matter with this candidate, for people."""
    project: Path
    """The `sluice.yaml` that trains it."""
    deployment: Path
    """The ModelDeployment that asks for it."""
    outcome: str
    """How the act should end."""
    limit_seconds: Annotated[float, Field(gt=0)] = 120
    """When to give up waiting for the end."""


class Script(BaseModel):
    """The whole play."""

    model_config = _STRICT

    deployment: str
    """Name of the ModelDeployment."""
    prepare: tuple[Path, ...]
    """Programs that write the raw tables and the traffic; run with Python, in this order."""
    traffic: Traffic
    opening: Act
    """The first model; there is nothing to compare it with."""
    acts: Annotated[tuple[Act, ...], Field(min_length=1)]
    """The candidates, in order."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """The script in a file.

        Raises:
            SpecError: It cannot be read, or a field is wrong.
        """
        try:
            return cls.model_validate(yaml.safe_load(path.read_text()))
        except OSError as broken:
            raise SpecError(f"{path}: cannot be read: {broken.strerror}") from broken
        except yaml.YAMLError as broken:
            raise SpecError(f"{path}: is not YAML: {broken}") from broken
        except ValidationError as broken:
            lines = (f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in broken.errors())
            raise SpecError("\n".join(lines)) from None
