import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sluice_ledger.server.token import Keyring, Scope, TokensError, digest_of, fresh_token


def write(path: Path, *entries: dict[str, object]) -> Path:
    """As Kubernetes and editors do: a new file in the place of the old one."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"tokens": entries}))
    new.rename(path)
    return path


def entry(token: str, *scopes: str, name: str = "serving") -> dict[str, object]:
    return {"name": name, "sha256": digest_of(token), "scopes": scopes}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def test_a_token_is_known_by_its_digest(path):
    keyring = Keyring(write(path, entry("a", "write"), entry("b", "read", "label", name="b")))
    found = keyring.holder("b")
    assert found is not None
    assert (found.name, found.scopes) == ("b", (Scope.READ, Scope.LABEL))
    assert keyring.holder("c") is None
    assert keyring.holder(digest_of("a")) is None


def test_tokens_change_without_a_restart(path):
    keyring = Keyring(write(path, entry("old", "write")))
    write(path, entry("new", "write"))
    assert keyring.holder("old") is None
    assert keyring.holder("new") is not None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "Invalid JSON"),
        ("[]", "object"),
        ('{"tokens": [{"name": "a", "sha256": "abc", "scopes": ["write"]}]}', "tokens.0.sha256"),
        (json.dumps({"tokens": [entry("a", "admin")]}), "tokens.0.scopes.0"),
        (json.dumps({"tokens": [entry("a")]}), "tokens.0.scopes"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_named_with_the_field(path, content, why):
    path.write_text(content)
    with pytest.raises(TokensError, match=why) as refused:
        Keyring(path)
    assert str(path) in str(refused.value)


def test_a_file_that_is_missing_is_named(path):
    with pytest.raises(TokensError, match=r"tokens.json: cannot read the tokens: No such file"):
        Keyring(path)


def test_a_broken_change_opens_nothing(path):
    keyring = Keyring(write(path, entry("a", "write")))
    path.write_text("{")
    with pytest.raises(TokensError):
        keyring.holder("a")


def test_no_two_tokens_are_alike():
    assert len({fresh_token() for _ in range(100)}) == 100


def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
    command = [sys.executable, "-m", "sluice_ledger.server", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=clean | variables
    )


def test_the_command_prints_a_token_and_its_entry(path):
    token, line = run("token", "operator", "read").stdout.splitlines()
    found = Keyring(write(path, json.loads(line))).holder(token)
    assert found is not None
    assert (found.name, found.scopes) == ("operator", (Scope.READ,))


def test_a_service_with_wrong_settings_says_so_and_ends(path):
    done = run(SLUICE_LEDGER_DATABASE="mysql://x", SLUICE_LEDGER_TOKENS_FILE=str(path))
    assert done.returncode == 1
    assert "postgresql+psycopg://USER" in done.stderr
    assert "Traceback" not in done.stderr
