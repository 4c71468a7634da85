"""What a real Prometheus tells gates that count more than one thing at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from eventually import eventually
from prometheus_asking import ask, question
from prometheus_exporter import BUCKETS, Exporter, exporter
from prometheus_fleet import CANDIDATE, STABLE
from prometheus_server import PrometheusServer, prometheus
from sluice_operator.evidence.family import SELDON_V2
from sluice_operator.evidence.prometheus import Prometheus, PrometheusEvidence
from sluice_operator.evidence.prometheus_api import Access, PrometheusApi
from sluice_operator.model import Counters, Window

PAIR = Counters(bad='orders_failed_total{shop="north"}', total='orders_total{shop="north"}')


@pytest.fixture(scope="module")
def exported() -> Iterator[Exporter]:
    with exporter() as one:
        yield one


@pytest.fixture(scope="module")
def server(
    exported: Exporter, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrometheusServer]:
    with prometheus(tmp_path_factory.mktemp("metrics"), [exported.target]) as running:
        yield running


@pytest.fixture
def source(server: PrometheusServer) -> Iterator[PrometheusEvidence]:
    api = PrometheusApi(Access(url=server.url, rest_seconds=0.2))
    shared = Prometheus(api, refresh_seconds=0.1, warm_seconds=0)
    yield PrometheusEvidence(shared, SELDON_V2)
    shared.close()


@dataclass
class Sums:
    """Windows of one gate, added up."""

    source: PrometheusEvidence
    edit: dict[str, Any]
    cursor: str = ""
    names: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)

    def read(self) -> Window:
        window = ask(self.source, cursor=self.cursor, **self.edit)
        if not window.error:
            self.cursor = window.cursor
            self._add_arms(window)
            self._add_table(window)
        return window

    def _add_arms(self, window: Window) -> None:
        for arm, counted in (("stable", window.stable), ("candidate", window.candidate)):
            for kind in ("total", "bad") if counted else ():
                self._add(f"{arm} {kind}", getattr(counted, kind))

    def _add_table(self, window: Window) -> None:
        if window.table is None:
            return
        self.names = window.table.names
        columns = zip(self.names, window.table.stable, window.table.candidate, strict=True)
        for name, stable, candidate in columns:
            self._add(f"stable {name}", stable)
            self._add(f"candidate {name}", candidate)

    def begin(self) -> "Sums":
        eventually(lambda: not self.read().error and bool(self.cursor), 30)
        return self

    def expect(self, **wanted: int) -> None:
        def is_told() -> bool:
            self.read()
            return {name: self.counts.get(name) for name in wanted} == wanted

        eventually(is_told, 30)

    def _add(self, name: str, count: int) -> None:
        assert count >= 0
        self.counts[name] = self.counts.get(name, 0) + count


@pytest.fixture
def settle(server: PrometheusServer, exported: Exporter) -> Callable[[], None]:
    """Waits until all orders of before have been scraped."""

    def all_scraped() -> None:
        (metric,) = exported.orders.collect()
        ordered = sum(one.value for one in metric.samples if one.name == "orders_total")
        eventually(lambda: server.number("sum(orders_total)") == ordered, 30)

    return all_scraped


@pytest.fixture
def sums(source: PrometheusEvidence) -> Callable[..., Sums]:
    return lambda **edit: Sums(source, edit)


def test_edges_are_chosen_near_the_slowest_hundredth_of_stable_and_kept(exported, sums):
    for seconds, count in ((0.05, 300), (0.2, 95), (0.3, 4), (0.7, 1)):
        exported.serve(STABLE, good=count, seconds=seconds)
    exported.serve(CANDIDATE, good=1)
    gate = sums(metric="LatencyExceedance")
    eventually(lambda: gate.read().table and gate.names[0] == "0.25", 30)

    exported.serve(STABLE, good=7, seconds=0.3)
    exported.serve(CANDIDATE, good=5, seconds=2)
    exported.serve(CANDIDATE, good=3, seconds=0.01)

    gate.expect(**{"stable total": 7, "stable bad": 7, "candidate total": 8, "candidate bad": 5})
    gate.expect(**{"stable 0.5": 0, "stable 0.1": 7, "candidate 0.25": 5, "candidate 1": 5})
    assert gate.names == ("0.25", "0.1", "0.5", "1")
    assert set(map(float, gate.names)) == set(BUCKETS)


def test_a_pair_of_counters_is_counted_over_the_same_time(exported, sums, settle):
    exported.order(STABLE, good=9, bad=4)
    exported.order(CANDIDATE, good=2)
    settle()
    gate = sums(metric="Counters", counters=PAIR).begin()
    for _ in range(5):
        exported.order(STABLE, good=2, bad=1)
        exported.order(CANDIDATE, bad=2)
        exported.order(CANDIDATE, good=50, shop="south")
        window = gate.read()
        assert not window.error
        assert window.candidate
        assert window.candidate.bad <= window.candidate.total
    gate.expect(**{"stable total": 15, "stable bad": 5})
    gate.expect(**{"candidate total": 10, "candidate bad": 10})


def test_counters_that_begin_anew_are_counted_on(exported, sums, settle):
    exported.order(STABLE, good=3)
    exported.order(CANDIDATE, good=3)
    settle()
    gate = sums(metric="Counters", counters=PAIR).begin()
    exported.order(CANDIDATE, good=4, bad=1)
    gate.expect(**{"candidate total": 5, "candidate bad": 1})
    exported.restart()
    exported.order(STABLE, good=2)
    exported.order(CANDIDATE, good=1)
    gate.expect(**{"stable total": 2, "candidate total": 6, "candidate bad": 1})
    exported.order(CANDIDATE, bad=3)
    gate.expect(**{"candidate total": 9, "candidate bad": 4})


@pytest.mark.parametrize("wrong", ["rate(orders_total[5m])", "{a='b'}", "", "a + b"])
def test_what_is_no_selector_is_an_error_that_shows_one(sums, wrong):
    gate = sums(metric="Counters", counters=Counters(bad=wrong, total="orders_total"))
    assert "no selector of one metric; write for example" in gate.read().error


def test_inputs_are_counted_by_bin_beside_the_shares_of_the_profile(exported, sums, source):
    exported.profile(CANDIDATE, "age", young=0.25, old=0.75)
    exported.profile(CANDIDATE, "odd|name", yes=1.0, other=0.0)
    source._prometheus._refresh_seconds = 0.1
    gate = sums(metric="FeatureDrift", comparison="Absolute")
    eventually(lambda: not gate.read().error, 30)
    exported.rows(CANDIDATE, "age", young=30, old=10)
    exported.rows(CANDIDATE, "odd|name", yes=39, other=1)
    exported.rows(STABLE, "age", young=500)

    gate.expect(**{"candidate age|young": 30, "candidate age|old": 10})
    gate.expect(**{"candidate odd/name|yes": 39, "candidate odd/name|other": 1})
    gate.expect(**{"candidate total": 40})
    window = gate.read()
    assert window.table
    assert dict(zip(window.table.names, window.table.shares, strict=True)) == {
        "age|young": 0.25,
        "age|old": 0.75,
        "odd/name|yes": 1.0,
        "odd/name|other": 0.0,
    }
    assert set(window.table.stable) == {0}


def test_a_revision_without_a_profile_has_no_counts(exported, sums):
    exported.rows("churn-0000000c", "age", young=3)
    gate = sums(metric="FeatureDrift", comparison="Absolute", candidate="churn-0000000c")
    eventually(lambda: "no sluice_profile_share of churn-0000000c" in gate.read().error, 30)


def test_every_query_can_be_pasted(server, source):
    for edit in (
        {"metric": "LatencyExceedance"},
        {"metric": "SampleRatio", "comparison": "Absolute"},
        {"metric": "FeatureDrift", "comparison": "Absolute"},
    ):
        query = source.query_of(question(**edit))
        assert query.startswith("sum by (")
        server.number(query)
    query = source.query_of(question(metric="Counters", counters=PAIR))
    assert query.count("sum by (revision) (") == 2
    server.number(query)
