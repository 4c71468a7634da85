from hypothesis import given
from hypothesis import strategies as st
from sluice_operator.evidence.cursor import Cursor

IDS = st.frozensets(st.integers(0, 2**32 - 1).map(lambda number: f"{number:08x}"), max_size=20)


@given(st.integers(10**11, 10**14 - 1), IDS)
def test_a_cursor_is_read_back_as_it_was_written(at, fresh):
    cursor = Cursor(at=at, fresh=fresh)
    assert Cursor.parsed(cursor.text) == cursor


@given(st.text())
def test_any_text_is_a_cursor_or_none(text):
    cursor = Cursor.parsed(text)
    assert cursor is None or Cursor.parsed(cursor.text) == cursor


def test_cursors_of_other_sources_are_none():
    for text in (
        "",
        "17",
        "3,4",
        '{"launch":"L1"}',
        "churn-a=3",
        "1795359252194;",
        "1795359252194;x",
    ):
        assert Cursor.parsed(text) is None
