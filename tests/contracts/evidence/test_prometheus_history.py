"""What a real Prometheus answers to our queries when it has half a day of samples."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_asking import ask, question
from prometheus_fleet import CANDIDATE, STABLE
from prometheus_server import PrometheusServer, prometheus
from sluice_operator.evidence.family import (
    RUNTIME,
    SELDON_V1,
    SELDON_V2,
    SELDON_V2_OWN_SERVERS,
)
from sluice_operator.evidence.prometheus import Prometheus, PrometheusEvidence
from sluice_operator.evidence.prometheus_api import Access, PrometheusApi

MINUTES = 15 * 60
RESTART = 400
"""The minute in which the candidate's counters begin anew."""


@pytest.fixture(scope="module")
def begin() -> int:
    """When the history begins, in seconds; it ends now."""
    return int(time.time()) - MINUTES * 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, begin: int) -> Iterator[PrometheusServer]:
    folder: Path = tmp_path_factory.mktemp("history")
    with prometheus(folder, history=history(begin)) as running:
        yield running


@pytest.fixture
def source(server: PrometheusServer) -> Iterator[PrometheusEvidence]:
    shared = Prometheus(PrometheusApi(Access(url=server.url, timeout_seconds=20)))
    yield PrometheusEvidence(shared, SELDON_V2)
    shared.close()


def history(begin: int) -> str:
    """A scrape each minute: 7 requests of stable, 3 of the candidate, one of them failing."""
    lines = ["# TYPE seldon_model_infer_total unknown"]
    for name, code, values in (
        (STABLE, "200", [7 * minute for minute in range(MINUTES + 1)]),
        (CANDIDATE, "200", [2 * (m % RESTART + 1) for m in range(MINUTES + 1)]),
        (CANDIDATE, "500", [m % RESTART for m in range(MINUTES + 1)]),
    ):
        labels = f'{{model_internal="{name}_1",code="{code}",server="mlserver"}}'
        for minute, value in enumerate(values):
            if code != "500" or value:
                at = begin + minute * 60
                lines.append(f"seldon_model_infer_total{labels} {value} {at}.25")
    return "\n".join([*lines, "# EOF", ""])


def test_half_a_day_is_caught_up_with_exactly_across_a_restart(source, begin):
    cursor = str((begin + 30) * 1000)
    stable = candidate = bad = windows = 0
    while stable < 7 * MINUTES:
        window = ask(source, cursor=cursor)
        assert not window.error
        assert window.cursor != cursor
        stable += window.stable.total
        candidate += window.candidate.total
        bad += window.candidate.bad
        cursor = window.cursor
        windows += 1
    assert windows == 3
    assert stable == 7 * MINUTES
    good = 2 * (RESTART - 1) * 2 + 2 + 2 + 2 * (MINUTES - 2 * RESTART)
    assert candidate == good + bad
    assert bad == 2 * (RESTART - 1) + MINUTES - 2 * RESTART


def test_a_cursor_of_before_the_history_counts_from_now(source, begin):
    window = ask(source, cursor=str((begin - 7 * 86_400) * 1000))
    assert (window.stable.total, window.candidate.total, window.error) == (0, 0, "")
    assert int(window.cursor.split(";")[0]) > (begin + (MINUTES - 2) * 60) * 1000


@pytest.mark.parametrize("dialect", [SELDON_V2, SELDON_V2_OWN_SERVERS, SELDON_V1, RUNTIME])
@pytest.mark.parametrize("metric", ["ErrorRate", "LatencyExceedance"])
def test_the_query_of_every_gate_can_be_pasted_into_prometheus(server, source, dialect, metric):
    asked = question(metric=metric, threshold=timedelta(milliseconds=250))
    shared = PrometheusEvidence(source._prometheus, dialect, {"namespace": 'an "odd" one'})
    query = shared.query_of(asked)
    assert query.startswith("sum by (")
    assert server.number(query) is None
    assert server.number(PrometheusEvidence(source._prometheus, SELDON_V2).query_of(question()))
