"""What elrelay costs a Redis: commands, keys, memory. Prints the table of docs/redis.md.

    redis_figures.py                   events of 2.6 kB, batches of 500, heartbeat 10 s, schedule 120 s
    redis_figures.py --seconds 240     watches the idle daemon for so long

Each figure is a difference of what INFO and MEMORY USAGE say before and after. Times are not measured.
"""

import argparse
import statistics
import sys
import tempfile
import time

from relay_rig import Rig, wait_for

PREFIX = "elrelay:{covid}:"
STREAM = PREFIX + "events"
BATCH = 500
TICK_S, BEAT_S = 120, 10


class Figures:
    def __init__(self, folder, events, seconds):
        self.rig, self.count, self.seconds, self.rows = Rig(folder), events, seconds, []
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

    def config(self, url):
        route = self.rig.route(url, batch={"max_events": BATCH}, schedule={"every": f"{TICK_S}s"},
                               endpoint={"profile": "plain", "headers": {}})
        return self.rig.config(route, heartbeat={"every": f"{BEAT_S}s", "life": "30s"})

    def memory(self):
        before = self.used()
        lines = self.rig.events(self.count, "--seed", 1)
        self.row("size of an event, median", f"{statistics.median(map(len, lines)):.0f} bytes")
        self.rig.push(lines)
        self.row("memory of a queued event, in all", f"{(self.used() - before) / self.count:.0f} bytes")

    def drain(self):
        aof = self.client.info("persistence")["aof_current_size"]
        before = self.from_clients()
        self.daemon = self.rig.start(self.config(self.receiver.url("/lab")))
        self.rig.wait_empty()
        batches = self.client.zcard(PREFIX + "done")
        wait_for(lambda: len(self.daemon.lines("cycle_done")) > 0, "the end of the cycle")
        after = self.from_clients()
        calls = sum(after.values()) - sum(before.values())
        self.row(f"requests to Redis for a batch of {BATCH}", f"{calls / batches:.0f}")
        grown = self.client.info("persistence")["aof_current_size"] - aof
        self.row("written to the AOF for an event, beside its XADD", f"{grown / self.count:.0f} bytes")
        ids = [batch.decode() for batch in self.client.zrange(PREFIX + "done", 0, -1)]
        whole = [self.client.memory_usage(PREFIX + "batch:" + batch, samples=0) for batch in ids]
        self.row(f"memory of a finished batch of {BATCH}, kept for 30 days", f"{statistics.median(whole):.0f} bytes")
        keys = sorted({key.decode().split("}:")[1].split(":")[0] for key in self.client.keys(PREFIX + "*")})
        self.row("keys beside one for each batch", ", ".join(key for key in keys if key != "batch"))

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
    parser.add_argument("--seconds", type=float, default=TICK_S)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="elrelay-") as folder:
        figures = Figures(folder, given.events, given.seconds)
        try:
            print("\n".join(figures.run()))
        finally:
            figures.rig.close()


if __name__ == "__main__":
    sys.exit(main())
