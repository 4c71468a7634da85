"""Which deployment comes next."""

import pytest
from sluice_operator.controller.queue import WorkQueue

A, B, C = ("ml", "a"), ("ml", "b"), ("ml", "c")


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def queue(clock):
    return WorkQueue(lambda: clock[0])


def taken(queue):
    keys = []
    while (key := queue.take(0)) is not None:
        keys.append(key)
        queue.done(key)
    return keys


def test_the_most_overdue_comes_first(queue, clock):
    queue.add(A, 3)
    queue.add(B, 1)
    clock[0] += 5
    assert taken(queue) == [B, A]


def test_nobody_comes_before_its_time(queue):
    queue.add(A, 3)
    assert taken(queue) == []


def test_the_earliest_wish_wins(queue, clock):
    queue.add(A, 3)
    queue.add(A, 1)
    queue.add(A, 9)
    clock[0] += 1
    assert taken(queue) == [A]
    clock[0] += 60
    assert taken(queue) == []


def test_a_key_in_somebody_s_hands_comes_back_once_it_is_let_go(queue):
    queue.add(A)
    assert queue.take(0) == A
    queue.add(A)
    assert queue.take(0) is None
    queue.done(A)
    assert queue.take(0) == A


def test_who_is_in_a_hurry_overtakes_all_that_are_overdue(queue, clock):
    queue.add(A)
    queue.add(B)
    clock[0] += 30
    queue.hurry(C)
    queue.hurry(B)
    assert taken(queue) == [B, C, A]


def test_a_hurry_for_a_key_in_somebody_s_hands_waits_for_him_alone(queue, clock):
    queue.add(A)
    assert queue.take(0) == A
    queue.add(B)
    clock[0] += 1
    queue.hurry(A)
    queue.done(A)
    assert taken(queue) == [A, B]


def test_at_the_end_everything_is_due(queue):
    queue.add(A, 4)
    queue.add(B, 9)
    queue.rush()
    assert sorted(taken(queue)) == [A, B]
