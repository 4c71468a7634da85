"""What people mistype: exit status 1, a message that names it, and no traceback."""

import pytest
from laptop_world import ERRORS, Laptop, canary
from sluice_operator.api.load import parse

FALLING = {"strategy": canary({"setWeight": 50}, {"setWeight": 10}), "gates": [ERRORS]}
UNKNOWN_GATE = {
    "strategy": canary({"setWeight": 10}, {"analysis": {"gates": ["erors"]}}),
    "gates": [ERRORS],
}
UNKNOWN_FIELD = {"strategy": canary({"setWieght": 10}), "gates": [ERRORS]}
SEVERAL = {"strategy": canary({"setWeight": 50}, {"setWeight": 10}), "gates": []}


@pytest.fixture
def laptop(tmp_path) -> Laptop:
    """Nothing is up: what people mistype is refused before anything is asked."""
    return Laptop(folder=tmp_path)


@pytest.fixture
def applied(laptop) -> Laptop:
    """A deployment is wanted, and nothing has happened yet."""
    laptop.home.apply(parse(laptop.document(laptop.folder, strategy={"type": "Immediate"})))
    return laptop


def refused(laptop: Laptop, *words: str) -> str:
    """What a command that must fail says."""
    ran = laptop.run(*words)
    assert ran.code == 1, f"{ran}"
    assert ran.err.startswith("sluice: ")
    assert "Traceback" not in ran.err + ran.out
    return ran.err


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (FALLING, "spec.strategy.steps[1].setWeight: 10 after 50; give weights in rising order"),
        (UNKNOWN_GATE, "steps[1].analysis.gates: no gate is called 'erors'; spec.gates has errors"),
        (UNKNOWN_FIELD, "spec.strategy.steps[0].setWieght: unknown field; did you mean setWeight?"),
    ],
    ids=["falling-weights", "unknown-gate", "unknown-field"],
)
def test_a_wrong_deployment_is_refused_by_its_field_and_not_remembered(laptop, spec, words):
    file = laptop.write(laptop.document(laptop.folder / "package", **spec))
    said = refused(laptop, "apply", "-f", file)
    assert f"{file}: " in said
    assert words in said
    assert list(laptop.home.deployments()) == []


def test_every_problem_is_told_at_once(laptop):
    said = refused(laptop, "apply", "-f", laptop.write(laptop.document(laptop.folder, **SEVERAL)))
    assert "in rising order" in said
    assert "no gate is enforced" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"spec: [", "is not YAML"),
        (b"\xff\xfe\x00", "is not text in UTF-8"),
        (b"", "expected a ModelDeployment object"),
    ],
    ids=["absent", "no-yaml", "binary", "empty"],
)
def test_a_file_that_is_no_deployment_is_named(laptop, content, words):
    file = laptop.folder / "wanted.yaml"
    if content is not None:
        file.write_bytes(content)
    said = refused(laptop, "apply", "-f", str(file))
    assert words in said
    assert str(file) in said or content == b""


@pytest.mark.parametrize(
    "words",
    [
        ("rollout", "get", "lones"),
        ("rollout", "undo", "lones"),
        ("delete", "lones"),
    ],
    ids=" ".join,
)
def test_an_unknown_deployment_is_named_beside_those_that_exist(applied, words):
    assert "lones: no such deployment; there is loans" in refused(applied, *words)


def test_an_unknown_attempt_cannot_be_replayed(applied):
    said = refused(applied, "rollout", "replay", "loans", "--attempt", "7")
    assert "loans: attempt 7 has no record" in said


def test_a_deployment_that_nobody_has_looked_at_says_what_to_run(applied):
    assert "no controller has looked at it; run `sluice up`" in refused(
        applied, "rollout", "get", "loans"
    )
    assert "nothing runs yet, so there is nothing to pause" in refused(
        applied, "rollout", "pause", "loans"
    )


def test_apply_without_an_installation_is_remembered_and_says_so(laptop):
    document = laptop.document(laptop.folder / "package", strategy={"type": "Immediate"})
    said = laptop.sluice("apply", "-f", laptop.write(document))
    assert "modeldeployment/loans applied" in said
    assert "run `sluice up`" in said
    assert list(laptop.home.deployments()) == ["loans"]
