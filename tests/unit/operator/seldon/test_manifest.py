"""What is ours in an object, and what it takes to set it right."""

from seldon_world import DEPLOYMENT, NAMESPACE
from sluice_operator.cluster.kind import EPOCH_ANNOTATION, SELDON_MODEL
from sluice_operator.seldon.manifest import Manifest, changed, epoch_of, fresh, is_ours, merged
from sluice_operator.seldon.place import Place

PLACE = Place(namespace=NAMESPACE, deployment=DEPLOYMENT, owner_uid="uid-1")


def manifest(epoch=1, fenced=False, annotations=None, **spec):
    return Manifest(
        kind=SELDON_MODEL,
        name="m",
        spec=spec,
        annotations=annotations or {},
        epoch=epoch,
        fenced=fenced,
    )


def test_a_fresh_object_is_as_wanted():
    wanted = manifest(storageUri="s3://x", server=None)
    body = fresh(wanted, PLACE)
    assert body["spec"] == {"storageUri": "s3://x"}
    assert is_ours(body, DEPLOYMENT)
    assert not is_ours(body, "other")
    assert changed(body, wanted, PLACE) is None


def test_a_newer_picture_rewrites_only_what_is_fenced():
    body = fresh(manifest(storageUri="s3://x"), PLACE)
    assert changed(body, manifest(epoch=2, storageUri="s3://x"), PLACE) is None
    after = changed(body, manifest(epoch=2, fenced=True, storageUri="s3://x"), PLACE)
    assert after is not None
    assert epoch_of(after) == 2


def test_whatever_is_written_says_for_which_picture():
    body = fresh(manifest(storageUri="s3://x"), PLACE)
    after = changed(body, manifest(epoch=7, storageUri="s3://y"), PLACE)
    assert after is not None
    assert epoch_of(after) == 7


def test_our_stale_annotations_go_and_those_of_others_stay():
    body = fresh(manifest(annotations={"sluice.dev/unused-since": "then"}), PLACE)
    body["metadata"]["annotations"]["team"] = "growth"
    after = changed(body, manifest(), PLACE)
    assert after is not None
    assert after["metadata"]["annotations"] == {"team": "growth", EPOCH_ANNOTATION: "1"}


def test_an_epoch_that_somebody_scribbled_on_is_none():
    body = fresh(manifest(), PLACE)
    body["metadata"]["annotations"][EPOCH_ANNOTATION] = "yesterday"
    assert epoch_of(body) == -1


def test_absent_and_saying_nothing_are_the_same():
    assert merged({"shadow": False, "traffic": 0}, {"shadow": None, "traffic": None}) == {
        "shadow": False,
        "traffic": 0,
    }
    assert merged({"shadow": True}, {"shadow": None}) == {}


def test_items_are_matched_by_name_and_else_by_place():
    present = [{"name": "b", "x": 1}, {"name": "a", "x": 2}]
    assert merged(present, [{"name": "a", "y": 3}]) == [{"name": "a", "x": 2, "y": 3}]
    assert merged([{"x": 1}], [{"y": 2}, {"z": 3}]) == [{"x": 1, "y": 2}, {"z": 3}]


def test_amounts_are_compared_and_not_spelled():
    for one, other in (("0.5Gi", "512Mi"), ("1G", "1000M"), ("1500m", "1.5"), ("2Gi", "2Gi")):
        assert merged({"memory": other}, {"memory": one}) == {"memory": other}
    for one, other in (("1Gi", "1G"), ("1Gi", "nonsense"), ("1Gi", "1Xi"), ("1Gi", None)):
        assert merged({"memory": other}, {"memory": one}) == {"memory": one}
