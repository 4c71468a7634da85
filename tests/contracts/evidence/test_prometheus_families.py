"""Each family of counters on a real Prometheus: errors and slow answers, exactly as served."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from eventually import eventually
from prometheus_asking import CANDIDATE, STABLE, ask
from prometheus_families import Families
from prometheus_server import PrometheusServer, prometheus
from sluice_operator.controller.wiring import SERIES
from sluice_operator.evidence.family import Dialect
from sluice_operator.evidence.prometheus import Prometheus, PrometheusEvidence
from sluice_operator.evidence.prometheus_api import Access, PrometheusApi

GATES = {
    "ErrorRate": {},
    "LatencyExceedance": {"threshold": timedelta(milliseconds=250)},
}
SERVED = {STABLE: 1, CANDIDATE: 1}


@pytest.fixture(scope="module")
def exporter() -> Iterator[Families]:
    one = Families()
    yield one
    one.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, exporter: Families) -> Iterator[PrometheusServer]:
    with prometheus(tmp_path_factory.mktemp("families"), [exporter.target]) as running:
        for revision in SERVED:
            exporter.serve(revision, good=1)
        yield running


@pytest.fixture(scope="module")
def shared(server: PrometheusServer) -> Iterator[Prometheus]:
    api = PrometheusApi(Access(url=server.url, rest_seconds=0.2))
    shared = Prometheus(api, refresh_seconds=0.1, warm_seconds=0)
    yield shared
    shared.close()


def begun(source: PrometheusEvidence, metric: str) -> str:
    """The cursor of a gate that has seen all that was served so far."""

    def cursor() -> str:
        window = ask(source, metric=metric, **GATES[metric])
        return "" if window.error else window.cursor

    return str(eventually(cursor, within=20))


def counted(source: PrometheusEvidence, metric: str, cursor: str, total: int):
    """What both revisions did since, once all of it is counted."""

    def counts():
        window = ask(source, metric=metric, cursor=cursor, **GATES[metric])
        stable, candidate = window.stable, window.candidate
        if stable is None or candidate is None or stable.total + candidate.total < total:
            return None
        return (stable.total, stable.bad), (candidate.total, candidate.bad)

    return eventually(counts, within=20)


@pytest.mark.parametrize("label_is_route", [True, False], ids=["2.6", "2.10"])
def test_every_kind_of_series_counts_what_was_served(server, shared, exporter, label_is_route):
    """Served once, read by each: the label `model` differs between the releases, and is ignored."""
    exporter.label_is_route = label_is_route
    settle(server, exporter)
    sources = {name: PrometheusEvidence(shared, dialect) for name, dialect in dialects().items()}
    cursors = {(name, metric): begun(sources[name], metric) for name in sources for metric in GATES}
    for revision, good, bad, slow in ((STABLE, 60, 3, 7), (CANDIDATE, 20, 9, 11)):
        exporter.serve(revision, good=good, bad=bad)
        exporter.serve(revision, good=slow, seconds=0.4)
        SERVED[revision] += good + bad + slow
    settle(server, exporter)
    found = {
        (name, metric): counted(sources[name], metric, cursor, 110)
        for (name, metric), cursor in cursors.items()
    }
    errors, slowness = ((70, 3), (40, 9)), ((70, 7), (40, 11))
    wanted = {"ErrorRate": errors, "LatencyExceedance": slowness}
    assert found == {(name, metric): wanted[metric] for name, metric in cursors}


def dialects() -> dict[str, Dialect]:
    """All that a setting can choose."""
    return {f"{backend.value} {series}": dialect for (backend, series), dialect in SERIES.items()}


def settle(server: PrometheusServer, exporter: Families) -> None:
    """Everything that was served has been scraped."""
    for revision, total in SERVED.items():
        query = f'sum(sluice_requests_total{{revision="{revision}"}})'
        eventually(lambda query=query, total=total: server.number(query) == total, within=20)
