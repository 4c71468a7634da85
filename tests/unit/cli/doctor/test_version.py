"""Images of the release, and the version of this command."""

import pytest
from canned_api import site_at
from sluice_cli.doctor.finding import Verdict
from sluice_cli.doctor.version import judge, name_of, tag_of

SITE = site_at("http://127.0.0.1:9")
SITE.__dict__["workloads"] = []
DIGEST = f"registry:5000/sluice-mlflow@sha256:{'0' * 64}"


def judged(*images: str) -> list[Verdict]:
    found = list(judge({f"deployment {n}": i for n, i in enumerate(images)}, "0.2.0", SITE))
    assert all(one.next for one in found if one.verdict is Verdict.FAILURE)
    return [one.verdict for one in found]


@pytest.mark.parametrize(
    ("image", "name", "tag"),
    [
        ("sluice-operator:0.1.0", "sluice-operator", "0.1.0"),
        ("registry:5000/ml/sluice-ledger:0.1.0", "sluice-ledger", "0.1.0"),
        ("registry:5000/ml/sluice-ledger", "sluice-ledger", "latest"),
        (DIGEST, "sluice-mlflow", ""),
    ],
)
def test_an_image_s_name_and_tag_are_told_apart_from_its_registry(image, name, tag):
    assert (name_of(image), tag_of(image)) == (name, tag)


def test_images_of_this_version_are_well():
    assert judged("sluice-operator:0.2.0", "sluice-ledger:0.2.0") == [Verdict.OK, Verdict.OK]


def test_a_release_of_another_version_as_a_whole_is_a_warning():
    assert judged("sluice-operator:0.1.0", "sluice-ledger:0.1.0") == [Verdict.WARNING] * 2


def test_a_release_of_two_versions_is_a_failure_where_it_is_not_this_one():
    assert judged("sluice-operator:0.2.0", "sluice-ledger:0.1.0") == [Verdict.OK, Verdict.FAILURE]


def test_a_digest_tells_no_version():
    assert judged(DIGEST) == [Verdict.NOT_ASKED]
