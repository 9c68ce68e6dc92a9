"""Redis dies again and again with work in hand, and each time comes back older than it was.

    older_redis.py --lives 40 --kind lookup --instances 2            with the barrier
    older_redis.py --lives 40 --kind lookup --instances 2 --without  without one

In each life events are queued, and Redis is killed at a command: before it is carried out, or before its reply. Then its
append-only file is cut, and Redis starts with what is left. A durable Redis keeps at least all up to the last mark
`sending` that it has answered, so with the barrier only what stands behind that one is cut, at any byte; without it
anything may be. The daemons live through it, die with it and come back, or are replaced by others. At the end of a life
each event must have arrived: counted are those that did not, though their XADD was kept (lost), and those that arrived
more than once (twice). An event whose own XADD was cut is the producer's loss, and is counted apart.
"""

import argparse
import collections
import contextlib
import dataclasses
import hashlib
import json
import random
import re
import signal
import sys
import tempfile

import redis

from kills import KINDS
from queue_rig import text_of
from redis_door import Door
from relay_rig import Rig, wait_for

STREAM = b"elrelay:{covid}:events"
MANIFESTS = b"elrelay:{covid}:batch:"
LIES = ["share 0.15: accept-then 504", "share 0.1: status 503 retry-after 0", "share 0.2: delay 20ms"]
EVENTS_PER_LIFE = 8
EVENTS_PER_BATCH = 3
COMMANDS_PER_LIFE = 60  # of Redis, by when all of it would be sent
WORKERS = ("alive", "dead", "replaced")
CUTS = ("least", "most", "any")  # what is kept: all but one byte, no more than must be, or something between
RESTART_EVERY = 4       # lives; then Redis is killed once more at their end, and nothing is cut
SEND = hashlib.sha1(text_of("send").encode()).hexdigest().encode()
HEAD, WORD = re.compile(rb"\*(\d+)\r\n"), re.compile(rb"\$(\d+)\r\n")


def commands_of(data):
    """Each whole command of an append-only file: its words, and where it ends."""
    at = 0
    while head := HEAD.match(data, at):
        words, at = [], head.end()
        for _ in range(int(head[1])):
            word = WORD.match(data, at)
            if not word or len(data) < word.end() + int(word[1]) + 2:
                return
            words.append(data[word.end():word.end() + int(word[1])])
            at = word.end() + int(word[1]) + 2
        yield words, at


def changes_of(data):
    """Batch, state, and where it ends, of each change of a manifest: with its transaction, where it stands in one."""
    changes, inside = [], False
    for words, end in commands_of(data):
        inside = words[0] == b"MULTI" or (inside and words[0] != b"EXEC")
        if words[0] == b"HSET" and words[1].startswith(MANIFESTS) and words[2] == b"state":
            changes.append((words[1].removeprefix(MANIFESTS), words[3].decode()))
        if not inside:
            yield from (change + (end,) for change in changes)
            changes = []


def marks_of(data):
    """Batch and end of each mark `sending`."""
    return [(batch, end) for batch, state, end in changes_of(data) if state == "sending"]


def events_of(data):
    return {words[words.index(b"event") + 1] for words, _ in commands_of(data) if words[:2] == [b"XADD", STREAM]}


@dataclasses.dataclass(frozen=True)
class Life:
    """How one goes: Redis dies at this command, on this side of it, and is cut so; and what becomes of the daemons."""

    command: int
    after: bool
    workers: str
    cut: str


@dataclasses.dataclass
class Count:
    lives: int = 0
    cut_bytes: int = 0
    queued: int = 0
    delivered: int = 0
    lost: int = 0
    twice: int = 0
    twice_in: int = 0  # lives
    held: int = 0      # batches
    broken: int = 0    # lives after which the stream's own count of removed entries is not ours
    producers: int = 0
    workers: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    states: collections.Counter = dataclasses.field(default_factory=collections.Counter)

    def __str__(self):
        return (f"{self.lives} lives ({words(self.workers)}), {self.cut_bytes} bytes cut, batches then "
                f"{words(self.states)}: lost {self.lost}, twice {self.twice} in {self.twice_in} lives, "
                f"held {self.held}, broken {self.broken}; queued {self.queued}, delivered {self.delivered}, "
                f"lost by producers {self.producers}")

    def is_clean(self):
        return self.lost == self.twice == self.held == self.broken == 0


def words(counter):
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items()))


class Older:
    def __init__(self, folder, kind, instances, barrier, seed=1):
        self.kind, self.barrier, self.chance = KINDS[kind], barrier, random.Random(seed)
        self.rig, self.count, self.names = Rig(folder), Count(), 0
        self.rig.start_redis("--appendfsync", "always" if barrier else "everysec")
        self.door = Door(self.rig.folder / "door.sock", self.rig.redis.socket)
        self.rig.stack.callback(self.door.close)
        self.receiver = self.rig.start_receiver("receiver", "--seed", seed, *self.kind.receiver, faults=LIES)
        self.seed, self.arrived, self.deliveries = seed, collections.Counter(), 0
        self.configs = [self.config() for _ in range(instances)]
        self.daemons = [self.rig.start(config) for config in self.configs]

    def config(self):
        """Of an instance that has a name of its own."""
        self.names += 1
        name = f"i{self.names}"
        route = self.rig.route(self.receiver.url(self.kind.path), schedule={"every": "1s"},
                               batch={"max_events": EVENTS_PER_BATCH},
                               endpoint={"retry": {"first": "10ms", "cap": "40ms"}, **self.kind.endpoint})
        return self.rig.config(route, name=f"{name}.yaml", instance=name, heartbeat={"every": "100ms", "life": "400ms"},
                               redis={"url": f"unix://{self.rig.folder}/door.sock",
                                      "retry": {"first": "10ms", "cap": "20ms"},
                                      "durability": "always" if self.barrier else "none"})

    # One life

    def queue(self, lines):
        with contextlib.suppress(redis.RedisError):
            self.rig.push(lines)

    def flush(self):
        for daemon in self.daemons:
            daemon.signal(signal.SIGUSR1)

    def kill_redis(self, life):
        """Queues events until Redis dies of it; what was queued."""
        strikes, process = self.door.strikes, self.rig.redis.process
        queued = self.rig.events(EVENTS_PER_LIFE, "--seed", self.seed * 1_000_000 + self.count.lives)
        self.queue(queued[:EVENTS_PER_LIFE // 2])
        self.door.aim(process, life.command, life.after)
        self.flush()
        self.queue(queued[EVENTS_PER_LIFE // 2:])
        wait_for(lambda: self.door.strikes > strikes, "the end of Redis")
        process.kill()
        process.stop()
        return queued

    def file(self):
        return max((self.rig.folder / "appendonlydir").glob("*.incr.aof"), key=lambda path: int(path.name.split(".")[2]))

    def earliest(self, data, life):
        """Where a durable Redis may be cut at the earliest. A mark whose answer was held back counts for nothing."""
        marks = marks_of(data) if self.barrier else []
        sends = life.after and (SEND in self.door.command or b"\n-- send - " in self.door.command)
        if marks and sends and marks[-1][0] in self.door.command:
            marks.pop()
        return marks[-1][1] if marks else 0

    def cut(self, life):
        """What is left of the file."""
        path = self.file()
        data = path.read_bytes()
        earliest = self.earliest(data, life)
        ends = [earliest, *(end for _, end in commands_of(data) if end > earliest)]
        keep = {"least": max(earliest, len(data) - 1), "most": earliest,
                "any": self.chance.choice([self.chance.choice(ends), self.chance.randint(earliest, len(data))])}[life.cut]
        with open(path, "r+b") as file:
            file.truncate(keep)
        self.count.cut_bytes += len(data) - keep
        return data[:keep]

    def come_back(self, life):
        if life.workers != "alive":
            for daemon in self.daemons:
                daemon.kill()
                daemon.out.close()
        self.rig.redis.start()
        if life.workers == "replaced":
            self.configs = [self.config() for _ in self.configs]
        if life.workers != "alive":
            self.daemons = [self.rig.start(config, ready=False) for config in self.configs]

    def restart(self):
        """Redis dies once more, of no harm: what it holds is what was seen."""
        self.rig.redis.restart()
        self.settle()

    def settle(self):
        wait_for(self.is_settled, "an empty queue")

    def is_settled(self):
        """Nothing is on the queue, and nobody will rewrite the file any more."""
        client = self.rig.redis.client
        if not self.barrier:
            self.decide_held()
        with contextlib.suppress(redis.RedisError):
            about = client.info()
            return (self.rig.queue_is_empty() and client.hget("elrelay:{covid}:state", "run_id") == about["run_id"].encode()
                    and not about["aof_rewrite_in_progress"])

    def decide_held(self):
        """Sent twice under one id and then in doubt: the endpoint's list says so, and a person decides."""
        held = []
        with contextlib.suppress(redis.RedisError):
            held = self.rig.redis.client.zrange("elrelay:{covid}:held", 0, -1)
        for batch in held:
            self.rig.run("held", "accept", "--config", self.configs[0], "--reason", "the endpoint was asked", batch.decode())
            self.count.held += 1

    def live(self, life):
        queued = self.kill_redis(life)
        left = self.cut(life)
        self.come_back(life)
        self.settle()
        if self.count.lives % RESTART_EVERY == 0:
            self.restart()
        self.judge(life, queued, events_of(left))
        self.count.states.update({batch: state for batch, state, _ in changes_of(left)}.values())

    def judge(self, life, queued, kept):
        accepted = self.receiver.accepted()[self.deliveries:]
        self.deliveries += len(accepted)
        arrived = collections.Counter(row["Result_ID"] for row in self.receiver.rows(accepted))
        twice = sum(self.arrived[key] + count > 1 for key, count in arrived.items())
        self.arrived.update(arrived)
        times = {line: self.arrived[json.loads(line)["Result_ID"]] for line in queued}
        self.count.lives += 1
        self.count.workers[life.workers] += 1
        self.count.queued += len(queued)
        self.count.delivered += sum(count > 0 for count in times.values())
        self.count.twice += twice
        self.count.twice_in += twice > 0
        self.count.lost += sum(times[line] == 0 for line in queued if line in kept)
        self.count.producers += sum(times[line] == 0 for line in queued if line not in kept)
        facts = self.rig.redis.client.xinfo_stream(STREAM)
        removed = self.rig.redis.client.hget("elrelay:{covid}:stats", "removed")
        self.count.broken += facts["entries-added"] - facts["length"] != int(removed or 0)

    def a_life(self):
        """One of all that there are."""
        return Life(self.chance.randint(1, COMMANDS_PER_LIFE), self.chance.random() < 0.5, self.chance.choice(WORKERS),
                    self.chance.choice(CUTS))

    def close(self):
        self.rig.close()


def every_life():
    return [Life(command, after, workers, cut) for workers in WORKERS for cut in CUTS
            for command in range(1, COMMANDS_PER_LIFE + 1) for after in (False, True)]


def some_lives():
    """Those that show most: Redis loses all that it may."""
    return [Life(command, after, workers, cut) for command, after in ((25, False), (55, True))
            for workers in WORKERS for cut in ("most", "any")]


def run(kind, instances, barrier, lives, seed=1):
    """A list of lives, or so many that are drawn at random: what they came to."""
    with tempfile.TemporaryDirectory(prefix="elrelay-") as folder:
        older = Older(folder, kind, instances, barrier, seed)
        try:
            for life in lives if isinstance(lives, list) else [older.a_life() for _ in range(lives)]:
                older.live(life)
            return older.count
        finally:
            older.close()


def main():
    parser = argparse.ArgumentParser(description="Kills Redis, cuts its file, and looks what arrived.")
    parser.add_argument("--lives", type=int, default=0, help="so many at random; not given: each that there is")
    parser.add_argument("--kind", choices=("key", "lookup"), default="lookup")
    parser.add_argument("--instances", type=int, default=1)
    parser.add_argument("--without", action="store_true", help="without the barrier")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    count = run(given.kind, given.instances, not given.without, given.lives or every_life(), given.seed)
    print(f"{given.kind}, {given.instances} instances, {'no barrier' if given.without else 'barrier'}: {count}")
    return 0 if given.without or count.is_clean() else 1


if __name__ == "__main__":
    sys.exit(main())
