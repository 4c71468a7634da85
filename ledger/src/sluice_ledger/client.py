"""The ledger as a service, seen from those who ship to it and ask it.

Its law: a call that returns has been answered by the service, which answers after the commit. What
may pass is a `StoreError`, and trying again is harmless; what never passes names the record.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from sluice_ledger import wire
from sluice_ledger.errors import LedgerError, Refusal, RefusedError, StoreError
from sluice_ledger.records import (
    ArmOutcomes,
    BinnedScores,
    Bins,
    CohortOutcomes,
    Conflicts,
    Due,
    KeyFigure,
    KpiEvent,
    KpiOutcomes,
    Label,
    PairedOutcomes,
    PairedPredictions,
    PredictedClasses,
    Prediction,
    Score,
    ScoreDeciles,
    WorthOutcomes,
)

TOKEN_VARIABLE = "SLUICE_LEDGER_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_FILE_VARIABLE = "SLUICE_LEDGER_TOKEN_FILE"  # noqa: S105
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
QUESTION_TIMEOUT = httpx.Timeout(5.0)
"""Who asks has other deployments to look at, and asks again soon."""
BATCH = 5_000
"""Records of one request; the service takes more, but memory is better spent elsewhere."""
BODY_BYTES = 4 << 20
LONGEST_LINE = 64 << 10
_LINE = json.JSONEncoder(separators=(",", ":"))
PASSING = frozenset({408, 425, 429})
"""Refusals that are about now, beside those of 500 and above."""
Said = TypeVar("Said", bound=BaseModel)
Record = TypeVar("Record", Prediction, Label, KpiEvent)


def token_from(environment: Mapping[str, str]) -> Callable[[], str]:
    """Where the token is read from, at each request: a file may be replaced while we run."""
    path = environment.get(TOKEN_FILE_VARIABLE, "")
    if not path:
        token = environment.get(TOKEN_VARIABLE, "")
        return lambda: token
    return lambda: _read(Path(path))


class Parcel(NamedTuple):
    """What goes in one request."""

    start: int
    """Position of the first record among all that were handed in."""
    lines: tuple[str, ...]
    """Each record in JSON."""


class HttpLedger:
    """A `Ledger` behind the service; one object may be used from several threads.

    Batches go in requests of at most `BATCH` records, and each of these is kept whole or not at
    all; after a `StoreError` the first of them may have been kept, which a repetition does not
    harm.
    """

    def __init__(self, url: str, token: Callable[[], str] = str) -> None:
        """Connects at the first call."""
        self._url = url.rstrip("/")
        self._token = token
        # proxies of the environment are for the world outside, the ledger is a neighbour
        self._client = httpx.Client(base_url=self._url, timeout=TIMEOUT, trust_env=False)

    @classmethod
    def from_environment(cls, url: str) -> Self:
        """With the token that the environment names."""
        return cls(url, token_from(os.environ))

    def append_predictions(self, predictions: Iterable[Prediction]) -> int:
        """See `Ledger.append_predictions`."""
        return self._append(wire.PREDICTIONS, predictions)

    def append_labels(self, labels: Iterable[Label]) -> int:
        """See `Ledger.append_labels`."""
        return self._append(wire.LABELS, labels)

    def append_events(self, events: Iterable[KpiEvent]) -> int:
        """See `Ledger.append_events`."""
        return self._append(wire.EVENTS, events)

    def paired_outcomes(
        self, deployment: str, stable: str, candidate: str, cursor: int
    ) -> PairedOutcomes:
        """See `Ledger.paired_outcomes`."""
        asked = {
            "deployment": deployment,
            "stable": stable,
            "candidate": candidate,
            "cursor": cursor,
        }
        return PairedOutcomes(**self._get(wire.PAIRED, wire.PairedOut, asked).model_dump())

    def arm_outcomes(self, deployment: str, revision: str, cursor: int) -> ArmOutcomes:
        """See `Ledger.arm_outcomes`."""
        asked = {
            "deployment": deployment,
            "revision": revision,
            "cursor": cursor,
        }
        return ArmOutcomes(**self._get(wire.ARM, wire.ArmOut, asked).model_dump())

    def kpi_outcomes(self, deployment: str, revision: str, name: str, cursor: int) -> KpiOutcomes:
        """See `Ledger.kpi_outcomes`."""
        asked = {
            "deployment": deployment,
            "revision": revision,
            "name": name,
            "cursor": cursor,
        }
        return KpiOutcomes(**self._get(wire.KPI, wire.KpiOut, asked).model_dump())

    def cohort_outcomes(self, due: Due) -> CohortOutcomes:
        """See `Ledger.cohort_outcomes`."""
        found = self._get(wire.COHORT, wire.CohortOut, asdict(due))
        return CohortOutcomes(**found.model_dump())

    def worth_outcomes(self, due: Due, figure: KeyFigure) -> WorthOutcomes:
        """See `Ledger.worth_outcomes`."""
        bounds = {name: value for name, value in asdict(figure).items() if value is not None}
        found = self._get(wire.WORTH, wire.WorthOut, {**asdict(due), **bounds})
        return WorthOutcomes(**found.model_dump())

    def predicted_classes(self, deployment: str, revision: str, cursor: int) -> PredictedClasses:
        """See `Ledger.predicted_classes`."""
        asked = {"deployment": deployment, "revision": revision, "cursor": cursor}
        return PredictedClasses(**self._get(wire.CLASSES, wire.ClassesOut, asked).model_dump())

    def score_deciles(self, deployment: str, revision: str, score: Score) -> ScoreDeciles:
        """See `Ledger.score_deciles`."""
        asked = {"deployment": deployment, "revision": revision, "score": score.value}
        return ScoreDeciles(**self._get(wire.DECILES, wire.DecilesOut, asked).model_dump())

    def binned_scores(
        self, deployment: str, revision: str, bins: Bins, cursor: int
    ) -> BinnedScores:
        """See `Ledger.binned_scores`."""
        who = {"deployment": deployment, "revision": revision, "cursor": cursor}
        where = {"score": bins.score.value, "edges": [repr(edge) for edge in bins.edges]}
        found = self._get(wire.BINS, wire.BinsOut, {**who, **where})
        return BinnedScores(**found.model_dump())

    def paired_predictions(
        self, deployment: str, stable: str, candidate: str, cursor: int
    ) -> PairedPredictions:
        """See `Ledger.paired_predictions`."""
        pair = {"deployment": deployment, "stable": stable, "candidate": candidate}
        found = self._get(wire.AGREEMENT, wire.AgreementOut, {**pair, "cursor": cursor})
        return PairedPredictions(**found.model_dump())

    def present_tick(self) -> int:
        """See `Ledger.present_tick`."""
        return self._get(wire.ARRIVAL, wire.ArrivalOut, {}).tick

    def last_arrival(self) -> int:
        """See `Ledger.last_arrival`."""
        return self._get(wire.ARRIVAL, wire.ArrivalOut, {}).last

    def conflicts(self) -> Conflicts:
        """How many arrivals contradicted what was there.

        Raises:
            StoreError: No answer.
        """
        return Conflicts(**self._get(wire.CONFLICTS, wire.ConflictsOut, {}).model_dump())

    def close(self) -> None:
        """Let go of the connections; further calls raise `StoreError`."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _append(self, path: str, records: Iterable[Record]) -> int:
        lines = [_LINE.encode(asdict(record)) for record in records]
        # nothing that may be kept is so long, and it would hold up all that come with it
        refusals = [
            Refusal(index=index, reason=f"is {len(line)} characters long in JSON")
            for index, line in enumerate(lines)
            if len(line) > LONGEST_LINE
        ]
        long = {one.index for one in refusals}
        places = [index for index in range(len(lines)) if index not in long]
        new = 0
        for parcel in parcels([lines[index] for index in places]):
            taken = self._hand_in(path, parcel)
            new += taken.new
            refusals += [
                Refusal(index=places[parcel.start + one.index], reason=one.reason)
                for one in taken.refused
            ]
        if refusals:
            raise RefusedError(f"{self._url}{path}", tuple(refusals))
        return new

    def _hand_in(self, path: str, parcel: Parcel) -> wire.TakenOut:
        body = f'{{"records":[{",".join(parcel.lines)}]}}'
        answer = self._asked("POST", path, content=body, headers={"content-type": wire.JSON})
        # records that can never be kept are told one by one, beside what became of the others
        if answer.status_code != httpx.codes.UNPROCESSABLE_ENTITY:
            self._refuse_failure(answer)
        return self._read(answer, wire.TakenOut)

    def _get(self, path: str, kind: type[Said], asked: Mapping[str, Any]) -> Said:
        answer = self._asked("GET", path, params=dict(asked), timeout=QUESTION_TIMEOUT)
        self._refuse_failure(answer)
        return self._read(answer, kind)

    def _asked(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {**request.pop("headers", {}), **self._login()}
        try:
            return self._client.request(method, path, headers=headers, **request)
        except (httpx.HTTPError, RuntimeError) as broken:  # RuntimeError: it has been closed
            raise StoreError(
                f"{self._url}{path}: no answer: {str(broken) or type(broken).__name__}; check that"
                " the ledger runs and can be reached, then try again: repetitions do no harm"
            ) from broken

    def _login(self) -> dict[str, str]:
        token = self._token()
        if not (token.isascii() and token.isprintable()):
            raise LedgerError(
                f"the ledger's token holds letters that no token has; write it anew into the file"
                f" that {TOKEN_FILE_VARIABLE} names, or into {TOKEN_VARIABLE}"
            )
        return {"authorization": f"Bearer {token}"} if token else {}

    def _refuse_failure(self, answer: httpx.Response) -> None:
        """An error, unless it went well: one that may pass or one that needs a person."""
        if answer.is_success:
            return
        said = _error_in(answer)
        message = f"{answer.request.method} {answer.request.url.path} of {self._url}:"
        message += f" {answer.status_code}: {said}"
        if answer.status_code in PASSING or answer.is_server_error:
            raise StoreError(f"{message}; trying again may help")
        raise LedgerError(message)

    def _read(self, answer: httpx.Response, kind: type[Said]) -> Said:
        try:
            return kind.model_validate_json(answer.content)
        except ValidationError as odd:
            raise StoreError(
                f"{self._url}: this is no answer of a ledger ({answer.status_code},"
                f" {answer.text[:80]!r}); check the URL"
            ) from odd


def parcels(lines: Sequence[str]) -> Iterator[Parcel]:
    """All records, cut by number and size; at least one, which shows if the ledger is there."""
    start, size = 0, 0
    for end, line in enumerate(lines):
        size += len(line)
        if end > start and (end - start >= BATCH or size > BODY_BYTES):
            yield Parcel(start, tuple(lines[start:end]))
            start, size = end, len(line)
    yield Parcel(start, tuple(lines[start:]))


def _error_in(answer: httpx.Response) -> str:
    try:
        return wire.ErrorOut.model_validate_json(answer.content).error
    except ValidationError:
        return answer.text[:200] or answer.reason_phrase


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as broken:
        raise StoreError(
            f"{path}: cannot read the ledger's token: {broken.strerror}; {TOKEN_FILE_VARIABLE}"
            " must name a file that this process may read"
        ) from broken
