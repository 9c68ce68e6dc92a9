"""The daemon killed again and again with work in hand, at an endpoint that lies, while producers go on.

    kills.py --kills 200                       until so many kills hit a process with a batch in hand
    kills.py --hours 1 --kills 400 --rate 100  and at least so long, the kills spread over it

It prints how many kills fell into each state of the batch that was in hand, resident memory over the lives of the
daemon, and the checker's line. It ends with 1 where an event is lost or twice, or a state was never hit.
"""

import argparse
import collections
import dataclasses
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import checker
from redis_door import Door
from relay_rig import BUILD, Rig, wait_for

PREFIX = "elrelay:{covid}:"
BOX = "box"
LIES = ["share 0.1: accept-then 504", "share 0.05: accept-then-reset", "share 0.05: reset-before-reading",
        "share 0.05: status 503 retry-after 0", "share 0.05: late-commit 50ms", "share 0.2: delay 30ms",
        "get share 0.05: status 403", "get share 0.1: status 503", "rows-with Patient_state=ZZ: refuse-rows"]
LATEST_S = 0.2          # after this nothing is stored any more that was on the wire
REFUSED_EVERY = 30      # events; one of them is refused, so that its batch is split
EVENTS_PER_BATCH = 20
COMMANDS_PER_LIFE = 50  # of Redis, after which it dies at the latest where it dies at a command
LIFE_S = 0.4            # or so long after it is ready
TICK_S = 0.05           # producers queue as often
WAITING_MAX = 2000      # events; with more than these they wait, so that all of it is sent soon after the last kill
TRIES_PER_KILL = 5      # kills that find nothing in hand are not counted, but not for ever


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

    def __init__(self, rig, rate, seed):
        self.rig, self.rate, self.seed = rig, rate, seed
        self.file = rig.folder / "queued.ndjson"
        self.count, self.stopped = 0, threading.Event()
        self.events = subprocess.Popen([str(BUILD / "tools/elrelay-events"), "--count", "1000000000", "--seed", str(seed)],
                                       stdout=subprocess.PIPE)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        client = self.rig.redis.client
        with open(self.file, "wb") as log:
            while not self.stopped.wait(TICK_S):
                if client.xlen(PREFIX + "events") + client.llen(BOX) < WAITING_MAX:
                    for _ in range(round(self.rate * TICK_S)):
                        self.queue(self.event(), log)
                log.flush()

    def event(self):
        line = self.events.stdout.readline().rstrip(b"\n")
        if self.count % REFUSED_EVERY == 0:
            line = re.sub(rb'("Patient_state":)"[^"]*"', rb'\1"ZZ"', line)
        return line

    def queue(self, line, log):
        self.count += 1
        if self.count % 4:
            self.rig.redis.client.xadd(PREFIX + "events", {"event": line})
        else:
            self.rig.redis.client.rpush(BOX, line)
        log.write(line + b"\n")

    def stop(self):
        self.stopped.set()
        self.thread.join()
        self.events.kill()
        self.events.wait()
        self.events.stdout.close()


class Kills:
    def __init__(self, folder, kind, rate, seed):
        self.kind, self.chance = KINDS[kind], random.Random(seed)
        self.rig = Rig(folder)
        self.rig.start_redis()
        self.door = Door(self.rig.folder / "door.sock", self.rig.redis.socket)
        self.rig.stack.callback(self.door.close)
        self.receiver = self.rig.start_receiver("receiver", "--seed", seed, *self.kind.receiver, faults=LIES)
        endpoint = {"retry": {"first": "10ms", "cap": "40ms"}, **self.kind.endpoint}
        route = self.rig.route(self.receiver.url(self.kind.path), queue={"inbox": BOX}, schedule={"every": "1s"},
                               batch={"max_events": EVENTS_PER_BATCH}, endpoint=endpoint)
        self.config = self.rig.config(route, heartbeat={"every": "100ms", "life": "300ms"}, log={"level": "info"}, redis={
            "url": f"unix://{self.rig.folder}/door.sock", "retry": {"first": "20ms", "cap": "100ms"}})
        self.states, self.decided, self.tries, self.memory = collections.Counter(), collections.Counter(), 0, []
        self.producers = Producers(self.rig, rate, seed)
        self.rig.stack.callback(self.producers.stop)

    def decide_held(self):
        """What a person does: asks the endpoint, and says what became of each batch that is held."""
        client = self.rig.redis.client
        held = [batch.decode() for batch in client.zrange(PREFIX + "held", 0, -1)]
        if not held:
            return
        time.sleep(LATEST_S)
        stored = {checker.batch_of(line) for line in self.receiver.accepted()}
        for batch in held:
            verb = "accept" if batch in stored else "resend"
            self.rig.run("held", verb, "--config", self.config, "--reason", "the endpoint was asked", batch)
            self.decided[verb] += 1

    def hits(self):
        return sum(self.states.values())

    def versions(self):
        """Batch -> version, of those that are open."""
        client = self.rig.redis.client
        return {batch: client.hmget(PREFIX + "batch:" + batch.decode(), "ver", "since", "state")
                for batch in client.zrange(PREFIX + "open", 0, -1)}

    def one_life(self, life_s):
        """From a start to a kill; counts the state of the batch that changed last in this life, if it is unfinished."""
        self.decide_held()
        before = self.versions()
        self.tries += 1
        daemon = self.rig.start(self.config)
        if self.chance.random() < 0.5:
            self.live(self.chance.uniform(0, life_s))
        else:
            self.live(max(0, life_s - LIFE_S))
            self.door.aim(daemon, self.chance.randrange(1, COMMANDS_PER_LIFE), self.chance.random() < 0.5)
            self.wait_for_the_strike(daemon)
        self.memory.append(resident_kb(daemon.popen.pid))
        daemon.kill()
        self.door.rest()
        daemon.out.close()
        changed = [(int(row[1]), row[2].decode()) for batch, row in self.versions().items() if before.get(batch) != row]
        if changed:
            self.states[max(changed)[1]] += 1

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
        while self.hits() < kills or self.missed() or time.monotonic() - begun < seconds:
            left = max(0.0, seconds - (time.monotonic() - begun))
            self.one_life(max(LIFE_S, 2 * left / max(1, kills - self.hits())) if left else LIFE_S)
            assert self.tries < 100 + TRIES_PER_KILL * max(kills, self.hits()), f"too few kills hit: {self.states}"
        self.producers.stop()
        self.rig.start(self.config)
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
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="elrelay-") as folder:
        kills = Kills(folder, given.kind, given.rate, given.seed)
        try:
            report = kills.run(given.kills, given.hours)
            print(f"{kills.hits()} kills with a batch in hand, of {kills.tries}: {dict(kills.states)}")
            print(f"held batches decided: {dict(kills.decided)}")
            print(kills.memory_line())
            print("\n".join([*report.examples, str(report)]))
            return 0 if report.is_clean() and not kills.missed() else 1
        finally:
            kills.close()


if __name__ == "__main__":
    sys.exit(main())
