"""A real server under Seldon Core 1 with `protocol: v2`: one package, served from the start.

Source of the environment: Seldon Core v1.17.1, operator/controllers/mlserver.go.
"""

import json
import os
import subprocess

import httpx
import pytest
from bomb import Bomb
from eventually import eventually
from ledger_content import answers_to
from loan_requests import one_loan
from packages import loan_package
from serving_process import MLSERVER, free_ports

START_SECONDS = 240.0


class Container:
    """The container of one predictor, with the package where its init container leaves it."""

    def __init__(self, folder, package, **parameters):
        folder.mkdir()
        self.folder = folder
        self.http, grpc, metrics = free_ports(3)
        listed = [{"name": n, "value": v, "type": "STRING"} for n, v in parameters.items()]
        variables = {
            "MLSERVER_HTTP_PORT": str(self.http),
            "MLSERVER_GRPC_PORT": str(grpc),
            "MLSERVER_METRICS_PORT": str(metrics),
            "MLSERVER_MODEL_IMPLEMENTATION": "",
            "MLSERVER_MODEL_NAME": "model",
            "MLSERVER_MODEL_VERSION": "v1",
            "MLSERVER_MODEL_URI": str(package),
            "PREDICTIVE_UNIT_ID": "model",
            "PREDICTIVE_UNIT_PARAMETERS": json.dumps(listed),
            "PREDICTOR_ID": "loans-4f2a91c3",
            "SELDON_DEPLOYMENT_ID": "loans",
            # what our image sets
            "MLSERVER_HOST": "127.0.0.1",
            "MLSERVER_PARALLEL_WORKERS": "0",
            "MLSERVER_MODEL_REPOSITORY_IMPLEMENTATION": (
                "sluice_serving.repository.PackageRepository"
            ),
            "SLUICE_SPOOL": str(folder / "spool"),
        }
        with (folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(MLSERVER), "start", str(package)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | variables,
                cwd=folder,
            )

    @property
    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def is_ready(self):
        assert self.process.poll() is None, self.log[-3000:]
        try:
            return httpx.get(f"http://127.0.0.1:{self.http}/v2/health/ready").is_success
        except httpx.TransportError:
            return False

    def infer(self, body):
        return httpx.post(f"http://127.0.0.1:{self.http}/v2/models/model/infer", json=body)


@pytest.fixture
def container_of(tmp_path):
    made = []

    def make(package, **parameters):
        made.append(Container(tmp_path / f"container-{len(made)}", package, **parameters))
        return made[-1]

    yield make
    for container in made:
        container.process.terminate()
        container.process.wait(30)


@pytest.mark.parametrize("with_settings", [True, False])
def test_a_package_is_served_as_the_graph_names_it(container_of, tmp_path, with_settings):
    digest = loan_package(tmp_path / "models")
    if not with_settings:
        (tmp_path / "models" / "model-settings.json").unlink()
    ledger = tmp_path / "ledger.db"
    container = container_of(tmp_path / "models", digest=digest, ledger=f"sqlite:///{ledger}")
    eventually(container.is_ready, within=START_SECONDS)
    answer = container.infer(one_loan(id="a")).raise_for_status().json()
    assert answer["parameters"] == {"revision": "loans-4f2a91c3", "digest": digest}
    found = eventually(lambda: answers_to(ledger, "a"), within=30)
    assert found == [("loans", "loans-4f2a91c3", False)]


def test_a_package_of_another_digest_ends_the_container_and_its_log_says_why(
    container_of, tmp_path
):
    loan_package(tmp_path / "models", Bomb(tmp_path / "exploded"))
    container = container_of(tmp_path / "models", digest="sha256:" + "0" * 64)
    container.process.wait(START_SECONDS)
    assert "but sha256:000" in container.log
    assert not (tmp_path / "exploded").exists()
