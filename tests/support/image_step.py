"""Scripts of tools/images as modules; they lie in no package, for Dockerfiles run them by path."""

import importlib.util
import sys
from types import ModuleType

from house import ROOT


def step(name: str) -> ModuleType:
    """One of the scripts."""
    found = importlib.util.spec_from_file_location(name, ROOT / "tools" / "images" / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # dataclasses look their module up
    found.loader.exec_module(module)
    return module
