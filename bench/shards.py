"""The daemon on a Redis Cluster of three nodes: a route in one shard, and in three, drained in turns."""

import subprocess

from rig import Bench
from redis_fleet import ClusterFleet

COUNTS = (1, 3)
NODES = 3
TURN = 1000  # events that a shard gets from `elrelay enqueue` at a time: whole turns for each, or they have unequal work


def tags(name, shards):
    return [f"{name}.{shard}" if shard else name for shard in range(shards)]


class ClusterBench(Bench):
    """As the other bench, over a cluster: what is asked of Redis is asked of each shard's node."""

    SETUPS = COUNTS

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.fleet = ClusterFleet(folder / "fleet")
        self.name = next(name for name in map("bench-{}".format, range(100)) if self.lies_apart(name))

    def lies_apart(self, name):
        return len({self.node(tag).port for tag in tags(name, max(COUNTS))}) == NODES

    def close(self):
        self.fleet.stop()

    def node(self, tag):
        return self.fleet.owner(f"elrelay:{{{tag}}}:events")

    def configure(self, case, url):
        self.queues = [(tag, self.node(tag).client) for tag in tags(self.name, self.setup)]
        self.write_config(self.fleet.url(), [self.route(case, url, self.name, shards=self.setup)])

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
        lengths = [client.xlen(f"elrelay:{{{tag}}}:events") for tag, client in self.queues]
        assert lengths == [count // self.setup] * self.setup, lengths

    def nodes_cpu(self):
        found = [node.client.info("cpu") for node in self.fleet.nodes]
        return [facts["used_cpu_user"] + facts["used_cpu_sys"] for facts in found]

    def redis_cpu(self):
        return sum(self.nodes_cpu())

    def measure(self, one, processes, sink):
        before = self.nodes_cpu()
        took = super().measure(one, processes, sink)
        return {**took, "nodes_cpu_s": [after - then for after, then in zip(self.nodes_cpu(), before, strict=True)]}
