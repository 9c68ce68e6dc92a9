"""What else befalls the daemons of a rig while they are killed: they are stopped for a while, and Redis has trouble.

Each kind of trouble is a thread of its own, so that they fall together as chance has it. `Redis` is the one way to it for
all who take part: what dies with it while it restarts would leave a producer in doubt about its own event.
"""

import collections
import contextlib
import random
import signal
import threading
import time

import redis

BEATS = (0.5, 10)       # heartbeats that a daemon is stopped for
BETWEEN_S = (0.1, 2)    # two stops
REST_S = (3, 12)        # between two troubles of Redis
PAUSE_S = (0.05, 3)     # Redis is stopped for
FULL_S = (0.2, 2)       # it takes nothing more for
AWAY_S = (0, 2)         # it is not there for
LOOK_S = 0.03           # between two looks at whose the open batches are


class Trouble:
    """A thread that does something again and again until it is told to stop."""

    def __init__(self, seed, *pause_s):
        self.chance, self.pause_s = random.Random(seed), pause_s
        self.counts, self.stopped = collections.Counter(), threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            while not self.stopped.wait(self.chance.uniform(*self.pause_s)):
                self.happen()
        except Exception as failure:  # told to the main thread by stop()
            self.failure = failure

    def stop(self):
        self.stopped.set()
        self.thread.join()
        if self.failure:
            raise self.failure


class Stops(Trouble):
    """SIGSTOP to a member for half a heartbeat up to ten, then SIGCONT: at any moment, or at a command to Redis."""

    def __init__(self, members, beat_s, seed):
        self.members, self.beat_s = members, beat_s
        super().__init__(seed, *BETWEEN_S)

    def happen(self):
        member = self.chance.choice(self.members)
        daemon = member.daemon
        if not daemon or daemon.popen.poll() is not None:
            return
        seconds = self.chance.uniform(*BEATS) * self.beat_s
        at_a_command = self.chance.random() < 0.5 and member.door.aim(
            daemon, self.chance.randrange(1, 20), self.chance.random() < 0.5, number=signal.SIGSTOP)
        if at_a_command:
            at_a_command = member.door.strikes_within(2)
        if not at_a_command:
            daemon.signal(signal.SIGSTOP)
        self.counts["at a command" if at_a_command else "at any moment"] += 1
        self.stopped.wait(seconds)
        daemon.signal(signal.SIGCONT)
        member.door.rest(daemon)


class Redis:
    """Redis as the rig's own threads use it: they wait while it is restarted."""

    def __init__(self, server):
        self.server, self.lock = server, threading.RLock()

    @contextlib.contextmanager
    def client(self):
        with self.lock:
            yield self.server.client


class RedisTrouble(Trouble):
    """Redis is killed, restarted, stopped for a while, or takes nothing more. Nothing that it answered to is lost."""

    KINDS = ("killed", "restarted", "paused", "full", "clients killed")

    def __init__(self, store, seed):
        self.store = store
        super().__init__(seed, *REST_S)

    def happen(self):
        kind = self.chance.choice(self.KINDS)
        getattr(self, "be_" + kind.replace(" ", "_"))()
        self.counts[kind] += 1

    def be_killed(self):
        self.go_away(lambda process: process.kill())

    def be_restarted(self):
        self.go_away(lambda process: process.stop())

    def go_away(self, end):
        with self.store.lock:
            server = self.store.server
            end(server.process)
            server.process.out.close()
            self.stopped.wait(self.chance.uniform(*AWAY_S))
            server.start()

    def be_paused(self):
        process = self.store.server.process
        process.signal(signal.SIGSTOP)
        self.stopped.wait(self.chance.uniform(*PAUSE_S))
        process.signal(signal.SIGCONT)

    def be_full(self):
        """Producers are refused meanwhile; the queue must drain all the same."""
        with self.store.client() as client:
            client.config_set("maxmemory", 1)
        self.stopped.wait(self.chance.uniform(*FULL_S))
        with self.store.client() as client:
            client.config_set("maxmemory", 0)

    def be_clients_killed(self):
        """Those of the daemons: the rig's own say their names."""
        with self.store.client() as client:
            own = client.client_id()
            for row in client.client_list():
                if int(row["id"]) != own and row["name"] != "rig":
                    with contextlib.suppress(redis.RedisError):
                        client.client_kill_filter(_id=row["id"])


class Takeovers(Trouble):
    """Looks whose the open batches are, and counts those that go from one instance to another."""

    def __init__(self, store, prefix):
        self.store, self.prefix, self.owners = store, prefix, {}
        super().__init__(0, LOOK_S, LOOK_S)

    def happen(self):
        with self.store.client() as client:
            batches = client.zrange(self.prefix + "open", 0, -1)
            pipe = client.pipeline(transaction=False)
            for batch in batches:
                pipe.hmget(self.prefix + "batch:" + batch.decode(), "name", "state")
            rows = dict(zip(batches, pipe.execute(), strict=True))
        for batch, (name, state) in rows.items():
            before = self.owners.get(batch)
            if before and name and before != name:
                self.counts[state.decode()] += 1
        self.owners = {batch: name or self.owners.get(batch) for batch, (name, _) in rows.items()}
