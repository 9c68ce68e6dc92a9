"""Instances side by side: one of them is stopped or killed at a chosen moment of a batch that it owns.

A moment is a command to Redis, before it is carried out or before its reply, or a place on the wire: a wire in front of
the endpoint lets so many bytes through and keeps the rest back. What the owner was stopped at goes on with it.
"""

import contextlib
import hashlib
import json
import signal
import socket
import subprocess
import threading
import time

import checker
from kills import KINDS, Beat
from queue_rig import names, text_of
from redis_door import Door
from relay_rig import PATIENCE, Rig, wait_for

PREFIX = "elrelay:{covid}:"
STREAM = PREFIX + "events"
BEAT = Beat(500, 1500, {"timeout": "1s"}, 1500)
LIFE_S, BEAT_S = BEAT.life_ms / 1000, BEAT.every_ms / 1000
TAKEOVER_S = LIFE_S + 5   # since the last heartbeat, as promised
LARGE = "x" * 1_500_000   # several of these are more than the buffers of a connection hold
EVENTS = 6


def script(name):
    """What its call holds, and no other's."""
    return hashlib.sha1(text_of(name).encode()).hexdigest().encode()


# A question about a manifest, by the length of its key: at the start another key is asked in this way.
MANIFEST = b"\nHMGET\r\n$%d\r" % len(PREFIX + "batch:0195f0a0-0000-7000-8000-000000000001")

# moment -> the word of a command and the side of it; a place on the wire is none of Redis
COMMANDS = {
    "before begin": (script("begin"), False), "begun": (script("begin"), True),
    "before a read": (b"\n>\r", False), "read": (b"\n>\r", True),
    "before seal": (script("seal"), False), "sealed": (script("seal"), True),
    "before sending": (script("send"), False), "sending": (script("send"), True), "mark seen": (MANIFEST, True),
    "before accept": (script("accept"), False), "accepted": (script("accept"), True),
    "before drain": (script("drain"), False), "drained": (script("drain"), True),
}
WIRE = ("mid-body", "after the body")
MOMENTS = (*COMMANDS, *WIRE)
ON_THE_WIRE = ("sending", "mark seen", "mid-body", "after the body", "before accept")  # stored as such when it strikes


class Wire:
    """In front of the endpoint: the first POST gets only so far, until it is let go on."""

    def __init__(self, port):
        self.target, self.room, self.held, self.goes_on = port, None, threading.Event(), threading.Event()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def hold_at(self, room):
        self.room = room

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                server = socket.create_connection(("127.0.0.1", self.target))
                for one, other, holds in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self.carry, args=(one, other, holds), daemon=True).start()

    def carry(self, one, other, holds):
        passed, room = 0, None
        with contextlib.suppress(OSError):
            while data := one.recv(1 << 14):
                if holds and passed == 0 and data.startswith(b"POST"):
                    room, self.room = self.room, None
                passed += len(data)
                other.sendall(data)
                if room is not None and passed >= room:
                    room = None
                    self.held.set()
                    self.goes_on.wait()
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.goes_on.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Pair:
    """Redis, the endpoint, instance `one` that owns a batch, and `two` beside it."""

    def __init__(self, folder, kind, every="1s", large=False, empty=False, faults=(), **endpoint):
        self.kind, self.rig = KINDS[kind], Rig(folder)
        self.rig.start_redis()
        self.client = self.rig.redis.client
        for name in names():
            self.client.script_load(text_of(name))  # else the first reply would be that it is not known
        self.receiver = self.rig.start_receiver("receiver", *self.kind.receiver, faults=list(faults))
        self.wire = Wire(self.receiver.port)
        self.rig.stack.callback(self.wire.close)
        settings = {"retry": {"first": "10ms", "cap": "40ms"}, **self.kind.endpoint, **BEAT.endpoint, **endpoint}
        if kind == "lookup":
            settings["lookup"] = {"settle": "2600ms", "gap": "300ms", "fallback": "hold"}
        self.route = self.rig.route(f"http://127.0.0.1:{self.wire.port}{self.kind.path}", schedule={"every": every},
                                    batch={"max_events": EVENTS}, endpoint=settings)
        self.doors, self.configs = {}, {}
        self.lines = []
        if not empty:
            self.push(large)

    def push(self, large=False):
        lines = self.rig.events(EVENTS, "--seed", 401 + len(self.lines))
        if large:
            lines = [json.dumps({**json.loads(line), "note": LARGE}).encode() for line in lines]
        self.lines += lines
        self.rig.push(lines)

    def start(self, name, ready=True, door=None, **more):
        door = door or name
        if door not in self.doors:
            self.doors[door] = Door(self.rig.folder / f"{door}.sock", self.rig.redis.socket)
            self.rig.stack.callback(self.doors[door].close)
        self.configs[name] = self.rig.config(
            self.route, name=f"{name}.yaml", instance=name, heartbeat={"every": "500ms", "life": "1500ms"},
            redis={"url": f"unix://{self.rig.folder}/{door}.sock", "retry": {"first": "20ms", "cap": "100ms"}}, **more)
        daemon = self.rig.start(self.configs[name], ready=ready)
        self.rig.stack.callback(daemon.signal, signal.SIGCONT)  # before it is stopped for good
        return daemon

    def strike(self, moment, number):
        """Starts `one`, and strikes it there."""
        if moment in WIRE:
            self.wire.hold_at(200_000 if moment == "mid-body" else 1)
            one = self.start("one")
            wait_for(self.wire.held.is_set, "the POST")
            if moment == "after the body":
                self.wire.goes_on.set()
                wait_for(self.receiver.accepted, "the delivery")
            one.signal(number)
            return one
        one = self.start("one", ready=False)  # no command of these comes before it is ready
        word, after = COMMANDS[moment]
        assert self.doors["one"].aim(one, 1, after, word, number)
        wait_for(self.doors["one"].hit.is_set, f"the moment: {moment}")
        return one

    def go_on(self, one, door="one"):
        one.signal(signal.SIGCONT)
        self.doors[door].rest()
        self.wire.goes_on.set()

    def batches(self):
        """All manifests, by id."""
        keys = self.client.keys(PREFIX + "batch:*")
        return {key.decode().rpartition(":")[2]: {name.decode(): value.decode("utf-8", "replace") for name, value in
                                                  self.client.hgetall(key).items()} for key in keys}

    def redis_ms(self):
        seconds, micros = self.client.time()
        return seconds * 1000 + micros // 1000

    def last_beat_ms(self, name):
        """By Redis's clock; as long as its heartbeat lasts."""
        left = self.client.pttl(PREFIX + "hb:" + name)
        assert left > 0, f"{name} has no heartbeat"
        return self.redis_ms() + left - BEAT.life_ms

    def decide_held(self):
        """The person, who asks the endpoint once nothing is on the wire any more."""
        for batch in self.client.zrange(PREFIX + "held", 0, -1):
            last = int(self.client.hget(PREFIX + "batch:" + batch.decode(), "last") or 0)
            if self.redis_ms() < last + BEAT.latest_ms:
                continue
            stored = {checker.batch_of(line) for line in self.receiver.accepted()}
            verb = "accept" if batch.decode() in stored else "resend"
            config = next(iter(self.configs.values()))
            done = subprocess.run([self.rig.elrelay, "held", verb, "--config", config, "--reason", "asked", batch.decode()],
                                  capture_output=True, timeout=PATIENCE)
            assert done.returncode == 0 or b"is in state" in done.stderr, done  # an answer that came late was faster

    def is_settled(self):
        self.decide_held()
        return self.rig.queue_is_empty()

    def judge(self):
        """Lost 0, twice 0, and everything delivered, with a person's help."""
        wait_for(self.is_settled, "an empty queue")
        self.judge_rest()

    def judge_rest(self):
        report = checker.check(self.lines, [checker.Log(self.receiver.accepted_file, self.receiver.bodies)],
                               checker.Queue(self.client))
        assert report.is_clean() and report.delivered == len(self.lines), (str(report), report.examples)
        self.judge_posts()

    def judge_posts(self):
        """None of a batch in doubt was sent again without two looks; none was sent that was taken, but under a key."""
        rows = self.receiver.read(self.receiver.requests_file)
        posts, looks = {}, 0
        for row in rows:
            headers = {name.lower(): value for name, value in row["headers"].items()}
            if row["method"] == "GET":
                looks += 1
            elif str(row["bytes"]) == headers["content-length"]:  # else it cannot have been taken
                batch = headers.get("payloadname") or headers["idempotency-key"]
                if batch in posts and "reportstream" in self.kind.endpoint["profile"]:
                    assert looks - posts[batch] >= 2, f"{batch} was sent again after {looks - posts[batch]} looks"
                posts[batch] = looks

    def consumers(self):
        return {row["name"].decode() for row in self.client.xinfo_consumers(STREAM, "elrelay")}

    def is_clean(self, *names):
        """Nothing is left of anybody but these."""
        state = self.client.hkeys(PREFIX + "state")
        beats = {key.decode().rpartition(":")[2] for key in self.client.keys(PREFIX + "hb:*")}
        known = {name.decode() for name in self.client.hkeys(PREFIX + "instances")}
        circuits = {field.decode()[8:] for field in state if field.startswith(b"circuit:")}
        return beats == known == set(names) and circuits <= set(names) and self.consumers() <= {"free"}

    def close(self):
        self.wire.goes_on.set()
        for door in self.doors.values():
            door.rest()
        self.rig.close()


def wait(seconds):
    """How long a process is stopped is what is tried here: no condition could say it."""
    time.sleep(seconds)
