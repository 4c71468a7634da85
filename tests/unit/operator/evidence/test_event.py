import pytest
from sluice_operator.errors import SpecError
from sluice_operator.evidence.cursor import Cursor
from sluice_operator.evidence.event import EventCursor, meters_of
from sluice_operator.model import Counters

AT = 1_795_359_252_194


def selector(text: str, label: str = "revision") -> str:
    _, bad = meters_of(Counters(bad=text, total="all", label=label))
    return bad.selector(("churn-a", "churn-b"), {"namespace": "shop"})


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("failed_total", 'failed_total{revision=~"churn-a|churn-b"}'),
        (' failed_total{shop="north"} ', 'failed_total{revision=~"churn-a|churn-b",shop="north"}'),
        ("a:b{}", 'a:b{revision=~"churn-a|churn-b"}'),
        ('f{a="}",b=~"x|y",}', 'f{revision=~"churn-a|churn-b",a="}",b=~"x|y"}'),
    ],
)
def test_the_label_of_the_revision_is_added_to_what_the_user_wrote(written, asked):
    assert selector(written) == asked


@pytest.mark.parametrize("wrong", ["", "{a='b'}", "rate(f[5m])", "f + g", "1f", "f{a='b'}[5m]"])
def test_what_is_no_selector_of_one_metric_is_refused(wrong):
    with pytest.raises(SpecError, match="no selector of one metric"):
        selector(wrong)


def test_a_label_that_is_no_name_is_refused():
    with pytest.raises(SpecError, match="with the label"):
        meters_of(Counters(bad="f", total="g", label='"or'))


def test_a_cursor_of_two_counters_is_read_as_it_was_written():
    cursor = EventCursor(total=Cursor(at=AT, fresh=frozenset({"0123abcd"})), bad=Cursor(at=AT))
    assert EventCursor.parsed(cursor.text) == cursor
    assert EventCursor.parsed(cursor.total.text) is None
    assert EventCursor.parsed("") is None


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor(at=AT, edges=(0.25, 1.0, 1e-05)),
        Cursor(at=AT, fresh=frozenset({"0123abcd", "fedc0123"}), edges=(2.5,)),
    ],
)
def test_edges_are_part_of_a_cursor(cursor):
    assert Cursor.parsed(cursor.text) == cursor


@pytest.mark.parametrize("odd", [f"{AT}|", f"{AT}|.,.", f"{AT}|1e", f"{AT}|0.1|0.2"])
def test_odd_edges_are_no_cursor(odd):
    assert Cursor.parsed(odd) is None
