"""A rehearsal from the command line to the page."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from sluice_operator.api.fields import parse_duration
from sluice_operator.api.load import load, read
from sluice_operator.api.template import in_force
from sluice_operator.api.v1alpha1 import ModelDeployment
from sluice_operator.errors import SpecError
from sluice_operator.simulation.behaviour import Behaviour, Traffic
from sluice_operator.simulation.prospect import Prospect, prospects
from sluice_operator.simulation.rehearsal import Profile, Trial, Users, poll_of

from sluice_cli.rehearse.advice import advice, span_words
from sluice_cli.rehearse.candidate import candidates
from sluice_cli.rehearse.pool import Plan, endings
from sluice_cli.rehearse.report import Rehearsed, write_report
from sluice_cli.rehearse.sample import Sample
from sluice_cli.rehearse.table import show
from sluice_cli.rehearse.traffic import measured
from sluice_cli.shown import Output, console, print_json

NOTES = Console(stderr=True, highlight=False)
"""What is told on the way; standard output is for results."""
INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the command line says."""

    file: Path
    rate: float
    error_rate: float
    slow_rate: float
    accuracy: float
    disagreement: float
    label_delay: str
    profile: Profile
    prometheus: str
    revision: str
    candidates: tuple[str, ...]
    runs: int
    seed: int
    jobs: int
    keep: Path | None

    def users(self, deployment: ModelDeployment) -> Users:
        """What users send, and what stable makes of it.

        Raises:
            SpecError: A number cannot be one of these, or Prometheus knows nothing.
        """
        rate, errors, slow = self.rate, self.error_rate, self.slow_rate
        if self.prometheus:
            found = measured(self.prometheus, deployment, self.revision)
            rate, errors = found.per_second, found.error_rate
            slow = slow if found.slow is None else found.slow
            span = span_words(found.span.total_seconds())
            NOTES.print(f"{found.revision}: {rate:.3g} requests/s, {errors:.3%} failed, in {span}")
        shares = {"--error-rate": errors, "--slow-rate": slow, "--accuracy": self.accuracy}
        for option, share in (shares | {"--disagreement": self.disagreement}).items():
            if not 0 <= share <= 1:
                raise SpecError(f"{option} {share:g}: give a share between 0 and 1")
        if rate <= 0:
            raise SpecError(f"--rate {rate:g}: give more than 0 requests per second")
        stable = Behaviour(
            error_rate=errors,
            slow=slow,
            wrong=1 - self.accuracy,
            worse=self.disagreement / 2,
            better=self.disagreement / 2,
        )
        return Users(
            traffic=Traffic(per_second=rate, label_delay=_delay(self.label_delay)),
            stable=stable,
            profile=self.profile,
        )


def _delay(text: str) -> Any:
    try:
        return parse_duration(text)
    except ValueError as wrong:
        raise SpecError(f"--label-delay {text}: {wrong}") from wrong


def rehearse_all(given: Given, html: Path | None, output: Output) -> None:
    """Rehearse, and tell what came of it."""
    documents = read(given.file)
    deployment = load(given.file)
    spec = in_force(deployment.spec, documents.gates)
    users = given.users(deployment)
    samples = [Sample(candidate=one) for one in candidates(given.candidates, users.stable)]
    poll = poll_of(spec)
    trials = [
        Trial(spec=spec, users=users, candidate=sample.candidate.behaviour, poll=poll)
        for sample in samples
    ]
    plan = Plan(trials=trials, runs=given.runs, seed=given.seed, jobs=given.jobs, keep=given.keep)
    whole = _fill(samples, plan)
    found = list(prospects(spec, users))
    told = Rehearsed(
        name=deployment.metadata.name,
        setting=_setting(users, plan, samples),
        policy=given.file.read_text(encoding="utf-8"),
        samples=samples,
        prospects=found,
        advices=list(advice(found, samples, users)),
    )
    _tell(told, html, output)
    if not whole:
        raise typer.Exit(INTERRUPTED)


def _fill(samples: Sequence[Sample], plan: Plan) -> bool:
    """Play all rollouts; whether nobody interrupted."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=NOTES) as bar:
        task = bar.add_task("rehearsing", total=plan.runs * len(samples))
        try:
            for number, _, ending in endings(plan):
                samples[number].endings.append(ending)
                bar.advance(task)
        except KeyboardInterrupt:
            NOTES.print("interrupted; this is what there is so far")
            return False
    return True


def _setting(users: Users, plan: Plan, samples: Sequence[Sample]) -> str:
    stable, traffic = users.stable, users.traffic
    runs = {sample.runs for sample in samples}
    count = f"{min(runs)} to {max(runs)}" if len(runs) > 1 else f"{max(runs)}"
    return (
        f"{count} rollouts of each candidate by the real core, looking every"
        f" {span_words(plan.trials[0].poll.total_seconds())}. {traffic.per_second:.3g} requests/s"
        f" ({users.profile.value}), of which stable fails {stable.error_rate:.3g}, is slow in"
        f" {stable.slow:.3g} and wrong in {stable.wrong:.3g}; labels after"
        f" {span_words(traffic.label_delay.total_seconds())}. Seed {plan.seed}."
    )


def _tell(told: Rehearsed, html: Path | None, output: Output) -> None:
    if html is not None:
        write_report(html, told)
        NOTES.print(f"written: {html}")
    if output is Output.JSON:
        print_json(
            {
                "name": told.name,
                "setting": told.setting,
                "candidates": [sample.plain() for sample in told.samples],
                "proofs": [_proof(one) for one in told.prospects],
                "advice": [sentence for _, sentence in told.advices],
            }
        )
    else:
        console.print(told.setting, soft_wrap=True)
        show(told.samples, told.advices, console)


def _proof(one: Prospect) -> dict[str, Any]:
    def seconds(time: Any) -> float | None:
        return None if time is None else time.total_seconds()

    return {
        "step": one.step + 1,
        "gate": one.gate,
        "traffic": asdict(one.place),
        "medianSeconds": seconds(one.wait.median),
        "p90Seconds": seconds(one.wait.most),
        "allowedSeconds": seconds(one.allowed),
        "chanceInTime": one.wait.within,
        "insteadMedianSeconds": {how: seconds(wait.median) for how, wait in one.ways_out},
    }
