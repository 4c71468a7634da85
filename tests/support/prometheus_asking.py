"""Questions about two revisions, and a source that asks a Prometheus in memory."""

from collections.abc import Mapping
from typing import Any

from prometheus_fleet import CANDIDATE, STABLE
from prometheus_memory import MemoryPrometheus
from sluice_operator.evidence.family import SELDON_V2, Dialect
from sluice_operator.evidence.prometheus import Prometheus, PrometheusEvidence
from sluice_operator.evidence.prometheus_api import Access, PrometheusApi
from sluice_operator.model import Question, Window

SECOND = 1_000


def question(**edit: Any) -> Question:
    """An ErrorRate gate of both revisions."""
    given = {"gate": "errors", "metric": "ErrorRate", "comparison": "Relative"}
    return Question(**{**given, "stable": STABLE, "candidate": CANDIDATE, **edit})


def source_on(
    memory: MemoryPrometheus,
    dialect: Dialect = SELDON_V2,
    labels: Mapping[str, str] | None = None,
    warm_seconds: float = 0,
) -> PrometheusEvidence:
    """A source that remembers nothing yet and looks anew at each question."""
    api = PrometheusApi(Access(url="http://prometheus.test"), memory, memory.monotonic)
    shared = Prometheus(api, refresh_seconds=0, warm_seconds=warm_seconds)
    return PrometheusEvidence(shared, dialect, labels)


def ask(source: PrometheusEvidence, **edit: Any) -> Window:
    """The window of one question."""
    (window,) = source.windows("churn", (question(**edit),))
    return window


def counts(window: Window) -> tuple[tuple[int, int], tuple[int, int]]:
    """Total and bad of both revisions, of a window without error."""
    assert not window.error, window.error
    assert window.stable
    assert window.candidate
    return (
        (window.stable.total, window.stable.bad),
        (window.candidate.total, window.candidate.bad),
    )


class Scraped:
    """Scrapes of a Prometheus in memory, written one by one."""

    def __init__(self) -> None:
        self.memory = MemoryPrometheus()
        self.begin = self.memory.now

    def at(self, seconds: float) -> int:
        """Milliseconds of that second of the story."""
        return self.begin + round(seconds * SECOND)

    def scrape(
        self, seconds: float, revision: str, took: float = 0, pod: str = "0", **codes: float
    ) -> None:
        """What a pod of a revision showed; `c200=3` are three answers with code 200."""
        for code, value in codes.items():
            labels = {"model_internal": f"{revision}_1", "code": code[1:], "pod": pod}
            self.memory.add(
                "seldon_model_infer_total", labels, self.at(seconds), value, round(took * SECOND)
            )

    def both(self, seconds: float, stable: float, candidate: float) -> None:
        """Two pods, scraped together, without errors."""
        self.scrape(seconds, STABLE, c200=stable)
        self.scrape(seconds, CANDIDATE, c200=candidate)

    def go(self, seconds: float) -> None:
        """That second of the story is now."""
        self.memory.now = self.at(seconds)
