"""The stack on the node: set up once for all stories, taken away by the last."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import ROOT
from image_pod import kubectl
from stack import NAMESPACE, RUNS, Stack, build_images, make_room, start_node
from stack_training import WEAK, Trainer


@pytest.fixture(scope="session")
def version() -> str:
    """Tag of all images."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything installed and ready."""
    found = Stack(kubeconfig=Path())
    with found.timed("node"):
        found.kubeconfig = start_node()
    with found.timed("images"):
        build_images()
    with found.timed("room"):
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
