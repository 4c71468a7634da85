"""The fake Prometheus of the benchmarks, as Sluice and rivals read it."""

import json
from email.utils import formatdate
from urllib.parse import parse_qs

import httpx
import pytest
from metric_store import Agent, QueryError, Revision, Store
from sluice_operator.evidence.family import SELDON_V2
from sluice_operator.evidence.prometheus import Prometheus, PrometheusEvidence
from sluice_operator.evidence.prometheus_api import Access, PrometheusApi
from sluice_operator.model import Arm, Question

START = 1_800_000_000.0
STABLE, CANDIDATE = "churn-0000000a", "churn-0000000b"


class Wire(httpx.BaseTransport):
    """Questions to a store at a present that tests move."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, START

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        form = {name: value[0] for name, value in parse_qs(request.read().decode()).items()}
        data = self.store.answer(form, self.now)
        text = f'{{"status":"success","data":{data}}}'
        date = formatdate(self.now, usegmt=True)
        return httpx.Response(200, content=text.encode(), headers={"date": date})


@pytest.fixture
def wire():
    agent = Agent("mlserver-0")
    wire = Wire(Store([agent]))
    wire.store.live(START, 5)
    wire.store.add("bench", Revision(name=STABLE, owner="churn", rate=90, bad_share=0.01))
    wire.store.add("bench", Revision(name=CANDIDATE, owner="churn", rate=10, bad_share=0.0))
    return wire


def scrape(wire: Wire, times: int) -> None:
    for _ in range(times):
        wire.now += 5
        wire.store.scrape(wire.store.agents[0], wire.now)


def question(metric: str, cursor: str) -> Question:
    threshold = None
    return Question(
        gate="errors",
        metric=metric,
        comparison="Relative",
        stable=STABLE,
        candidate=CANDIDATE,
        cursor=cursor,
        threshold=threshold,
    )


def evidence_of(wire: Wire) -> PrometheusEvidence:
    api = PrometheusApi(Access(url="http://prometheus"), wire, monotonic=lambda: wire.now)
    return PrometheusEvidence(Prometheus(api, 0.0), SELDON_V2, {"namespace": "bench"})


def test_what_is_served_between_two_looks_is_what_sluice_counts(wire):
    scrape(wire, 3)
    evidence = evidence_of(wire)
    (begun,) = evidence.windows("churn", (question("ErrorRate", ""),))
    scrape(wire, 4)
    (window,) = evidence.windows("churn", (question("ErrorRate", begun.cursor),))
    assert window.error == ""
    assert window.stable == Arm(total=90 * 20, bad=18)
    assert window.candidate == Arm(total=10 * 20, bad=0)


def test_a_breach_is_evidence_from_the_first_scrape_that_shows_it(wire):
    scrape(wire, 2)
    wire.store.breach(CANDIDATE, 0.5, burst=7)
    assert wire.store.turned == {}
    scrape(wire, 1)
    assert wire.store.turned == {"churn": wire.now}


def test_a_rival_reads_one_share_for_each_object(wire):
    wire.store.breach_object("churn", 0.5, wire.now)
    data = wire.store.answer({"query": 'bench_failure_share{object="churn"}'}, wire.now)
    assert json.loads(data)["result"][0]["value"][1] == "0.5"


def test_an_unknown_query_is_refused(wire):
    with pytest.raises(QueryError, match="rate"):
        wire.store.answer({"query": "rate(anything[5m])"}, wire.now)
