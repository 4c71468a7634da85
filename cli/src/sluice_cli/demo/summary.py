"""What a demo has shown, in numbers: `summary.json`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sluice_operator.laptop.run_record import replay
from sluice_operator.rollout.replay import Replayed

from sluice_cli.demo.act import Played
from sluice_cli.demo.crowd import Answer

SHOWN_FAILURES = 20
"""As many are listed one by one."""


def summary_of(
    wall_seconds: float, answers: Sequence[Answer], played: Sequence[Played]
) -> dict[str, Any]:
    """The summary as plain values."""
    bad = [answer for answer in answers if not answer.good]
    candidates = {one.attempt.revision.name: one for one in played}
    outside = [answer for answer in bad if not _by_candidate(answer, candidates)]
    return {
        "wall_seconds": round(wall_seconds, 1),
        "requests": len(answers),
        "user_errors_outside_candidate": len(outside),
        "failures_outside_candidate": [asdict(answer) for answer in outside[:SHOWN_FAILURES]],
        "latency_ms": {"p50": _quantile(answers, 0.5), "p99": _quantile(answers, 0.99)},
        "rollouts": [_rollout(one, answers) for one in played],
    }


def _by_candidate(answer: Answer, candidates: dict[str, Played]) -> bool:
    """Whether a candidate gave the answer while it was on trial."""
    one = candidates.get(answer.route)
    return one is not None and one.began <= answer.at <= one.ended


def _rollout(one: Played, answers: Sequence[Answer]) -> dict[str, Any]:
    turns = list(replay(one.record))
    mine = [a for a in answers if one.began <= a.at <= one.ended]
    bad = [a for a in mine if not a.good]
    last = turns[-1].decision.status
    return {
        "name": one.act.name,
        "candidate": one.attempt.revision.name,
        "model": one.attempt.revision.uri,
        "outcome": one.attempt.outcome.value,
        "expected": one.act.outcome,
        "cause": one.attempt.cause,
        "peak_weight": one.attempt.peak_weight,
        "seconds": round(one.ended - one.began, 1),
        "requests": len(mine),
        "user_errors": len(bad),
        "answered_by_candidate": sum(a.route == one.attempt.revision.name for a in mine),
        "first_bad_answer_to_zero_weight_seconds": _to_zero(one, bad, turns),
        "samples": {name: state.evidence.samples for name, state in last.gates.items()},
        "gates": {name: state.evidence.verdict.value for name, state in last.gates.items()},
        "replays_identically": all(turn.equal for turn in turns),
    }


def _to_zero(one: Played, bad: Sequence[Answer], turns: Sequence[Replayed]) -> float | None:
    """From the first bad answer to the router's report without the candidate.

    None where it gave no bad answer, and where it kept its traffic: one bad answer does not keep a
    candidate from being promoted.
    """
    candidate = one.attempt.revision.name
    mine = [answer.at for answer in bad if answer.route == candidate]
    if not mine:
        return None
    first = min(mine)
    reports = (
        turn.seen.now.timestamp()
        for turn in turns
        if turn.seen.serving.routes is not None
        and turn.seen.now.timestamp() > first
        and candidate not in turn.seen.serving.routes.weights
    )
    gone = next(reports, None)
    return None if gone is None else round(gone - first, 2)


def _quantile(answers: Sequence[Answer], share: float) -> float | None:
    times = sorted(answer.seconds for answer in answers if answer.good)
    return round(times[int(share * (len(times) - 1))] * 1000, 1) if times else None
