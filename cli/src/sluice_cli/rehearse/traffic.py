"""What Prometheus says about the revision in charge: requests, errors and slow answers of a day."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sluice_operator.api.v1alpha1 import BackendType, Comparison, Metric, ModelDeployment
from sluice_operator.errors import SpecError
from sluice_operator.evidence.family import RUNTIME, SELDON_V1, SELDON_V2, Dialect
from sluice_operator.evidence.prometheus import Prometheus, PrometheusEvidence
from sluice_operator.evidence.prometheus_api import Access, PrometheusApi
from sluice_operator.model import Arm, Question

SPANS = (timedelta(days=1), timedelta(hours=6), timedelta(hours=1))
"""How far back is counted; less where Prometheus has not seen that much."""
_DIALECTS = {BackendType.SELDON_V2: (SELDON_V2, RUNTIME), BackendType.SELDON_V1: (SELDON_V1,)}
_MOST_WINDOWS = 40
"""More than a day has, at six hours a window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the revision in charge did."""

    revision: str
    per_second: float
    error_rate: float
    slow: float | None
    """Share of answers over the threshold of the first latency gate; None without one."""
    span: timedelta
    """Over which all that was counted."""


def measured(url: str, deployment: ModelDeployment, revision: str = "") -> Measured:
    """The last day of the revision with the most requests, or of the one that is named.

    Raises:
        SpecError: Prometheus has no requests of any revision of that deployment.
    """
    prometheus = Prometheus(PrometheusApi(Access(url=url, timeout_seconds=30.0)))
    try:
        found = (
            _busiest(day, names, deployment)
            for day, names in _days(prometheus, deployment, revision)
        )
        if (busiest := next(filter(None, found), None)) is not None:
            return busiest
    finally:
        prometheus.close()
    who = revision or f"any revision of {deployment.metadata.name}"
    raise SpecError(f"Prometheus at {url} has no requests of {who} in the last day; give --rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """Where and since when is counted."""

    prometheus: Prometheus
    dialect: Dialect
    span: timedelta


def _days(
    prometheus: Prometheus, deployment: ModelDeployment, revision: str
) -> Iterator[tuple[_Day, Sequence[str]]]:
    """Every place to look in, with the revisions that are there."""
    for dialect in _DIALECTS[deployment.spec.backend.type]:
        names = (revision,) if revision else _revisions(prometheus, dialect, deployment)
        for span in SPANS if names else ():
            yield _Day(prometheus=prometheus, dialect=dialect, span=span), names


def _busiest(day: _Day, names: Sequence[str], deployment: ModelDeployment) -> Measured | None:
    """The revision with the most requests; None where there are none."""
    found = [(name, _arm(day, _question(name))) for name in names]
    name, requests = max(found, key=lambda one: one[1].total)
    if not requests.total:
        return None
    return Measured(
        revision=name,
        per_second=requests.total / day.span.total_seconds(),
        error_rate=requests.bad / requests.total,
        slow=_slow(day, deployment, name),
        span=day.span,
    )


def _revisions(
    prometheus: Prometheus, dialect: Dialect, deployment: ModelDeployment
) -> tuple[str, ...]:
    """Revisions of the deployment with samples in the last minutes."""
    family = dialect.requests
    selector = family.selector((), {})
    api = prometheus.api
    values = api.label_values(selector, family.revision, api.now())
    named = re.compile(rf"({re.escape(deployment.metadata.name)}-[0-9a-f]{{8}})(_[0-9]+)?")
    found = (named.fullmatch(value) for value in values)
    return tuple(dict.fromkeys(match[1] for match in found if match))


def _question(revision: str, threshold: timedelta | None = None) -> Question:
    metric = Metric.ERROR_RATE if threshold is None else Metric.LATENCY_EXCEEDANCE
    return Question(
        gate="day",
        metric=metric,
        comparison=Comparison.ABSOLUTE,
        stable=revision,
        candidate=revision,
        threshold=threshold,
    )


def _arm(day: _Day, question: Question) -> Arm:
    """All requests of the time, window after window as a gate would count them.

    Raises:
        SpecError: Prometheus cannot tell.
    """
    evidence = PrometheusEvidence(day.prometheus, day.dialect)
    cursor = str(day.prometheus.api.now() - round(day.span.total_seconds() * 1000))
    total = bad = 0
    for _ in range(_MOST_WINDOWS):
        asked = replace(question, cursor=cursor)
        (window,) = evidence.windows("", (asked,))
        if window.error or window.candidate is None:
            raise SpecError(f"Prometheus: {window.error}; give --rate and --error-rate")
        total, bad = total + window.candidate.total, bad + window.candidate.bad
        if window.cursor == cursor:
            break
        cursor = window.cursor
    return Arm(total=total, bad=bad)


def _slow(day: _Day, deployment: ModelDeployment, revision: str) -> float | None:
    thresholds = (gate.threshold for gate in deployment.spec.gates if gate.threshold)
    threshold = next(thresholds, None)
    if threshold is None:
        return None
    try:
        arm = _arm(day, _question(revision, threshold))
    except SpecError:
        return None  # latency may be counted by nobody; the share that was given stands
    return arm.bad / arm.total if arm.total else None
