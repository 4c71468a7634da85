"""Answers of Prometheus' HTTP API as values; whatever is not as documented is an error in words.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import json
from array import array
from collections.abc import Callable, Iterable
from itertools import pairwise
from math import isfinite
from typing import Any

import orjson

from sluice_operator.errors import WorldError
from sluice_operator.evidence.series import NO_TIMES, Labels, Series, is_count, named, odd

NewestOf = Callable[[Labels], int]
"""Time of the newest sample that is known of a series, in milliseconds; 0 for none."""
_MOST_NAMES = 100_000
"""Names that are remembered; pods come and go for months."""
_SHOWN = 200
"""Characters of an answer that a message quotes."""


class PrometheusError(WorldError):
    """Prometheus is away, refuses, or answers nonsense."""


class PrometheusAwayError(PrometheusError):
    """It does not answer, or has begun too short a time ago: nobody can be counted now."""


class Names:
    """Labels of series as they are written in answers, to the same labels in order.

    Sorting them anew in each answer would be half of the work of reading it.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, Any], ...], Labels] = {}

    def labels(self, item: dict[str, Any]) -> Labels:
        """The labels of one series.

        Raises:
            PrometheusError: They are none.
        """
        metric = item.get("metric")
        if not isinstance(metric, dict):
            raise PrometheusError(f"Prometheus answers a series without labels: {_quoted(item)}")
        try:
            written = tuple(metric.items())
            known = self._known.get(written)
        except TypeError:
            known = None
        if known is None:
            known = _labels(item)
            if len(self._known) >= _MOST_NAMES:
                self._known.clear()
            self._known[written] = known
        return known


def nothing_known(labels: Labels) -> int:
    """A `NewestOf` for a first look."""
    return 0


def series_in(body: bytes, names: Names, newest_of: NewestOf = nothing_known) -> tuple[Series, ...]:
    """Samples of each series that has new ones, of an instant query with a range.

    Raises:
        PrometheusError: It is no such answer, or one that may be incomplete. A number that is no
            count is not one of these: it spoils its scrape alone.
    """
    every = [(names.labels(item), item) for item in _result(body, "matrix")]
    _refuse_twins(labels for labels, _ in every)
    news = ((labels, item) for labels, item in every if _has_news(item, newest_of(labels)))
    return tuple(_series(labels, item) for labels, item in news)


def is_share(value: float) -> bool:
    """Whether it is a part of a whole."""
    return 0 <= value <= 1


def values_in(body: bytes, fits: Callable[[float], bool] = is_count) -> dict[Labels, float]:
    """One value for each series, of an instant query.

    Raises:
        PrometheusError: It is no such answer, or one that may be incomplete.
    """
    found = []
    for item in _result(body, "vector"):
        labels, sample = _labels(item), item.get("value")
        if sample is None:
            raise PrometheusError(f"{named(labels)} is no plain counter: {_quoted(item)}")
        _, value = _sample(sample)
        if not fits(value):
            raise PrometheusError(f"{named(labels)} {odd(value)}")
        found.append((labels, value))
    _refuse_twins(labels for labels, _ in found)
    return dict(found)


def seconds_in(body: bytes) -> float:
    """The one number of a query for a scalar.

    Raises:
        PrometheusError: It is no such answer.
    """
    time, value = _sample(_data(body, "scalar"))
    if not isfinite(value):
        raise PrometheusError(f"Prometheus says that its time is {value} at {time}")
    return value


def refusal_in(body: bytes) -> str:
    """What an answer with an HTTP error says, or how it begins."""
    try:
        answer = orjson.loads(body)
        return f"{answer['errorType']}: {answer['error']}"
    except (ValueError, TypeError, KeyError):
        return repr(body[:_SHOWN].decode("utf-8", "replace"))


def _result(body: bytes, kind: str) -> list[dict[str, Any]]:
    result = _data(body, kind)
    if not isinstance(result, list) or not all(isinstance(item, dict) for item in result):
        raise PrometheusError(f"Prometheus answers a {kind} that is no list of series")
    return result


def _data(body: bytes, kind: str) -> Any:
    try:
        answer = orjson.loads(body)
    except ValueError as broken:
        raise PrometheusError(
            f"Prometheus answers what is no JSON ({broken}): {refusal_in(body)}; is that its URL?"
        ) from None
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise PrometheusError(f"Prometheus reports {refusal_in(body)}")
    if warnings := answer.get("warnings"):
        raise PrometheusError(f"Prometheus warns that data may be missing: {_quoted(warnings)}")
    data = answer.get("data")
    if not isinstance(data, dict) or data.get("resultType") != kind or "result" not in data:
        raise PrometheusError(f"Prometheus was asked for a {kind} and answers {_quoted(data)}")
    return data["result"]


def _has_news(item: dict[str, Any], newest: int) -> bool:
    """Whether it is worth reading; most of an answer is what the one before has told."""
    samples = item.get("values")
    if not newest or not isinstance(samples, list) or not samples:
        return True
    return _sample(samples[-1])[0] > newest


def _series(labels: Labels, item: dict[str, Any]) -> Series:
    samples = item.get("values")
    if not isinstance(samples, list) or not samples or "histograms" in item:
        raise PrometheusError(f"{named(labels)} is no plain counter: {_quoted(item)}")
    pairs = [_sample(sample) for sample in samples]
    times, values = zip(*pairs, strict=True)
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise PrometheusError(f"{named(labels)} goes back in time: {_quoted(samples)}")
    spoiled = [time for time, value in pairs if not is_count(value)]
    return Series(
        labels=labels,
        times=array("q", times),
        values=array("d", values),
        spoiled=frozenset(spoiled) if spoiled else NO_TIMES,
    )


def _sample(sample: Any) -> tuple[int, float]:
    try:
        time, text = sample
        if type(text) is str and type(time) in {int, float}:
            return round(time * 1000), float(text)
    except (TypeError, ValueError, OverflowError):
        pass
    raise PrometheusError(f"Prometheus answers a sample that is none: {_quoted(sample)}")


def _labels(item: dict[str, Any]) -> Labels:
    metric = item.get("metric")
    if not isinstance(metric, dict) or not all(isinstance(v, str) for v in metric.values()):
        raise PrometheusError(f"Prometheus answers a series without labels: {_quoted(item)}")
    return tuple(sorted(pair for pair in metric.items() if pair[0] != "__name__"))


def _refuse_twins(every: Iterable[Labels]) -> None:
    seen: set[Labels] = set()
    for labels in every:
        if labels in seen:
            raise PrometheusError(f"Prometheus answers {named(labels)} twice")
        seen.add(labels)


def _quoted(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
