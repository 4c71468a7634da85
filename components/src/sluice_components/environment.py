"""What the model was made with: Python, the libraries, and our own source."""

import hashlib
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from sluice_package.digest import canonical_json

NEEDED_TO_PREDICT: Final = ("scikit-learn", "pandas", "numpy", "cloudpickle")
"""What an environment must hold to open the model, besides a loader."""
OUR_SOURCE: Final = ("sluice_components", "sluice_package")


def pinned_requirements() -> tuple[str, ...]:
    """The libraries that the model needs, at the versions that it was made with."""
    return tuple(f"{name}=={version(name)}" for name in NEEDED_TO_PREDICT)


def digest_of(value: Any) -> str:
    """sha256 of the canonical JSON of a plain value."""
    return f"sha256:{hashlib.sha256(canonical_json(value)).hexdigest()}"


def environment() -> dict[str, Any]:
    """Python, platform and the pinned libraries, and a digest of everything installed."""
    return {
        "python": platform.python_version(),
        "platform": f"{sys.platform}-{platform.machine()}",
        "requirements": list(pinned_requirements()),
        "digest": digest_of({"python": platform.python_version(), "installed": _installed()}),
    }


def source_digest(packages: Iterable[str] = OUR_SOURCE) -> str:
    """sha256 over the Python files of our own packages, by name: one changed line changes it."""
    files: dict[str, str] = {}
    for package in packages:
        files |= _files_of(package)
    return digest_of(files)


def _installed() -> list[str]:
    """Name and version of every installed package, from the names of their folders of metadata."""
    folders = (Path(entry or ".") for entry in sys.path)
    found = (path.name for folder in folders for path in folder.glob("*.dist-info"))
    # reading the metadata itself would take longer than everything else in a package
    return sorted({name.removesuffix(".dist-info").lower() for name in found})


def _files_of(package: str) -> dict[str, str]:
    spec = find_spec(package)
    assert spec is not None, f"{package} is installed, for this file is part of it or imports it"
    assert spec.origin is not None, f"{package} has an __init__.py"
    root = Path(spec.origin).parent
    return {
        f"{package}/{path.relative_to(root).as_posix()}": hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(root.rglob("*.py"))
    }
