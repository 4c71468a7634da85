"""Sources in files and in a real S3 store are read alike, and fail with words that help."""

import gzip
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from object_store import object_store
from sluice_components.errors import SourceError
from sluice_components.ingest.fingerprint import content_digests, fingerprint_plain
from sluice_components.ingest.place import place_of
from sluice_components.ingest.reader import column_names, read_table
from sluice_components.project.section import Source

CSV = b"day,late\nmonday,3\ntuesday,5\n"


@pytest.fixture(scope="module")
def running_store(tmp_path_factory):
    with object_store(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
def store(running_store, monkeypatch):
    for name, value in running_store.environment.items():
        monkeypatch.setenv(name, value)
    return running_store


def zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def parquet() -> bytes:
    written = io.BytesIO()
    pq.write_table(pa.table({"day": ["monday", "tuesday"], "late": ["3", "5"]}), written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("week.csv", CSV),
        ("week.csv.gz", gzip.compress(CSV)),
        ("week.csv.zip", zipped("week.csv", CSV)),
        ("week.parquet", parquet()),
    ],
    ids=["csv", "gzip", "zip", "parquet"],
)
def test_an_object_is_read_as_a_file_is(store, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    store.put("raw", f"2026/{name}", content)
    source = Source(path=name)
    here, there = (read_table(base, source, ["late"]) for base in (tmp_path, "s3://raw/2026"))
    assert here.equals(there)
    assert here.column("late").to_pylist() == ["3", "5"]


def test_a_source_may_say_by_itself_that_it_is_an_object(store, tmp_path):
    uri = store.put("raw", "alone.csv", CSV)
    assert column_names(tmp_path, Source(path=uri)) == ["day", "late"]


def test_an_object_that_is_not_there_is_named(store):
    with pytest.raises(SourceError, match=r"s3://raw/nothing\.csv: no such file; .* s3://"):
        column_names("s3://raw", Source(path="nothing.csv"))


def test_an_empty_object_is_named(store):
    store.put("raw", "empty.csv", b"")
    with pytest.raises(SourceError, match=r"s3://raw/empty\.csv: the file is empty"):
        column_names("s3://raw", Source(path="empty.csv"))


def test_a_wrong_key_says_which_variables_to_check(store, monkeypatch):
    store.put("raw", "week.csv", CSV)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(SourceError, match=r"s3://raw/week\.csv: .*check AWS_ENDPOINT_URL"):
        column_names("s3://raw", Source(path="week.csv"))


def test_a_store_that_is_away_says_so(store, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(SourceError, match=r"s3://raw/week\.csv: the object store does not answer"):
        column_names("s3://raw", Source(path="week.csv"))


def test_a_store_of_another_kind_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"gs://raw/week\.csv: only files and s3://"):
        place_of(tmp_path, "gs://raw/week.csv")


def test_the_same_bytes_have_the_same_digest_wherever_they_lie(store, tmp_path):
    (tmp_path / "week.csv.gz").write_bytes(gzip.compress(CSV, mtime=0))
    store.put("raw", "week.csv.gz", gzip.compress(CSV, mtime=0))
    assert content_digests(tmp_path, ["week.csv.gz"]) == content_digests(
        "s3://raw", ["week.csv.gz"]
    )


def test_the_fingerprint_changes_with_the_content_and_not_with_the_time(store):
    store.put("raw", "week.csv", CSV)
    first = fingerprint_plain("s3://raw", ["week.csv"])
    store.put("raw", "week.csv", CSV)
    assert fingerprint_plain("s3://raw", ["week.csv"]) == first
    store.put("raw", "week.csv", CSV.replace(b"3", b"4"))
    assert fingerprint_plain("s3://raw", ["week.csv"]) != first


def test_a_source_that_cannot_be_read_has_a_fingerprint_too(store):
    assert fingerprint_plain("s3://raw", ["absent.csv"]).startswith("sha256:")
