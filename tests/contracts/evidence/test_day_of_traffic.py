"""What a rehearsal takes from a real Prometheus: the last day of the revision in charge."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_server import PrometheusServer, prometheus
from sluice_cli.rehearse.traffic import measured
from sluice_operator.api.load import parse
from sluice_operator.errors import SpecError

STABLE, OLD, OTHER = "churn-0000000a", "churn-0000000b", "fraud-0000000c"
MINUTES = 26 * 60


def deployment(name: str):
    return parse(
        {
            "apiVersion": "sluice.dev/v1alpha1",
            "kind": "ModelDeployment",
            "metadata": {"name": name},
            "spec": {
                "model": {"uri": "s3://models/churn/2"},
                "strategy": {"type": "Immediate"},
            },
        }
    )


def history() -> str:
    """A scrape each minute: of stable 600 requests and 3 failures, of the others less or more."""
    begin = int(time.time()) - MINUTES * 60
    lines = ["# TYPE seldon_model_infer_total unknown"]
    counters = ((STABLE, "200", 597), (STABLE, "500", 3), (OLD, "200", 6), (OTHER, "200", 6_000))
    for name, code, each in counters:
        labels = f'{{model_internal="{name}_1",code="{code}",server="mlserver"}}'
        lines += [
            f"seldon_model_infer_total{labels} {each * minute} {begin + minute * 60}.25"
            for minute in range(MINUTES + 1)
        ]
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    folder: Path = tmp_path_factory.mktemp("day")
    with prometheus(folder, history=history()) as running:
        yield running


def test_rate_and_errors_are_those_of_the_revision_with_the_most_requests(server):
    found = measured(server.url, deployment("churn"))
    assert (found.revision, found.span) == (STABLE, timedelta(days=1))
    assert found.per_second == pytest.approx(10, rel=0.01)
    assert found.error_rate == pytest.approx(0.005)
    assert found.slow is None


def test_a_revision_can_be_named(server):
    found = measured(server.url, deployment("churn"), OLD)
    assert (found.revision, found.error_rate) == (OLD, 0)
    assert found.per_second == pytest.approx(0.1, rel=0.01)


def test_without_requests_a_rate_is_asked_for(server):
    with pytest.raises(SpecError, match="give --rate"):
        measured(server.url, deployment("loans"))
