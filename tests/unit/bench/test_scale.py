"""Several subjects in one run, told beside each other."""

import sys

import pytest
import scale
from target import TARGETS, Judged

LIMIT = next(one for one in TARGETS if one.workload == "W1")


def judged(value):
    return Judged(target=LIMIT, objects=100, value=value)


def options(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["scale.py", *words])
    return scale.parsed()


def test_two_subjects_are_measured_one_after_the_other(monkeypatch):
    given = options(monkeypatch, "--subject", "sluice,argo", "--binary", "argo", "--crds", "crds")
    assert [(one.name, one.poll_seconds) for one in scale.subjects(given)] == [
        ("sluice", 5.0),
        ("argo", 10.0),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--subject", "flagger"), "there are sluice, argo"),
        (("--subject", "sluice,argo"), "needs --binary and --crds"),
        (("--workload", "W9"), "there are W1, W2"),
    ],
    ids=["unknown rival", "rival without binary", "unknown workload"],
)
def test_what_cannot_be_measured_is_refused_with_what_can(monkeypatch, capsys, words, said):
    with pytest.raises(SystemExit):
        options(monkeypatch, *words)
    assert said in capsys.readouterr().err


def test_the_table_has_a_column_for_each_subject(capsys):
    scale.show({"sluice": [judged(0.5)], "argo": [judged(7.25)]})
    head, row = capsys.readouterr().out.split("\n")[1:3]
    assert head.split()[:2] == ["sluice", "argo"]
    assert row.split()[:4] == ["0.500", "holds", "7.250", "FAILS"]
    assert "100 objects" in row


def test_a_full_run_has_enough_single_breaches_for_a_percentile(monkeypatch):
    assert options(monkeypatch).one_by_one >= 30
