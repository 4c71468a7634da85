"""What the local engine promises when its processes, files and ports misbehave."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import httpx
import pytest
from engine_world import DEPLOYMENT, EngineWorld, local_engine, standin_world
from eventually import eventually
from sluice_operator.errors import ServingEngineError
from sluice_operator.model import Revision, Routes, Routing
from sluice_operator.serving.errors import PortTakenError
from sluice_operator.serving.local import LocalEngine, Place
from sluice_operator.serving.port import PortPool
from standin_runtime import StandInRuntime, behave, received, standin


@pytest.fixture
def alone(tmp_path):
    """An engine of its own, for tests that leave it changed."""
    with standin_world(tmp_path) as world:
        world.settle(world.both())
        yield world


def server_pid(world: EngineWorld, revision: Revision) -> int | None:
    return world.engine._fleet.kept(DEPLOYMENT)[revision.name].pid


def envoy_pid(world: EngineWorld) -> int:
    return world.engine._envoy_keeper.kept.pid


def is_alive(pid: int) -> bool:
    """A zombie is not alive, it only has not been waited for."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in found for child in file.read_text().split()]


def test_a_killed_model_server_is_reported_and_comes_back(world):
    old = server_pid(world, world.two)
    os.kill(old, signal.SIGKILL)
    eventually(lambda: world.two.name not in world.observe().ready)
    assert world.observe().failed == {}

    eventually(lambda: world.two.name in world.observe().ready, within=60)
    assert server_pid(world, world.two) != old
    world.settle(world.both(weight=100))
    assert world.count(10) == {world.two.name: 10}


def test_users_get_503_that_name_the_dead_revision_until_it_is_back(alone):
    alone.settle(alone.both(weight=100))
    behave(alone.two, crash="no memory left")
    os.kill(server_pid(alone, alone.two), signal.SIGKILL)

    answer = eventually(lambda: (got := alone.ask()).status == 503 and got)

    assert answer.revision == alone.two.name
    behave(alone.two)
    eventually(lambda: alone.ask().status == 200, within=30)


def test_a_revision_that_worked_before_is_never_given_up(alone):
    behave(alone.two, crash="no memory left")
    os.kill(server_pid(alone, alone.two), signal.SIGKILL)
    eventually(lambda: alone.engine._fleet.kept(DEPLOYMENT)[alone.two.name].crashes >= 4, within=30)
    assert alone.observe().failed == {}
    behave(alone.two)
    eventually(lambda: alone.two.name in alone.observe().ready, within=30)


def test_envoy_comes_back_on_its_port_with_its_routes(world):
    world.settle(world.both(weight=100))
    os.kill(envoy_pid(world), signal.SIGKILL)
    seen = eventually(lambda: (now := world.observe()).routes is None and now)
    assert "Envoy at http://127.0.0.1" in seen.error

    eventually(lambda: world.is_settled(world.both(weight=100)))
    assert world.observe().error == ""
    assert world.count(10) == {world.two.name: 10}


def test_a_retreat_that_is_wanted_while_envoy_is_away_is_in_force_when_it_is_back(alone):
    alone.settle(alone.both(weight=50))
    os.kill(envoy_pid(alone), signal.SIGKILL)
    alone.route(alone.both(weight=0))
    eventually(lambda: alone.is_settled(alone.both(weight=0)))
    assert alone.count(20) == {alone.one.name: 20}


def test_a_frozen_envoy_is_an_error_and_not_a_claim(alone):
    os.kill(envoy_pid(alone), signal.SIGSTOP)
    try:
        seen = alone.observe()
    finally:
        os.kill(envoy_pid(alone), signal.SIGCONT)
    assert seen.routes is None
    assert "does not answer" in seen.error


def test_a_frozen_model_server_is_not_ready(alone):
    pid = server_pid(alone, alone.two)
    os.kill(pid, signal.SIGSTOP)
    try:
        eventually(lambda: alone.two.name not in alone.observe().ready, within=20)
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: alone.two.name in alone.observe().ready)
    assert server_pid(alone, alone.two) == pid


def test_a_retreat_does_not_wait_for_a_stable_that_is_just_away(alone):
    alone.settle(alone.both(weight=50))
    behave(alone.one, crash="being restarted")
    os.kill(server_pid(alone, alone.one), signal.SIGKILL)
    eventually(lambda: alone.one.name not in alone.observe().ready)

    alone.route(alone.both(weight=0))

    eventually(lambda: alone.observe().routes == alone.both(weight=0).routes, within=1)


def test_weight_does_not_rise_for_a_candidate_that_is_just_away(alone):
    alone.settle(alone.both(weight=10))
    behave(alone.two, crash="being restarted")
    os.kill(server_pid(alone, alone.two), signal.SIGKILL)
    eventually(lambda: alone.two.name not in alone.observe().ready)

    alone.route(alone.both(weight=60))
    assert alone.observe().routes == alone.both(weight=10).routes

    behave(alone.two)
    eventually(lambda: alone.is_settled(alone.both(weight=60)), within=30)


def test_an_engine_that_starts_in_the_middle_serves_users_before_the_candidate_is_there(tmp_path):
    """As after a restart: stable has no traffic yet, and the candidate takes its time."""
    with local_engine(tmp_path, StandInRuntime()) as (engine, _):
        one, two = (standin(tmp_path / "models", f"loans-{name}") for name in ("one", "two"))
        behave(two, crash="still loading")
        engine.route(DEPLOYMENT, Routing(stable=one, candidate=two, weight=50))
        stable_alone = Routes(weights={one.name: 100})
        eventually(lambda: engine.observe(DEPLOYMENT).routes == stable_alone, within=30)
        behave(two)
        both = Routes(weights={one.name: 50, two.name: 50})
        eventually(lambda: engine.observe(DEPLOYMENT).routes == both, within=30)


def test_a_revision_that_crashes_at_every_start_fails_with_its_last_words(alone):
    broken = alone.another("loans-broken")
    behave(broken, crash="the model needs a GPU")
    alone.route(Routing(stable=alone.one, candidate=broken))

    failed = eventually(lambda: alone.observe().failed, within=30)

    assert "crash loop" in failed[broken.name]
    assert "RuntimeError: the model needs a GPU" in failed[broken.name]
    assert f"{broken.name}.log" in failed[broken.name]
    assert alone.count(5) == {alone.one.name: 5}


def test_a_revision_without_model_fails_with_the_path_that_is_missing(alone):
    nowhere = Revision(name="loans-nowhere", uri="/no/such/model")
    alone.route(Routing(stable=alone.one, candidate=nowhere))
    failed = eventually(lambda: alone.observe().failed, within=30)
    assert "/no/such/model is no folder" in failed[nowhere.name]


def test_a_changed_package_fails_with_the_file_that_differs(running, world):
    changed = running.another("loans-changed")
    model = Path(changed.uri) / "model.pkl"
    if model.exists():
        model.write_bytes(model.read_bytes() + b"x")
    else:
        behave(changed, refused="model.pkl: content differs from the manifest")
    world.route(Routing(stable=world.one, candidate=changed, previous=world.two))

    failed = eventually(lambda: world.observe().failed, within=60)

    assert "model.pkl" in failed[changed.name]
    assert changed.name not in world.observe().ready
    world.settle(world.both())
    eventually(lambda: world.observe().failed == {})


def test_a_model_that_answers_no_row_is_not_ready(alone):
    """Its server says that it is; a package without contract gives no row to try, so we add one."""
    mute = alone.another("loans-mute")
    behave(mute, status=500)
    _with_contract(mute)
    alone.route(Routing(stable=alone.one, candidate=mute))
    eventually(lambda: len(received(mute)) >= 4)
    assert mute.name not in alone.observe().ready

    behave(mute)
    eventually(lambda: mute.name in alone.observe().ready)


def _with_contract(revision: Revision) -> None:
    column = '{"name": "age", "type": "integer"}'
    folder = Path(revision.uri) / "sluice"
    folder.mkdir()
    (folder / "schema.json").write_text(f'{{"input": {{"columns": [{column}]}}, "target": "late"}}')


def test_a_route_file_that_somebody_damaged_is_repaired_by_the_next_look(alone):
    file = alone.engine._layout.routes
    damaged = file.with_name("damaged")
    damaged.write_text(
        '{"resources": [{"@type": "type.googleapis.com/'
        'envoy.config.route.v3.RouteConfiguration", "name": "sluice"}]}'
    )
    damaged.rename(file)
    eventually(lambda: alone.observe().routes == Routes())

    alone.route(alone.both())

    eventually(lambda: alone.is_settled(alone.both()))


def test_a_port_that_is_taken_is_refused_by_number_and_option(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        port = squatter.getsockname()[1]
        engine = LocalEngine(Place(folder=tmp_path, port=port), StandInRuntime())
        with pytest.raises(PortTakenError, match=rf"127.0.0.1:{port} is taken .* --port"), engine:
            pass


def test_two_engines_do_not_share_a_port(tmp_path):
    with local_engine(tmp_path / "first", StandInRuntime()) as (_, url):
        port = int(url.rpartition(":")[2])
        second = LocalEngine(Place(folder=tmp_path / "second", port=port), StandInRuntime())
        with pytest.raises(PortTakenError), second:
            pass


def test_a_model_server_whose_port_was_taken_meanwhile_moves_to_another(alone):
    server = alone.engine._fleet._members[alone.two.name].server
    old = server.port
    behave(alone.two, crash="wait")
    os.kill(server_pid(alone, alone.two), signal.SIGKILL)
    squatter = eventually(lambda: _squat(old))
    behave(alone.two)
    with squatter:
        eventually(lambda: alone.two.name in alone.observe().ready, within=30)
        assert server.port != old
        alone.settle(alone.both(weight=100))
        eventually(lambda: alone.ask().status == 200)


def _squat(port: int) -> socket.socket | None:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        return None


def test_an_engine_that_is_closed_leaves_nothing_behind_and_refuses_work(tmp_path):
    with standin_world(tmp_path) as world:
        world.settle(world.both())
        pids = [envoy_pid(world), server_pid(world, world.one), server_pid(world, world.two)]
    assert not any(is_alive(pid) for pid in pids)
    assert not list((tmp_path / "servers").iterdir())
    with pytest.raises(ServingEngineError, match="being ended"):
        world.route(world.both())


def test_an_engine_may_be_closed_twice_and_before_it_is_started(tmp_path):
    engine = LocalEngine(Place(folder=tmp_path, port=PortPool().lend()), StandInRuntime())
    engine.close()
    engine.close()


def test_an_engine_whose_envoy_cannot_start_says_why_and_leaves_nothing(tmp_path):
    bad = tmp_path / "envoy" / "bootstrap.json"
    bad.mkdir(parents=True)
    before = set(children_of(os.getpid()))
    engine = LocalEngine(Place(folder=tmp_path, port=PortPool().lend()), StandInRuntime())
    with pytest.raises(ServingEngineError, match=r"bootstrap\.json: cannot write"), engine:
        pass
    assert set(children_of(os.getpid())) <= before


PARENT = """
    import sys, time
    from pathlib import Path
    from engine_world import standin_world
    with standin_world(Path(sys.argv[1])) as world:
        world.settle(world.both())
        print(world.url, flush=True)
        time.sleep(600)
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_no_process_is_left_when_the_parent_ends(tmp_path, ending):
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT), str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": "tests/support"},
    )
    assert parent.stdout
    url = parent.stdout.readline().strip()
    assert httpx.get(f"{url}/v2/models/{DEPLOYMENT}/ready", trust_env=False).status_code == 200
    children = children_of(parent.pid)
    assert len(children) == 3

    parent.send_signal(ending)
    parent.communicate()

    eventually(lambda: not any(is_alive(pid) for pid in children))


def test_ctrl_c_in_a_terminal_does_not_reach_the_children(alone):
    """It goes to the group of the parent; the parent then ends its children in order."""
    own = os.getpgid(0)
    pids = [envoy_pid(alone), server_pid(alone, alone.one)]
    assert all(os.getpgid(pid) == pid != own for pid in pids)


def test_the_stand_in_is_told_what_mlserver_is_told(tmp_path):
    """Else the tests above would show nothing about MLServer."""
    with local_engine(tmp_path, StandInRuntime(), ledger="sqlite:////srv/l.db") as (engine, _):
        engine.route(DEPLOYMENT, Routing(stable=standin(tmp_path / "models", "loans-one")))
        eventually(lambda: engine.observe(DEPLOYMENT).ready)
        written = (tmp_path / "servers" / "loans-one" / "model-settings.json").read_text()
    assert '"ledger": "sqlite:////srv/l.db"' in written
    assert f'"spool": "{tmp_path}/spool"' in written
