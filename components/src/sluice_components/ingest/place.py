"""Where a source lies: a file below the project's folder, or an object in an S3 store.

Credentials and the endpoint of the store come from the variables that every S3 client reads:
`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_ENDPOINT_URL`, `AWS_DEFAULT_REGION`.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlparse

from pyarrow.fs import FileSystem, FileType, LocalFileSystem, S3FileSystem

from sluice_components.errors import SourceError

_S3: Final = "s3://"
_BLOCK_BYTES: Final = 2**20
_CONNECT_SECONDS: Final = 10.0
_REQUEST_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One file, wherever it lies."""

    uri: str
    """As messages name it."""
    system: FileSystem
    path: str
    """As the file system names it."""

    @property
    def suffix(self) -> str:
        """The last suffix in lower case: `.zip`."""
        return Path(self.path).suffix.lower()

    def size(self) -> int | None:
        """Bytes; None where there is no file.

        Raises:
            SourceError: The store cannot be asked.
        """
        try:
            info = self.system.get_file_info(self.path)
        except OSError as away:
            raise SourceError(
                f"{self.uri}: the object store does not answer: {_first_line(away)}; check "
                "AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            ) from away
        return int(info.size) if info.type is FileType.File else None

    def file(self) -> Any:
        """The bytes as they are, open at any offset."""
        return self.system.open_input_file(self.path)

    def stream(self) -> Any:
        """The bytes in order; what a suffix such as `.gz` says is compressed is unpacked."""
        return self.system.open_input_stream(self.path)

    def digest(self) -> str:
        """sha256 of the bytes.

        Raises:
            OSError: They cannot be read.
        """
        total = hashlib.sha256()
        with self.system.open_input_stream(self.path, compression=None) as stream:
            while block := stream.read(_BLOCK_BYTES):
                total.update(block)
        return total.hexdigest()


def place_of(base: Path | str, path: str) -> Place:
    """The place of a source: below `base`, unless the path says by itself where it is.

    Raises:
        SourceError: It is in a store of another kind.
    """
    uri = path if "://" in path else _below(base, path)
    if uri.startswith(_S3):
        return Place(uri=uri, system=_object_store(), path=uri.removeprefix(_S3))
    if "://" in uri:
        raise SourceError(
            f"{uri}: only files and s3:// can be read; copy the source to one of them"
        )
    return Place(uri=uri, system=LocalFileSystem(), path=uri)


def _below(base: Path | str, path: str) -> str:
    if isinstance(base, str) and "://" in base:
        return f"{base.rstrip('/')}/{path}"
    return str(Path(base) / path)


def _object_store() -> FileSystem:
    endpoint = urlparse(
        os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
    )
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    elsewhere = {"endpoint_override": endpoint.netloc, "scheme": endpoint.scheme}
    return S3FileSystem(
        region=region,
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_REQUEST_SECONDS,
        **(elsewhere if endpoint.netloc else {}),
    )


def _first_line(error: OSError) -> str:
    return str(error).strip().partition("\n")[0]
