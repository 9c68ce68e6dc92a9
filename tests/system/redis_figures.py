"""What elrelay costs a Redis: commands, keys, memory. Prints the table of docs/redis.md.

    redis_figures.py                   events of 2.6 kB, batches of 500, heartbeat 10 s, schedule 120 s
    redis_figures.py --batch 50        batches of another size
    redis_figures.py --seconds 240     watches the idle daemon for so long

Each figure is a difference of what INFO and MEMORY USAGE say before and after. Times are not measured.
"""

import argparse
import signal
import socket
import statistics
import sys
import tempfile
import time

from relay_rig import Rig, wait_for

PREFIX = "elrelay:{covid}:"
STREAM = PREFIX + "events"
IN_FLIGHT = 16
TICK_S, BEAT_S = 120, 10


class Figures:
    def __init__(self, folder, given):
        self.rig, self.count, self.batch, self.seconds, self.rows = Rig(folder), given.events, given.batch, given.seconds, []
        self.rig.start_redis("--appendfsync", "everysec", "--aof-use-rdb-preamble", "no")
        self.receiver = self.rig.start_receiver("receiver", "--plain", "/lab")
        self.client = self.rig.redis.client

    def row(self, what, figure):
        self.rows.append(f"| {what} | {figure} |")

    def used(self):
        return self.client.info("memory")["used_memory_dataset"]

    def commands(self):
        """Calls by command since the start, those of this client left out."""
        stats = self.client.info("commandstats")
        mine = ("info", "memory", "config", "ping", "xlen", "zcard", "keys", "xadd", "multi", "exec")
        return {name[8:]: row["calls"] for name, row in stats.items() if not name[8:].startswith(mine)}

    def from_clients(self):
        """Commands that came over a connection: those that scripts call are counted by Redis as well."""
        return {name: calls for name, calls in self.commands().items()
                if name in ("evalsha", "eval", "xreadgroup", "xread", "hmget", "wait", "waitaof", "info")}

    def config(self, url, **endpoint):
        route = self.rig.route(url, queue={"peek_count": 40}, batch={"max_events": self.batch}, format={"tracking_id": "Result_ID"},
                               schedule={"every": f"{TICK_S}s"},
                               endpoint={"profile": "plain", "headers": {}, **endpoint})
        return self.rig.config(route, heartbeat={"every": f"{BEAT_S}s", "life": "30s"})

    def push(self, lines):
        """Each a millisecond after the one before, as where they come one by one: ids of one millisecond are told shorter."""
        begun, pipe = time.time_ns() // 1_000_000 - len(lines), self.client.pipeline(transaction=False)
        for number, line in enumerate(lines):
            pipe.xadd(STREAM, {"event": line}, id=f"{begun + number}-0")
        pipe.execute()

    def memory(self):
        """The daemon is there, so that it is not counted; then some batches go to an endpoint that is silent, and stay open."""
        batches, lines = min(IN_FLIGHT, self.count // self.batch), self.rig.events(self.count, "--seed", 1)
        with socket.create_server(("127.0.0.1", 0), backlog=IN_FLIGHT) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/lab"
            daemon = self.rig.start(self.config(url, max_in_flight=IN_FLIGHT, max_unknown=IN_FLIGHT, timeout="300s"))
            before = self.used()
            self.push(lines)
            queued = self.used()
            daemon.signal(signal.SIGUSR1)
            wait_for(lambda: self.sending() == batches, "all batches on the wire")
            sent, leased = self.used(), self.client.xpending(STREAM, "elrelay")["pending"]
            daemon.kill()
        whole = self.usage_of("open")
        self.row("size of an event, median", f"{statistics.median(map(len, lines)):.0f} bytes")
        self.row("memory of a queued event, in all", f"{(queued - before) / self.count:.0f} bytes")
        self.row("memory of a leased event, beside that", f"{(sent - queued - sum(whole)) / leased:.0f} bytes")
        self.row(f"memory of an open batch of {self.batch}", f"{statistics.median(whole):.0f} bytes")
        self.client.flushall()
        self.push(lines)

    def usage(self, key):
        return self.client.memory_usage(PREFIX + key, samples=0)

    def usage_of(self, batches):
        return [self.usage(f"batch:{batch.decode()}") for batch in self.client.zrange(PREFIX + batches, 0, -1)]

    def sending(self):
        batches = self.client.zrange(PREFIX + "open", 0, -1)
        return sum(self.client.hget(PREFIX + "batch:" + batch.decode(), "state") == b"sending" for batch in batches)

    def drain(self):
        aof = self.client.info("persistence")["aof_current_size"]
        before = self.from_clients()
        self.daemon = self.rig.start(self.config(self.receiver.url("/lab")))
        self.rig.wait_empty()
        batches = self.client.zcard(PREFIX + "done")
        wait_for(lambda: len(self.daemon.lines("cycle_done")) > 0, "the end of the cycle")
        after = self.from_clients()
        calls = sum(after.values()) - sum(before.values())
        self.row(f"requests to Redis for a batch of {self.batch}", f"{calls / batches:.0f}")
        grown = self.client.info("persistence")["aof_current_size"] - aof
        self.row("written to the AOF for an event, beside its XADD", f"{grown / self.count:.0f} bytes")
        whole = (sum(self.usage_of("done")) + self.usage("done")) / batches
        self.row(f"memory of a finished batch of {self.batch}, kept for 30 days", f"{whole:.0f} bytes")
        self.row("the same of a batch of ten", f"{self.batch_of_ten():.0f} bytes")
        each = self.usage("notifications") / self.client.xlen(PREFIX + "notifications")
        self.row("memory of a notification, of which some 10,000 are kept", f"{each:.0f} bytes")
        keys = sorted({key.decode().split("}:")[1].split(":")[0] for key in self.client.keys(PREFIX + "*")})
        self.row("keys beside one for each batch", ", ".join(key for key in keys if key != "batch"))

    def batch_of_ten(self):
        before = sum(self.usage_of("done"))
        self.push(self.rig.events(10))
        self.daemon.signal(signal.SIGUSR1)
        self.rig.wait_empty()
        return sum(self.usage_of("done")) - before + self.usage("done") / self.client.zcard(PREFIX + "done")

    def idle(self):
        before, begun = self.commands(), time.monotonic()
        time.sleep(self.seconds)
        minutes = (time.monotonic() - begun) / 60
        after = self.commands()
        direct = self.from_clients()
        calls = sum(direct.values()) - sum(before.get(name, 0) for name in direct)
        self.row("requests a minute of an idle daemon with one route", f"{calls / minutes:.1f}")
        inside = sum(after.values()) - sum(before.values()) - calls
        self.row("commands that its scripts call, a minute", f"{inside / minutes:.0f}")

    def run(self):
        self.memory()
        self.drain()
        self.idle()
        return ["| what | figure |", "|---|---|", *self.rows]


def main():
    parser = argparse.ArgumentParser(description="What elrelay costs a Redis.")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=TICK_S)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="elrelay-") as folder:
        figures = Figures(folder, given)
        try:
            print("\n".join(figures.run()))
        finally:
            figures.rig.close()


if __name__ == "__main__":
    sys.exit(main())
