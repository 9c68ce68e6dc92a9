"""The daemon killed again and again with work in hand, at an endpoint that lies and heeds Idempotency-Key."""

import collections
import random

import pytest

from relay_rig import assert_exactly_once, rig_in_a_folder, wait_for

KILLS = 25


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


def test_killed_anywhere_nothing_is_lost_and_nothing_is_sent_under_two_ids(rig):
    receiver = rig.start_receiver("receiver", "--plain", "/lab", "--idempotent", "--seed", "5",
                                  faults=["share 0.1: accept-then 504", "share 0.1: accept-then-reset",
                                          "share 0.1: reset-before-reading"])
    config = rig.config(rig.route(receiver.url("/lab"), queue={"inbox": "box"}, batch={"max_events": 20},
                                  endpoint={"profile": "plain", "retry": {"first": "10ms", "cap": "40ms"}}),
                        heartbeat={"every": "100ms", "life": "300ms"})
    lines = rig.events(2_000, "--seed", 109)
    rig.push(lines[:1_000])
    rig.redis.client.rpush("box", *lines[1_000:])
    chance = random.Random(113)
    states = collections.Counter()
    for _ in range(KILLS):
        daemon = rig.start(config)
        news = chance.randrange(1, 12)  # lines of the log after which it dies: any point of a batch's life
        begun = len(daemon.text().splitlines())
        wait_for(lambda: len(daemon.text().splitlines()) >= begun + news or rig.queue_is_empty(inbox="box"), "news")
        daemon.kill()
        for batch in rig.redis.client.zrange("elrelay:{covid}:open", 0, -1):
            states[rig.redis.client.hget("elrelay:{covid}:batch:" + batch.decode(), "state").decode()] += 1
    rig.start(config)
    rig.wait_empty(inbox="box")
    assert_exactly_once(receiver.rows(), lines)
    assert len({entry["idempotency_key"] for entry in receiver.accepted()}) == len(receiver.accepted())
    assert sum(states.values()) >= KILLS // 2, states  # most kills hit a batch on its way
