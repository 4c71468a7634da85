"""A real S3 server on loopback: rclone serves a folder, and demands signed requests."""

import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from eventually import eventually
from sluice_operator.serving.process import Process

RCLONE = Path(sys.executable).with_name("rclone")
"""Comes with the environment of the tests."""
KEY, SECRET = "sluice-test", "not-a-secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStore:
    """A running server; each folder in its root is a bucket, each file below an object."""

    root: Path
    endpoint: str

    @property
    def environment(self) -> Mapping[str, str]:
        """What an S3 client reads to find the server and to sign."""
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def put(self, bucket: str, key: str, content: bytes) -> str:
        """An object in a bucket; its URI."""
        path = self.root / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return f"s3://{bucket}/{key}"


@contextmanager
def object_store(folder: Path) -> Iterator[ObjectStore]:
    """A server on the folder, until the block ends."""
    root, port = folder / "buckets", _free_port()
    root.mkdir(parents=True)
    address = f"127.0.0.1:{port}"
    # a test that changes a file in place is seen at once; with no time at all rclone would clean
    # its caches without a pause
    options = ["--auth-key", f"{KEY},{SECRET}", "--addr", address, "--dir-cache-time", "1ms"]
    command = [str(RCLONE), "serve", "s3", *options, "--config", str(folder / "none"), str(root)]
    process = Process(command, folder / "rclone.log")
    try:
        eventually(lambda: not process.ended() and _listens(port))
        yield ObjectStore(root=root, endpoint=f"http://{address}")
    finally:
        process.close()


def _free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _listens(port: int) -> bool:
    with closing(socket.socket()) as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
