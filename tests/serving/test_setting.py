import pytest
from sluice_serving.error import SettingsError
from sluice_serving.setting import Refusal, refusal_in, runtime_settings

GOOD = {"deployment": "loans", "revision": "loans-1", "digest": "sha256:" + "0" * 64}


def test_a_ledger_and_a_spool_together_record():
    both = GOOD | {"ledger": "sqlite:///l.db", "spool": "spool"}
    assert runtime_settings(both).records


def test_without_a_ledger_nothing_is_recorded():
    assert not runtime_settings(GOOD | {"spool": "spool"}).records


def test_a_ledger_without_a_spool_is_refused():
    with pytest.raises(SettingsError, match="ledger is set but spool is not"):
        runtime_settings(GOOD | {"ledger": "sqlite:///l.db"})


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ({}, "parameters.extra: deployment: Field required; revision: Field required"),
        (GOOD | {"digest": "sha256:12"}, "digest: String should match"),
        (GOOD | {"refusal": "shrug"}, "refusal: Input should be 'fail' or 'stay'"),
        (GOOD | {"spol": "x"}, "spol: Extra inputs are not permitted"),
    ],
)
def test_wrong_settings_are_named_by_field(extra, problem):
    with pytest.raises(SettingsError, match=problem):
        runtime_settings(extra)


@pytest.mark.parametrize(
    ("name", "deployment", "revision"),
    [
        ("churn-4f2a91c3_1", "churn", "churn-4f2a91c3"),
        ("churn-4f2a91c3", "churn", "churn-4f2a91c3"),
        ("late-flights-4f2a91c3_12", "late-flights", "late-flights-4f2a91c3"),
        ("churn_2", "churn", "churn"),
        ("late-flights", "late-flights", "late-flights"),
    ],
)
def test_the_name_of_a_model_tells_deployment_and_revision(name, deployment, revision):
    settings = runtime_settings({}, name=name)
    assert (settings.deployment, settings.revision) == (deployment, revision)


def test_parameters_win_over_the_environment_and_that_over_the_name():
    environ = {"SLUICE_DEPLOYMENT": "env", "SLUICE_LEDGER": "sqlite:///e.db", "SLUICE_SPOOL": "e"}
    settings = runtime_settings({"spool": "p"}, name="churn-4f2a91c3_1", environ=environ)
    assert settings.deployment == "env"
    assert settings.revision == "churn-4f2a91c3"
    assert (settings.ledger, settings.spool) == ("sqlite:///e.db", "p")


def test_seldon_core_1_tells_who_a_pod_is_by_its_environment():
    environ = {
        "SELDON_DEPLOYMENT_ID": "churn",
        "PREDICTOR_ID": "churn-4f2a91c3",
        "SLUICE_SPOOL": "spool",
        "PREDICTIVE_UNIT_PARAMETERS": (
            '[{"name":"digest","type":"STRING","value":"sha256:%s"},'
            '{"name":"mirrored","type":"BOOL","value":"true"},'
            '{"name":"ledger","type":"STRING","value":"sqlite:///l.db"},'
            '{"name":"model_uri","type":"STRING","value":"/mnt/models"}]' % ("0" * 64)
        ),
    }
    settings = runtime_settings({}, name="model", environ=environ)
    assert (settings.deployment, settings.revision) == ("churn", "churn-4f2a91c3")
    assert settings.digest == GOOD["digest"]
    assert settings.mirrored
    assert settings.records


def test_a_parameter_that_nobody_knows_is_refused():
    environ = {"PREDICTIVE_UNIT_PARAMETERS": '[{"name":"digset","value":"sha256:00"}]'}
    with pytest.raises(SettingsError, match="digset: Extra inputs are not permitted"):
        runtime_settings({}, name="model", environ=environ)


@pytest.mark.parametrize("text", ["{", "3", '[{"name": "digest"}]'])
def test_parameters_that_seldon_would_not_write_are_refused(text):
    with pytest.raises(SettingsError, match="PREDICTIVE_UNIT_PARAMETERS is"):
        runtime_settings({}, name="model", environ={"PREDICTIVE_UNIT_PARAMETERS": text})


@pytest.mark.parametrize("extra", [{}, {"refusal": "fail"}, {"refusal": "shrug"}])
def test_a_refusal_fails_the_load_unless_it_is_to_stay(extra):
    assert refusal_in(extra) is Refusal.FAIL
    assert refusal_in({"refusal": "stay"}) is Refusal.STAY
