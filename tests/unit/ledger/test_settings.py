import pytest
from sluice_ledger.server.settings import Settings, SettingsError, settings_of

NEEDED = {
    "SLUICE_LEDGER_DATABASE": "postgresql+psycopg://sluice:secret@db/ledger",
    "SLUICE_LEDGER_TOKENS_FILE": "/etc/sluice/tokens.json",
}


def refused(**variables: str) -> str:
    with pytest.raises(SettingsError) as why:
        settings_of(NEEDED | variables)
    return str(why.value)


def test_two_settings_are_enough():
    settings = settings_of(NEEDED | {"PATH": "/bin", "SLUICE_LEDGER_PORT": ""})
    assert isinstance(settings, Settings)
    assert (settings.port, settings.retention_days) == (8080, 30)


def test_what_is_missing_is_named_with_what_it_is_for():
    with pytest.raises(SettingsError) as why:
        settings_of({})
    lines = str(why.value).splitlines()
    assert [line.split(":")[0] for line in lines] == list(NEEDED)
    assert "is not set; Who may do what" in lines[1]


def test_every_problem_has_a_line_of_its_own():
    said = refused(SLUICE_LEDGER_PORT="high", SLUICE_LEDGER_RETENTION_DAYS="0")
    assert len(said.splitlines()) == 2
    assert "SLUICE_LEDGER_PORT: Input should be a valid integer" in said
    assert "(it is '0')" in said


def test_a_slip_is_told_what_was_meant():
    assert "did you mean SLUICE_LEDGER_RETENTION_DAYS?" in refused(SLUICE_LEDGER_RETENTION_DAY="3")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "tcp://10.0.0.7:8080"),
        ("SERVICE_HOST", "10.0.0.7"),
        ("PORT_8080_TCP_ADDR", "10.0.0.7"),
    ],
)
def test_what_kubernetes_says_about_a_service_of_our_name_is_recognised(name, value):
    assert "enableServiceLinks: false" in refused(**{f"SLUICE_LEDGER_{name}": value})


def test_variables_of_clients_are_left_to_them():
    assert settings_of(NEEDED | {"SLUICE_LEDGER_TOKEN_FILE": "/x", "SLUICE_LEDGER_TOKEN": "y"})


def test_the_password_of_the_database_is_not_shown():
    settings = settings_of(NEEDED)
    assert "secret" not in repr(settings)
    assert "secret" not in refused(SLUICE_LEDGER_PORT="x")
