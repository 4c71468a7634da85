import json
import shutil

import pytest
from laptop_simulated import FAILING, NAME, PLAN, SimulatedLaptop, wanted
from sluice_operator.errors import SpecError
from sluice_operator.laptop.run_record import append, digest_of, read, replay
from sluice_operator.model import Verb
from sluice_operator.rollout.status import Phase


@pytest.fixture(scope="module")
def laptop(tmp_path_factory):
    """A laptop on which a bad candidate was taken back."""
    laptop = SimulatedLaptop.at(tmp_path_factory.mktemp("home")).wants("v1").run(4)
    return laptop.wants("v2", FAILING).run(20)


@pytest.fixture
def record(laptop, tmp_path):
    """A record that a test may damage."""
    return shutil.copy(laptop.home.run_file(NAME, 2), tmp_path / "0002.jsonl")


def lines_of(record):
    return record.read_bytes().splitlines(keepends=True)


def test_a_record_decides_again_what_was_decided(laptop, record):
    turns = list(replay(record))
    assert len(turns) > 5
    assert all(turn.equal for turn in turns)
    assert digest_of(turns[-1].decision.status) == digest_of(laptop.status)
    assert turns[-1].decision.status.phase is Phase.ROLLED_BACK


def test_only_the_first_line_says_where_the_attempt_began(record):
    entries = list(read(record))
    assert entries[0].before is not None
    assert entries[0].spec is not None
    assert all(entry.before is None and entry.spec is None for entry in entries[1:])


def test_a_resting_deployment_adds_nothing(laptop, record):
    laptop.run(30)
    assert laptop.home.run_file(NAME, 2).read_bytes() == record.read_bytes()


def test_what_people_asked_is_decided_again(tmp_path):
    laptop = SimulatedLaptop.at(tmp_path).wants("v1").run(4).wants("v2").run(5)
    laptop.ask(Verb.PAUSE, "v2")
    laptop.run(3)
    laptop.ask(Verb.ABORT, "v2")
    laptop.run(3)
    turns = list(replay(laptop.home.run_file(NAME, 2)))
    assert all(turn.equal for turn in turns)
    assert [a.verb for turn in turns for a in turn.seen.actions] == [Verb.PAUSE, Verb.ABORT]


def test_a_spec_that_was_edited_in_the_middle_is_in_the_record(tmp_path):
    laptop = SimulatedLaptop.at(tmp_path).wants("v1").run(4).wants("v2").run(5)
    (gate,) = PLAN["gates"]
    laptop.home.apply(wanted("v2", gates=[gate | {"margin": "3"}]))
    laptop.run(5)
    record = laptop.home.run_file(NAME, 2)
    assert [e.spec.gates[0].margin for e in read(record) if e.spec] == [2, 3]
    assert all(turn.equal for turn in replay(record))


def test_a_torn_last_line_is_left_out(record):
    whole = len(list(replay(record)))
    text = record.read_bytes()
    record.write_bytes(text[:-20])
    turns = list(replay(record))
    assert len(turns) == whole - 1
    assert all(turn.equal for turn in turns)


def test_what_is_added_after_a_torn_line_can_be_read(record):
    """A crash in the middle of a line must not swallow the line that comes next."""
    lines = lines_of(record)
    record.write_bytes(b"".join(lines)[:-20])
    append(record, json.loads(lines[-1]))
    assert lines_of(record) == lines


def test_a_record_of_nothing_but_a_torn_line_begins_anew(tmp_path):
    record = tmp_path / "0001.jsonl"
    record.write_bytes(b'{"seen": {"no')
    append(record, {"a": 1})
    assert record.read_text() == '{"a":1}\n'


def test_a_changed_count_is_found(record):
    """Somebody who makes the candidate look better than it was does not get away with it."""
    lines = lines_of(record)
    number, plain = next(
        (number, plain)
        for number, plain in enumerate(map(json.loads, lines))
        if any(window["candidate"] and window["candidate"]["bad"] for window in seen(plain))
    )
    plain["seen"]["windows"][0]["candidate"]["bad"] = 0
    lines[number] = json.dumps(plain).encode() + b"\n"
    record.write_bytes(b"".join(lines))
    assert [turn.equal for turn in replay(record)].index(False) == number


def seen(plain):
    return plain["seen"]["windows"]


def test_a_changed_clock_is_found(record):
    lines = lines_of(record)
    plain = json.loads(lines[0])
    plain["seen"]["now"] = "2031-01-01T00:00:00Z"
    record.write_bytes(json.dumps(plain).encode() + b"\n" + b"".join(lines[1:]))
    assert not next(iter(replay(record))).equal


def test_a_line_that_was_taken_out_is_found(record):
    lines = lines_of(record)
    del lines[len(lines) // 2]
    record.write_bytes(b"".join(lines))
    assert not all(turn.equal for turn in replay(record))


@pytest.mark.parametrize(
    "damage", [b"{", b"null", b"{}", b'{"seen": {"now": "soon"}, "digest": "0"}', b"\xff"]
)
def test_a_damaged_line_is_named_by_its_number(record, damage):
    """Lines after it must not be left out as if they had never been."""
    lines = lines_of(record)
    lines[3] = damage + b"\n"
    record.write_bytes(b"".join(lines))
    with pytest.raises(SpecError, match=r"0002\.jsonl:4: is no line of a record"):
        list(replay(record))


def test_a_record_without_its_beginning_is_refused(record):
    record.write_bytes(b"".join(lines_of(record)[1:]))
    with pytest.raises(SpecError, match="its beginning is missing"):
        list(replay(record))


def test_an_engine_that_refused_stands_in_the_record(tmp_path):
    laptop = SimulatedLaptop.at(tmp_path).wants("v1").run(4).wants("v2").run(5)
    laptop.world.router_down = True
    laptop.run(3)
    record = laptop.home.run_file(NAME, 2)
    assert "router does not answer" in {entry.error for entry in read(record)}
    assert all(turn.equal for turn in replay(record))
