"""The container image of all components, decided when a pipeline is compiled."""

import os
import re
from typing import Final

IMAGE: Final = os.environ.get("SLUICE_COMPONENTS_IMAGE", "sluice-components:0.1.0")
"""Registry, name and tag; `SLUICE_COMPONENTS_IMAGE` overrides it at compile time."""
_REFERENCE: Final = re.compile(
    r"(?P<name>[\w.-]+(:\d+)?(/[\w.-]+)*?)(:(?P<tag>[\w][\w.-]{0,127}))?(@sha256:[0-9a-f]{64})?"
)


def fixed_image(reference: str) -> str:
    """The reference itself, if it always names the same image.

    Raises:
        ValueError: It has neither tag nor digest, or the tag is `latest`.
    """
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise ValueError(f"{reference!r} names no image; write [REGISTRY/]NAME:TAG")
    if "@" in reference:
        return reference
    if found["tag"] in {None, "latest"}:
        raise ValueError(
            f"{reference!r} may be another image tomorrow; give the tag of a release, or a digest"
        )
    return reference
