"""A real MLflow tracking server on loopback: SQLite for its store, and files that it hands over."""

import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
from eventually import eventually
from sluice_operator.serving.process import Process


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """The URI of a server on the folder, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    options = {
        "--host": "127.0.0.1",
        "--port": str(port),
        "--workers": "1",
        "--backend-store-uri": f"sqlite:///{folder / 'mlflow.db'}",
        "--artifacts-destination": str(folder / "artifacts"),
    }
    words = [word for pair in options.items() for word in pair]
    command = [sys.executable, "-m", "mlflow", "server", *words]
    process = Process(command, folder / "mlflow.log")
    uri = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: _answers(uri, process), within=120, every=0.2)
        yield uri
    finally:
        process.close()


def _answers(uri: str, process: Process) -> bool:
    assert not process.ended(), process.why_ended()
    try:
        return httpx.get(f"{uri}/health").is_success
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
