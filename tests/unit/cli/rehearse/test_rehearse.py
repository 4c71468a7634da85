"""`sluice rehearse` as a person types it."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from eventually import eventually
from sluice_cli.rehearse.advice import span_words
from sluice_cli.rehearse.candidate import Candidate, candidates
from sluice_cli.rehearse.pool import seed_of
from sluice_cli.rehearse.sample import Chance, Sample
from sluice_operator.errors import SpecError
from sluice_operator.simulation.behaviour import Behaviour
from sluice_operator.simulation.rehearsal import End, Ending

SLUICE = Path(sys.executable).with_name("sluice")
POLICY = """
apiVersion: sluice.dev/v1alpha1
kind: ModelDeployment
metadata: {name: churn}
spec:
  model: {uri: models:/churn/2}
  strategy:
    type: Canary
    steps:
    - setWeight: 10
    - analysis: {gates: [slo], maxDuration: 20m}
  gates:
  - {name: errors, metric: ErrorRate, comparison: Relative, margin: "1.5"}
  - {name: slo, metric: ErrorRate, comparison: Absolute, margin: "0.02"}
  rollback: {bake: 2m}
"""
WORDS = ("rehearse", "-f", "churn.yaml", "--rate", "30", "--runs", "6", "-j", "2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "churn.yaml").write_text(POLICY)
    return tmp_path


def sluice(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [SLUICE, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=280
    )


def test_chances_times_and_people_come_as_json_and_as_a_page(folder):
    words = ("--candidate", "equal", "--candidate", "errors=20", "--html", "page.html")
    done = sluice(folder, *WORDS, *words, "-o", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    equal, worse = told["candidates"]
    assert equal["ends"]["Promoted"]["probability"] == 1.0
    assert worse["ends"]["RolledBack"]["probability"] == 1.0
    assert sum(worse["causes"].values()) == 6
    assert worse["causes"].keys() <= {"errors", "slo"}
    assert worse["hurt"]["median"] > 0
    assert told["proofs"][0]["gate"] == "slo"
    page = (folder / "page.html").read_text()
    assert page.count("<svg") == 3
    assert "20x errors" in page
    assert not re.search(r"(src|href)=[\"']http", page)


def test_the_table_says_what_cannot_work(folder):
    done = sluice(folder, *WORDS, "--rate", "0.2", "--candidate", "equal", "--runs", "2")
    assert "as good as stable" in done.stdout
    assert re.search(
        r"Step 2 \(analysis at weight 10\) cannot work: at 0.2 requests/s", done.stdout
    )


def test_processes_do_not_change_what_comes_out(folder):
    words = (*WORDS[:-2], "--candidate", "errors=3", "-o", "json")
    one, two = (json.loads(sluice(folder, *words, "-j", jobs).stdout) for jobs in ("1", "2"))
    assert one == two


def test_a_rehearsal_that_is_interrupted_tells_what_there_is_and_goes_on_later(folder):
    words = (*WORDS, "--candidate", "equal", "--keep", "kept.jsonl")
    long = [*words[: words.index("6")], "2000", *words[words.index("6") + 1 :]]
    running = subprocess.Popen(
        [SLUICE, *long], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    kept = folder / "kept.jsonl"
    eventually(lambda: kept.exists() and kept.read_text().count("\n") >= 4, within=120)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 130, err
    assert "as good as stable" in out
    assert "interrupted" in err

    before = kept.read_text().count("\n")
    again = json.loads(sluice(folder, *words, "-o", "json").stdout)
    assert again["candidates"][0]["runs"] == 6
    assert kept.read_text().count("\n") <= max(before, 6) + 6


def test_an_unknown_candidate_and_an_impossible_share_are_refused(folder):
    odd = sluice(folder, *WORDS, "--candidate", "uglier")
    assert (odd.returncode, "--candidate uglier: say one of equal" in odd.stderr) == (1, True)
    share = sluice(folder, *WORDS, "--error-rate", "1.5")
    assert "--error-rate 1.5: give a share between 0 and 1" in share.stderr.replace("\n", " ")


def test_candidates_are_worse_in_one_way_each():
    stable = Behaviour()
    equal, errors, slow, wrong = candidates(("equal", "errors=2", "slow=5", "accuracy=2"), stable)
    assert equal.behaviour == stable
    assert errors.behaviour.error_rate == 2 * stable.error_rate
    assert slow.behaviour.slow == 5 * stable.slow
    assert wrong.behaviour.worse - wrong.behaviour.better == pytest.approx(0.02)
    assert wrong.behaviour.wrong == pytest.approx(stable.wrong + 0.02)
    with pytest.raises(SpecError):
        candidates(("errors=many",), stable)


def test_an_interval_holds_the_share_and_gets_narrow():
    few, many = Chance.of(1, 10), Chance.of(100, 1_000)
    assert few.low < 0.1 < few.high
    assert many.high - many.low < (few.high - few.low) / 5
    assert Chance.of(0, 200).high == pytest.approx(0.0188, abs=0.0005)


def test_times_are_of_those_who_ended_so():
    ending = Ending(
        end=End.PROMOTED,
        cause="",
        seconds=60,
        requests=1,
        exposed=1,
        hurt=0,
        peak_weight=1,
        looks=1,
    )
    candidate = Candidate(name="equal", behaviour=Behaviour(), is_worse=False)
    sample = Sample(candidate=candidate, endings=[ending])
    assert sample.seconds(End.PROMOTED, 0.5) == 60
    assert sample.seconds(End.ROLLED_BACK, 0.5) is None


def test_each_rollout_has_a_chance_of_its_own():
    seeds = {seed_of(1, number, run) for number in range(9) for run in range(200)}
    assert len(seeds) == 1_800


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "-"), (7.4, "7 s"), (150, "2.5 min"), (7_200, "2 h"), (518_400, "6 days")],
)
def test_times_are_told_to_two_digits(seconds, words):
    assert span_words(seconds) == words
