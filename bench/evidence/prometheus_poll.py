"""What does it cost to answer 1,000 rollouts of five gates from one Prometheus, every 5 s?

`python bench/evidence/prometheus_poll.py [--rollouts 1000] [--polls 12] [--quick]`

A process of its own plays Prometheus: 2,000 pods with a scrape each 5 s. Eight threads ask for all
rollouts, evenly spread over 5 s, as the operator does: two ErrorRate gates against stable, one
against a constant, two LatencyExceedance gates. Measured are the processor time of the asking
process per poll, the queries, how long one rollout waits for its windows, and memory; checked is
that each rollout was told every request once.

Prints a table and writes build/bench/prometheus_poll.json; exit 1 if a target is missed.
"""

import argparse
import json
import platform
import resource
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from fleet import CODES, INTERVAL_MS, scrape_before
from sluice_operator.evidence.cursor import Cursor
from sluice_operator.evidence.family import SELDON_V2
from sluice_operator.evidence.prometheus import Prometheus, PrometheusEvidence
from sluice_operator.evidence.prometheus_api import Access, PrometheusApi
from sluice_operator.model import Question

FOLDER = Path(__file__).resolve().parent
RECORD = FOLDER.parents[1] / "build" / "bench" / "prometheus_poll.json"
POLL_SECONDS = 5.0
THREADS = 8
FAMILIES = 2
TARGET_CORE = 0.3
"""Share of a core; the rest of the one core that 1,000 rollouts may cost is for deciding."""
TARGET_P99_SECONDS = 1.0


@dataclass
class Gates:
    """The gates of one rollout, and what they were told."""

    number: int
    questions: tuple[Question, ...]
    told: int = 0
    """Requests of the candidate that the first gate was told of."""
    begun: int = 0
    """Time of its first cursor."""
    waits: list[float] = field(default_factory=list)

    def look(self, source: PrometheusEvidence) -> None:
        """Ask all, and keep the cursors."""
        begun = time.perf_counter()
        windows = source.windows("bench", self.questions)
        self.waits.append(time.perf_counter() - begun)
        for window in windows:
            if window.error:
                raise RuntimeError(window.error)
        first = windows[0]
        assert first.candidate
        self.told += first.candidate.total
        cursors = zip(self.questions, windows, strict=True)
        self.questions = tuple(replace(q, cursor=w.cursor) for q, w in cursors)
        self.begun = self.begun or self.at

    @property
    def at(self) -> int:
        """Until when the first gate has counted."""
        cursor = Cursor.parsed(self.questions[0].cursor)
        assert cursor
        return cursor.at

    @property
    def truth(self) -> int:
        """What the candidate was asked between the two cursors, by the scrapes."""
        pod = 2 * self.number + 1
        first, last = scrape_before(self.begun, pod), scrape_before(self.at, pod)
        return (last // INTERVAL_MS - first // INTERVAL_MS) * sum(CODES.values())


def gates_of(number: int) -> Gates:
    """Five gates, as a careful team would have them."""
    question = Question(
        gate="errors",
        metric="ErrorRate",
        comparison="Relative",
        stable=f"model-{number}-0000000a",
        candidate=f"model-{number}-0000000b",
    )
    slow = replace(question, metric="LatencyExceedance", threshold=timedelta(milliseconds=250))
    return Gates(
        number,
        (
            question,
            replace(question, gate="errors-observed"),
            replace(question, gate="slo", comparison="Absolute"),
            replace(slow, gate="latency"),
            replace(slow, gate="latency-slo", comparison="Absolute"),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The line of the table."""

    rollouts: int
    polls: int
    cpu_ms_per_poll: float
    share_of_core: float
    queries_per_poll: float
    wait_ms_median: float
    wait_ms_p99: float
    wait_ms_first: float
    """The longest wait of the first poll, which fetches five minutes."""
    mib: float
    wrong_counts: int


def main() -> int:
    """Measure, print, record."""
    options = parsed()
    command = [sys.executable, "-c", f"import fleet; fleet.main({options.rollouts})"]
    with subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            row = measured(int(process.stdout.readline()), options.rollouts, options.polls)
        finally:
            process.kill()
    return told(row)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollouts", type=int, default=1000)
    parser.add_argument("--polls", type=int, default=12)
    parser.add_argument("--quick", action="store_true", help="3 polls of 200 rollouts")
    options = parser.parse_args()
    if options.quick:
        options.rollouts, options.polls = 200, 3
    return options


def measured(port: int, rollouts: int, polls: int) -> Row:
    """Poll, poll, poll; the first poll is told apart."""
    api = PrometheusApi(Access(url=f"http://127.0.0.1:{port}", timeout_seconds=30))
    source = PrometheusEvidence(Prometheus(api), SELDON_V2)
    every = [gates_of(number) for number in range(rollouts)]
    poll(source, every)
    first = max(gates.waits[0] for gates in every)
    queries, cpu = api.queries, time.process_time()
    for _ in range(polls):
        poll(source, every)
    cpu = (time.process_time() - cpu) / polls
    waits = sorted(wait for gates in every for wait in gates.waits[1:])
    return Row(
        rollouts=rollouts,
        polls=polls,
        cpu_ms_per_poll=cpu * 1000,
        share_of_core=cpu / POLL_SECONDS,
        queries_per_poll=(api.queries - queries) / polls,
        wait_ms_median=waits[len(waits) // 2] * 1000,
        wait_ms_p99=waits[len(waits) * 99 // 100] * 1000,
        wait_ms_first=first * 1000,
        mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        wrong_counts=sum(gates.told != gates.truth for gates in every),
    )


def poll(source: PrometheusEvidence, every: list[Gates]) -> None:
    """All rollouts once, spread over the time between two polls."""
    begun = time.monotonic()
    never = threading.Event()

    def look(gates: Gates) -> None:
        due = begun + POLL_SECONDS * gates.number / len(every)
        never.wait(max(0.0, due - time.monotonic()))
        gates.look(source)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(look, every))
    never.wait(max(0.0, begun + POLL_SECONDS - time.monotonic()))


def told(row: Row) -> int:
    """Table, record, and the exit status."""
    for name, value in asdict(row).items():
        print(f"{name:20} {value:10.2f}" if isinstance(value, float) else f"{name:20} {value:10}")
    claims = {
        f"at most {TARGET_CORE} of a core": row.share_of_core <= TARGET_CORE,
        f"p99 of a rollout's wait at most {TARGET_P99_SECONDS:g} s": row.wait_ms_p99
        <= TARGET_P99_SECONDS * 1000,
        "every request told once": row.wrong_counts == 0,
    }
    record = {
        "name": "prometheus_poll",
        "machine": {"python": platform.python_version()},
        "rows": [asdict(row)],
        "claims": [{"claim": claim, "holds": holds} for claim, holds in claims.items()],
    }
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(json.dumps(record, indent=2) + "\n")
    for claim, holds in claims.items():
        print(f"{'holds' if holds else 'FAILS'}: {claim}")
    return 0 if all(claims.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
