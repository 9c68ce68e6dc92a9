"""A Redis that came back older: with the barrier nothing is lost and nothing is sent twice; without it some is sent twice."""

import os

import pytest

import older_redis
from older_redis import commands_of, events_of, every_life, marks_of, some_lives

LONG = "ELRELAY_LONG" in os.environ


def command(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


MARK = command(b"HSET", b"elrelay:{covid}:batch:7", b"state", b"sending", b"ver", b"3")
EVENT = command(b"XADD", b"elrelay:{covid}:events", b"1-1", b"event", b"{}")
MULTI, EXEC = command(b"MULTI"), command(b"EXEC")


def test_marks_and_events_are_found_in_a_file():
    assert marks_of(MARK + EVENT) == [(b"7", len(MARK))]
    whole = EVENT + MULTI + MARK + MARK + EXEC
    assert marks_of(whole) == [(b"7", len(whole))] * 2 and events_of(whole) == {b"{}"}
    for size in range(len(whole)):
        assert marks_of(whole[:size]) == [] and all(end <= size for _, end in commands_of(whole[:size]))
        assert events_of(whole[:size]) == (set() if size < len(EVENT) else {b"{}"})


@pytest.mark.parametrize("kind,instances", [("lookup", 1), ("lookup", 2), ("key", 2)])
def test_with_the_barrier_nothing_is_sent_twice(kind, instances):
    count = older_redis.run(kind, instances, True, every_life() if LONG else some_lives())
    assert count.is_clean() and count.states["sending"] and count.delivered > 0, count


@pytest.mark.skipif(not LONG, reason="ELRELAY_LONG is not set")
@pytest.mark.parametrize("kind", ["key", "lookup"])
def test_without_it_some_is(kind):
    count = older_redis.run(kind, 1, False, 100)
    print(count)
    assert count.twice > 0 and count.lost == 0, count
