"""Runs in Kubeflow: how they are followed, and what is said when Kubeflow does not want."""

from collections.abc import Iterator

import pytest
from kubeflow_double import KubeflowDouble, kubeflow_double
from sluice_components.errors import ProjectError
from sluice_pipelines.failure import (
    KubeflowAwayError,
    KubeflowError,
    KubeflowRefusedError,
    KubeflowTooOldError,
    RunFailedError,
)
from sluice_pipelines.kubeflow.client import TOKEN, Kubeflow
from sluice_pipelines.kubeflow.cron import kubeflow_cron
from sluice_pipelines.kubeflow.follow import Rhythm, follow
from sluice_pipelines.step import StepState

TEXT = "pipelineInfo: {name: train-tumours}\nroot: {}\nschemaVersion: 2.1.0\n"


@pytest.fixture
def double() -> Iterator[KubeflowDouble]:
    with kubeflow_double() as running:
        yield running


@pytest.fixture
def kubeflow(double: KubeflowDouble) -> Kubeflow:
    return Kubeflow(double.url)


def started(kubeflow: Kubeflow) -> str:
    uploaded = kubeflow.upload("train-tumours", TEXT)
    return kubeflow.start(uploaded, {}, experiment="train-tumours", account="pipeline-runner")


class Course:
    """A clock that is moved by sleeping; with each sleep the next thing happens."""

    def __init__(self, *happenings) -> None:
        self._happenings = list(happenings)
        self.now = 0.0

    def rhythm(self, **changes: float) -> Rhythm:
        return Rhythm(clock=lambda: self.now, sleep=self._sleep, **changes)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds
        if self._happenings:
            self._happenings.pop(0)()


def test_a_run_is_followed_step_by_step_to_its_end(double, kubeflow) -> None:
    run, seen = started(kubeflow), []
    middle = {"ingest": "SUCCEEDED", "ingest-driver": "SUCCEEDED", "train": "RUNNING"}
    end = {"ingest": "SKIPPED", "train": "SUCCEEDED"}
    course = Course(
        lambda: double.paint(run, "RUNNING", middle), lambda: double.paint(run, "SUCCEEDED", end)
    )
    view = follow(kubeflow, run, seen.append, course.rhythm())
    assert view.is_well
    assert [{s.name: s.state for s in steps} for steps in seen] == [
        {},
        {"ingest": StepState.DONE, "train": StepState.RUNNING},
        {"ingest": StepState.REUSED, "train": StepState.DONE},
    ]
    assert seen[-1][1].seconds > 0


def test_a_run_that_fails_names_the_step_the_reason_and_the_page(double, kubeflow) -> None:
    run = started(kubeflow)
    double.paint(run, "FAILED", {"train": ("FAILED", "OOMKilled")}, error="1 task failed")
    with pytest.raises(RunFailedError) as failed:
        follow(kubeflow, run, lambda _: None, Course().rhythm())
    assert "train: OOMKilled; 1 task failed" in str(failed.value)
    assert f"{double.url}/#/runs/details/{run}" in str(failed.value)


def test_a_step_that_fails_without_a_word_is_named_all_the_same(double, kubeflow) -> None:
    run = started(kubeflow)
    double.paint(run, "FAILED", {"train": "SUCCEEDED", "register": "FAILED"})
    with pytest.raises(RunFailedError, match="failed: register: failed; its log says why"):
        follow(kubeflow, run, lambda _: None, Course().rhythm())


def test_a_run_that_somebody_stops_has_not_ended_well(double, kubeflow) -> None:
    run = started(kubeflow)
    double.paint(run, "CANCELED")
    with pytest.raises(RunFailedError, match="canceled: Kubeflow gives no reason"):
        follow(kubeflow, run, lambda _: None, Course().rhythm())


def test_an_outage_of_kubeflow_is_borne(double, kubeflow) -> None:
    run = started(kubeflow)
    double.refuse = 503

    def recover() -> None:
        double.refuse = 0
        double.paint(run, "SUCCEEDED")

    assert follow(kubeflow, run, lambda _: None, Course(lambda: None, recover).rhythm()).is_well


def test_an_outage_without_end_is_told(double, kubeflow) -> None:
    run = started(kubeflow)
    double.refuse = 503
    with pytest.raises(KubeflowAwayError, match="HTTP 503"):
        follow(kubeflow, run, lambda _: None, Course().rhythm(away_seconds=20))


def test_a_port_where_nobody_listens_says_how_to_get_there() -> None:
    with pytest.raises(KubeflowAwayError, match=r"127\.0\.0\.1:1: no answer.*port-forward"):
        Kubeflow("http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (401, KubeflowRefusedError, f"set {TOKEN}"),
        (403, KubeflowRefusedError, "ask for the right"),
        (404, KubeflowTooOldError, r"Kubeflow Pipelines 2\.0 or later"),
        (400, KubeflowError, "HTTP 400: .*as the test wishes"),
        (502, KubeflowAwayError, "HTTP 502.*try again"),
    ],
)
def test_a_refusal_says_what_to_do(double, kubeflow, status, kind, said) -> None:
    double.refuse = status
    with pytest.raises(kind, match=said):
        kubeflow.upload("train-tumours", TEXT)


def test_a_token_from_the_environment_is_shown(double, monkeypatch) -> None:
    double.token = "let-me-in"
    with pytest.raises(KubeflowRefusedError, match="no login"):
        Kubeflow(double.url)
    monkeypatch.setenv(TOKEN, "let-me-in")
    assert Kubeflow(double.url).schedules("train-tumours") == ()


def test_a_run_under_way_is_seen_behind_a_hundred_younger_ones(double, kubeflow) -> None:
    uploaded = kubeflow.upload("train-tumours", TEXT)
    at = {"experiment": "train-tumours", "account": "pipeline-runner"}
    made = kubeflow.schedule(uploaded, "0 30 4 * * 1", **at)
    double.fire(made.id)
    for _ in range(101):
        kubeflow.start(uploaded, {}, **at)
    assert not kubeflow.unschedule(made.id)


def test_a_version_is_found_behind_a_hundred_younger_ones(kubeflow) -> None:
    first = kubeflow.upload("train-tumours", TEXT)
    for number in range(101):
        kubeflow.upload("train-tumours", f"{TEXT}# {number}\n")
    assert kubeflow.upload("train-tumours", TEXT) == first


def test_nothing_of_what_the_client_prints_gets_between_results(double, kubeflow, capsys) -> None:
    started(kubeflow)
    assert capsys.readouterr().out == ""


def test_pages_may_have_another_address(double) -> None:
    kubeflow = Kubeflow(double.url, pages="https://kubeflow.example/pipeline/")
    assert kubeflow.address("7") == "https://kubeflow.example/pipeline/#/runs/details/7"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("30 4 * * 1", "0 30 4 * * 1"),
        ("0 30 4 ? * 2-6", "0 30 4 ? * 2-6"),
        ("*/5 * * * *", "0 */5 * * * *"),
    ],
)
def test_times_may_be_written_as_in_crontab(given, read) -> None:
    assert kubeflow_cron(given) == read


@pytest.mark.parametrize("given", ["", "daily", "1 2 3", "30 4 * * 1 ; rm", "a b c d e f g"])
def test_what_is_no_time_is_refused(given) -> None:
    with pytest.raises(ProjectError, match="not a time; write minute, hour"):
        kubeflow_cron(given)
