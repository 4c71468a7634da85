"""Digests of files and of whole packages.

Law: the digest of a package is the sha256 of the canonical JSON of its files, a mapping of path to
sha256. The manifest itself is not among the files, nor is what servers write beside it.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from sluice_package.layout import SERVER_SETTINGS

MANIFEST = "manifest.json"
"""Path of the manifest in a package."""
NO_CONTENT = frozenset({MANIFEST, SERVER_SETTINGS})
"""Paths that no digest covers."""


def canonical_json(value: object) -> bytes:
    """The one spelling of a JSON value: sorted keys, no blanks, ASCII, no NaN.

    Raises:
        ValueError: The value holds NaN or an infinity.
        TypeError: The value holds something that JSON does not know.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("ascii")


def sha256_of_file(path: Path) -> str:
    """Hexadecimal sha256 of the content, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of_files(files: Mapping[str, str]) -> str:
    """Digest of a package, given the hexadecimal sha256 of each of its files by path."""
    return "sha256:" + hashlib.sha256(canonical_json(dict(files))).hexdigest()


def content_paths(folder: Path) -> Iterator[str]:
    """Paths of everything in the folder that is neither a folder nor in NO_CONTENT; unsorted.

    Links are named and never followed: a package consists of regular files.
    """
    for root, folders, files in os.walk(folder, followlinks=False):
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        for name in (*files, *links):
            path = (Path(root) / name).relative_to(folder).as_posix()
            if path not in NO_CONTENT:
                yield path
