"""What Sluice relies on in Kubeflow Pipelines: kept by the double, and by a real one if named.

`SLUICE_KFP_HOST=http://127.0.0.1:8888 pytest tests/contracts/kubeflow` also asks the one there; it
leaves a pipeline and a run behind.
"""

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest
from eventually import eventually
from kfp import Client
from kubeflow_double import KubeflowDouble, kubeflow_double
from sluice_pipelines.failure import KubeflowMissingError
from sluice_pipelines.kubeflow.client import Kubeflow, Uploaded
from sluice_pipelines.manifest import compiled
from training_projects import tumour_project

REAL = os.environ.get("SLUICE_KFP_HOST", "")
ACCOUNT = "pipeline-runner"


@pytest.fixture(scope="module", params=["double", *(["real"] if REAL else [])])
def double(request) -> Iterator[KubeflowDouble | None]:
    if request.param == "real":
        yield None
        return
    with kubeflow_double() as double:
        yield double


@pytest.fixture(scope="module")
def kubeflow(double) -> Kubeflow:
    return Kubeflow(double.url if double else REAL)


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> str:
    return compiled(tumour_project(tmp_path_factory.mktemp("project")))


@pytest.fixture(scope="module")
def name() -> str:
    return f"train-{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def uploaded(kubeflow, name, text) -> Uploaded:
    return kubeflow.upload(name, text)


def test_the_same_text_is_the_same_version_however_often_it_is_uploaded(
    kubeflow, name, text, uploaded
) -> None:
    assert kubeflow.upload(name, text) == uploaded


def test_another_text_is_another_version_of_the_same_pipeline(
    kubeflow, name, text, uploaded
) -> None:
    other = kubeflow.upload(name, text.replace("memoryRequest: 1Gi", "memoryRequest: 2Gi"))
    changed = kubeflow.upload(name, text.replace("Trains tumours", "Trains tumours again"))
    assert changed.pipeline == uploaded.pipeline == other.pipeline
    assert changed.version != uploaded.version


def test_a_run_that_was_started_is_seen(kubeflow, name, uploaded) -> None:
    run = kubeflow.start(uploaded, {"commit": "abc"}, experiment=name, account=ACCOUNT)
    seen = kubeflow.look(run)
    assert seen.id == run
    assert seen.state in {"PENDING", "RUNNING"}
    assert run in kubeflow.address(run)


def test_a_run_that_is_not_there_is_named(kubeflow) -> None:
    with pytest.raises(KubeflowMissingError, match="none of that id"):
        kubeflow.look(str(uuid4()))


def test_a_schedule_takes_the_place_of_the_one_before(kubeflow, name, uploaded) -> None:
    kubeflow.schedule(uploaded, "0 30 4 * * 1", experiment=name, account=ACCOUNT)
    kubeflow.schedule(uploaded, "0 0 5 * * *", experiment=name, account=ACCOUNT)
    (left,) = kubeflow.schedules(name)
    assert (left.cron, left.name, left.enabled) == ("0 0 5 * * *", name, True)
    kubeflow.unschedule(left.id)
    assert kubeflow.schedules(name) == ()


def test_a_schedule_stays_while_a_run_of_it_is_under_way(double, kubeflow, name, uploaded) -> None:
    made = kubeflow.schedule(uploaded, "*/10 * * * * *", experiment=name, account=ACCOUNT)
    if double:
        run = double.fire(made.id)
    else:
        run = eventually(lambda: started_by(made.id), within=120, every=1)
    assert not kubeflow.unschedule(made.id)
    (left,) = kubeflow.schedules(name)
    assert (left.id, left.enabled) == (made.id, False)
    assert not kubeflow.look(run).has_ended


def started_by(schedule: str) -> str:
    """The run of a real schedule, which only its time brings."""
    listed = Client(host=REAL).list_runs(page_size=100, sort_by="created_at desc").runs or ()
    return next((run.run_id for run in listed if run.recurring_run_id == schedule), "")


def test_of_a_project_that_never_ran_nothing_is_scheduled(kubeflow) -> None:
    assert kubeflow.schedules(f"train-{uuid4().hex[:8]}") == ()


def test_a_schedule_that_is_gone_is_named(kubeflow) -> None:
    with pytest.raises(KubeflowMissingError, match="schedule"):
        kubeflow.unschedule(str(uuid4()))
