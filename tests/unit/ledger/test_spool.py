import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from eventually import eventually
from ledger_rows import answered
from sluice_ledger.errors import SpoolError
from sluice_ledger.spool import Spool


def requests_in(spool: Spool) -> list[str]:
    contents = [spool.read(segment) for segment in spool.segments()]
    return [one.request_id for content in contents for one in content.predictions]


def child(program: str, *arguments: str) -> subprocess.Popen[str]:
    """A process that says one line once it has come to the point of the test."""
    source = "from ledger_rows import answered\nfrom sluice_ledger.spool import Spool\n"
    return subprocess.Popen(
        [sys.executable, "-c", source + textwrap.dedent(program), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "tests/support"},
    )


def test_what_is_written_is_read_back_in_order(tmp_path):
    spool = Spool(tmp_path)
    batches = [[answered("r1"), answered("r2", confidence=None)], [answered("ü\n")]]
    for batch in batches:
        spool.write(batch)
    spool.seal()

    (segment,) = spool.segments()
    content = spool.read(segment)

    assert content.predictions == (*batches[0], *batches[1])
    assert (content.torn, content.damaged) == (0, 0)


def test_a_segment_that_is_being_written_is_not_handed_out(tmp_path):
    spool = Spool(tmp_path)
    spool.write([answered("r1")])

    assert Spool(tmp_path).segments() == ()


def test_nothing_written_leaves_no_file(tmp_path):
    spool = Spool(tmp_path / "spool")
    assert spool.write([]) == 0
    spool.seal()
    assert spool.segments() == ()


def test_a_full_segment_is_ended_and_the_next_one_sorts_after_it(tmp_path):
    spool = Spool(tmp_path, segment_bytes=1)
    for number in range(20):
        spool.write([answered(f"r{number}")])

    assert len(spool.segments()) == 20
    assert requests_in(spool) == [f"r{number}" for number in range(20)]


def test_a_removed_segment_is_gone_and_may_be_removed_again(tmp_path):
    spool = Spool(tmp_path, segment_bytes=1)
    spool.write([answered("r1")])
    (segment,) = spool.segments()
    spool.remove(segment)
    spool.remove(segment)

    assert spool.segments() == ()
    assert spool.read(segment).predictions == ()


def test_a_writer_that_is_killed_leaves_all_that_it_had_written(tmp_path):
    writer = child(
        """
        import sys, time
        from pathlib import Path
        spool = Spool(Path(sys.argv[1]))
        spool.write([answered("r1"), answered("r2")])
        print("written", flush=True)
        time.sleep(60)
        """,
        str(tmp_path),
    )
    assert writer.stdout
    writer.stdout.readline()
    survivor = Spool(tmp_path)
    assert survivor.segments() == ()

    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate()

    assert requests_in(survivor) == ["r1", "r2"]


def test_a_line_that_a_crash_cut_off_is_counted_and_left_out(tmp_path):
    spool = Spool(tmp_path, segment_bytes=1)
    spool.write([answered("r1"), answered("r2")])
    (segment,) = spool.segments()
    segment.write_bytes(segment.read_bytes()[:-5])

    content = spool.read(segment)

    assert [one.request_id for one in content.predictions] == ["r1"]
    assert (content.torn, content.damaged) == (1, 0)


@pytest.mark.parametrize("line", ["{}", "[]", "null", "no json", '{"request_id": "r"}', "\x00\x00"])
def test_a_damaged_line_is_counted_and_its_neighbours_are_read(tmp_path, line):
    spool = Spool(tmp_path, segment_bytes=1)
    spool.write([answered("r1"), answered("r2")])
    (segment,) = spool.segments()
    first, second, _ = segment.read_text().split("\n")
    segment.write_text(f"{first}\n{line}\n{second}\n")

    content = spool.read(segment)

    assert [one.request_id for one in content.predictions] == ["r1", "r2"]
    assert (content.torn, content.damaged) == (0, 1)


def test_a_segment_set_aside_is_kept_but_not_handed_out(tmp_path):
    spool = Spool(tmp_path, segment_bytes=1)
    spool.write([answered("r1")])
    (segment,) = spool.segments()
    spool.set_aside(segment)

    assert spool.segments() == ()
    assert [path.suffix for path in tmp_path.iterdir()] == [".damaged"]


def test_a_full_disk_is_an_error_that_names_the_folder_and_keeps_what_was_there(tmp_path):
    writer = child(
        """
        import resource, sys
        from pathlib import Path
        from sluice_ledger.errors import SpoolError
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
        spool = Spool(Path(sys.argv[1]))
        spool.write([answered("before")])
        try:
            spool.write([answered(f"r{n}") for n in range(100)])
        except SpoolError as refused:
            print(refused)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        spool.write([answered("after")])
        """,
        str(tmp_path),
    )
    message, _ = writer.communicate()

    assert str(tmp_path) in message
    assert "bytes free" in message
    assert requests_in(Spool(tmp_path)) == ["before", "after"]


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path):
    (tmp_path / "file").write_text("")
    spool = Spool(tmp_path / "file" / "spool")

    with pytest.raises(SpoolError, match=r"file/spool: cannot write"):
        spool.write([answered("r1")])


def test_many_threads_and_spools_share_a_folder_without_loss(tmp_path):
    def write(spool: Spool, writer: int) -> None:
        for number in range(50):
            spool.write([answered(f"{writer}-{number}")])

    spools = [Spool(tmp_path, segment_bytes=2000) for _ in range(3)]
    threads = [
        threading.Thread(target=write, args=(spool, 10 * index + part))
        for index, spool in enumerate(spools)
        for part in range(2)
    ]
    for thread in threads:
        thread.start()
    seen: set[Path] = set()
    while any(thread.is_alive() for thread in threads):
        seen.update(Spool(tmp_path).segments())
    for spool in spools:
        spool.seal()

    found = requests_in(Spool(tmp_path))
    assert len(found) == len(set(found)) == 300
    assert seen <= set(Spool(tmp_path).segments())


def test_a_file_is_adopted_only_after_its_writer_is_gone(tmp_path):
    spool = Spool(tmp_path)
    spool.write([answered("r1")])
    other = Spool(tmp_path)
    assert other.segments() == ()
    spool.seal()
    assert eventually(other.segments)
