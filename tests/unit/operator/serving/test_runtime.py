import json
from dataclasses import replace
from pathlib import Path

import pytest
from packages import loan_package
from sluice_operator.model import Revision
from sluice_operator.serving.errors import ModelNotFoundError
from sluice_operator.serving.runtime import MlServerRuntime, Placement, Ports, model_settings

PLACEMENT = Placement(
    deployment="churn",
    revision=Revision(name="churn-a", uri="/m", digest="sha256:00"),
    model=Path("/m"),
    ports=Ports(http=1, grpc=2, metrics=3),
    ledger="sqlite:////l.db",
    spool=Path("/spool"),
)


def test_mlserver_is_told_what_docs_serving_says(tmp_path):
    command = MlServerRuntime(python=Path("/venv/bin/python")).prepare(tmp_path / "s", PLACEMENT)
    server = ("/venv/bin/python", "/venv/bin/mlserver", "start", str(tmp_path / "s"))
    assert command == ("/usr/bin/env", "OMP_NUM_THREADS=1", *server)
    settings = json.loads((tmp_path / "s" / "settings.json").read_text())
    assert (settings["host"], settings["http_port"], settings["metrics_port"]) == (
        "127.0.0.1",
        1,
        3,
    )
    model = json.loads((tmp_path / "s" / "model-settings.json").read_text())
    assert model["name"] == "churn"
    assert model["parameters"] == {
        "uri": "/m",
        "extra": {
            "deployment": "churn",
            "revision": "churn-a",
            "digest": "sha256:00",
            "ledger": "sqlite:////l.db",
            "spool": "/spool",
            "refusal": "stay",
        },
    }


def test_without_a_wanted_digest_that_of_the_manifest_is_demanded(tmp_path):
    digest = loan_package(tmp_path)
    any_digest = replace(PLACEMENT, revision=Revision(name="churn-a", uri="/m"), model=tmp_path)
    assert model_settings(any_digest)["parameters"]["extra"]["digest"] == digest


def test_a_folder_that_is_no_package_is_refused_with_the_revision(tmp_path):
    any_digest = replace(PLACEMENT, revision=Revision(name="churn-a", uri="/m"), model=tmp_path)
    with pytest.raises(ModelNotFoundError, match=r"churn-a: .*manifest\.json"):
        model_settings(any_digest)
