"""An event that the converter dies of is set aside after a few lives; those that came with it are not, and arrive."""

import json
import os
import signal

import pytest

import checker
from relay_rig import rig_in_a_folder, wait_for
from test_crash_points import crashing

STREAM = "elrelay:{covid}:events"
PREFIX = "elrelay:{covid}:"


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


def marked(line):
    """The event, with the mark that a test build dies of."""
    return json.dumps({"crash": "it", **json.loads(line)}).encode()


@crashing
@pytest.mark.parametrize("at", [[0], [7], [19], [3, 12]], ids=str)
def test_an_event_that_kills_the_converter_is_set_aside(rig, at):
    receiver = rig.start_receiver()
    config = rig.config(rig.route(receiver.url()), heartbeat={"every": "100ms", "life": "300ms"})
    lines = rig.events(20)
    for i in at:
        lines[i] = marked(lines[i])
    rig.push(lines)
    lives = 0
    while True:
        lives += 1
        daemon = rig.start(config, ready=False, env={**os.environ, "ELRELAY_CRASH_AT": "convert"})
        wait_for(lambda: daemon.popen.poll() is not None or rig.queue_is_empty(), "an end")
        if daemon.popen.poll() is None:
            break
        assert daemon.wait() == -signal.SIGKILL
        assert lives < 12
    assert lives <= 1 + 5 * len(at)
    assert [fields[b"event"] for _, fields in rig.dead()] == [lines[i] for i in at]
    assert {fields[b"reason"] for _, fields in rig.dead()} == {b"poison"}
    found = checker.check(lines, [checker.Log(receiver.accepted_file, receiver.bodies)], checker.Queue(rig.redis.client))
    assert found.is_clean() and found.delivered == 20 - len(at) and found.dead == len(at), found
