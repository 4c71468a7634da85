"""These tests run our images on the node: `make node-up images`, then `pytest tests/images`."""

import json
import secrets
from collections.abc import Iterator

import pytest
from house import ROOT, version
from image_pod import KubectlError, kubectl


@pytest.fixture(scope="session", name="version")
def tag() -> str:
    """Tag of all images."""
    return version()


@pytest.fixture(scope="session")
def namespace() -> Iterator[str]:
    """A namespace in which only restricted pods may run; gone afterwards."""
    name = f"images-{secrets.token_hex(4)}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    metadata = {"name": name, "labels": labels}
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    try:
        kubectl("create", "-f", "-", stdin=json.dumps(made))
    except KubectlError as down:
        pytest.fail(f"the node does not answer: make node-up images\n{down}")
    yield name
    kubectl("delete", "namespace", name, "--timeout=180s")  # its pods have taken room from others


@pytest.fixture(scope="session")
def starts() -> Iterator[dict[str, float]]:
    """Seconds from the start of a container to its first answer, for tools/images/table.py."""
    path = ROOT / "build" / "images" / "starts.json"
    seconds: dict[str, float] = json.loads(path.read_text()) if path.exists() else {}
    yield seconds
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(seconds, indent=1))
