"""`demo.yaml`: what is wrong with it is told by file and field."""

import pytest
from house import ROOT
from sluice_cli.demo.script import Script
from sluice_operator.errors import SpecError

SOUND = (ROOT / "examples" / "flights" / "demo.yaml").read_text()


def complaint(folder, text):
    (folder / "demo.yaml").write_text(text)
    with pytest.raises(SpecError) as told:
        Script.load(folder / "demo.yaml")
    assert str(told.value).startswith(f"{folder / 'demo.yaml'}: ")
    return str(told.value)


def test_the_script_of_the_flights_is_sound():
    script = Script.load(ROOT / "examples" / "flights" / "demo.yaml")
    assert [act.name for act in script.acts] == ["v2", "v3", "v4"]
    assert script.acts[0].limit_seconds > script.acts[1].limit_seconds


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SpecError, match=r"demo\.yaml: cannot be read: No such file"):
        Script.load(tmp_path / "demo.yaml")


def test_what_is_no_yaml_is_told(tmp_path):
    assert "is not YAML" in complaint(tmp_path, "deployment: [")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("per_second: 30", "per_second: 0", "traffic.per_second: Input should be greater than 0"),
        ("sticky_share: 0.3", "sticky_share: 3", "traffic.sticky_share: Input should be less"),
        ("deployment: flights-late", "deploy: flights-late", "deployment: Field required"),
        ("story: two winter", "stroy: two winter", "opening.stroy: Extra inputs"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, old, new, words):
    assert words in complaint(tmp_path, SOUND.replace(old, new, 1))


def test_a_play_has_an_act(tmp_path):
    text = SOUND[: SOUND.index("acts:")] + "acts: []\n"
    assert "acts: Tuple should have at least 1 item" in complaint(tmp_path, text)
