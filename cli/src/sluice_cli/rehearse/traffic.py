"""What Prometheus says about the revision in charge: requests, errors and slow answers of a day."""

import re
from dataclasses import dataclass
from datetime import timedelta

from sluice_operator.api.v1alpha1 import BackendType, Comparison, Metric, ModelDeployment
from sluice_operator.errors import SpecError
from sluice_operator.evidence.family import RUNTIME, SELDON_V1, SELDON_V2, Dialect
from sluice_operator.evidence.prometheus import Prometheus, PrometheusEvidence
from sluice_operator.evidence.prometheus_api import Access, PrometheusApi
from sluice_operator.model import Arm, Question

DAY = timedelta(days=1)
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


def measured(url: str, deployment: ModelDeployment, revision: str = "") -> Measured:
    """The last day of the revision with the most requests, or of the one that is named.

    Raises:
        SpecError: Prometheus has no requests of any revision of that deployment.
    """
    prometheus = Prometheus(PrometheusApi(Access(url=url, timeout_seconds=30.0)))
    try:
        for dialect in _DIALECTS[deployment.spec.backend.type]:
            names = (revision,) if revision else _revisions(prometheus, dialect, deployment)
            found = [(name, _arm(prometheus, dialect, _question(name))) for name in names]
            name, requests = max(found, key=lambda one: one[1].total, default=("", _NOBODY))
            if requests.total:
                slow = _slow(prometheus, dialect, deployment, name)
                return Measured(
                    revision=name,
                    per_second=requests.total / DAY.total_seconds(),
                    error_rate=requests.bad / requests.total,
                    slow=slow,
                )
    finally:
        prometheus.close()
    who = revision or f"any revision of {deployment.metadata.name}"
    raise SpecError(f"Prometheus at {url} has no requests of {who} in the last day; give --rate")


_NOBODY = Arm(total=0, bad=0)


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


def _arm(prometheus: Prometheus, dialect: Dialect, question: Question) -> Arm:
    """All requests of a day, window after window as a gate would count them.

    Raises:
        SpecError: Prometheus cannot tell.
    """
    evidence = PrometheusEvidence(prometheus, dialect)
    cursor = str(prometheus.api.now() - round(DAY.total_seconds() * 1000))
    total = bad = 0
    for _ in range(_MOST_WINDOWS):
        asked = Question(
            gate=question.gate,
            metric=question.metric,
            comparison=question.comparison,
            stable=question.stable,
            candidate=question.candidate,
            threshold=question.threshold,
            cursor=cursor,
        )
        (window,) = evidence.windows("", (asked,))
        if window.error or window.candidate is None:
            raise SpecError(f"Prometheus: {window.error}; give --rate and --error-rate")
        total, bad = total + window.candidate.total, bad + window.candidate.bad
        if window.cursor == cursor:
            break
        cursor = window.cursor
    return Arm(total=total, bad=bad)


def _slow(
    prometheus: Prometheus, dialect: Dialect, deployment: ModelDeployment, revision: str
) -> float | None:
    thresholds = (gate.threshold for gate in deployment.spec.gates if gate.threshold)
    threshold = next(thresholds, None)
    if threshold is None:
        return None
    try:
        arm = _arm(prometheus, dialect, _question(revision, threshold))
    except SpecError:
        return None  # latency may be counted by nobody; the share that was given stands
    return arm.bad / arm.total if arm.total else None
