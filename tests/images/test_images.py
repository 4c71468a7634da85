"""Each image does its work as a restricted pod with a root file system that is read-only."""

import json

import pytest
from eventually import eventually
from image_pod import Container, KubectlError, Pod, support
from image_step import step
from sluice_components.validate.component import validate

SERVED = "late-trips"
pytestmark = pytest.mark.timeout(900)
MAKE = """
from pathlib import Path
from package_making import trip_package
print(trip_package(Path("/made")))
"""
TABLE = """
from pathlib import Path
from sluice_components.dataset import write_frame
from training_rows import trips
write_frame(trips(50), Path("/made/raw"))
"""
WATCHED = """
python3 -c "import time; print(time.time())"
sh -ec "$@"
python3 -c "import time; print(time.time()); print(open('/made/output.json').read())"
"""
"""Runs the rest of the command as Kubeflow does, and prints when, and what it said of outputs."""
ASKED = {
    "inputs": [
        {"name": "distance", "shape": [1], "datatype": "FP64", "data": [900.0]},
        {"name": "hour", "shape": [1], "datatype": "INT64", "data": [17]},
        {"name": "carrier", "shape": [1], "datatype": "BYTES", "data": ["AA"]},
    ]
}
UNWRITABLE = "import os, sys\nassert os.getuid() == 65532\nopen('/etc/mark', 'w')"
IMPORTED = """
import sys, {module}
from pathlib import Path
named = [Path(m.__cached__) for m in sys.modules.values() if getattr(m, '__cached__', None)]
print(len(named), len([path for path in named if not path.exists()]))
"""
BILL = """
import json, re
from pathlib import Path
from importlib.metadata import distributions
bill = json.loads(Path("/usr/share/sluice/sbom.cdx.json").read_text())
even = lambda name: re.sub("[-_.]+", "-", name).lower()
listed = {(even(part["name"]), part["version"]) for part in bill["components"]}
there = [one for one in distributions() if "_vendor" not in str(one._path)]
unlisted = sorted({(even(one.name), one.version) for one in there} - listed)
missing = [str(file) for one in there for file in one.files or [] if not file.locate().exists()]
print(json.dumps({"listed": len(listed), "unlisted": unlisted, "missing": missing}))
"""
"""Also whether every file that a distribution says it brought is there."""


def image(name: str, version: str) -> str:
    return f"sluice-{name}:{version}"


@pytest.fixture(scope="module")
def operator(namespace: str, version: str, starts: dict[str, float]) -> Pod:
    main = Container(image=image("operator", version))
    pod = Pod(namespace=namespace, name="operator", main=main)
    pod.start()
    pod.answers(8081, "/healthz")
    starts["operator"] = pod.seconds()
    return pod


def package_maker(version: str) -> Container:
    return Container(
        image=image("components", version),
        command=["python3", "-c", MAKE],
        env={"PYTHONPATH": "/files"},
        mounts={"/made": "work", "/files": "files"},
    )


@pytest.fixture(scope="module")
def serving(namespace: str, version: str, starts: dict[str, float]) -> Pod:
    server = Container(
        image=image("serving", version),
        env={
            "MLSERVER_MODELS_DIR": "/made",
            "MLSERVER_MODEL_NAME": SERVED,
            "SLUICE_DEPLOYMENT": SERVED,
            "SLUICE_REVISION": f"{SERVED}-4f2a91c3",
        },
        mounts={"/made": "work", "/var/lib/sluice/spool": "tmp"},
    )
    files = support("package_making.py", "training_rows.py")
    pod = Pod(
        namespace=namespace,
        name="serving",
        main=server,
        before=package_maker(version),
        files=files,
    )
    pod.start()
    pod.answers(9000, f"/v2/models/{SERVED}/ready", within=240)
    starts["serving"] = pod.seconds()
    return pod


def test_the_operator_says_who_forbids_what(operator: Pod) -> None:
    assert "is forbidden" in operator.log()
    assert "sluice_settings_info" in operator.ask(8080, "/metrics")


def test_the_operator_loads_what_is_compiled(operator: Pod) -> None:
    loaded, without = operator.run(
        "python", "-c", IMPORTED.format(module="sluice_operator.controller.wiring")
    ).split()
    assert int(loaded) > 500
    assert int(without) <= 10


def test_the_components_of_a_package_train_in_their_image(serving: Pod) -> None:
    assert "sha256:" in serving.log("before")


def test_the_server_answers_for_a_package(serving: Pod) -> None:
    answer = serving.post(9000, f"/v2/models/{SERVED}/infer", ASKED)
    assert answer["outputs"][0]["name"] == "prediction"
    assert answer["outputs"][0]["data"][0] in {0, 1}


@pytest.mark.parametrize("pod", ["operator", "serving"])
def test_the_root_file_system_is_read_only(pod: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(KubectlError, match="Read-only file system"):
        request.getfixturevalue(pod).run("python", "-c", UNWRITABLE)


def executor_input() -> str:
    outputs = {
        name: {"artifacts": [{"name": name, "type": {"schemaTitle": kind}, "uri": f"/made/{name}"}]}
        for name, kind in {
            "clean": "system.Dataset",
            "quarantine": "system.Dataset",
            "report": "system.Markdown",
            "counts": "system.Metrics",
        }.items()
    }
    raw = {"name": "raw", "type": {"schemaTitle": "system.Dataset"}, "uri": "/made/raw"}
    schema = [
        {"name": "distance", "type": "float", "nullable": True, "minimum": 1000},
        {"name": "hour", "type": "integer"},
        {"name": "carrier", "type": "string"},
        {"name": "late", "type": "integer"},
    ]
    return json.dumps(
        {
            "inputs": {
                "artifacts": {"raw": {"artifacts": [raw]}},
                "parameterValues": {"schema": schema},
            },
            "outputs": {"artifacts": outputs, "outputFile": "/made/output.json"},
        }
    )


def test_a_step_runs_as_kubeflow_starts_it(
    namespace: str, version: str, starts: dict[str, float]
) -> None:
    step = validate.component_spec.implementation.container
    mounts = {"/made": "work", "/files": "files"}
    pod = Pod(
        namespace=namespace,
        name="step",
        before=Container(
            image=image("components", version),
            command=["python3", "-c", TABLE],
            env={"PYTHONPATH": "/files"},
            mounts=mounts,
        ),
        main=Container(
            image=image("components", version),
            command=["sh", "-ec", WATCHED, "sh", *step.command[2:]],
            args=["--executor_input", executor_input(), "--function_to_execute", "validate"],
            mounts=mounts,
        ),
        files=support("training_rows.py"),
    )
    pod.start()
    began, *_, ended, output = pod.succeeds().strip().split("\n")
    starts["components"] = float(ended) - float(began)
    (counts,) = json.loads(output)["artifacts"]["counts"]["artifacts"]
    assert counts["metadata"]["rows"] == 50
    assert counts["metadata"]["clean"] + counts["metadata"]["quarantined"] == 50


@pytest.fixture(scope="module")
def wrapper(namespace: str, version: str, starts: dict[str, float]) -> Pod:
    said = [{"name": "model_uri", "value": "/made/package", "type": "STRING"}]
    pod = Pod(
        namespace=namespace,
        name="wrapper",
        before=package_maker(version),
        main=Container(
            image=image("serving-v1", version),
            env={
                "PREDICTIVE_UNIT_PARAMETERS": json.dumps(said),
                "PREDICTIVE_UNIT_ID": "model",
                "PREDICTOR_ID": "default",
                "SELDON_DEPLOYMENT_ID": SERVED,
                "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": "9000",
                "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": "6000",
                "PREDICTIVE_UNIT_METRICS_ENDPOINT": "/prometheus",
            },
            mounts={"/made": "work", "/var/lib/sluice/spool": "tmp"},
        ),
        files=support("package_making.py", "training_rows.py"),
    )
    pod.start()
    pod.answers(9000, "/health/status", within=300)
    starts["serving-v1"] = pod.seconds()
    return pod


def test_the_wrapper_of_seldon_1_answers_for_a_package(wrapper: Pod) -> None:
    row = {"names": ["distance", "hour", "carrier"], "ndarray": [[900.0, 17, "AA"]]}
    answer = wrapper.post(9000, "/api/v1.0/predictions", {"data": row})
    assert answer["data"]["ndarray"][0][0] in {0, 1}
    assert answer["meta"]["tags"]["digest"].startswith("sha256:")


def test_mlflow_keeps_experiments(namespace: str, version: str, starts: dict[str, float]) -> None:
    server = Container(
        image=image("mlflow", version), env={"MLFLOW_BACKEND_STORE_URI": "sqlite:////tmp/mlflow.db"}
    )
    pod = Pod(namespace=namespace, name="mlflow", main=server)
    pod.start()
    assert pod.answers(5000, "/health", within=240) == "OK"
    starts["mlflow"] = pod.seconds()
    made = pod.post(5000, "/api/2.0/mlflow/experiments/create", {"name": "flights"})
    assert made["experiment_id"]


def test_the_ledger_says_which_settings_it_misses(namespace: str, version: str) -> None:
    pod = Pod(namespace=namespace, name="ledger", main=Container(image=image("ledger", version)))
    pod.start()
    eventually(lambda: pod.phase() == "Failed", within=120, every=0.5)
    assert "SLUICE_LEDGER_DATABASE" in pod.log()


@pytest.mark.parametrize(
    "name", ["operator", "components", "serving", "serving-v1", "ledger", "mlflow"]
)
def test_an_image_brings_a_bill_of_what_python_finds_in_it(
    name: str, namespace: str, version: str
) -> None:
    pod = Pod(
        namespace=namespace,
        name=f"bill-{name}",
        main=Container(image=image(name, version), command=["python", "-c", BILL]),
    )
    pod.start()
    found = json.loads(pod.succeeds())
    assert found["unlisted"] == found["missing"] == []
    assert found["listed"] > 20


@pytest.mark.parametrize(("name", "megabytes"), [("operator", 150), ("components", 900)])
def test_an_image_stays_small(name: str, megabytes: int, version: str) -> None:
    sizes = step("table").sizes_of(image(name, version))
    assert sizes.system + sizes.libraries + sizes.ours <= megabytes * 1e6, sizes
