import json
from pathlib import Path

from sluice_operator.rollout.model import Revision
from sluice_operator.serving.runtime import MlServerRuntime, Placement, Ports


def test_mlserver_is_told_what_docs_serving_says(tmp_path):
    placement = Placement(
        deployment="churn",
        revision=Revision(name="churn-a", uri="/m", digest="sha256:00"),
        model=Path("/m"),
        ports=Ports(http=1, grpc=2, metrics=3),
        ledger="sqlite:////l.db",
        spool=Path("/spool"),
    )
    command = MlServerRuntime(python=Path("/venv/bin/python")).prepare(tmp_path / "s", placement)
    assert command == ("/venv/bin/python", "/venv/bin/mlserver", "start", str(tmp_path / "s"))
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
        },
    }
