"""The daemon killed again and again with work in hand, at an endpoint that lies, while producers go on.

    kills.py --kills 200                       until so many kills hit a process with a batch in hand
    kills.py --hours 1 --kills 400 --rate 100  and at least so long, the kills spread over it
    kills.py --instances 2 --stops --redis-restarts --hours 1 --kills 400 --rate 100

With several instances on the one queue a kill hits one at random, and it comes back at once or when the others have had
time to take its batches over. --stops: they are also stopped for a while and go on (troubles.py). --redis-restarts: Redis
is killed, restarted, stopped, full, or throws its clients out.

It prints how many kills fell into each state of the batch that was in hand, what else happened, resident memory over the
lives of the daemons, and the checker's line. It ends with 1 where an event is lost or twice, or a state was never hit.
"""

import argparse
import collections
import dataclasses
import hashlib
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import redis

import checker
import troubles
from queue_rig import text_of
from redis_door import Door
from relay_rig import BUILD, PATIENCE, Rig, wait_for

PREFIX = "elrelay:{covid}:"
BOX = "box"
LIES = ["share 0.1: accept-then 504", "share 0.05: accept-then-reset", "share 0.05: reset-before-reading",
        "share 0.05: status 503 retry-after 0", "share 0.05: late-commit 50ms", "share 0.2: delay 30ms",
        "get share 0.05: status 403", "get share 0.1: status 503", "rows-with Patient_state=ZZ: refuse-rows"]
REFUSED_EVERY = 30      # events; one of them is refused, so that its batch is split
EVENTS_PER_BATCH = 20
COMMANDS_PER_LIFE = 50  # of Redis, after which it dies at the latest where it dies at a command
BEATS_PER_LIFE = 4      # or so long after it is ready
TICK_S = 0.05           # producers queue as often
WAITING_MAX = 2000      # events; with more than these they wait, so that all of it is sent soon after the last kill
TRIES_PER_KILL = 5      # kills that find nothing in hand are not counted, but not for ever
# state -> the script that ends it
AIMS = {"split": "carve", "accepted": "drain", "forming": "seal", "sealed": "send", "unknown": "move"}
SAID_EVERY_S = 60       # how far it is
NAMES = ("one", "two", "three", "four", "five")


@dataclasses.dataclass
class Beat:
    """Heartbeats, and the times that hang on them: nothing is stored any more `latest_ms` after the last send."""

    every_ms: int
    life_ms: int
    endpoint: dict
    latest_ms: int


# One that is only killed sends nothing any more. One that was stopped goes on with what is left of its POST: for
# endpoint.timeout at most, and settling takes longer than that, the receiver's own time and a life (PROTOCOL, rule 4).
SHORT = Beat(100, 300, {}, 200)
LONG = Beat(500, 1500, {"timeout": "1s", "max_unknown": 10, "max_in_flight": 3}, 1500)
LONG_LOOKUP = {"settle": "2800ms", "gap": "500ms", "fallback": "hold"}


@dataclasses.dataclass
class Kind:
    """A kind of receiver, what is configured for it, and the states that kills must fall into."""

    receiver: list
    path: str
    endpoint: dict
    states: tuple


STATES = ("forming", "sealed", "sending", "unknown", "accepted", "split")
KINDS = {
    "key": Kind(["--plain", "/lab", "--idempotent"], "/lab", {"profile": "plain", "on_unknown": "resend"}, STATES),
    "hold": Kind(["--plain", "/lab"], "/lab", {"profile": "plain", "on_unknown": "hold"}, (*STATES, "held")),
    "lookup": Kind([], "/api/reports?processing=async", {
        "profile": "reportstream", "on_unknown": "lookup",
        "lookup": {"settle": "200ms", "gap": "200ms", "fallback": "hold"}}, (*STATES, "held")),
}


class Producers:
    """Queue events at a rate at most, by XADD and RPUSH in turn, and keep a log of what they queued."""

    def __init__(self, rig, store, rate, seed):
        self.store, self.rate, self.seed = store, rate, seed
        self.file = rig.folder / "queued.ndjson"
        self.count, self.stopped = 0, threading.Event()
        self.events = subprocess.Popen([str(BUILD / "tools/elrelay-events"), "--count", "1000000000", "--seed", str(seed)],
                                       stdout=subprocess.PIPE)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        with open(self.file, "wb") as log:
            while not self.stopped.wait(TICK_S):
                with self.store.client() as client:
                    if client.xlen(PREFIX + "events") + client.llen(BOX) < WAITING_MAX:
                        self.queue_some(client, log)
                log.flush()

    def queue_some(self, client, log):
        """Fewer, where Redis is full: it refuses what it does not take."""
        try:
            for _ in range(round(self.rate * TICK_S)):
                self.queue(client, self.event(), log)
        except redis.ResponseError as error:
            assert "OOM" in str(error), error

    def event(self):
        line = self.events.stdout.readline().rstrip(b"\n")
        if self.count % REFUSED_EVERY == 0:
            line = re.sub(rb'("Patient_state":)"[^"]*"', rb'\1"ZZ"', line)
        return line

    def queue(self, client, line, log):
        self.count += 1
        if self.count % 4:
            client.xadd(PREFIX + "events", {"event": line})
        else:
            client.rpush(BOX, line)
        log.write(line + b"\n")

    def stop(self):
        self.stopped.set()
        self.thread.join()
        self.events.kill()
        self.events.wait()
        self.events.stdout.close()


class Member:
    """An instance: its name, its configuration, its door to Redis, and its daemon while it lives."""

    def __init__(self, rig, name, route, beat):
        self.rig, self.name, self.daemon = rig, name, None
        socket = rig.folder / f"door-{name}.sock"
        self.door = Door(socket, rig.redis.socket)
        rig.stack.callback(self.door.close)
        heartbeat = {"every": f"{beat.every_ms}ms", "life": f"{beat.life_ms}ms"}
        self.config = rig.config(route, name=f"{name}.yaml", instance=name, heartbeat=heartbeat, log={"level": "info"},
                                 redis={"url": f"unix://{socket}", "retry": {"first": "20ms", "cap": "100ms"}})

    def start(self):
        self.daemon = self.rig.start(self.config)

    def kill(self):
        self.daemon.kill()
        self.door.rest()
        self.daemon.out.close()


class Kills:
    def __init__(self, folder, kind, rate, seed, instances=1, stops=False, redis_restarts=False):
        self.kind, self.chance = KINDS[kind], random.Random(seed)
        self.beat = LONG if instances > 1 or stops or redis_restarts else SHORT
        self.rig = Rig(folder)
        self.rig.start_redis()
        self.store = troubles.Redis(self.rig.redis)
        self.receiver = self.rig.start_receiver("receiver", "--seed", seed, *self.kind.receiver, faults=LIES)
        endpoint = {"retry": {"first": "10ms", "cap": "40ms"}, **self.kind.endpoint, **self.beat.endpoint}
        if self.beat is LONG and "lookup" in endpoint:
            endpoint["lookup"] = LONG_LOOKUP
        route = self.rig.route(self.receiver.url(self.kind.path), queue={"inbox": BOX}, schedule={"every": "1s"},
                               batch={"max_events": EVENTS_PER_BATCH}, endpoint=endpoint)
        self.members = [Member(self.rig, name, route, self.beat) for name in NAMES[:instances]]
        self.states, self.decided, self.tries, self.memory = collections.Counter(), collections.Counter(), 0, []
        self.left = collections.Counter()
        self.words = {script: hashlib.sha1(text_of(script).encode()).hexdigest().encode() for script in AIMS.values()}
        self.producers = Producers(self.rig, self.store, rate, seed)
        self.rig.stack.callback(self.producers.stop)
        self.troubles = {"takeovers": troubles.Takeovers(self.store, PREFIX)}
        if stops:
            self.troubles["stops"] = troubles.Stops(self.members, self.beat.every_ms / 1000, seed + 1)
        if redis_restarts:
            self.troubles["Redis"] = troubles.RedisTrouble(self.store, seed + 2)
        for trouble in self.troubles.values():
            self.rig.stack.callback(trouble.stop)

    def decide_held(self):
        """What a person does: asks the endpoint, and says what became of each batch that is held."""
        with self.store.client() as client:
            held = [batch.decode() for batch in client.zrange(PREFIX + "held", 0, -1)]
            late = [batch for batch in held if self.may_come(client, batch)]
        if not held:
            return
        if late:
            time.sleep(self.beat.latest_ms / 1000)
        stored = {checker.batch_of(line) for line in self.receiver.accepted()}
        for batch in held:
            with self.store.lock:
                self.decide(batch, "accept" if batch in stored else "resend")

    def may_come(self, client, batch):
        seconds, micros = client.time()
        last = int(client.hget(PREFIX + "batch:" + batch, "last") or 0)
        return seconds * 1000 + micros // 1000 < last + self.beat.latest_ms

    def decide(self, batch, verb):
        """It may be another's turn meanwhile: an answer that came late."""
        done = subprocess.run([self.rig.elrelay, "held", verb, "--config", self.members[0].config, "--reason",
                               "the endpoint was asked", batch], capture_output=True, timeout=PATIENCE)
        late = b"is in state" in done.stderr or b"no such" in done.stderr
        assert done.returncode == 0 or late, (verb, batch, done)
        self.decided[verb if done.returncode == 0 else "too late"] += 1

    def hits(self):
        return sum(self.states.values())

    def versions(self):
        """Batch -> version, since when, state, owner's name; of those that are open."""
        with self.store.client() as client:
            return {batch: client.hmget(PREFIX + "batch:" + batch.decode(), "ver", "since", "state", "name")
                    for batch in client.zrange(PREFIX + "open", 0, -1)}

    def one_life(self, life_s):
        """From a start to a kill; counts the state of the batch that changed last in this life, if it is unfinished."""
        self.decide_held()
        for member in self.members:
            self.see_to(member)
        before = self.versions()
        self.tries += 1
        member = self.chance.choice(self.members)
        daemon = member.daemon
        if self.chance.random() < 0.5:
            self.live(self.chance.uniform(0, life_s))
        else:
            self.live(max(0, life_s - BEATS_PER_LIFE * self.beat.every_ms / 1000))
            if self.aim(member):
                self.wait_for_the_strike(daemon)
        self.memory.append(resident_kb(daemon.popen.pid))
        member.kill()
        changed = [(int(row[1]), row[2].decode()) for batch, row in self.versions().items()
                   if before.get(batch) != row and row[1] and row[3] in (member.name.encode(), b"")]
        if changed:
            self.states[max(changed)[1]] += 1
        if len(self.members) > 1 and self.chance.random() < 0.5:
            self.live(self.chance.uniform(0, 3) * self.beat.life_ms / 1000)

    def aim(self, member):
        """At any command; now and then at one that ends a state which no kill has fallen into yet."""
        rare = [AIMS[state] for state in self.missed() if state in AIMS]
        if rare and self.chance.random() < 0.5:
            return member.door.aim(member.daemon, 1, False, self.words[self.chance.choice(rare)])
        return member.door.aim(member.daemon, self.chance.randrange(1, COMMANDS_PER_LIFE), self.chance.random() < 0.5)

    def see_to(self, member):
        """Lives; what left by itself is counted, and comes back as a service manager would have it."""
        if member.daemon and member.daemon.popen.poll() is None:
            return
        code = member.daemon.popen.returncode if member.daemon else None
        if code is not None and code != -signal.SIGKILL:
            self.left[code] += 1
            print(f"left with exit code {code}: {member.daemon.text().splitlines()[-5:]}", file=sys.stderr)
        member.start()

    def live(self, seconds):
        """A long life is seen to meanwhile: what is held bars what is new."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(1, left))
            self.decide_held()

    def wait_for_the_strike(self, daemon):
        end = time.monotonic() + 2
        while daemon.popen.poll() is None and time.monotonic() < end:
            time.sleep(0.002)

    def run(self, kills, hours):
        begun, seconds = time.monotonic(), hours * 3600
        said = begun
        while self.hits() < kills or self.missed() or time.monotonic() - begun < seconds:
            left = max(0.0, seconds - (time.monotonic() - begun))
            life_s = BEATS_PER_LIFE * self.beat.every_ms / 1000
            self.one_life(max(life_s, 2 * left / max(1, kills - self.hits())) if left else life_s)
            if time.monotonic() - said > SAID_EVERY_S:
                said = time.monotonic()
                print(f"{said - begun:.0f} s: {self.hits()} kills, {dict(self.states)}", file=sys.stderr)
            assert self.tries < 100 + TRIES_PER_KILL * max(kills, self.hits()), f"too few kills hit: {self.states}"
        self.producers.stop()
        for trouble in self.troubles.values():
            trouble.stop()
        for member in self.members:
            self.see_to(member)
        wait_for(self.is_settled, "an empty queue", 120)
        return self.report()

    def is_settled(self):
        self.decide_held()
        return self.rig.queue_is_empty(inbox=BOX)

    def report(self):
        log = checker.Log(self.receiver.accepted_file, self.receiver.bodies)
        queue = checker.Queue(self.rig.redis.client, inbox=BOX)
        return checker.check(checker.lines_of(self.producers.file), [log], queue)

    def missed(self):
        return [state for state in self.kind.states if not self.states[state]]

    def memory_line(self):
        known = [kb for kb in self.memory if kb]
        part = max(1, len(known) // 4)
        first, last = (statistics.median(kbs) for kbs in (known[:part], known[-part:]))
        return f"VmRSS kB: median of the first quarter {first:.0f}, of the last {last:.0f}, highest {max(known)}"

    def close(self):
        self.rig.close()


def resident_kb(pid):
    """0 where it is gone."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("VmRSS")), 0)
    except OSError:
        return 0


def main():
    parser = argparse.ArgumentParser(description="Kills the daemon with work in hand, and looks where each event is.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--hours", type=float, default=0)
    parser.add_argument("--rate", type=float, default=300, help="events a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, default="key")
    parser.add_argument("--instances", type=int, choices=range(1, len(NAMES) + 1), default=1)
    parser.add_argument("--stops", action="store_true", help="stop daemons for half a heartbeat up to ten")
    parser.add_argument("--redis-restarts", action="store_true", help="kill, restart, stop and fill Redis")
    parser.add_argument("--keep", action="store_true", help="leave the folder where it did not go well, and say where")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # its processes go with it
    folder = tempfile.mkdtemp(prefix="elrelay-")
    good = False
    kills = Kills(folder, given.kind, given.rate, given.seed, given.instances, given.stops, given.redis_restarts)
    try:
        report = kills.run(given.kills, given.hours)
        print(f"{kills.hits()} kills with a batch in hand, of {kills.tries}: {dict(kills.states)}")
        print(f"held batches decided: {dict(kills.decided)}")
        for what, trouble in kills.troubles.items():
            print(f"{what}: {dict(trouble.counts)}")
        if kills.left:
            print(f"left by themselves, by exit code: {dict(kills.left)}")
        print(kills.memory_line())
        print("\n".join([*report.examples, str(report)]))
        good = report.is_clean() and not kills.missed()
        return 0 if good else 1
    finally:
        kills.close()
        if good or not given.keep:
            shutil.rmtree(folder)
        else:
            print(f"kept: {folder}")


if __name__ == "__main__":
    sys.exit(main())
