from sluice_package.category import LIMIT, OVERFLOW, CategorySketch


def test_up_to_the_limit_every_category_is_exact():
    counts = {f"c{i}": i + 1 for i in range(LIMIT)}
    sketch = CategorySketch.of(counts, missing=0)
    assert (sketch.categories, sketch.overflow) == (counts, {})


def test_beyond_the_limit_nothing_is_lost():
    counts = {f"c{i}": i + 1 for i in range(3 * LIMIT)}
    sketch = CategorySketch.of(counts, missing=7)
    assert len(sketch.categories) == LIMIT
    assert len(sketch.overflow) <= OVERFLOW
    assert sum(sketch.categories.values()) + sum(sketch.overflow.values()) == sketch.count
    assert sketch.count == sum(counts.values())


def test_the_order_of_arrival_does_not_matter():
    counts = {f"c{i}": i + 1 for i in range(2 * LIMIT)}
    backwards = dict(reversed(counts.items()))
    assert CategorySketch.of(counts, missing=0) == CategorySketch.of(backwards, missing=0)


def test_a_text_that_is_not_unicode_is_counted_too():
    counts = {"\ud800": 1} | {f"c{i}": 1 for i in range(LIMIT)}
    assert CategorySketch.of(counts, missing=0).count == LIMIT + 1
