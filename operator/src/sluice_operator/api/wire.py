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
