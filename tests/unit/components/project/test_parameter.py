import json

from google.protobuf import json_format, struct_pb2
from project_texts import changed, write_project
from pydantic import TypeAdapter
from sluice_components.project.load import load_project
from sluice_components.project.model import Project, as_parameter
from sluice_components.project.rule import Estimator
from sluice_components.project.section import Split


def through_kubeflow(values):
    """What a component is given: Kubeflow keeps structures as protobuf, all numbers as floats."""
    return json_format.MessageToDict(json_format.ParseDict(values, struct_pb2.Struct()))


def test_a_whole_project_survives_a_kubeflow_parameter(tmp_path):
    window = "time: signed_up\nwindow: {start: 2024-01-01, end: 2024-06-01}\nseed: 7"
    project = load_project(write_project(tmp_path, changed(("time: signed_up", window))))

    assert Project.model_validate(through_kubeflow(as_parameter(project))) == project


def test_whole_and_broken_numbers_of_an_estimator_stay_apart():
    forest = Estimator(
        class_="sklearn.ensemble.RandomForestClassifier",
        parameters={"n_estimators": 100, "max_features": 1.0, "max_depth": None},
    )

    read = Estimator.model_validate(through_kubeflow(as_parameter(forest)))

    assert read == forest
    assert [type(value) for value in read.parameters.values()] == [int, float, type(None)]


def test_a_split_is_read_back_as_its_own_kind(tmp_path):
    split = load_project(write_project(tmp_path)).split

    assert TypeAdapter(Split).validate_python(through_kubeflow(as_parameter(split))) == split


def test_parameters_are_plain_json(tmp_path):
    project = load_project(write_project(tmp_path))

    assert json.loads(json.dumps(as_parameter(project))) == as_parameter(project)
