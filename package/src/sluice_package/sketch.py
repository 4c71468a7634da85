"""The sketch of one column, whatever its kind."""

from typing import Annotated, TypeAlias

from pydantic import Field

from sluice_package.category import CategorySketch
from sluice_package.error import ProfileError
from sluice_package.number import NumberSketch

Sketch: TypeAlias = Annotated[NumberSketch | CategorySketch, Field(discriminator="kind")]


def merged(
    name: str, left: NumberSketch | CategorySketch, right: NumberSketch | CategorySketch
) -> NumberSketch | CategorySketch:
    """The sketch of both columns together.

    Raises:
        ProfileError: They are of different kinds.
    """
    match left, right:
        case NumberSketch(), NumberSketch():
            return left.merge(right)
        case CategorySketch(), CategorySketch():
            return left.merge(right)
        case _:
            raise ProfileError(f"{name} is a {left.kind} here and a {right.kind} there")
