"""More daemons on one queue, and more routes in one daemon, drained in turns on one Redis."""

import subprocess

from rig import Bench

SIZES = {"one": (1, 1), "2 instances": (2, 1), "4 instances": (4, 1), "4 routes": (1, 4), "16 routes": (1, 16)}
ROUTES_MAX = max(routes for _, routes in SIZES.values())


class ScaleBench(Bench):
    """As the other bench, with several daemons or several queues; all queues together hold the case's events."""

    SETUPS = tuple(SIZES)

    def file(self, instance):
        return f"elrelay-{instance}.yaml"

    def configure(self, case, url):
        instances, routes = SIZES[self.setup]
        names = [f"bench-{number}" for number in range(routes)]
        self.queues = [(name, self.redis.client) for name in names]
        for instance in range(instances):
            self.write_config(f"unix://{self.redis.socket}", [self.route(case, url, name) for name in names],
                              f"bench-{instance}", self.file(instance))

    def commands(self, one, case, url):
        return [[self.build / "elrelay", "run", "--config", self.folder / self.file(instance)]
                for instance in range(SIZES[self.setup][0])]

    def enqueue(self, count):
        for name, client in self.queues:
            self.events_to(count // len(self.queues), [self.build / "elrelay", "enqueue", "--config",
                                                       self.folder / self.file(0), "--route", name], stdout=subprocess.DEVNULL)
            assert client.xlen(f"elrelay:{{{name}}}:events") == count // len(self.queues)
