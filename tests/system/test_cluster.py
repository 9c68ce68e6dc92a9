"""Routes on a real Redis Cluster: each on its own node, followed through moves of its slot and through failovers."""

import collections
import json
import threading

import checker
import pytest
from cli_rig import Cli
from redis_fleet import ClusterFleet
from relay_rig import rig_in_a_folder, wait_for

RETRY = {"first": "20ms", "cap": "200ms"}


def names_apart(fleet):
    """Two routes whose keys lie on two nodes."""
    first = fleet.owner("elrelay:{covid}:events")
    other = next(name for name in map("flu-{}".format, range(100))
                 if fleet.owner(f"elrelay:{{{name}}}:events") is not first)
    return ["covid", other]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    fleet = ClusterFleet(tmp_path_factory.mktemp("cluster") / "fleet")
    yield fleet
    fleet.stop()


@pytest.fixture
def rig():
    with rig_in_a_folder() as rig:
        yield rig


def use(rig, fleet, route="covid"):
    """The rig's Redis is the node of this route."""
    rig.redis = fleet.owner(f"elrelay:{{{route}}}:events")
    return rig.redis


def judge(rig, fleet, receiver, lines, route="covid"):
    log = checker.Log(receiver.accepted_file, receiver.bodies)
    report = checker.check(lines, [log], checker.Queue(use(rig, fleet, route).client, route))
    assert report.is_clean() and report.delivered == len(lines), (report, report.examples)


def test_two_routes_on_two_nodes(rig, fleet):
    """Events and messages of both arrive, by a daemon that was told one node only."""
    names = names_apart(fleet)
    use(rig, fleet)
    receivers = {name: rig.start_receiver(name) for name in names}
    routes = [rig.route(receivers[name].url(), name=name, format={"tracking_id": "Result_ID"}) for name in names]
    cli = Cli(rig, *routes, redis={"url": fleet.url(fleet.nodes[0]), "retry": RETRY})
    assert "FAIL" not in cli.out("check", "--connect")
    daemon = rig.start(cli.config)
    wait_for(lambda: len(daemon.lines("route_ready")) == 2, "both routes")
    assert len({line.split("server=")[1] for line in daemon.lines("redis_up")}) == 2
    lines = {name: rig.events(20, "--seed", str(seed)) for seed, name in enumerate(names)}
    for name in names:
        cli("enqueue", "--route", name, text=b"\n".join(lines[name]) + b"\n")
    assert all(name in cli.out("peek") for name in names)
    status = cli.routes("status")
    assert [status[name]["waiting"] for name in names] == [20, 20]
    cli("pause", "--reason", "a test")
    cli("resume")
    cli("flush")
    for name in names:
        use(rig, fleet, name)
        rig.wait_empty(name)
        judge(rig, fleet, receivers[name], lines[name], name)
    batches = cli.routes("batch", "list")
    assert all(len(batches[name]["batches"]) == 1 for name in names)
    for name in names:
        assert name in cli.out("batch", "show", batches[name]["batches"][0]["id"])
        found = cli.routes("trace", json.loads(lines[name][0])["Result_ID"])
        assert [len(found[other]["trail"]) for other in names] == [int(other == name) for other in names]
    assert all(cli.out("report", "--day", batches[name]["batches"][0]["since"][:10]).count("1 batch, 20 events") == 2 for name in names)
    cli("dead", "list")
    cli("held", "list")
    daemon.stop()
    cli("enqueue", "--route", names[1], text=rig.events(1, "--seed", "9")[0] + b"\n")
    cli("flush")  # by a cycle of its own
    assert len(receivers[names[1]].rows()) == 21


class Producer(threading.Thread):
    """Queues some 300 events a second one by one, wherever the stream is."""

    def __init__(self, fleet, lines):
        super().__init__(daemon=True)
        self.client, self.lines = fleet.client(), lines
        self.stop_asked, self.queued = threading.Event(), []

    def run(self):
        for line in self.lines:
            if self.stop_asked.wait(0.003):
                return
            self.client.xadd("elrelay:{covid}:events", {"event": line})
            self.queued.append(line)

    def more(self, count=1):
        wanted = len(self.queued) + count
        wait_for(lambda: len(self.queued) >= wanted, "more events")

    def stop(self):
        self.stop_asked.set()
        self.join()
        return self.queued


def test_a_slot_moves_while_events_flow(rig, fleet):
    """Key by key, and back again: the daemon waits while the slot is on the move, and follows it."""
    source = use(rig, fleet)
    source.client.flushall()
    target = next(node for node in fleet.nodes if node is not source)
    receiver = rig.start_receiver(faults=["every 1: delay 100ms"])
    slot = fleet.slot("elrelay:{covid}:events")
    route = rig.route(receiver.url(), schedule={"every": "1s"}, batch={"max_events": 100})
    daemon = rig.start(rig.config(route, redis={"url": fleet.url(), "retry": RETRY}))
    producer = Producer(fleet, rig.events(20000))
    producer.start()
    for before, after in ((source, target), (target, source)):
        stored = len(receiver.accepted())
        wait_for(lambda: len(receiver.accepted()) > stored + 2, "batches that are sent")
        fleet.begin_move(slot, before, after)
        while fleet.move_keys(slot, before, after):
            producer.more(5)
        wait_for(lambda: daemon.lines("slot_is_moving"), "word that the slot is moving")
        fleet.end_move(slot, before, after)
        wait_for(lambda: any(str(after.port) in line for line in daemon.lines("redis_up")[-2:]), "the new node")
    lines = producer.stop()
    use(rig, fleet)
    rig.wait_empty()
    judge(rig, fleet, receiver, lines)
    assert len(daemon.lines("slot_is_moving")) <= 4, "once for each move and connection"
    begun = [line for line in daemon.lines("act_failed") if "answers ERR" in line]
    assert not begun, "no script may end in its middle, at a key that is gone already"


def test_a_node_is_killed_and_its_replica_takes_over(rig, tmp_path):
    fleet = ClusterFleet(tmp_path / "fleet", replicas=1)
    rig.stack.callback(fleet.stop)
    names = names_apart(fleet)
    receivers = {name: rig.start_receiver(name) for name in names}
    routes = [rig.route(receivers[name].url(), name=name) for name in names]
    old = use(rig, fleet)
    cli = Cli(rig, *routes, redis={"url": fleet.url(old), "retry": RETRY})
    daemon = rig.start(cli.config)
    wait_for(lambda: len(daemon.lines("route_ready")) == 2, "both routes")
    lines = {name: rig.events(100, "--seed", str(seed)) for seed, name in enumerate(names)}
    for name in names:
        use(rig, fleet, name)
        rig.push(lines[name][:50], name)
    wait_for(lambda: old.client.wait(1, 100), "a replica that has it all")
    old.kill()
    wait_for(lambda: fleet.find_owner("elrelay:{covid}:events"), "another owner")
    wait_for(lambda: len(daemon.lines("route_ready")) == 3, "the route on the replica")
    for name in names:
        use(rig, fleet, name)
        rig.push(lines[name][50:], name)
    other = Cli(rig, *routes, redis={"url": fleet.url(*fleet.nodes), "retry": RETRY})  # the one named first is dead
    other("flush")
    for name in names:
        use(rig, fleet, name)
        rig.wait_empty(name)
        judge(rig, fleet, receivers[name], lines[name], name)
    ready = collections.Counter(line.split("route=")[1] for line in daemon.lines("route_ready"))
    assert ready[names[1]] == 1, "the other route was not disturbed"


def test_keys_of_ones_own_name_the_slot(rig, fleet):
    """The other keys of the route lie with them."""
    receiver = rig.start_receiver()
    use(rig, fleet, "test-events")
    route = rig.route(receiver.url(), queue={"inbox": "test-events"})
    cli = Cli(rig, route, redis={"url": fleet.url(), "retry": RETRY})
    client = fleet.client()
    client.rpush("test-events", *rig.events(5))
    cli("flush")
    assert len(receiver.rows()) == 5
    assert client.xlen("elrelay:{test-events}:events") == 0 and client.exists("elrelay:{test-events}:notifications")


def test_a_route_that_forwards_lies_beside_the_one_it_reads(rig, fleet):
    """Its stream is in the slot of another route, so all of its keys are, and none is that one's."""
    use(rig, fleet).client.flushall()
    receiver = rig.start_receiver(faults=["all: warn-rows 1,2"])
    callback = rig.start_receiver("callback", "--plain", "/callback")
    forward = rig.route(callback.url("/callback"), name="callback", queue={"stream": "elrelay:{covid}:exceptions"})
    del forward["endpoint"]["profile"], forward["endpoint"]["headers"]
    cli = Cli(rig, rig.route(receiver.url()), {**forward, "type": "forward"}, redis={"url": fleet.url(), "retry": RETRY})
    assert "FAIL" not in cli.out("check", "--connect")
    rig.push(rig.events(5))
    cli("flush", "--route", "covid")
    assert rig.redis.client.xlen("elrelay:{covid}:exceptions") == 2
    cli("flush", "--route", "callback")
    assert rig.redis.client.xlen("elrelay:{covid}:exceptions") == 0
    assert len(callback.accepted()) == 2 and len(receiver.rows()) == 5
    keys = {key.decode() for key in rig.redis.client.keys("*callback*")}
    assert keys and all(key.startswith("elrelay:{covid}:forward:callback:") for key in keys)


def test_keys_in_two_slots_are_refused(rig, fleet):
    use(rig, fleet)
    route = rig.route("http://127.0.0.1:9/", queue={"stream": "lab:events", "inbox": "test-events"})
    said = Cli(rig, route, redis={"url": fleet.url()}).err("check", code=3)
    assert "routes[0].queue.inbox: test-events lies in another slot than queue.stream lab:events" in said
    assert "{lab:events}:inbox" in said


def test_what_is_no_cluster_is_said(rig):
    rig.start_redis()
    cli = Cli(rig, redis={"url": "redis+cluster://127.0.0.1:1"})
    assert "cluster node 127.0.0.1:1: cannot connect" in cli.err("status", code=4)
