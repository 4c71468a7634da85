import fcntl
import os
import signal
import subprocess
import sys
import textwrap
import threading
from contextlib import contextmanager

import pytest
from sluice_operator.laptop.home import Home
from sluice_operator.laptop.lock import AlreadyRunningError, held, holder

HOLDER = """
    import sys, time
    from pathlib import Path
    from sluice_operator.laptop.home import Home
    from sluice_operator.laptop.lock import held
    with held(Home(root=Path(sys.argv[1]))):
        print("held", flush=True)
        time.sleep(600)
"""


@pytest.fixture
def home(tmp_path):
    return Home(root=tmp_path / "home")


@contextmanager
def another_process(home):
    command = [sys.executable, "-c", textwrap.dedent(HOLDER), str(home.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_home_that_was_never_used_is_held_by_nobody(home):
    assert holder(home) is None
    assert not home.root.exists()


def test_the_holder_is_known_by_its_process(home):
    with another_process(home) as process:
        assert holder(home) == process.pid


def test_the_second_is_refused_with_the_process_and_the_way_out(home):
    with another_process(home) as process:
        words = rf"home: sluice is already up \(pid {process.pid}\); run `sluice down` first, or"
        with pytest.raises(AlreadyRunningError, match=words), held(home):
            pass


def test_a_killed_holder_lets_go(home):
    with another_process(home) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert holder(home) is None
        with held(home):
            assert (home.root / "lock").read_text() == str(os.getpid())


def test_two_homes_may_be_held_at_once(home, tmp_path):
    other = Home(root=tmp_path / "other")
    with another_process(home) as process, held(other):
        assert holder(home) == process.pid


def test_who_only_asks_does_not_keep_anybody_from_the_lock(home):
    """Asking shares the lock for a moment, which must not look like somebody who is up."""
    home.create()
    with (home.root / "lock").open("a+") as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        answered = threading.Timer(0.1, fcntl.flock, (asking, fcntl.LOCK_UN))
        answered.start()
        with held(home):
            assert holder(home) == os.getpid()
        answered.join()
