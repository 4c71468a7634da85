import os

import pytest
from laptop_simulated import NAME, wanted
from sluice_operator.errors import SpecError
from sluice_operator.laptop.home import Home, read_json, write_whole
from sluice_operator.model import Verb
from sluice_operator.rollout.status import Phase, Status


@pytest.fixture
def home(tmp_path):
    home = Home(root=tmp_path / "home")
    home.create()
    return home


def file_of(home: Home):
    return home.root / "deployments" / f"{NAME}.yaml"


def test_what_is_applied_is_what_is_wanted(home):
    home.apply(wanted("v1"))
    assert home.wanted(NAME) == wanted("v1")
    assert list(home.deployments()) == [NAME]


def test_an_unknown_deployment_is_named_beside_those_that_exist(home):
    home.apply(wanted("v1"))
    home.apply(wanted("v1", name="fraud"))
    for ask in (home.wanted, home.delete):
        with pytest.raises(SpecError, match="churm: no such deployment; there is churn, fraud"):
            ask("churm")


def test_without_any_deployment_the_message_says_none(home):
    with pytest.raises(SpecError, match="there is none"):
        home.wanted(NAME)


def test_a_damaged_deployment_is_named_by_its_file(home):
    home.apply(wanted("v1"))
    file_of(home).write_text("spec: [")
    with pytest.raises(SpecError, match=rf"deployments/{NAME}\.yaml: is not YAML"):
        home.wanted(NAME)


def test_a_deployment_that_is_no_text_is_named_by_its_file(home):
    file_of(home).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match=rf"{NAME}\.yaml: is not text in UTF-8"):
        home.wanted(NAME)


def test_a_damaged_deployment_can_be_deleted(home):
    file_of(home).write_text("spec: [")
    home.delete(NAME)
    assert home.deleted(NAME)


def test_a_new_deployment_remembers_nothing(home):
    assert home.status(NAME) == Status(deployment=NAME)


def test_a_status_comes_back_as_it_was_saved(home):
    status = Status(deployment=NAME, phase=Phase.HEALTHY, attempt=3, message="…")
    home.save(status)
    assert home.status(NAME) == status


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"null", b'{"phase": "Healthy"}', b'{"deployment": "x", "phase": "Nice"}', b"\xff"],
)
def test_a_damaged_status_is_an_error_and_no_new_deployment(home, damage):
    home.save(Status(deployment=NAME, phase=Phase.HEALTHY))
    file = home.root / "status" / f"{NAME}.json"
    file.write_bytes(damage)
    with pytest.raises(SpecError, match=rf"{NAME}\.json: is damaged .* start {NAME} anew"):
        home.status(NAME)


def test_a_file_that_cannot_be_replaced_keeps_its_text_and_leaves_no_draft(tmp_path):
    folder = tmp_path / "whole"
    folder.mkdir()
    (folder / "target").mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(OSError, match="target"):
        write_whole(folder / "target", "new")
    assert [path.name for path in folder.iterdir()] == ["target"]


def test_a_reader_never_sees_a_part_of_a_file(tmp_path):
    """Whoever has the old file open goes on reading the old text."""
    file = tmp_path / "text"
    write_whole(file, "old" * 1000)
    with file.open() as reader:
        assert reader.read(3) == "old"
        write_whole(file, "new")
        assert reader.read() == "old" * 999
    assert file.read_text() == "new"


def test_a_file_that_is_not_there_is_none(tmp_path):
    assert read_json(tmp_path / "nothing.json") is None


def test_a_request_is_found_by_the_deployment_that_it_is_for(home):
    home.ask(NAME, Verb.PAUSE, "churn-1", "lunch")
    home.ask("fraud", Verb.ABORT, "fraud-1", "")
    (action,) = home.actions(NAME)
    assert (action.verb, action.revision, action.reason) == (Verb.PAUSE, "churn-1", "lunch")
    assert action.by == os.environ.get("USER", "")


def test_requests_come_in_the_order_in_which_they_were_made(home):
    verbs = [Verb.PAUSE, Verb.RESUME, Verb.ABORT]
    asked = [home.ask(NAME, verb, "churn-1", "") for verb in verbs]
    assert list(home.actions(NAME)) == asked
    assert [action.verb for action in asked] == verbs


def test_requests_that_were_carried_out_are_removed_and_later_ones_kept(home):
    first = home.ask(NAME, Verb.PAUSE, "churn-1", "")
    second = home.ask(NAME, Verb.RESUME, "churn-1", "")
    home.clear_actions(home.actions(NAME), upto=first.id)
    assert home.actions(NAME) == (second,)


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"deployment": "churn", "verb": "Dance", "revision": "churn-1"}']
)
def test_a_damaged_request_is_put_aside_and_stops_nobody(home, damage, caplog):
    broken = home.root / "actions" / "00000000000000000001.json"
    broken.write_text(damage)
    asked = home.ask(NAME, Verb.PAUSE, "churn-1", "")
    assert home.actions(NAME) == (asked,)
    assert not broken.exists()
    assert broken.with_name(f"{broken.name}.damaged").read_text() == damage
    assert "is no request" in caplog.text


def test_a_deployment_that_is_gone_leaves_only_its_runs(home):
    home.apply(wanted("v1"))
    home.save(Status(deployment=NAME))
    home.ask(NAME, Verb.ABORT, "churn-1", "")
    write_whole(home.view_file(NAME), "{}")
    write_whole(home.run_file(NAME, 1), "")
    home.delete(NAME)

    home.forget(NAME)

    left = {str(path.relative_to(home.root)) for path in home.root.rglob("*") if path.is_file()}
    assert left == {f"runs/{NAME}/0001.jsonl"}


def test_forgetting_leaves_the_other_deployments_alone(home):
    for name in (NAME, "fraud"):
        home.apply(wanted("v1", name=name))
        home.save(Status(deployment=name, attempt=7))
        home.ask(name, Verb.ABORT, f"{name}-1", "")
    home.delete(NAME)
    home.forget(NAME)
    assert list(home.deployments()) == ["fraud"]
    assert home.status("fraud").attempt == 7
    assert len(home.actions("fraud")) == 1


def test_a_deployment_that_is_applied_while_it_leaves_is_wanted_anew(home):
    home.apply(wanted("v1"))
    home.save(Status(deployment=NAME, phase=Phase.TERMINATING, attempt=4))
    home.delete(NAME)
    home.apply(wanted("v2"))
    assert not home.deleted(NAME)

    home.forget(NAME)

    assert home.wanted(NAME) == wanted("v2")
    assert home.status(NAME) == Status(deployment=NAME)
