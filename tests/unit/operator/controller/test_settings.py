"""Settings are parsed strictly: whatever is unknown or odd is refused by its name."""

import pytest
from sluice_operator.controller.settings import Settings, settings_of
from sluice_operator.errors import SpecError


def refusal(**environment):
    with pytest.raises(SpecError) as refused:
        settings_of(environment)
    return str(refused.value)


def test_without_any_variable_there_are_defaults():
    known = settings_of({"PATH": "/usr/bin", "SLUICE_PROMETHEUS_URL": ""})
    assert known.prometheus_url == ""
    assert (known.workers, known.poll_seconds, known.namespaces) == (8, 5.0, ())
    assert known.identity


def test_words_are_parted_by_commas_and_numbers_are_numbers():
    known = settings_of(
        {"SLUICE_NAMESPACES": " shop , bank,", "SLUICE_WORKERS": "16", "SLUICE_POLL_SECONDS": "0.5"}
    )
    assert known.namespaces == ("shop", "bank")
    assert (known.workers, known.poll_seconds) == (16, 0.5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROMETHEUS_URL", "prometheus:9090"),
        ("PROMETHEUS_URL", "ftp://prometheus"),
        ("MLFLOW_URL", "http://"),
        ("PROMETHEUS_NAMESPACE_LABEL", "name space"),
        ("WORKERS", "0"),
        ("WORKERS", "65"),
        ("WORKERS", "many"),
        ("POLL_SECONDS", "0.1"),
        ("POLL_SECONDS", "301"),
        ("POLL_SECONDS", "nan"),
        ("CHECKPOINT_SECONDS", "0"),
        ("HEALTH_PORT", "65536"),
        ("METRICS_PORT", "-1"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name_and_shown(name, value):
    said = refusal(**{f"SLUICE_{name}": value})
    assert said.startswith(f"SLUICE_{name}: ")
    assert value in said


def test_a_name_that_does_not_exist_is_refused_with_the_nearest_one():
    assert refusal(SLUICE_LEDGR="x") == (
        "SLUICE_LEDGR: no such setting; did you mean SLUICE_LEDGER?"
    )
    assert refusal(SLUICE_ZZZ="x") == "SLUICE_ZZZ: no such setting"


def test_everything_that_is_wrong_is_told_at_once():
    said = refusal(SLUICE_WORKERS="0", SLUICE_LOG_LEVEL="LOUD", SLUICE_FOO="1").splitlines()
    assert {line.split(":")[0] for line in said} == {
        "SLUICE_WORKERS",
        "SLUICE_LOG_LEVEL",
        "SLUICE_FOO",
    }


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(ValueError, match="frozen"):
        Settings().workers = 3
