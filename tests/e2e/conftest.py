"""The stack on the node: set up once for all stories, taken away by the last."""

from collections.abc import Iterator

import pytest
from image_pod import KubectlError
from stack import Stack, kubeconfig_in, make_room, take_away
from stack_training import Trainer


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything installed and ready."""
    try:
        found = Stack(kubeconfig=kubeconfig_in(tmp_path_factory.mktemp("node")))
    except KubectlError as down:
        pytest.fail(f"the node does not answer: make node-up parts\n{down}")
    make_room()
    with found.timed("install"):
        found.install()
        found.await_ready()
    yield found
    take_away()


@pytest.fixture(scope="session")
def trainer(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    """Who trains versions of the model; its raw data are in the store."""
    found = Trainer(stack=stack, folder=tmp_path_factory.mktemp("training"))
    found.prepare()
    return found
