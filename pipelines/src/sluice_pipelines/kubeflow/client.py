"""Kubeflow's own client, with its answers as values and its refusals in words.

The only module that imports `kfp.Client`. Nothing is tried twice in here.
"""

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from kfp import Client
from kfp_server_api.exceptions import ApiException
from urllib3.exceptions import HTTPError

from sluice_pipelines.failure import (
    KubeflowAwayError,
    KubeflowError,
    KubeflowMissingError,
    KubeflowRefusedError,
    KubeflowTooOldError,
)
from sluice_pipelines.kubeflow.view import RunView, view_of
from sluice_pipelines.manifest import version_of

TOKEN: Final = "SLUICE_KFP_TOKEN"  # noqa: S105 - the name of a variable
"""Environment variable with a bearer token, where Kubeflow asks for one."""
_PAGE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """One version of a pipeline that Kubeflow holds."""

    pipeline: str
    """Id of the pipeline."""
    version: str
    """Id of the version."""
    name: str
    """Name of the version: a digest of its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A pipeline that is run again and again."""

    id: str
    name: str
    cron: str
    enabled: bool


class _Client(Client):  # type: ignore[misc]
    """Kubeflow's client, which by itself asks five times whether somebody is there, and waits."""

    def get_kfp_healthz(self, sleep_duration: int = 0) -> Any:
        """Ask once."""
        del sleep_duration
        return self._healthz_api.healthz_service_get_healthz()


class Kubeflow:
    """Speaks to one Kubeflow Pipelines API."""

    def __init__(self, host: str = "", *, namespace: str = "kubeflow", pages: str = "") -> None:
        """Reach it at an address, else through the kubeconfig's cluster.

        Raises:
            KubeflowError: There is no way to it.
        """
        self._where = host or f"Kubeflow in namespace {namespace} of the kubeconfig's cluster"
        self._pages = (pages or host).rstrip("/")
        with self._told():
            self._client = _Client(
                host=host or None,
                namespace=namespace,
                existing_token=os.environ.get(TOKEN) or None,
            )

    def address(self, run: str) -> str:
        """The page of a run; a path where no address is known."""
        return f"{self._pages or '/pipeline'}/#/runs/details/{run}"

    def upload(self, name: str, text: str) -> Uploaded:
        """The version with this text, uploaded unless it is there already.

        Raises:
            KubeflowError: It could not be.
        """
        version = f"{name}-{version_of(text)}"
        with self._told(), TemporaryDirectory() as folder:
            path = Path(folder) / "pipeline.yaml"
            path.write_text(text, encoding="utf-8")
            pipeline = self._client.get_pipeline_id(name)
            if pipeline is None:
                pipeline = self._client.upload_pipeline(str(path), pipeline_name=name).pipeline_id
            found = self._version(pipeline, version)
            if found is None:
                made = self._client.upload_pipeline_version(str(path), version, pipeline)
                found = made.pipeline_version_id
        return Uploaded(pipeline=pipeline, version=found, name=version)

    def start(
        self, uploaded: Uploaded, parameters: Mapping[str, str], *, experiment: str, account: str
    ) -> str:
        """Start a run; its id."""
        with self._told():
            held = self._client.create_experiment(experiment)
            run = self._client.run_pipeline(
                held.experiment_id,
                uploaded.name,
                params=dict(parameters),
                pipeline_id=uploaded.pipeline,
                version_id=uploaded.version,
                service_account=account,
            )
        return str(run.run_id)

    def look(self, run: str) -> RunView:
        """Where a run stands.

        Raises:
            KubeflowMissingError: There is none of that id.
        """
        with self._told(f"run {run}"):
            return view_of(self._client.get_run(run))

    def schedule(self, uploaded: Uploaded, cron: str, *, experiment: str, account: str) -> Schedule:
        """Run a version whenever the time comes; in place of what was scheduled for it before."""
        before = self.schedules(experiment)
        with self._told():
            held = self._client.create_experiment(experiment)
            made = self._client.create_recurring_run(
                held.experiment_id,
                experiment,
                cron_expression=cron,
                max_concurrency=1,
                no_catchup=True,
                params={},
                pipeline_id=uploaded.pipeline,
                version_id=uploaded.version,
                service_account=account,
            )
        for old in before:
            self.unschedule(old.id)
        return _schedule(made)

    def schedules(self, experiment: str) -> tuple[Schedule, ...]:
        """What is scheduled in an experiment."""
        with self._told():
            try:
                held = self._client.get_experiment(experiment_name=experiment)
            except ValueError:  # so the client says that there is none
                return ()
            pages = _newest_first(
                self._client.list_recurring_runs, experiment_id=held.experiment_id
            )
            return tuple(_schedule(one) for page in pages for one in page.recurring_runs or ())

    def unschedule(self, schedule: str) -> bool:
        """Start no further run of a schedule; whether it is gone.

        While a run of it is under way it stays, disabled: with a schedule Kubeflow deletes its
        Workflows, and a run without one is never told to have ended. Seen in 2.17.
        """
        with self._told(f"schedule {schedule}"):
            self._client.disable_recurring_run(schedule)
            if self._is_under_way(schedule):
                return False
            self._client.delete_recurring_run(schedule)
        return True

    def _is_under_way(self, schedule: str) -> bool:
        experiment = self._client.get_recurring_run(schedule).experiment_id
        pages = _newest_first(self._client.list_runs, experiment_id=experiment)
        runs = (run for page in pages for run in page.runs or ())
        ours = (run for run in runs if run.recurring_run_id == schedule)
        return any(not view_of(run).has_ended for run in ours)

    def _version(self, pipeline: str, name: str) -> str | None:
        pages = _newest_first(self._client.list_pipeline_versions, pipeline_id=pipeline)
        versions = (version for page in pages for version in page.pipeline_versions or ())
        return next((v.pipeline_version_id for v in versions if v.display_name == name), None)

    @contextlib.contextmanager
    def _told(self, what: str = "") -> Iterator[None]:
        try:
            with _silent(), warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # it works with new servers only
                yield
        except ApiException as refused:
            raise _meaning(self._where, what, refused) from refused
        except HTTPError as away:
            raise KubeflowAwayError(
                f"{self._where}: no answer ({_reason(away)}); see whether it runs and is reached "
                "from here: `kubectl port-forward svc/ml-pipeline 8888` and `host: "
                "http://127.0.0.1:8888` in cluster.yaml"
            ) from away
        except AttributeError as garbled:
            raise KubeflowTooOldError(
                f"{self._where}: what answers is not the API of Kubeflow Pipelines ({garbled}); "
                "correct `host` in cluster.yaml"
            ) from garbled


def _newest_first(ask: Callable[..., Any], **about: str) -> Iterator[Any]:
    """Every page of a list, asked for when it is wanted."""
    token: str | None = ""
    while token is not None:
        page = ask(page_token=token, page_size=_PAGE, sort_by="created_at desc", **about)
        yield page
        token = page.next_page_token or None


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep "Run details: …" of the client to ourselves; commands say it in their own way."""
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
    ):
        yield


def _meaning(where: str, what: str, refused: ApiException) -> KubeflowError:
    said = " ".join(str(refused.body or refused.reason).split())[:300]
    about = f"{where}: {what}: " if what else f"{where}: "
    match refused.status:
        case HTTPStatus.UNAUTHORIZED:
            return KubeflowRefusedError(f"{about}no login ({said}); set {TOKEN} to a valid token")
        case HTTPStatus.FORBIDDEN:
            return KubeflowRefusedError(
                f"{about}not allowed ({said}); ask for the right to run pipelines there"
            )
        case HTTPStatus.NOT_FOUND if what:
            return KubeflowMissingError(f"{about}there is none of that id")
        case HTTPStatus.NOT_FOUND | HTTPStatus.NOT_IMPLEMENTED:
            return KubeflowTooOldError(
                f"{about}the API v2beta1 is not there; Kubeflow Pipelines 2.0 or later is needed"
            )
        case status if status and status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return KubeflowError(f"{about}HTTP {status}: {said}")
        case status:
            return KubeflowAwayError(f"{about}HTTP {status}: {said}; try again")


def _reason(away: HTTPError) -> str:
    reason = getattr(away, "reason", None) or away
    return " ".join(str(reason).split())


def _schedule(one: Any) -> Schedule:
    cron = one.trigger.cron_schedule if one.trigger else None
    return Schedule(
        id=one.recurring_run_id,
        name=one.display_name,
        cron=cron.cron if cron else "",
        enabled=one.status != "DISABLED" if one.status else one.mode != "DISABLE",
    )
