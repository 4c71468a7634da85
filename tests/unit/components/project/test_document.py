import pytest
from project_texts import write_project
from sluice_components.errors import ProjectError
from sluice_components.project.document import read_document, repeated_keys


def values(tmp_path, text):
    return read_document(write_project(tmp_path, text)).values


def test_plain_words_are_texts_as_in_yaml_1_2(tmp_path):
    read = values(tmp_path, "on: [no, on, y, off, 12:30]\n")

    assert read == {"on": ["no", "on", "y", "off", "12:30"]}


def test_numbers_are_what_they_look_like(tmp_path):
    read = values(tmp_path, "a: [1e-3, 010, -7, .5, 1., +2, .inf, 1.5e3]\n")

    assert read["a"] == [0.001, 10, -7, 0.5, 1.0, 2, float("inf"), 1500.0]
    assert [type(number) for number in read["a"][:3]] == [float, int, int]


def test_true_and_false_are_the_only_booleans(tmp_path):
    assert values(tmp_path, "a: [true, False, yes]\n")["a"] == [True, False, "yes"]


def test_a_syntax_error_names_line_and_column(tmp_path):
    file = write_project(tmp_path, "name: x\nsource: {path: a.csv\ntime: t\n")

    with pytest.raises(ProjectError, match=r"^sluice\.yaml:3:5: not YAML: .*expected ',' or '}'"):
        read_document(file)


def test_a_tab_as_indent_names_its_place(tmp_path):
    file = write_project(tmp_path, "name: x\nsource:\n\tpath: a.csv\n")

    with pytest.raises(ProjectError, match=r"^sluice\.yaml:3:1: not YAML: "):
        read_document(file)


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n- b\n", "hello\n"])
def test_a_file_without_a_mapping_is_refused(tmp_path, text):
    file = write_project(tmp_path, text)

    with pytest.raises(ProjectError, match="holds no project; it must be a mapping of keys"):
        read_document(file)


def test_text_of_another_encoding_is_refused(tmp_path):
    file = tmp_path / "sluice.yaml"
    file.write_bytes("name: gr\xfcn\n".encode("latin-1"))

    with pytest.raises(ProjectError, match="not UTF-8 text"):
        read_document(file)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    with pytest.raises(ProjectError, match="cannot be read"):
        read_document(tmp_path)


def test_a_key_stated_twice_is_found_at_any_depth(tmp_path):
    document = read_document(write_project(tmp_path, "a: 1\nb:\n- {c: 1, c: 2}\na: 2\n"))

    found = {problem.path: problem.message for problem in repeated_keys(document.root)}

    assert set(found) == {("a",), ("b", 0, "c")}
    assert found["a",] == "stated 2 times; keep one"


def test_a_place_leaves_out_steps_that_the_file_does_not_have(tmp_path):
    document = read_document(write_project(tmp_path, "split:\n  holdout: 2\n"))

    place = document.place(("split", "temporal", "holdout"))

    assert (place.line, place.column, place.path) == (2, 3, "split.holdout")
