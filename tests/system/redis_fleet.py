"""Several redis-servers on loopback: a master with replicas and Sentinels over them, or a cluster."""

import contextlib
import pathlib
import socket
import subprocess

import redis
from relay_rig import PATIENCE, Process, free_port, wait_for

DOWN_MS = 2_000  # less, and a busy machine is taken for a dead one


def is_free(port):
    with socket.socket() as probe:
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def ports(count, bus=False):
    """Free ports, all different; of a cluster each with its bus port 10000 above, which must be below 65536."""
    found = []
    while len(found) < count:
        port = 10000 + free_port() % 20000 if bus else free_port()
        if port not in found and (not bus or is_free(port) and is_free(port + 10000)):
            found.append(port)
    return found


class Server:
    """One redis-server with its folder; the same port and folder after a restart."""

    def __init__(self, folder, port, *args, password=None):
        self.folder, self.port, self.args = pathlib.Path(folder), port, args
        self.folder.mkdir(exist_ok=True)
        self.client = redis.Redis(port=port, password=password, socket_timeout=20)
        self.start()

    def start(self):
        self.process = Process(["redis-server", *self.args, "--port", self.port, "--bind", "127.0.0.1", "--dir",
                                self.folder], self.folder / "redis.log")
        wait_for(self.answers, f"an answer of the server at {self.port}")

    def answers(self):
        with contextlib.suppress(redis.RedisError):
            return self.client.ping()

    def role(self):
        with contextlib.suppress(redis.RedisError):
            return self.client.info("replication")["role"]

    def kill(self):
        self.process.kill()

    def stop(self):
        self.client.close()
        self.process.kill()
        self.process.stop()


class Fleet:
    def __init__(self, folder):
        self.folder, self.servers = pathlib.Path(folder), []
        self.folder.mkdir(exist_ok=True)

    def add(self, name, port, *args):
        """One that keeps data, in memory."""
        self.servers.append(Server(self.folder / name, port, "--save", "", "--appendonly", "no",
                                   "--repl-diskless-sync-delay", "0", *args))
        return self.servers[-1]

    def stop(self):
        for server in self.servers:
            server.stop()


class SentinelFleet(Fleet):
    """A master `lab`, two replicas, three Sentinels."""

    def __init__(self, folder, password=None):
        super().__init__(folder)
        first, *others = ports(3)
        self.data = [self.add("data-0", first)]
        self.data += [self.add(f"data-{at + 1}", port, "--replicaof", f"127.0.0.1 {first}")
                      for at, port in enumerate(others)]
        wait_for(lambda: self.data[0].client.info("replication")["connected_slaves"] == 2, "two replicas")
        self.sentinels = [self.add_sentinel(at, port, first, password) for at, port in enumerate(ports(3))]
        wait_for(lambda: all(map(self.sees_all, self.sentinels)), "Sentinels that know each other")

    def add_sentinel(self, at, port, master, password):
        folder = self.folder / f"sentinel-{at}"
        folder.mkdir()
        conf = folder / "sentinel.conf"
        conf.write_text(f"sentinel monitor lab 127.0.0.1 {master} 2\n"
                        f"sentinel down-after-milliseconds lab {DOWN_MS}\nsentinel failover-timeout lab 4000\n"
                        + (f"requirepass {password}\nsentinel sentinel-pass {password}\n" if password else ""))
        self.servers.append(Server(folder, port, conf, "--sentinel", password=password))
        return self.servers[-1]

    @staticmethod
    def sees_all(sentinel):
        with contextlib.suppress(redis.RedisError):
            state = sentinel.client.sentinel_master("lab")
            return state["num-slaves"] == state["num-other-sentinels"] == 2

    def url(self, tail="/lab"):
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}{tail}"

    def master(self):
        """The one that serves, as most Sentinels say and it says itself; waits for it."""
        return wait_for(self.find_master, "a master that Sentinels and itself agree on")

    def find_master(self):
        for server in self.data:
            named = 0
            for sentinel in self.sentinels:
                with contextlib.suppress(redis.RedisError):
                    named += sentinel.client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "lab") == [
                        b"127.0.0.1", b"%d" % server.port]
            if named >= 2 and server.role() == "master":
                return server
        return None


class ClusterFleet(Fleet):
    """Three masters, each with as many replicas as wished."""

    def __init__(self, folder, replicas=0):
        super().__init__(folder)
        count = 3 * (1 + replicas)
        self.nodes = [self.add(f"node-{at}", port, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
                               "--cluster-require-full-coverage", "no")
                      for at, port in enumerate(ports(count, bus=True))]
        done = subprocess.run(["redis-cli", "--cluster", "create", *(f"127.0.0.1:{node.port}" for node in self.nodes),
                               "--cluster-replicas", str(replicas), "--cluster-yes"], capture_output=True, timeout=2 * PATIENCE)
        assert done.returncode == 0, done.stdout
        wait_for(lambda: all(self.is_settled(node, replicas) for node in self.nodes), "a cluster that agrees")

    def is_settled(self, node, replicas):
        """It knows all, and as a replica has its data."""
        info = node.client.execute_command("CLUSTER INFO")
        if info["cluster_state"] != "ok" or int(info["cluster_known_nodes"]) != 3 * (1 + replicas):
            return False
        state = node.client.info("replication")
        return state["role"] == "master" and state["connected_slaves"] >= replicas \
            or state.get("master_link_status") == "up"

    def url(self, *nodes):
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes or self.nodes)

    def slot(self, key):
        return self.nodes[0].client.cluster("keyslot", key)

    def owner(self, key):
        """The living node that says itself that it serves the key; waits for it."""
        return wait_for(lambda: self.find_owner(key), f"an owner of {key}")

    def find_owner(self, key):
        for node in self.nodes:
            with contextlib.suppress(redis.RedisError):
                node.client.exists(key)
                if node.role() == "master":
                    return node
        return None

    def id(self, node):
        return node.client.cluster("myid").decode()

    def replicas_of(self, node):
        found = []
        for other in self.nodes:
            with contextlib.suppress(redis.RedisError):
                state = other.client.info("replication")
                if state["role"] == "slave" and state["master_port"] == node.port:
                    found.append(other)
        return found

    def begin_move(self, slot, source, target):
        target.client.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", self.id(source))
        source.client.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", self.id(target))

    def move_keys(self, slot, source, target, count=1):
        """So many keys of the slot, fewer where there are no more; how many went."""
        keys = source.client.execute_command("CLUSTER GETKEYSINSLOT", slot, count)
        for key in keys:
            source.client.execute_command("MIGRATE", "127.0.0.1", target.port, key, 0, 5000, "REPLACE")
        return len(keys)

    def end_move(self, slot, source, target):
        for node in (target, source):
            node.client.execute_command("CLUSTER SETSLOT", slot, "NODE", self.id(target))

    def client(self):
        """One that follows keys from node to node."""
        return redis.RedisCluster(host="127.0.0.1", port=self.nodes[0].port)
