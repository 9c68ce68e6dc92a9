"""Every fault that the stand-in endpoint knows, at every point of a batch's life; and worse ones over bare sockets.

All faults of the table are run at once: one daemon, a route and a receiver for each. Then each row is judged by the
checker, and by the receiver's log: exactly one request per attempt that Redis knows of.
"""

import contextlib
import json
import os
import re
import signal
import socket
import time

import pytest

import checker
from raw_endpoint import RawEndpoint, reset
from relay_rig import ROOT, rig_in_a_folder, wait_for

# each verb, and what it needs behind it
VERBS = [
    "status 500", "status 429", "status 503 retry-after 0", "retry-after 1", "accept-then 504", "accept-then 201",
    "accept-then 400", "accept-then-reset", "accept-then-hang 600s", "late-commit 300ms", "refuse-rows 1,3",
    'refuse-report "no such schema"', "refuse-text", "reset-before-reading", "reset-after-reading", "hang 600s",
    "delay 300ms", "empty-answer", "half-headers", "truncate-answer 5", "truncate-answer 0", "slow-answer 1B/s",
    "answer-bytes 1GiB", "answer-bytes 0", "warn-rows 1,3 null-ids", 'warn-report "no such code"',
]
# It has what it is sent already: that is believed, and nothing is there to tell whether it is true (test_exceptions.py).
BELIEVED = ["duplicate-rows 1,3", "duplicate-report"]
# point -> the rules; VERB stands for the verb
POINTS = {
    "first": ["request 1: VERB"],
    "resend": ["request 1: accept-then 502", "request 2: VERB"],
    "again": ["requests 1-3: VERB"],
    "large": ["request 1: VERB"],
}
ROWS = [(point, verb) for point in POINTS for verb in VERBS]
LARGE = b"x" * 2_000_000  # more than the buffers of a connection hold


def lies(point, verb):
    """It says that it refused what it has stored, or names rows of what it has: a refusal is believed."""
    return (verb == "accept-then 400" and point != "resend") or (point == "resend" and verb.startswith("refuse-rows"))


def ends_held(point, verb):
    """Perhaps it was stored before, and now it is refused without naming a row: a person must look."""
    return point == "resend" and (verb == "accept-then 400" or verb.startswith(("refuse-report", "refuse-text")))


def name_of(point, verb):
    return point + "." + re.sub(r"[^a-z0-9]+", "-", verb.lower()).strip("-")


def lines_of(rig, point):
    if point != "large":
        return rig.events(30, "--seed", 223)
    return [json.dumps({**json.loads(line), "note": LARGE.decode()}).encode() for line in rig.events(2, "--seed", 227)]


class Row:
    """One route with its receiver; all have one daemon."""

    def __init__(self, rig, point, verb):
        self.rig, self.name = rig, name_of(point, verb)
        faults = [rule.replace("VERB", verb) for rule in POINTS[point]]
        self.receiver = rig.start_receiver(self.name, "--plain", "/lab", "--idempotent", faults=faults)
        self.lines = lines_of(rig, point)
        self.early = len(self.lines) // 2 if point == "resend" else len(self.lines)
        rig.push(self.lines[:self.early], self.name)
        self.route = rig.route(self.receiver.url("/lab"), name=self.name, batch={"max_events": 15}, endpoint={
            "profile": "plain", "timeout": "2s", "retry": {"first": "10ms", "cap": "40ms"}})

    def push_the_rest(self):
        """What follows must not be the second request where that is to be the first one's again."""
        if self.early < len(self.lines):
            wait_for(lambda: self.attempts() >= 2, "the first batch once more")
            self.rig.push(self.lines[self.early:], self.name)
            self.daemon.signal(signal.SIGUSR1)

    def report(self):
        queue = checker.Queue(self.rig.redis.client, self.name)
        return checker.check(self.lines, [checker.Log(self.receiver.accepted_file, self.receiver.bodies)], queue)

    def is_held(self):
        client, prefix = self.rig.redis.client, f"elrelay:{{{self.name}}}:"
        return client.zcard(prefix + "held") == client.zcard(prefix + "open") == 1 and client.xlen(prefix + "events") == 15

    def attempts(self):
        """POSTs begun, as Redis knows."""
        keys = self.rig.redis.client.keys(f"elrelay:{{{self.name}}}:batch:*")
        return sum(int(self.rig.redis.client.hget(key, "attempts")) for key in keys)


@pytest.fixture(scope="module")
def rows():
    with rig_in_a_folder() as rig:
        rig.start_redis()
        made = {(point, verb): Row(rig, point, verb) for point, verb in ROWS}
        Row.daemon = rig.start(rig.config(
            *[row.route for row in made.values()], log={"level": "info"},
            heartbeat={"every": "2s", "life": "10s"}))  # else an attempt ends before its first byte
        yield made


@pytest.mark.parametrize("point,verb", ROWS, ids=[name_of(*row) for row in ROWS])
def test_nothing_is_lost_and_nothing_is_sent_twice(rows, point, verb):
    row = rows[point, verb]
    row.push_the_rest()
    if ends_held(point, verb):
        wait_for(row.is_held, "one held batch, and nothing else")
    else:
        row.rig.wait_empty(row.name)
    report = row.report()
    if lies(point, verb):  # what was refused goes on under new ids
        assert report.lost == report.changed == report.unproved == 0, (str(report), report.examples)
    else:
        assert report.is_clean(), (str(report), report.examples)
        assert report.delivered + report.dead == len(row.lines), str(report)
    wait_for(lambda: len(row.receiver.requests()) >= row.attempts(), "a line for each request", 10)
    assert len(row.receiver.requests()) == row.attempts()


def test_the_table_has_every_verb_of_the_fault_language():
    table = (ROOT / "docs/receiver.md").read_text().split("<!-- verbs -->")[1].split("<!-- end -->")[0]
    verbs = re.findall(r"^\| `([a-z-]+)", table, re.M)
    assert verbs and set(verbs) == {word for verb in VERBS + BELIEVED for word in re.findall(r"(?:^| )([a-z-]+)", verb)
                                    if word in verbs}


# Over bare sockets

OK = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"
STEP_S = 0.2


def trickle(end, data):
    for byte in data:
        end.sendall(bytes([byte]))
        time.sleep(STEP_S)


def answer_a_byte_at_a_time(end, request):
    end.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n")
    trickle(end, b" " * 1000)


def head_a_byte_at_a_time(end, request):
    trickle(end, OK[:-2] + b"X-Never: " + b"x" * 1000)


def half_a_head(end, request):
    end.sendall(OK[:30])
    end.recv(1)


def endless_head(end, request):
    end.sendall(OK[:-6])
    while True:
        end.sendall(b"X-More: " + b"x" * 8000 + b"\r\n")


def endless_answer(end, request):
    end.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 1073741824\r\n\r\n")
    while True:
        end.sendall(b" " * 65536)


def endless_continue(end, request):
    while True:
        end.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.01)


def silence(end, request):
    end.recv(1)


def no_http(end, request):
    end.sendall(b"\x15\x03\x01\x00\x02\x02\x28" * 100)
    end.recv(1)


SLOW = [answer_a_byte_at_a_time, head_a_byte_at_a_time, half_a_head, endless_head, endless_answer, endless_continue,
        silence, no_http]
TIMEOUT_S = 1.0


@contextlib.contextmanager
def raw_rig(serve, **more):
    with rig_in_a_folder() as rig:
        rig.start_redis()
        endpoint = RawEndpoint(serve)
        rig.stack.callback(endpoint.close)
        rig.lines = rig.events(20, "--seed", 229)
        rig.push(rig.lines)
        route = rig.route(endpoint.url(), batch={"max_events": 10}, endpoint={
            "profile": "plain", "timeout": f"{TIMEOUT_S:.0f}s", "retry": {"first": "10ms", "cap": "40ms"}})
        yield rig, endpoint, rig.start(rig.config(route, **more))


@pytest.mark.parametrize("serve", SLOW, ids=lambda serve: serve.__name__)
def test_deadlines_hold_and_signals_are_served_meanwhile(serve):
    with raw_rig(serve, stop_grace="200ms") as (rig, endpoint, daemon):
        wait_for(lambda: endpoint.requests, "the first request")
        begun = time.monotonic()
        daemon.signal(signal.SIGUSR2)
        wait_for(lambda: daemon.lines("status"), "the status", 5)
        assert time.monotonic() - begun < 1  # ten times the promised 100 ms
        wait_for(lambda: len(endpoint.requests) > 1, "the next attempt")
        assert time.monotonic() - begun < 5 * TIMEOUT_S
        keys = rig.redis.client.keys("elrelay:{covid}:batch:*")
        assert b"1" in [rig.redis.client.hget(key, "doubted") for key in keys]
        daemon.signal(signal.SIGUSR1)
        begun = time.monotonic()
        daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 0
        assert time.monotonic() - begun < 0.2 + 1
        assert rig.redis.client.xlen("elrelay:{covid}:events") == 20


@pytest.mark.parametrize("cut", [reset, lambda end: end.shutdown(socket.SHUT_RDWR)], ids=["reset", "closed"])
def test_a_cut_behind_the_whole_body_is_one_request_per_attempt(cut):
    """libcurl sends a POST again by itself where a connection that it used before ends without a byte of answer."""
    answered = []

    def serve(end, request):
        if len(answered) % 2:
            answered.append("cut")
            cut(end)
        else:
            answered.append("taken")
            end.sendall(OK)

    with raw_rig(serve) as (rig, endpoint, daemon):
        rig.push(rig.events(60, "--seed", 233))
        daemon.signal(signal.SIGUSR1)
        rig.wait_empty(seconds=20)
        keys = rig.redis.client.keys("elrelay:{covid}:batch:*")
        attempts = sum(int(rig.redis.client.hget(key, "attempts")) for key in keys)
        assert answered.count("cut") >= 3
        assert len(endpoint.requests) == attempts, answered
