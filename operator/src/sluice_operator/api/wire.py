"""How a type travels: camelCase keys, unknown keys refused, values frozen."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    """A value of the API; the sentence under a field is its documentation everywhere."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
    )

    def to_wire(self) -> dict[str, Any]:
        """Plain JSON values with the keys of the wire; absent fields stay absent."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Report(Wire, extra="ignore"):
    """A value that Sluice writes and reads again, if need be after an update or a downgrade.

    Every field has a default and unknown ones are passed over, so that any version can read it.
    """


class ObjectMeta(Wire, extra="allow"):
    """Kubernetes' metadata, of which Sluice reads the name."""

    name: str
    """Name of the object."""
