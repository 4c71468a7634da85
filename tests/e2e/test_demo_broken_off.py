"""Ctrl-C at any moment of a demo: it says so, and leaves no process behind."""

from collections.abc import Callable, Iterator

import pytest
from eventually import eventually
from small_demo import Performance, write_small_demo

ENDED = "interrupted; everything that was started has ended"
MOMENTS: dict[str, Callable[[Performance], object]] = {
    "copy": lambda demo: (demo.out / "project").exists(),
    "program": lambda demo: (demo.out / "project" / "waiting").exists(),
    "training": lambda demo: any((demo.out / "workspace" / "logs").glob("*")),
    "start": lambda demo: (demo.out / "home" / "logs" / "controller.log").exists(),
    "replay": lambda demo: demo.observed("weights"),
    "mirror": lambda demo: demo.observed("mirror"),
    "canary": lambda demo: len(demo.observed("weights")) == 2,
    "report": lambda demo: (demo.out / "summary.json").exists(),
}
"""Each in its turn, from the first file to the last page."""


@pytest.fixture
def play(tmp_path) -> Iterator[Callable[..., Performance]]:
    """Begins a demo, and wants nothing of it left at the end."""
    playing: list[Performance] = []

    def begin(moment: str = "", **how: bool) -> Performance:
        prepare = ["tables.py", "waits.py"] if moment == "program" else ["tables.py"]
        project = write_small_demo(tmp_path / "project", prepare=prepare)
        demo = Performance(out=tmp_path / "out", project=project, **how)
        playing.append(demo)
        eventually(lambda: MOMENTS[moment](demo) or fell(demo), within=800)
        return demo

    yield begin
    for demo in playing:
        demo.kill()
        eventually(lambda demo=demo: demo.left_behind() == [], within=10)


def fell(demo: Performance) -> bool:
    """A demo that ends before its moment will not come to it."""
    if demo.process.poll() is None:
        return False
    pytest.fail(demo.end()[-4000:])


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_demo_that_is_broken_off_says_so_and_leaves_no_process(play, moment):
    demo = play(moment)
    demo.ctrl_c()
    said = demo.end()
    assert demo.process.returncode == 130, said[-4000:]
    assert ENDED in said
    assert "Traceback" not in said
    assert demo.left_behind() == []


@pytest.mark.parametrize("moment", ["program", "training", "mirror"])
def test_children_that_hear_nothing_of_it_end_too(play, moment):
    demo = play(moment)
    demo.interrupt_alone()
    said = demo.end()
    assert (demo.process.returncode, ENDED in said) == (130, True), said[-4000:]
    assert demo.left_behind() == []


@pytest.mark.parametrize("moment", ["training", "canary"])
def test_a_second_ctrl_c_leaves_nothing_either(play, moment):
    demo = play(moment)
    demo.ctrl_c()
    demo.ctrl_c()
    demo.end()
    assert demo.process.returncode != 0
    eventually(lambda: demo.left_behind() == [], within=10)


def test_make_demo_can_be_broken_off_as_well(play):
    demo = play("training", through_make=True)
    demo.ctrl_c()
    assert ENDED in demo.end()
    assert demo.process.returncode != 0
    assert demo.left_behind() == []
