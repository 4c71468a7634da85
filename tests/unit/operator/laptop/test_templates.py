"""Templates on a laptop: applied like deployments, and never missing without being missed."""

import json

import pytest
from admission_objects import template
from laptop_simulated import FAILING, HEALTHY, NAME, SimulatedLaptop, uri, wanted
from sluice_operator.api.load import parse_template
from sluice_operator.api.v1alpha1 import TemplateKind
from sluice_operator.errors import SpecError
from sluice_operator.laptop.run_record import read, replay
from sluice_operator.rollout.status import Outcome, Phase

ERRORS = {"name": "errors", "metric": "ErrorRate", "margin": "2"}
BORROWED = {"gates": [], "gateTemplates": [{"name": "house"}]}


class Laptop(SimulatedLaptop):
    """A laptop whose deployment borrows its gates."""

    def write(self, *gates: dict) -> None:
        self.home.keep(parse_template(template(*gates)))

    def borrows(self, version: str, behaviour=HEALTHY) -> "Laptop":
        self.world.behaviours[uri(version)] = behaviour
        self.home.apply(wanted(version, **BORROWED))
        return self

    def remove(self) -> None:
        (self.home.root / "templates" / "GateTemplate" / "house.yaml").unlink()

    @property
    def view(self) -> dict:
        return json.loads(self.home.view_file(NAME).read_text())

    def condition(self, name: str) -> dict:
        return next(c for c in self.view["conditions"] if c["type"] == name)


@pytest.fixture
def laptop(tmp_path) -> Laptop:
    """A laptop on which v1 serves under the gates of a template."""
    laptop = Laptop.at(tmp_path)
    laptop.write(ERRORS)
    laptop.borrows("v1").run(4)
    assert laptop.status.phase is Phase.HEALTHY
    return laptop


def test_a_template_promotes_and_takes_back(laptop):
    laptop.borrows("v2").until(Phase.PROGRESSING).until(Phase.HEALTHY)
    laptop.borrows("v3", FAILING).until(Phase.ROLLED_BACK)
    outcomes = [attempt.outcome for attempt in laptop.status.history]
    assert outcomes[1:] == [Outcome.PROMOTED, Outcome.ROLLED_BACK]


def test_the_record_has_the_gates_themselves_so_a_replay_needs_no_template(laptop):
    laptop.borrows("v3", FAILING).until(Phase.ROLLED_BACK)
    laptop.remove()
    record = laptop.home.run_file(NAME, 2)
    specs = [entry.spec for entry in read(record) if entry.spec]
    assert [[gate.name for gate in spec.gates] for spec in specs] == [["errors"]] * len(specs)
    assert all(again.equal for again in replay(record))


def test_without_its_template_nothing_new_begins_and_the_view_says_why(laptop):
    laptop.remove()
    laptop.borrows("v2").run(30)
    assert (laptop.status.phase, laptop.status.attempt) == (Phase.HEALTHY, 1)
    assert laptop.condition("Stalled")["reason"] == "TemplateUnmet"
    assert "there is no GateTemplate 'house'" in laptop.view["error"]
    laptop.write(ERRORS)
    laptop.until(Phase.PROGRESSING)
    assert laptop.condition("Stalled")["status"] is False


def test_a_rollout_under_way_goes_on_with_the_gates_that_it_had(laptop):
    laptop.borrows("v2", FAILING).until(Phase.PROGRESSING)
    laptop.remove()
    laptop.until(Phase.ROLLED_BACK)


def test_a_new_process_that_knows_no_gates_keeps_the_traffic_as_it_is(laptop):
    laptop.borrows("v2").until(Phase.PROGRESSING)
    laptop.remove()
    laptop.restart()
    laptop.run(300)
    assert (laptop.status.phase, laptop.status.weight) == (Phase.PROGRESSING, 20)
    laptop.write(ERRORS)
    laptop.until(Phase.HEALTHY)
    assert laptop.status.history[-1].outcome is Outcome.PROMOTED


def test_an_edited_template_is_an_edited_gate(laptop):
    laptop.borrows("v2").until(Phase.PROGRESSING).run(3)
    before = laptop.status.gates["errors"]
    laptop.write(ERRORS | {"margin": "3"})
    laptop.run(1)
    after = laptop.status.gates["errors"]
    assert (before.test.margin, after.test.margin) == (2.0, 3.0)
    assert after.evidence.samples < before.evidence.samples


def test_templates_that_come_with_a_deployment_win_over_those_that_are_kept(laptop):
    spec = wanted("v2", **BORROWED).spec
    fresh = parse_template(template(ERRORS | {"margin": "4"}))
    given = {(TemplateKind.GATE_TEMPLATE, "house"): fresh.spec.gates}
    assert laptop.home.in_force(spec, given).gate("errors").margin == 4.0
    assert laptop.home.in_force(spec).gate("errors").margin == 2.0


def test_a_damaged_template_is_told(laptop):
    path = laptop.home.root / "templates" / "GateTemplate" / "house.yaml"
    path.write_text("kind: GateTemplate\nspec: {}")
    with pytest.raises(SpecError, match=r"house\.yaml: apiVersion: missing"):
        laptop.home.in_force(wanted("v2", **BORROWED).spec)


def test_a_template_that_a_deployment_names_is_kept(laptop):
    with pytest.raises(SpecError, match=rf"GateTemplate house: still used by {NAME}; take it out"):
        laptop.home.drop(TemplateKind.GATE_TEMPLATE, "house")
    assert laptop.home.in_force(wanted("v2", **BORROWED).spec).gate("errors")


def test_a_template_that_nobody_names_any_more_is_forgotten(laptop):
    laptop.home.apply(wanted("v1"))
    laptop.home.drop(TemplateKind.GATE_TEMPLATE, "house")
    with pytest.raises(SpecError, match="there is no GateTemplate 'house'"):
        laptop.home.in_force(wanted("v2", **BORROWED).spec)


def test_a_deployment_that_is_being_taken_down_keeps_no_template(laptop):
    laptop.home.delete(NAME)
    laptop.home.drop(TemplateKind.GATE_TEMPLATE, "house")
    laptop.run(30)
    assert list(laptop.home.deployments()) == []


def test_a_template_of_another_kind_is_another_template(laptop):
    with pytest.raises(SpecError, match="house: no such ClusterGateTemplate; there is none"):
        laptop.home.drop(TemplateKind.CLUSTER_GATE_TEMPLATE, "house")
    with pytest.raises(SpecError, match="home: no such GateTemplate; there is house"):
        laptop.home.drop(TemplateKind.GATE_TEMPLATE, "home")
