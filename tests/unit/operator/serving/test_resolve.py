import pytest
from sluice_operator.model import Revision
from sluice_operator.serving.errors import ModelNotFoundError
from sluice_operator.serving.resolve import resolve_path


@pytest.mark.parametrize("uri", ["{}/my model", "file://{}/my%20model"])
def test_a_path_and_a_file_uri_lead_to_the_folder(tmp_path, uri):
    (tmp_path / "my model").mkdir()
    revision = Revision(name="churn-a", uri=uri.format(tmp_path))
    assert resolve_path(revision) == tmp_path / "my model"


@pytest.mark.parametrize(
    ("uri", "words"),
    [("models:/churn/1", "neither a path nor file://"), ("/no/such/folder", "is no folder")],
)
def test_a_uri_that_leads_nowhere_is_refused_with_the_revision(uri, words):
    with pytest.raises(ModelNotFoundError, match=f"churn-a: .*{words}"):
        resolve_path(Revision(name="churn-a", uri=uri))
