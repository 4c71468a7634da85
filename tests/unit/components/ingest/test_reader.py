import gzip
import zipfile

import pytest
from sluice_components.errors import SourceError
from sluice_components.ingest.reader import column_names, read_table
from sluice_components.project.section import Source
from tables import csv_file, parquet_file

ROWS = ("age,plan,town", "30,basic,Ulm", "41,family,Bonn")


def read(folder, path, *columns, **more):
    return read_table(folder, Source(path=path, **more), columns).to_pydict()


def test_only_the_wanted_columns_are_read_in_the_wanted_order(tmp_path):
    csv_file(tmp_path, "a.csv", *ROWS)

    found = read(tmp_path, "a.csv", "town", "age")

    assert list(found.items()) == [("town", ["Ulm", "Bonn"]), ("age", ["30", "41"])]


def test_compressed_csv_reads_like_plain_csv(tmp_path):
    plain = csv_file(tmp_path, "a.csv", *ROWS).read_bytes()
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(plain))
    with zipfile.ZipFile(tmp_path / "a.csv.zip", "w") as archive:
        archive.writestr("whatever.csv", plain)

    expected = read(tmp_path, "a.csv", "age", "plan")

    assert read(tmp_path, "a.csv.gz", "age", "plan") == expected
    assert read(tmp_path, "a.csv.zip", "age", "plan") == expected


def test_parquet_keeps_its_types(tmp_path):
    parquet_file(tmp_path, "a.parquet", age=[30, 41], plan=["basic", None])

    assert read(tmp_path, "a.parquet", "age", "plan") == {"age": [30, 41], "plan": ["basic", None]}


def test_a_stated_format_wins_over_the_suffix(tmp_path):
    csv_file(tmp_path, "a.data", *ROWS)

    assert read(tmp_path, "a.data", "age", format="csv") == {"age": ["30", "41"]}


def test_missing_values_are_the_stated_texts_and_no_others(tmp_path):
    csv_file(tmp_path, "a.csv", "id,country", "1,NA", "2,", '3,""', "4,DE", "5,-")

    assert read(tmp_path, "a.csv", "country")["country"] == [None, None, None, "DE", "-"]
    kept = read(tmp_path, "a.csv", "country", missing=("", "-"))
    assert kept["country"] == ["NA", None, None, "DE", None]


def test_quoted_fields_may_hold_separators_and_line_ends(tmp_path):
    csv_file(tmp_path, "a.csv", "note,age", '"one, two\nthree",7')

    assert read(tmp_path, "a.csv", "note", "age") == {"note": ["one, two\nthree"], "age": ["7"]}


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfage\n7\n")

    assert column_names(tmp_path, Source(path="a.csv")) == ["age"]


def refused(folder, path, *columns, **more):
    with pytest.raises(SourceError) as error:
        read(folder, path, *columns, **more)
    message = str(error.value)
    assert message.startswith(str(folder / path))
    return message


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert "no such file" in refused(tmp_path, "a.csv", "age")


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.csv.gz", "a.csv.zip"])
def test_an_empty_file_is_refused(tmp_path, name):
    (tmp_path / name).touch()

    assert "the file is empty; write it again, or name another" in refused(tmp_path, name, "age")


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_file_without_rows_is_refused(tmp_path, name):
    csv_file(tmp_path, "a.csv", "age")
    parquet_file(tmp_path, "a.parquet", age=[])

    assert "has columns but no rows; write the data into it again" in refused(tmp_path, name, "age")


def test_a_file_of_blank_lines_is_refused(tmp_path):
    csv_file(tmp_path, "a.csv", "", "")

    assert "cannot be read as a CSV file" in refused(tmp_path, "a.csv", "age")


def test_a_corrupt_parquet_file_is_refused(tmp_path):
    file = parquet_file(tmp_path, "a.parquet", age=list(range(1000)))
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])

    assert "cannot be read as a Parquet file" in refused(tmp_path, "a.parquet", "age")


def test_a_parquet_file_with_damaged_pages_is_refused(tmp_path):
    file = parquet_file(tmp_path, "a.parquet", age=list(range(1000)))
    whole = bytearray(file.read_bytes())
    whole[4:200] = bytes(196)
    file.write_bytes(whole)

    assert "cannot be read as a Parquet file" in refused(tmp_path, "a.parquet", "age")


def test_a_csv_file_called_parquet_is_refused(tmp_path):
    csv_file(tmp_path, "a.parquet", *ROWS)

    assert "correct its format" in refused(tmp_path, "a.parquet", "age")


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zip"])
def test_an_archive_that_is_none_is_refused(tmp_path, name):
    csv_file(tmp_path, name, *ROWS)

    assert "cannot be read as a CSV file" in refused(tmp_path, name, "age")


def test_an_archive_of_two_files_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.csv.zip", "w") as archive:
        archive.writestr("a.csv", "age\n1\n")
        archive.writestr("b.csv", "age\n2\n")

    assert "must hold one file; it holds 2" in refused(tmp_path, "a.csv.zip", "age")


def test_a_row_with_too_many_fields_is_named_by_its_number(tmp_path):
    csv_file(tmp_path, "a.csv", *ROWS, "1,2,3,4")

    message = refused(tmp_path, "a.csv", "age")

    assert "Row #4: Expected 3 columns, got 4" in message


def test_text_of_another_encoding_is_refused(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"town\nK\xf6ln\n")

    assert "invalid UTF8" in refused(tmp_path, "a.csv", "town")


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_an_absent_column_is_named_with_the_nearest_one(tmp_path, name):
    csv_file(tmp_path, "a.csv", *ROWS)
    parquet_file(tmp_path, "a.parquet", age=[1], plan=["x"], town=["y"])

    assert "no column 'pln'; did you mean 'plan'?" in refused(tmp_path, name, "age", "pln")
    assert "no column 'zip'; its columns are age, plan, town" in refused(tmp_path, name, "zip")


def test_another_separator_is_recognised(tmp_path):
    csv_file(tmp_path, "a.csv", "age;plan", "30;basic")

    assert "separated by ';'; state it as `separator`" in refused(tmp_path, "a.csv", "plan")
    assert read(tmp_path, "a.csv", "plan", separator=";") == {"plan": ["basic"]}


def test_a_column_that_stands_twice_in_the_header_is_refused(tmp_path):
    csv_file(tmp_path, "a.csv", "age,age", "1,2")

    assert "'age' stands twice in the header" in refused(tmp_path, "a.csv", "age")
