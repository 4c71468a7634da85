"""The stack on the node: set up once for all stories, taken away by the last."""

import tomllib
from collections.abc import Iterator

import pytest
from house import ROOT
from image_pod import KubectlError, kubectl
from stack import NAMESPACE, RUNS, Stack, kubeconfig_in, make_room
from stack_training import WEAK, Trainer


@pytest.fixture(scope="session")
def version() -> str:
    """Tag of all images."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


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
    for name in (NAMESPACE, RUNS):
        kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


@pytest.fixture(scope="session")
def trained(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """URIs of three versions: a weak one, a better one, and one that lacks a third of the users."""
    trainer = Trainer(stack=stack, folder=tmp_path_factory.mktemp("training"))
    trainer.prepare()
    easy = {"acceptance": [{"metric": "roc_auc", "minimum": 0.5}]}
    with stack.timed("training of three versions"):
        told = {
            "weak": trainer.train("weak", features={"numeric": WEAK}, **easy),
            "better": trainer.train("better"),
            "narrow": trainer.train("narrow", raw="some"),
        }
    return {name: one["model"] for name, one in told.items()}
