"""What is known about one gate: all that a restart needs to go on as if nothing had happened."""

from dataclasses import dataclass
from math import inf
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, TypeAdapter, ValidationError

from sluice_operator.errors import SluiceError
from sluice_operator.judge.mixture import POINTS
from sluice_operator.model import Arm, Moments, Pairs, Table, Verdict

_NOTHING = (0.0,) * POINTS
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


class EvidenceFormatError(SluiceError):
    """Stored evidence cannot be read; the message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """How large the difference seems: ratio, rate or mean, by comparison."""

    est: float | None = None
    """Best estimate; None while there is none (no bad request on stable: no ratio)."""
    lo: float | None = None
    """Lower bound; wrong at any look with chance alpha at most: that of harm for ratio and rate,
    that of safety for the mean. None where there is none yet."""
    hi: float | None = None
    """Upper bound, likewise with the other alpha."""

    def contains(self, value: float) -> bool:
        """Whether the value is still possible."""
        low = -inf if self.lo is None else self.lo
        high = inf if self.hi is None else self.hi
        return low <= value <= high


_NO_REQUESTS = Arm(total=0, bad=0)
_NO_PAIRS = Pairs(worse=0, same=0, better=0)
Spread = tuple[float, float, float, float]
_NO_SPREAD: Spread = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """State of the test of one gate; `Evidence()` knows nothing yet."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    verdict: Verdict = Verdict.INCONCLUSIVE
    """Latched: later windows can only turn it into Harm."""
    e_harm: float = 1.0
    """E-value of the harm mixture now."""
    e_safe: float = 1.0
    """E-value of the safe mixture now."""
    e_harm_max: float = 1.0
    e_safe_max: float = 1.0
    """Largest since safety was last restarted."""
    windows: int = 0
    """Windows that were counted; those without counts are not."""
    samples: int = 0
    """Requests of the candidate, or labelled pairs, in the whole attempt."""
    safe_samples: int = 0
    """The same since safety was last restarted."""
    stable: Arm = _NO_REQUESTS
    candidate: Arm = _NO_REQUESTS
    pairs: Pairs = _NO_PAIRS
    """Sums of all windows in the attempt; how many still wait for a label is as of the last."""
    harm: tuple[float, ...] = _NOTHING
    """Log wealth of each alternative of the harm mixture."""
    safe: tuple[float, ...] = _NOTHING
    """Log wealth of each alternative of the safe mixture, since safety was last restarted."""
    below: tuple[float, ...] = _NOTHING
    """Relative only: log likelihood of the ratios below 1 that mirror the harm mixture."""
    strata: tuple[float, float] = (0.0, 0.0)
    """Relative only: Mantel-Haenszel's sums, whose quotient estimates the ratio over windows."""
    table: Table | None = None
    """Sums of all windows in the attempt, for each layer: class, bin or edge."""
    table_then: tuple[int, ...] = ()
    """The candidate's column of it when safety was last restarted."""
    layers: tuple[tuple[float, ...], ...] = ()
    """Log wealth of the harm mixture of each layer, on a coarse grid."""
    safe_layers: tuple[tuple[float, ...], ...] = ()
    """The same for safety, since it was last restarted; none before the first window after."""
    worth: tuple[Moments, Moments] | None = None
    """BusinessKPI: sums of all windows in the attempt, of stable and of the candidate."""
    spread: Spread = _NO_SPREAD
    safe_spread: Spread = _NO_SPREAD
    """BusinessKPI without bounds: see `judge.tailed`; of the attempt, and since safety was last
    restarted."""

    def __post_init__(self) -> None:
        """Refuse vectors that belong to another grid."""
        if len(self.harm) == len(self.safe) == len(self.below) == POINTS:
            return
        for name in ("harm", "safe", "below"):
            if (length := len(getattr(self, name))) != POINTS:
                raise ValueError(f"{name}: {length} numbers; this version has {POINTS} points")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; floats survive to the bit."""
        plain: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return plain

    @classmethod
    def from_json(cls, plain: object) -> Self:
        """The evidence that `to_json` was called on.

        Raises:
            EvidenceFormatError: A field is missing its type, unknown, or of another grid.
        """
        try:
            evidence: Self = _ADAPTER.validate_python(plain)
        except ValidationError as broken:
            first = broken.errors()[0]
            where = ".".join(map(str, first["loc"])) or "evidence"
            raise EvidenceFormatError(
                f"evidence: {where}: {first['msg']}; remove this gate's evidence to start it anew"
            ) from broken
        return evidence


_ADAPTER: TypeAdapter[Any] = TypeAdapter(Evidence)
