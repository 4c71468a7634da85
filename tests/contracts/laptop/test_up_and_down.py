"""Bringing an installation up and down: once, on a port of its own, without leftovers."""

import json
import socket
import subprocess

import httpx
import pytest
from laptop_world import Laptop, children_of, is_alive
from sluice_operator.laptop.lock import holder


@pytest.fixture
def nothing_up(tmp_path):
    """A laptop on which nothing runs, before and after."""
    laptop = Laptop(folder=tmp_path)
    yield laptop
    if holder(laptop.home) is not None:
        laptop.sluice("down")


def test_up_says_where_it_answers_and_down_leaves_no_process(nothing_up):
    laptop = nothing_up
    said = laptop.sluice(*laptop.up_words())
    controller = laptop.controller()
    assert f"http://127.0.0.1:{laptop.port}/v2/models/NAME/infer (pid {controller})" in said
    assert laptop.ask("nobody").status_code == httpx.codes.NOT_FOUND
    pids = [controller, *children_of(controller)]
    assert len(pids) == 2

    assert laptop.sluice("down") == "down\n"

    assert not any(is_alive(pid) for pid in pids)
    with pytest.raises(httpx.ConnectError):
        laptop.ask()
    assert "nothing is up" in laptop.sluice("down")


def test_the_second_up_is_refused_with_the_process_and_the_way_out(nothing_up):
    laptop = nothing_up
    laptop.up()
    second = laptop.run(*laptop.up_words())
    assert second.code == 1
    assert (
        f"sluice is already up (pid {laptop.controller()}); run `sluice down` first" in second.err
    )
    assert second.err.count("\n") == 1
    assert laptop.ask("nobody").status_code == httpx.codes.NOT_FOUND


def test_of_two_at_once_one_comes_up_and_one_is_refused(nothing_up):
    laptop = nothing_up
    command = laptop.command(*laptop.up_words())
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate() for process in both]
    assert sorted(process.returncode for process in both) == [0, 1]
    winner = 0 if both[0].returncode == 0 else 1
    pid = laptop.controller()
    assert f"(pid {pid})" in said[winner][0]
    assert f"sluice is already up (pid {pid}); run `sluice down` first" in said[1 - winner][1]
    assert "Traceback" not in said[1 - winner][1]
    endpoint = json.loads(laptop.home.endpoint.read_text())
    assert endpoint == {"port": laptop.port, "pid": pid}
    assert laptop.ask("nobody").status_code == httpx.codes.NOT_FOUND


def test_a_port_that_is_taken_is_named_with_the_option_that_changes_it(nothing_up):
    with socket.create_server(("127.0.0.1", nothing_up.port)):
        refused = nothing_up.run(*nothing_up.up_words())
    assert refused.code == 1
    assert f"127.0.0.1:{nothing_up.port} is taken by another program" in refused.err
    assert "another port with --port" in refused.err
    assert "Traceback" not in refused.err
    assert holder(nothing_up.home) is None


def test_a_serving_runtime_that_is_not_there_is_named(nothing_up, monkeypatch):
    monkeypatch.setenv("SLUICE_SERVING_PYTHON", "/no/such/python")
    refused = nothing_up.run(*nothing_up.up_words())
    assert refused.code == 1
    assert "/no/such/python: the serving runtime is not installed there; run `make init`" in (
        refused.err
    )
    assert holder(nothing_up.home) is None
