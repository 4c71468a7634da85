"""Whether a package is still what was sealed; reads bytes, never unpickles any."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sluice_package.digest import content_paths, sha256_of_file
from sluice_package.manifest import read_manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What comparing a package with its manifest found."""

    digest: str
    """The digest that the manifest promises."""
    difference: str | None
    """The first difference by path, beginning with that path; None if the content is as sealed."""


def verify(folder: Path | str) -> Verification:
    """Compare every file with the manifest, up to the first difference.

    Raises:
        NotAPackageError: The folder has no manifest.
        UnsupportedFormatError: The package has another format.
        DamagedManifestError: The manifest itself cannot be trusted.
    """
    manifest = read_manifest(Path(folder))
    return Verification(
        digest=manifest.digest, difference=first_difference(Path(folder), manifest.files)
    )


def first_difference(root: Path, files: Mapping[str, str]) -> str | None:
    """The first difference by path between a folder and the sha256 that its files must have."""
    paths = sorted({*files, *content_paths(root)})
    problems = (_difference(root, path, files.get(path)) for path in paths)
    return next((problem for problem in problems if problem is not None), None)


def _difference(root: Path, path: str, expected: str | None) -> str | None:
    file = root / path
    if expected is None:
        return f"{path}: not in the manifest"
    if _passes_a_link(root, path):
        return f"{path}: a link, where a file was sealed"
    if not file.is_file():
        return f"{path}: missing"
    return _content_difference(file, path, expected)


def _passes_a_link(root: Path, path: str) -> bool:
    file = root / path
    inside = (file, *(parent for parent in file.parents if root in parent.parents))
    return any(place.is_symlink() for place in inside)


def _content_difference(file: Path, path: str, expected: str) -> str | None:
    try:
        found = sha256_of_file(file)
    except OSError as unreadable:
        return f"{path}: cannot be read ({unreadable.strerror})"
    if found == expected:
        return None
    return f"{path}: content differs from the manifest (sha256 {found[:12]}…, not {expected[:12]}…)"
