"""Several instances on one queue: shared work, owners that are stopped or killed at each moment, names.

Each case of the two tables at the end has its own Redis, endpoint and two daemons; they run side by side, and beside the
other tests, since they mostly wait. ELRELAY_LONG=1 adds the other kinds of endpoints and times.
"""

import concurrent.futures
import contextlib
import os
import signal
import statistics
import tempfile
import time

import pytest

from instances import BEAT, BEAT_S, LIFE_S, MOMENTS, ON_THE_WIRE, PREFIX, STREAM, TAKEOVER_S, Pair, wait
from relay_rig import Process, wait_for

LONG = os.environ.get("ELRELAY_LONG") == "1"
SIDE_BY_SIDE = 10
USUAL_STOPS = [("lookup", moment, beats) for beats in (10, 2) for moment in MOMENTS if beats == 10 or moment in ON_THE_WIRE]
USUAL_STOPS += [(kind, moment, 10) for kind in ("key", "hold") for moment in ON_THE_WIRE[2:]]
USUAL_KILLS = [("lookup", moment) for moment in MOMENTS] + [("hold", moment) for moment in ON_THE_WIRE[2:]]
KINDS = ("lookup", "key", "hold")
LONG_STOPS = [(kind, moment, beats) for kind in KINDS for beats in (0.5, 1, 2, 3, 5, 10) for moment in MOMENTS]
LONG_KILLS = [(kind, moment) for kind in KINDS for moment in MOMENTS]
STOPS = LONG_STOPS if LONG else USUAL_STOPS
KILLS = LONG_KILLS if LONG else USUAL_KILLS


@contextlib.contextmanager
def pair_of(kind, **more):
    with tempfile.TemporaryDirectory(prefix="elrelay-") as folder:
        pair = Pair(folder, kind, **more)
        try:
            yield pair
        finally:
            pair.close()


def pair_at(kind, moment):
    slow = ["request 1: delay 500ms"] if moment == "after the body" else []
    return pair_of(kind, large=moment == "mid-body", faults=slow)


def stop(kind, moment, beats):
    """Lost 0, twice 0, whoever went on; what was on the wire when the owner's time was over was never just sent again."""
    with pair_at(kind, moment) as pair:
        one = pair.strike(moment, signal.SIGSTOP)
        begun = time.monotonic()
        pair.start("two")
        pair.push()
        if beats * BEAT_S > 2 * LIFE_S + 1:
            wait_for(lambda: is_taken_over(pair, moment), "the other one's work, and what it took over")
        wait(max(0, begun + beats * BEAT_S - time.monotonic()))
        pair.go_on(one)
        pair.judge()
        assert one.popen.poll() is None
        wait_for(lambda: pair.is_clean("one", "two"), "a clean house")


def is_taken_over(pair, moment):
    of_two = [batch for batch in pair.batches().values() if batch["name"] == "two"]
    doubted = any(batch.get("doubted") == "1" for batch in of_two) or moment not in ON_THE_WIRE
    return doubted and any(batch["state"] == "accepted" for batch in of_two)


def kill(kind, moment):
    """The other one takes over; nothing of the dead is left. How long each batch waited, since the last heartbeat."""
    with pair_at(kind, moment) as pair:
        pair.strike(moment, signal.SIGKILL)
        last_ms = pair.last_beat_ms("one")
        open_then = {batch.decode() for batch in pair.client.zrange(PREFIX + "open", 0, -1)}
        on_the_wire = [batch for batch in open_then if pair.batches()[batch]["state"] == "sending"]
        pair.wire.goes_on.set()
        pair.start("two")
        taken = [wait_for(lambda: taken_over(pair, batch), "the takeover") for batch in open_then]
        waited_ms = [int(batch["since"]) - last_ms for batch in taken]
        pair.push()
        pair.judge()
        for batch in on_the_wire:
            assert pair.batches()[batch]["doubted"] == "1"
        wait_for(lambda: pair.is_clean("two"), f"a clean house: {house(pair)}", 15)
        return waited_ms


def taken_over(pair, batch):
    found = pair.batches()[batch]
    return (found["state"] in ("terminated", "accepted") or found["name"] == "two") and found


def house(pair):
    return (pair.client.hgetall(PREFIX + "instances"), pair.client.keys(PREFIX + "hb:*"), pair.consumers(),
            pair.client.hgetall(PREFIX + "state"))


@pytest.fixture(scope="module", autouse=True)
def runs(request):
    """All cases that were asked for, begun at once; each is waited for by its own test."""
    wanted = [item.callspec.params["case"] for item in request.session.items
              if item.module is request.module and "case" in item.fixturenames]
    pool = concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE)
    yield {case: pool.submit(kill if len(case) == 2 else stop, *case) for case in wanted}
    pool.shutdown(cancel_futures=True)


def named(cases):
    return ["-".join(str(part) for part in case).replace(" ", "-") for case in cases]


def test_three_share_the_work(tmp_path):
    pair = Pair(tmp_path, "lookup", faults=["all: delay 50ms"])
    with contextlib.closing(pair):
        for _ in range(39):
            pair.push()
        names = ("one", "two", "three")
        for name in names:
            pair.start(name)
        pair.judge()
        owners = [batch["name"] for batch in pair.batches().values()]
        counts = {name: owners.count(name) for name in names}
        assert sum(counts.values()) >= 40 and all(count >= 4 for count in counts.values()), counts
        wait_for(lambda: pair.is_clean(*names), "a clean house")


def test_what_a_leaving_one_has_on_the_wire_is_taken_over_as_soon(tmp_path):
    """It stops in good order, but the endpoint hangs for longer than it may wait: that batch is in doubt."""
    pair = Pair(tmp_path, "lookup", every="1h", empty=True, faults=["request 1: delay 900ms"], timeout="60s")
    with contextlib.closing(pair):
        two = pair.start("two")
        wait_for(lambda: two.lines("cycle_done"), "its cycle")
        pair.push()
        one = pair.start("one", stop_grace="100ms")
        wait_for(pair.receiver.accepted, "the delivery")
        one.signal(signal.SIGTERM)
        assert one.wait() == 0
        left_ms = pair.redis_ms()
        batch = pair.client.zrange(PREFIX + "open", 0, 0)[0].decode()
        found = wait_for(lambda: taken_over(pair, batch), "the takeover")
        assert found["state"] == "unknown" and int(found["since"]) - left_ms <= 10 * TAKEOVER_S * 1000
        pair.judge()
        wait_for(lambda: pair.is_clean("two"), "a clean house")


@pytest.mark.parametrize("moment", ["before seal", "sealed", "sending"])
def test_a_missing_heartbeat_is_noticed_long_before_the_next_cycle(tmp_path, moment):
    pair = Pair(tmp_path, "lookup", every="1h", empty=True)
    with contextlib.closing(pair):
        two = pair.start("two")
        wait_for(lambda: two.lines("cycle_done"), "its cycle")
        pair.push()
        pair.strike(moment, signal.SIGKILL)
        last_ms = pair.last_beat_ms("one")
        batch = pair.client.zrange(PREFIX + "open", 0, 0)[0].decode()
        found = wait_for(lambda: taken_over(pair, batch), "the takeover")
        assert int(found["since"]) - last_ms <= 10 * TAKEOVER_S * 1000
        if moment == "before seal":  # nobody has been asked to send what it gave back
            two.signal(signal.SIGUSR1)
        pair.judge()


def test_what_the_endpoint_told_a_stopped_one_is_used_by_all(tmp_path):
    """The other one took the batch over, and holds it for a person; the answer that waited in the socket says more."""
    pair = Pair(tmp_path, "hold", faults=["request 1: delay 500ms"], timeout="60s")
    with contextlib.closing(pair):
        one = pair.strike("after the body", signal.SIGSTOP)
        pair.start("two")
        wait_for(lambda: pair.client.zcard(PREFIX + "held"), "a held batch of the other one")
        pair.go_on(one)
        pair.rig.wait_empty()
        pair.judge_rest()
        assert [(batch["state"], batch["name"]) for batch in pair.batches().values()] == [("accepted", "two")]
        assert len(pair.receiver.requests()) == 1


def test_what_is_read_late_goes_back(tmp_path):
    pair = Pair(tmp_path, "lookup")
    with contextlib.closing(pair):
        one = pair.strike("before a read", signal.SIGSTOP)
        batch = pair.client.zrange(PREFIX + "open", 0, 0)[0].decode()
        two = pair.start("two")
        wait_for(lambda: pair.batches()[batch]["state"] == "terminated", "the end of the batch")
        two.signal(signal.SIGSTOP)
        pair.push()
        pair.doors["one"].rest()  # the read is carried out, and its reader still sleeps
        wait_for(lambda: pair.client.xpending(STREAM, "elrelay")["pending"], "strays")
        assert pair.consumers() - {"free"} == {"b:" + batch}
        two.signal(signal.SIGCONT)
        wait_for(lambda: two.lines("strays_given_back"), "strays that go back")
        pair.go_on(one)
        pair.judge()
        wait_for(lambda: pair.consumers() <= {"free"}, "no consumer but that one")


# Names


def test_a_second_one_of_a_name_leaves(tmp_path):
    pair = Pair(tmp_path, "lookup")
    with contextlib.closing(pair):
        pair.start("one")
        second = pair.start("one", ready=False, door="uno")
        assert second.wait() == 3
        text = second.text()
        assert "instance one is alive elsewhere" in text and "give each instance its own name" in text, text
        pair.push()
        pair.judge()
        assert pair.is_clean("one")


def test_a_second_one_of_a_name_goes_on_when_the_first_is_dead(tmp_path):
    pair = Pair(tmp_path, "lookup")
    with contextlib.closing(pair):
        one = pair.start("one")
        beat = PREFIX + "hb:one"
        wait_for(lambda: pair.client.pttl(beat) > 1000, "a young heartbeat")
        one.kill()
        ends_ms, token = pair.last_beat_ms("one") + BEAT.life_ms, pair.client.get(beat)
        second = pair.start("one", ready=False, door="uno")
        wait_for(lambda: pair.client.get(beat) not in (None, token), "the name")
        late_ms = pair.redis_ms() - ends_ms
        assert -50 <= late_ms <= 1000, f"{late_ms} ms after the end of the heartbeat"  # ten times the bound
        assert second.lines("instance_name_taken")
        pair.push()
        pair.judge()
        assert pair.is_clean("one")


def test_one_that_finds_its_name_taken_when_it_wakes_waits_and_says_so(tmp_path):
    pair = Pair(tmp_path, "lookup")
    with contextlib.closing(pair):
        one = pair.strike("before sending", signal.SIGSTOP)
        second = pair.start("one", door="uno")
        pair.push()
        pair.judge()
        pair.go_on(one)
        wait_for(lambda: one.lines("queue_unusable"), "an alarm")
        assert "instance one is alive elsewhere" in one.text()
        pair.push()
        pair.judge()
        token = pair.client.get(PREFIX + "hb:one")
        assert {batch["owner"] for batch in pair.batches().values()} == {token.decode()}
        assert one.popen.poll() is None and not one.lines("batch_answered")
        assert second.stop() == 0
        pair.push()
        pair.judge()
        assert one.lines("batch_answered") and pair.is_clean("one")


def test_a_flush_has_a_name_of_its_own(tmp_path):
    pair = Pair(tmp_path, "lookup", faults=["request 1: delay 3s"], timeout="60s")
    with contextlib.closing(pair):
        config = pair.rig.config(pair.route, name="flush.yaml", heartbeat={"every": "500ms", "life": "1500ms"})
        flush = Process([pair.rig.elrelay, "flush", "--config", config], tmp_path / "flush.log")
        pair.rig.stack.callback(flush.stop)
        wait_for(pair.receiver.accepted, "the delivery")
        pair.start("one")
        names = {name.decode() for name in pair.client.hkeys(PREFIX + "instances")}
        assert "one" in names and any(name.startswith("one.once-") for name in names), names
        pair.push()
        assert flush.wait() == 0, flush.text()
        pair.judge()
        wait_for(lambda: pair.is_clean("one"), "a clean house")


# The tables, begun with the first test


@pytest.mark.parametrize("case", KILLS, ids=named(KILLS))
def test_what_a_killed_one_leaves_another_takes_over(runs, case):
    runs[case].result()


@pytest.mark.parametrize("case", STOPS, ids=named(STOPS))
def test_a_stopped_one_that_wakes_loses_nothing_and_doubles_nothing(runs, case):
    runs[case].result()


def test_a_takeover_takes_no_longer_than_promised(runs):
    waited_ms = [ms for case, run in runs.items() if len(case) == 2 for ms in run.result()]
    if waited_ms:
        median_ms = statistics.median(waited_ms)
        print(f"{len(waited_ms)} takeovers after {min(waited_ms)} to {max(waited_ms)} ms, median {median_ms:.0f}")
        assert median_ms <= TAKEOVER_S * 1000
