import pytest
from sluice_serving.error import SettingsError
from sluice_serving.setting import runtime_settings

GOOD = {"deployment": "loans", "revision": "loans-1", "digest": "sha256:" + "0" * 64}


def test_a_ledger_and_a_spool_together_record():
    both = GOOD | {"ledger": "sqlite:///l.db", "spool": "spool"}
    assert runtime_settings(both).records


@pytest.mark.parametrize("missing", ["ledger", "spool"])
def test_without_ledger_or_spool_nothing_is_recorded(missing):
    extra = GOOD | {"ledger": "sqlite:///l.db", "spool": "spool"} | {missing: ""}
    assert not runtime_settings(extra).records


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ({}, "parameters.extra: deployment: Field required; revision: Field required"),
        (GOOD | {"digest": "sha256:12"}, "digest: String should match"),
        (GOOD | {"spol": "x"}, "spol: Extra inputs are not permitted"),
    ],
)
def test_wrong_settings_are_named_by_field(extra, problem):
    with pytest.raises(SettingsError, match=problem):
        runtime_settings(extra)
