"""The daemon on a Redis Cluster of three nodes: a route in one shard, and in three, drained in turns."""

import subprocess

from rig import Bench, wait_for
from redis_fleet import ClusterFleet
from relay_rig import yaml_of

COUNTS = (1, 3)
NODES = 3
TURN = 1000  # events that a shard gets from `elrelay enqueue` at a time: whole turns for each, or they have unequal work


def tags(name, shards):
    return [f"{name}.{shard}" if shard else name for shard in range(shards)]


class ClusterBench(Bench):
    """As the other bench, over a cluster: what is asked of Redis is asked of each shard's node."""

    def __init__(self, build, folder):
        self.build, self.folder, self.shards = build, folder, 1
        self.fleet = ClusterFleet(folder / "fleet")
        self.name = next(name for name in map("bench-{}".format, range(100)) if self.lies_apart(name))

    def lies_apart(self, name):
        return len({self.node(tag).port for tag in tags(name, max(COUNTS))}) == NODES

    def close(self):
        self.fleet.stop()

    def node(self, tag):
        return self.fleet.owner(f"elrelay:{{{tag}}}:events")

    def configure(self, case, url):
        (self.folder / "elrelay.yaml").write_text(yaml_of({
            "redis": {"url": self.fleet.url()},
            "instance": "bench",
            "routes": [{
                "name": self.name, "shards": self.shards, "schedule": {"every": "24h"},
                "batch": {"max_events": case.batch},
                "endpoint": {"profile": "plain", "url": url, "max_in_flight": case.in_flight, "max_unknown": 16}}]}))

    def empty(self):
        for node in self.fleet.nodes:
            node.client.flushall()

    def enqueue(self, count):
        events = self.folder / f"events-{count}.ndjson"
        if not events.exists():
            with open(events, "wb") as out:
                subprocess.run([self.build / "tools/elrelay-events", "--count", str(count)], stdout=out, check=True)
        with open(events, "rb") as lines:
            subprocess.run([self.build / "elrelay", "enqueue", "--config", self.folder / "elrelay.yaml"], stdin=lines,
                           stdout=subprocess.DEVNULL, check=True)
        self.clients = [(tag, self.node(tag).client) for tag in tags(self.name, self.shards)]
        lengths = [client.xlen(f"elrelay:{{{tag}}}:events") for tag, client in self.clients]
        assert lengths == [count // self.shards] * self.shards, lengths

    def is_empty(self):
        for tag, client in self.clients:
            prefix = f"elrelay:{{{tag}}}:"
            pipe = client.pipeline(transaction=True)
            length, leased, unfinished = pipe.xlen(prefix + "events").xpending(prefix + "events", "elrelay").zcard(
                prefix + "open").execute()
            if length or leased["pending"] or unfinished:
                return False
        return True

    def nodes_cpu(self):
        found = [node.client.info("cpu") for node in self.fleet.nodes]
        return [facts["used_cpu_user"] + facts["used_cpu_sys"] for facts in found]

    def redis_cpu(self):
        return sum(self.nodes_cpu())

    def measure(self, one, process, sink):
        wait_for(lambda: process.text().count("route_ready") == self.shards, "all shards")
        before = self.nodes_cpu()
        took = super().measure(one, process, sink)
        return {**took, "nodes_cpu_s": [after - then for after, then in zip(self.nodes_cpu(), before, strict=True)]}


def run_rounds(bench, one, case, rounds, sink):
    """For each round, a run with each count of shards; each begins with another."""
    done = []
    bench.write_body(bench.golden(case._replace(events=case.batch))[0])
    for number in range(rounds):
        runs = {}
        for bench.shards in COUNTS[number % 2:] + COUNTS[:number % 2]:
            runs[bench.shards] = bench.run(one, case, sink)
        done.append({shards: runs[shards] for shards in COUNTS})
    return done
