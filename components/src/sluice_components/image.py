"""The container image of all components, decided once, when a pipeline is compiled."""

import os
from typing import Final

IMAGE: Final = os.environ.get("SLUICE_COMPONENTS_IMAGE", "sluice/components-python:0.1.0")
"""Registry, name and tag; `SLUICE_COMPONENTS_IMAGE` overrides it at compile time."""
