"""The wall clock set back and forth while the daemon runs: no tick too many, no stall, each event once.

libfaketime gives the daemon alone another wall clock; its steady clock stays true. What may not come early is measured
from before its cause to after its effect, so that a slow machine cannot make it look late, nor early.
"""

import datetime
import email.utils
import glob
import os
import random
import time

import pytest

from raw_endpoint import RawEndpoint
from relay_rig import BUILD, assert_exactly_once, rig_in_a_folder, wait_for

LIBRARY = next(iter(sorted(glob.glob("/usr/lib/*/faketime/libfaketime.so.1"))), None)
SANITIZED = [line for line in (BUILD / "CMakeCache.txt").read_text().splitlines()
             if line.startswith("ELRELAY_SANITIZE:") and line.split("=")[1]]
pytestmark = [pytest.mark.skipif(not LIBRARY, reason="libfaketime is not installed"),
              pytest.mark.skipif(bool(SANITIZED), reason="libfaketime and sanitizers do not go together")]

JUMPS = ["-3h", "+5d", "-2d", "+0", "+90d", "-20y", "+1h", "-70y", "+30y"]
TICK_S = 1.0  # the shortest that can be configured
STALL_S = 15  # what is due within two seconds and has not come by then has stalled


class Clock:
    """What the daemon takes for the time: the true one, and so much more or less."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.random = random.Random(443)  # in a fixed order, ticks could always meet the same offset
        self.set("+0")

    def set(self, offset):
        new = self.file.with_suffix(".new")
        new.write_text(offset)
        new.replace(self.file)

    def jump(self):
        self.set(self.random.choice(JUMPS))

    def env(self):
        return {**os.environ, "LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(self.file),
                "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        made.clock = Clock(made.folder)
        yield made


def start(rig, url, **more):
    route = rig.route(url, **{"schedule": {"every": "1s"}, **more})
    return rig.start(rig.config(route, heartbeat={"every": "200ms", "life": "6s"}), env=rig.clock.env())


def log_years(daemon):
    return {line[:4] for line in daemon.text().splitlines()}


def jump_until(rig, condition, what, meanwhile=lambda: None, seconds=STALL_S):
    """Sets the clock anew ten times a second until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never came: {what}"
        rig.clock.jump()
        meanwhile()
        time.sleep(0.1)


def test_each_tick_comes_once_and_sends_what_is_queued(rig):
    receiver = rig.start_receiver()
    lines = rig.events(500, "--seed", 409)
    left, key = list(lines), "elrelay:{covid}:hb:one"

    def meanwhile():
        rig.push([left.pop() for _ in range(5) if left])
        assert rig.redis.client.pttl(key) > 2000, "the heartbeat was late"

    began = time.monotonic()
    daemon = start(rig, receiver.url())
    jump_until(rig, lambda: len(daemon.lines("cycle_done")) >= 5, "the fifth tick", meanwhile)
    ticks, most = len(daemon.lines("cycle_done")), 1 + (time.monotonic() - began) / TICK_S
    assert ticks <= most
    rig.push(left)
    jump_until(rig, rig.queue_is_empty, "an empty queue")
    most = 1 + (time.monotonic() - began) / TICK_S
    assert len(daemon.lines("cycle_done")) <= most  # each of as many batches as come while it lasts
    assert_exactly_once(receiver.rows(), lines)
    assert len(log_years(daemon)) > 1, "the daemon's clock was not set"
    assert not daemon.lines("instance_name_taken") and daemon.stop() == 0


def test_a_tick_comes_after_each_jump(rig):
    """Each jump by itself, and then a whole tick under the new time."""
    receiver = rig.start_receiver()
    daemon = start(rig, receiver.url())
    lines = rig.events(4, "--seed", 419)
    for ticks, (line, jump) in enumerate(zip(lines, ["-3h", "+5d", "-20y", "+30y"]), 1):
        wait_for(lambda: len(daemon.lines("cycle_done")) >= ticks, "a tick", STALL_S)
        rig.clock.set(jump)
        rig.push([line])
        wait_for(lambda: len(receiver.accepted()) >= ticks, "the event", STALL_S)
    assert_exactly_once(receiver.rows(), lines)


@pytest.mark.parametrize("jump", ["-3h", "+5d"])
def test_a_batch_in_doubt_is_looked_up_in_its_time(rig, jump):
    receiver = rig.start_receiver(faults=["request 1: status 504"])
    lines = rig.events(10, "--seed", 421)
    rig.push(lines)
    began = time.monotonic()
    daemon = start(rig, receiver.url(), schedule={"every": "1h"}, endpoint={
        "on_unknown": "lookup", "lookup": {"settle": "700ms", "gap": "700ms", "fallback": "hold"}})
    wait_for(lambda: daemon.lines("batch_waiting"), "a batch in doubt")
    rig.clock.set(jump)
    for count in (1, 2):
        wait_for(lambda: len(daemon.lines("batch_looked_up")) >= count, f"look {count}", STALL_S)
        assert time.monotonic() - began >= 0.7 * count
    rig.wait_empty(seconds=STALL_S)
    assert [request["status"] for request in receiver.requests()] == [504, 201]
    assert all("word=absent" in line for line in daemon.lines("batch_looked_up"))
    assert_exactly_once(receiver.rows(), lines)


def test_a_receipt_is_found_under_a_clock_that_is_wrong(rig):
    receiver = rig.start_receiver(faults=["request 1: accept-then 504"])
    lines = rig.events(10, "--seed", 431)
    rig.push(lines)
    daemon = start(rig, receiver.url(), schedule={"every": "1h"}, endpoint={
        "on_unknown": "lookup", "lookup": {"settle": "500ms", "gap": "500ms", "fallback": "hold"}})
    jump_until(rig, rig.queue_is_empty, "an empty queue")
    assert "word=found" in daemon.lines("batch_looked_up")[0]
    assert len(receiver.requests()) == 1
    assert_exactly_once(receiver.rows(), lines)


@pytest.mark.parametrize("jump", ["-3h", "+5d"])
def test_few_events_wait_for_max_wait_and_no_longer(rig, jump):
    receiver = rig.start_receiver()
    lines = rig.events(3, "--seed", 433)
    began = time.monotonic()
    rig.push(lines)
    daemon = start(rig, receiver.url(), schedule={"every": "1h"}, batch={"min_events": 10, "max_wait": "1500ms"})
    wait_for(lambda: daemon.lines("cycle_done"), "the first tick")
    rig.clock.set(jump)
    wait_for(receiver.accepted, "the three events", STALL_S)
    assert time.monotonic() - began >= 1.5
    assert_exactly_once(receiver.rows(), lines)


def http_date(seconds):
    moment = datetime.datetime(2001, 9, 9, tzinfo=datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return email.utils.format_datetime(moment, usegmt=True)


@pytest.mark.parametrize("jump", ["-3h", "+5d"])
@pytest.mark.parametrize("after", ["1", http_date(1)], ids=["seconds", "date"])
def test_what_the_endpoint_asks_for_is_kept_to(rig, jump, after):
    busy = f"HTTP/1.1 429 Busy\r\nDate: {http_date(0)}\r\nRetry-After: {after}\r\nContent-Length: 0\r\n\r\n"
    taken = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
    endpoint = RawEndpoint(lambda end, _: end.sendall((busy if len(endpoint.requests) == 1 else taken).encode()))
    rig.stack.callback(endpoint.close)
    rig.push(rig.events(3, "--seed", 439))
    rig.clock.set(jump)
    began = time.monotonic()
    start(rig, endpoint.url(), schedule={"every": "1h"}, endpoint={
        "profile": "plain", "retry": {"first": "1ms", "cap": "1ms"}})
    rig.wait_empty(seconds=STALL_S)
    assert time.monotonic() - began >= 1 and len(endpoint.requests) == 2
