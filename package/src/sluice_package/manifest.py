"""The manifest: the sha256 of every file of a package, and the digest of them all."""

import json
import re
from pathlib import Path, PurePosixPath
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sluice_package.digest import MANIFEST, digest_of_files
from sluice_package.error import (
    DamagedManifestError,
    NotAPackageError,
    UnsupportedFormatError,
)

FORMAT = 1
"""The format that this version writes, and the only one that it reads."""

SHA256 = re.compile(r"[0-9a-f]{64}")


class Manifest(BaseModel):
    """What `manifest.json` says; validated so far that its paths can be opened safely."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: int
    digest: str
    files: dict[str, str] = Field(min_length=1)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for path, sha256 in self.files.items():
            _refuse_unsafe(path)
            if not SHA256.fullmatch(sha256):
                raise ValueError(f"files[{path!r}] is not a hexadecimal sha256: {sha256!r}")
        if digest_of_files(self.files) != self.digest:
            raise ValueError(f"digest {self.digest!r} is not the digest of files")
        return self


def manifest_of(files: dict[str, str]) -> Manifest:
    """The manifest for files with these hexadecimal sha256."""
    return Manifest(format=FORMAT, digest=digest_of_files(files), files=files)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the package in the folder.

    Raises:
        NotAPackageError: There is none.
        UnsupportedFormatError: Another version of Sluice wrote it.
        DamagedManifestError: It is not JSON, lacks something, names a path outside of the package,
            or its digest is not that of its files.
    """
    path = folder / MANIFEST
    document = _json_object(path)
    _refuse_other_format(path, document)
    try:
        return Manifest.model_validate(document)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _damaged(path, f"{where}: {first['msg']}".removeprefix(": ")) from wrong


def _json_object(path: Path) -> dict[str, object]:
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as missing:
        raise NotAPackageError(
            f"{path.parent}: no {MANIFEST} there, so this is not a model package; "
            "give the folder that `seal` wrote"
        ) from missing
    except (OSError, ValueError, RecursionError) as broken:
        raise _damaged(path, str(broken)) from broken
    if not isinstance(document, dict):
        raise _damaged(path, "not a JSON object")
    return document


def _refuse_other_format(path: Path, document: dict[str, object]) -> None:
    found = document.get("format")
    if isinstance(found, int) and found != FORMAT:
        raise UnsupportedFormatError(
            f"{path}: the package has format {found}, but this version of Sluice reads {FORMAT}; "
            "package the model again with this version, or use the version that wrote it"
        )


def _refuse_unsafe(path: str) -> None:
    pure = PurePosixPath(path)
    plain = pure.as_posix() == path and not pure.is_absolute() and ".." not in pure.parts
    if not plain or "\0" in path or "\\" in path or path in {MANIFEST, "."}:
        raise ValueError(f"files names {path!r}, which is not a plain path inside of the package")


def _damaged(path: Path, problem: str) -> DamagedManifestError:
    return DamagedManifestError(
        f"{path}: the manifest is damaged ({problem}); fetch or build the package again"
    )
