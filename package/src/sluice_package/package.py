"""A verified model package: the only door to what is in one."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ValidationError

from sluice_package.contract import Contract
from sluice_package.error import DifferentContentError
from sluice_package.layout import CARD, CONTRACT, LINEAGE, METRICS, PROFILE
from sluice_package.manifest import Manifest, read_manifest
from sluice_package.profile import Profile
from sluice_package.verify import first_difference

Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class ModelPackage:
    """A package whose content was as sealed when it was opened."""

    folder: Path
    manifest: Manifest

    @classmethod
    def open(cls, folder: Path | str, expect_digest: str | None = None) -> Self:
        """The package in the folder, after every file was compared with the manifest.

        Raises:
            NotAPackageError: The folder has no manifest.
            UnsupportedFormatError: The package has another format.
            DamagedManifestError: The manifest itself cannot be trusted.
            DifferentContentError: A file differs, is missing or too many, or the digest is not the
                expected one.
        """
        root = Path(folder)
        manifest = read_manifest(root)
        if expect_digest is not None and manifest.digest != expect_digest:
            raise DifferentContentError(
                f"{root}: the package is {manifest.digest}, but {expect_digest} was asked for; "
                "give the digest of this package, or the package of that digest"
            )
        difference = first_difference(root, manifest.files)
        if difference is not None:
            raise DifferentContentError(
                f"{root}: {difference}; this is not what was sealed: fetch or build it again"
            )
        return cls(folder=root, manifest=manifest)

    @property
    def digest(self) -> str:
        """`sha256:` and the digest of all files."""
        return self.manifest.digest

    def read(self, path: str) -> bytes:
        """The sealed bytes of one file, compared once more: what is returned is what was sealed.

        Raises:
            DifferentContentError: The file is not in the package, or changed since it was opened.
        """
        expected = self.manifest.files.get(path)
        if expected is None:
            raise DifferentContentError(f"{self.folder}: no {path} in the package; build it again")
        content = (self.folder / path).read_bytes()
        if hashlib.sha256(content).hexdigest() != expected:
            raise DifferentContentError(
                f"{self.folder}: {path} changed while the package was in use; fetch it again"
            )
        return content

    @cached_property
    def contract(self) -> Contract:
        """What the model takes and gives."""
        return self._parse(CONTRACT, Contract)

    @cached_property
    def profile(self) -> Profile:
        """Sketches of inputs and output on training data, and of answers on the hold-out."""
        return self._parse(PROFILE, Profile)

    @cached_property
    def lineage(self) -> dict[str, Any]:
        """Digests of data, code, parameters and environment."""
        return self._json(LINEAGE)

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """What evaluation found."""
        return self._json(METRICS)

    @cached_property
    def card(self) -> str:
        """The model card, in Markdown."""
        return self.read(CARD).decode()

    def _json(self, path: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.read(path))
        return document

    def _parse(self, path: str, kind: type[Document]) -> Document:
        try:
            return kind.model_validate_json(self.read(path))
        except ValidationError as wrong:
            raise DifferentContentError(
                f"{self.folder}: {path} was sealed but is no {kind.__name__}: {wrong}; "
                "package the model again"
            ) from wrong
