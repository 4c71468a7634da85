import json

import numpy as np
import pytest
from packages import loan_package, loan_profile
from sluice_package.answer import AnswerProfile
from sluice_package.digest import MANIFEST, canonical_json, sha256_of_file
from sluice_package.error import ProfileError
from sluice_package.layout import PROFILE
from sluice_package.manifest import manifest_of
from sluice_package.package import ModelPackage
from sluice_package.profile import Profile

SURE, UNSURE = np.array([0.9, 0.8, 1.0]), np.array([0.5, 0.6])


def classified():
    return AnswerProfile.of_classes(["late", "late", "in time"], SURE)


def test_classes_are_counted_and_confidence_is_sketched():
    answers = classified()
    assert answers.rows == answers.prediction.count == 3
    assert answers.prediction.categories == {"late": 2, "in time": 1}
    assert (answers.confidence.minimum, answers.confidence.maximum) == (0.8, 1.0)


def test_a_model_without_probabilities_has_no_confidence():
    assert AnswerProfile.of_classes(["a"]).confidence is None


def test_numbers_of_a_regression_are_sketched_as_numbers():
    answers = AnswerProfile.of_numbers(np.array([1.0, 5.0]))
    assert (answers.prediction.kind, answers.prediction.maximum) == ("number", 5.0)


def test_each_prediction_has_one_confidence():
    with pytest.raises(ProfileError, match="1 predictions come with 2 confidences"):
        AnswerProfile.of_classes(["a"], UNSURE)


def test_merged_answers_are_the_answers_to_all():
    both = classified().merge(AnswerProfile.of_classes(["late", "never"], UNSURE))
    assert both.rows == 5
    assert both.prediction.categories == {"late": 3, "in time": 1, "never": 1}
    assert both.merge(AnswerProfile.of_classes([], SURE[:0])) == both
    assert both.confidence.count == 5
    assert both.confidence.mean == pytest.approx(np.concatenate([SURE, UNSURE]).mean())


def test_answers_of_different_kinds_do_not_merge():
    with pytest.raises(ProfileError, match="Confidence is in one profile only"):
        classified().merge(AnswerProfile.of_classes(["late"]))
    with pytest.raises(ProfileError, match="Prediction is a category here and a number there"):
        AnswerProfile.of_classes(["late"]).merge(AnswerProfile.of_numbers(SURE))


def test_a_profile_keeps_its_answers_through_json_and_merging():
    profile = loan_profile().model_copy(update={"answers": classified()})
    assert Profile.model_validate_json(profile.model_dump_json()) == profile
    assert profile.merge(profile).answers.rows == 6
    assert loan_profile().merge(loan_profile()).answers is None
    with pytest.raises(ProfileError, match="Answers are in one profile only"):
        profile.merge(loan_profile())


def test_a_package_that_was_made_before_answers_were_kept_loads(tmp_path):
    loan_package(tmp_path)
    before = json.loads((tmp_path / PROFILE).read_text())
    del before["answers"]
    (tmp_path / PROFILE).write_bytes(canonical_json(before) + b"\n")
    sealed = json.loads((tmp_path / MANIFEST).read_text())["files"]
    files = sealed | {PROFILE: sha256_of_file(tmp_path / PROFILE)}
    (tmp_path / MANIFEST).write_bytes(canonical_json(manifest_of(files).model_dump()) + b"\n")

    package = ModelPackage.open(tmp_path)

    assert package.profile == loan_profile()
    assert package.profile.answers is None
