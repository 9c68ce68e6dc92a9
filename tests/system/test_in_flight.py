"""Several POSTs of one route at a time, as `endpoint.max_in_flight` allows."""

import signal
import threading

import pytest

from raw_endpoint import RawEndpoint
from relay_rig import assert_exactly_once, rig_in_a_folder, wait_for

TAKEN = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
PREFIX = "elrelay:{covid}:"


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


class Gate:
    """An endpoint that answers only what it is told to."""

    def __init__(self):
        self.waiting, self.go = [], threading.Semaphore(0)
        self.endpoint = RawEndpoint(self.serve)

    def serve(self, end, request):
        self.waiting.append(request)
        self.go.acquire()
        end.sendall(TAKEN)

    def open(self, count):
        for _ in range(count):
            self.go.release()


def states(rig):
    client = rig.redis.client
    return [client.hget(PREFIX + "batch:" + batch.decode(), "state") for batch in client.zrange(PREFIX + "open", 0, -1)]


def start(rig, gate, batches, **endpoint):
    rig.push(rig.events(batches * 10, "--seed", 1))
    route = rig.route(gate.endpoint.url(), batch={"max_events": 10},
                      endpoint={"profile": "plain", "headers": {}, "timeout": "60s", **endpoint})
    return rig.start(rig.config(route))


@pytest.mark.parametrize("most", [1, 2, 3])
def test_so_many_are_on_the_wire_and_no_more(rig, most):
    gate = Gate()
    daemon = start(rig, gate, batches=6, max_in_flight=most, max_unknown=9)
    for landed in range(6):
        on_the_wire = min(most, 6 - landed)
        wait_for(lambda: len(gate.waiting) == landed + on_the_wire, "the POSTs")
        daemon.signal(signal.SIGUSR1)  # also a flush adds none
        wait_for(lambda: states(rig).count(b"sending") == on_the_wire, "so many batches that are being sent")
        gate.open(1)
    rig.wait_empty()
    assert len(gate.waiting) == 6
    assert daemon.stop() == 0
    gate.endpoint.close()


def test_a_stop_waits_for_all_that_is_on_the_wire(rig):
    gate = Gate()
    daemon = start(rig, gate, batches=3, max_in_flight=2)
    wait_for(lambda: len(gate.waiting) == 2 and b"sealed" in states(rig), "two POSTs, and one that is ready")
    daemon.signal(signal.SIGTERM)
    wait_for(lambda: daemon.lines("stopping"), "the stop")
    gate.open(9)
    assert daemon.wait() == 0
    assert len(gate.waiting) == 2
    assert rig.redis.client.xlen(PREFIX + "events") == 10
    assert states(rig) == [b"sealed"]
    rig.start(rig.folder / "elrelay.yaml")
    rig.wait_empty()
    assert len(gate.waiting) == 3
    gate.endpoint.close()


def test_killed_with_several_on_the_wire_all_are_in_doubt(rig):
    gate = Gate()
    daemon = start(rig, gate, batches=3, max_in_flight=3, max_unknown=9, on_unknown="hold")
    wait_for(lambda: len(gate.waiting) == 3, "three POSTs")
    daemon.kill()
    gate.open(9)
    heir = rig.start(rig.folder / "elrelay.yaml")
    wait_for(lambda: states(rig) == [b"held"] * 3, "three batches that wait for a person")
    adopted = heir.lines("batch_adopted")
    assert len(adopted) == 3 and all("events=10 state=unknown" in line for line in adopted)
    assert len(gate.waiting) == 3
    gate.endpoint.close()


def test_a_lying_endpoint_gets_each_event_once_all_the_same(rig):
    receiver = rig.start_receiver("receiver", "--plain", "/lab", "--idempotent", faults=[
        "share 0.2: accept-then 504", "share 0.1: accept-then-reset", "share 0.1: status 503 retry-after 0",
        "every 1: delay 20ms"])
    lines = rig.events(3_000, "--seed", 4)
    rig.push(lines)
    route = rig.route(receiver.url("/lab"), batch={"max_events": 50}, schedule={"every": "1s"}, endpoint={
        "profile": "plain", "on_unknown": "resend", "max_in_flight": 4, "max_unknown": 9,
        "retry": {"first": "10ms", "cap": "50ms"}})
    rig.start(rig.config(route))
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), lines)
