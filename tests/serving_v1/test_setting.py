import json
import sys
from pathlib import Path

import pytest
from sluice_serving_v1.error import StartError
from sluice_serving_v1.setting import Settings
from sluice_serving_v1.worker import Address, prepare

GOOD = {
    "PREDICTIVE_UNIT_PARAMETERS": '[{"name": "model_uri", "type": "STRING", "value": "/m"}]',
    "SLUICE_WORKER_PYTHON": sys.executable,
    "SELDON_DEPLOYMENT_ID": "trips",
}


def test_seldon_says_where_the_package_is():
    settings = Settings.of_environment(GOOD)
    assert settings.package == Path("/m")
    assert settings.deployment == "trips"
    assert settings.worker_python == Path(sys.executable)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"PREDICTIVE_UNIT_PARAMETERS": ""}, "PREDICTIVE_UNIT_PARAMETERS has no model_uri"),
        ({"PREDICTIVE_UNIT_PARAMETERS": "{"}, "PREDICTIVE_UNIT_PARAMETERS is '{', not a JSON"),
        ({"PREDICTIVE_UNIT_PARAMETERS": "[3]"}, r"is '\[3\]', not a JSON list of objects"),
        ({"SLUICE_WORKER_PYTHON": ""}, "SLUICE_WORKER_PYTHON is '.', no program"),
        ({"SLUICE_WORKER_PYTHON": "/nowhere"}, "SLUICE_WORKER_PYTHON is '/nowhere', no program"),
    ],
)
def test_what_is_missing_is_named(changes, problem):
    with pytest.raises(StartError, match=problem):
        Settings.of_environment(GOOD | changes)


def test_the_worker_does_not_take_the_ports_that_seldon_names_in_every_container(tmp_path):
    address = Address(model="trips", http=1, grpc=2, metrics=3)
    environ = GOOD | {"MLSERVER_HTTP_PORT": "9000", "SLUICE_LEDGER": "sqlite:///l.db"}
    command = prepare(tmp_path, Settings.of_environment(environ), address, environ)
    assert "MLSERVER_HTTP_PORT" not in command.environ
    assert command.environ["SLUICE_LEDGER"] == "sqlite:///l.db"
    assert json.loads((tmp_path / "settings.json").read_text())["host"] == "127.0.0.1"
    model = json.loads((tmp_path / "model-settings.json").read_text())
    assert model["parameters"] == {"uri": "/m", "extra": {"refusal": "stay"}}
