import os
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path

import pytest
from eventually import eventually
from ledger_rows import answered
from ledger_world import new_database, postgres_size
from sluice_ledger.shipper import Shipper, wait_seconds
from sluice_ledger.spool import Spool
from sluice_ledger.store import SqliteLedger
from sluice_ledger.url import open_ledger, url_of


@pytest.fixture
def world(tmp_path):
    """A spool, a place for a ledger, and a running shipper between the two."""
    spool = Spool(tmp_path / "spool")
    place = tmp_path / "away" / "ledger.db"
    shipper = Shipper(spool, partial(open_ledger, url_of(place)))
    yield spool, place, shipper
    shipper.stop(timeout=5)


def arrived(place: Path) -> int:
    with SqliteLedger(place) as ledger:
        return ledger.arm_outcomes("churn", "churn-a", 0).cursor


def test_predictions_reach_the_ledger_while_the_writer_goes_on(world):
    spool, place, shipper = world
    shipper.start()
    for number in range(30):
        spool.write([answered(f"r{number}")])

    eventually(lambda: shipper.state.shipped == 30)
    assert arrived(place) == 30
    assert spool.segments() == ()


def test_what_was_written_last_is_shipped_on_stop(world):
    spool, place, shipper = world
    shipper.start()
    spool.write([answered("last")])
    assert shipper.stop(timeout=10)
    assert arrived(place) == 1


def test_a_ledger_that_is_away_costs_no_record(world):
    spool, place, shipper = world
    place.parent.write_text("a file where the folder of the ledger should be")
    shipper.start()
    spool.write([answered("r1")])
    eventually(lambda: shipper.state.failures >= 2)
    assert "ledger.db" in shipper.state.last_error
    spool.write([answered("r2")])

    place.parent.unlink()

    eventually(lambda: shipper.state.shipped == 2)
    assert shipper.state.last_error == ""
    assert arrived(place) == 2


def test_a_segment_that_was_committed_before_a_crash_is_shipped_again_without_effect(world):
    spool, place, shipper = world
    spool.write([answered("r1"), answered("r2")])
    with SqliteLedger(place) as ledger:
        ledger.append_predictions([answered("r1"), answered("r2")])

    shipper.start()

    eventually(lambda: shipper.state.shipped == 2)
    assert arrived(place) == 2


def test_two_shippers_of_one_folder_do_not_disturb_each_other(world):
    spool, place, shipper = world
    other = Shipper(Spool(spool._folder), partial(open_ledger, url_of(place)))
    shipper.start()
    other.start()
    for number in range(50):
        spool.write([answered(f"r{number}")])
        spool.seal()

    assert shipper.stop(timeout=10)
    assert other.stop(timeout=10)
    assert arrived(place) == 50
    assert (shipper.state.failures, other.state.failures) == (0, 0)


def test_a_damaged_segment_gives_what_it_can_and_is_set_aside(world):
    spool, place, shipper = world
    spool.write([answered("r1")])
    spool.seal()
    (segment,) = spool.segments()
    segment.write_bytes(b"broken\n" + segment.read_bytes() + b"torn")

    shipper.start()

    eventually(lambda: shipper.state.damaged == 1)
    assert (shipper.state.torn, arrived(place)) == (1, 1)
    assert [path.suffix for path in segment.parent.iterdir()] == [".damaged"]


def test_a_full_disk_under_the_ledger_is_over_when_there_is_space(tmp_path):
    """The limit on file size stands for the disk; the spool's segments stay below it."""
    program = """
        import resource, sys
        from functools import partial
        from pathlib import Path
        from eventually import eventually
        from ledger_rows import answered
        from sluice_ledger.shipper import Shipper
        from sluice_ledger.spool import Spool
        from sluice_ledger.store import SqliteLedger
        path = Path(sys.argv[1]) / "ledger.db"
        SqliteLedger(path).close()
        spool = Spool(path.parent / "spool", segment_bytes=10_000)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
        shipper = Shipper(spool, partial(SqliteLedger, path))
        shipper.start()
        for number in range(200):
            spool.write([answered(f"{number}-{row}") for row in range(10)])
        eventually(lambda: shipper.state.failures >= 2)
        print(shipper.state.last_error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        eventually(lambda: shipper.state.last_error == "" and not spool.segments(), within=30)
        print(shipper.stop(timeout=10))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": "tests/support"},
    )
    message, stopped = done.stdout.splitlines()

    assert "ledger.db: cannot write" in message
    assert stopped == "True"
    assert arrived(tmp_path / "ledger.db") == 2000


def test_a_shipper_that_was_never_started_can_be_stopped(world):
    _, _, shipper = world
    assert shipper.stop(timeout=1)


def test_waits_double_up_to_five_seconds():
    waits = [wait_seconds(failures) for failures in range(9)]
    assert waits == [0.2, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_record_that_no_ledger_can_keep_is_set_aside_and_the_others_arrive(tmp_path):
    url = new_database()
    spool = Spool(tmp_path)
    spool.write([answered("r1"), answered("with\x00nul"), answered("r2")])
    spool.seal()
    spool.write([answered("r3")])
    shipper = Shipper(spool, partial(open_ledger, url))
    shipper.start()

    eventually(lambda: shipper.state.shipped == 3)
    assert shipper.stop(timeout=10)

    assert (shipper.state.damaged, shipper.state.failures) == (1, 0)
    assert postgres_size(url) == 3
    assert [path.suffix for path in tmp_path.iterdir()] == [".damaged"]
