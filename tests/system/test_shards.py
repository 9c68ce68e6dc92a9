"""A route that is spread over several queues: on the nodes of a cluster, when there become more of them, and fewer."""

import json
import random
import signal
import threading
import time

import pytest

import checker
from cli_rig import Cli, bury
from redis_fleet import ClusterFleet
from relay_rig import assert_exactly_once, rig_in_a_folder, wait_for
from test_acl import make_user
from test_in_flight import Gate
from test_ledger import past

RETRY = {"first": "20ms", "cap": "200ms"}
KILLS = 12


def tag(shard, name="covid"):
    """What stands between the braces: the first shard's is that of a route without shards."""
    return f"{name}.{shard}" if shard else name


def stream(shard, name="covid"):
    """The rule for producers; any shard is right."""
    return f"elrelay:{{{tag(shard, name)}}}:events"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    fleet = ClusterFleet(tmp_path_factory.mktemp("cluster") / "fleet")
    yield fleet
    fleet.stop()


@pytest.fixture
def rig():
    with rig_in_a_folder() as rig:
        yield rig


def spread(route, shards):
    return {**route, "shards": shards}


def name_apart(fleet, shards):
    """A route whose shards lie on all three nodes."""
    return next(name for name in map("covid-{}".format, range(100))
                if len({fleet.owner(stream(shard, name)).port for shard in range(shards)}) == 3)


def queues(fleet, name, shards):
    return checker.Queues(*(checker.Queue(fleet.owner(stream(shard, name)).client, tag(shard, name))
                            for shard in range(shards)))


def wait_empty(rig, fleet, name, shards):
    for shard in range(shards):
        rig.redis = fleet.owner(stream(shard, name))
        rig.wait_empty(tag(shard, name))


def judge(fleet, receiver, lines, name, shards):
    log = checker.Log(receiver.accepted_file, receiver.bodies)
    report = checker.check(lines, [log], queues(fleet, name, shards))
    assert report.is_clean() and report.delivered == len(lines), (report, report.examples)


# On a cluster

def test_shards_lie_on_all_nodes_and_all_arrives_once(rig, fleet):
    """One name for operators, and `enqueue` fills all of them."""
    name = name_apart(fleet, 3)
    rig.redis = fleet.owner(stream(0, name))
    receiver = rig.start_receiver()
    cli = Cli(rig, spread(rig.route(receiver.url(), name=name), 3), redis={"url": fleet.url(), "retry": RETRY})
    checks = cli.json("check", "--connect")["checks"]
    assert all(row["ok"] for row in checks)
    assert len({row["text"] for row in checks if row["what"] == "redis node"}) == 3
    lines = rig.events(5000)
    said = cli.out("enqueue", text=b"\n".join(lines) + b"\n")
    assert said == f"5,000 events added to the 3 shards of route {name}\n"
    client = fleet.client()
    counts = [client.xlen(stream(shard, name)) for shard in range(3)]
    assert sum(counts) == 5000 and min(counts) >= 1000, counts
    status = cli.routes("status")
    assert sorted(status) == [f"{name}.{shard}" for shard in range(3)]
    cli("pause", "--route", name)
    assert all(row["paused"] for row in cli.routes("status", "--route", name).values())
    cli("resume", "--route", f"{name}.1")
    assert [row["paused"] for row in cli.routes("status").values()] == [True, False, True]
    cli("resume")
    daemon = rig.start(cli.config)
    wait_for(lambda: len(daemon.lines("route_ready")) == 3, "all shards")
    assert len({line.split("server=")[1] for line in daemon.lines("redis_up")}) == 3
    cli("flush", "--route", name)
    wait_empty(rig, fleet, name, 3)
    judge(fleet, receiver, lines, name, 3)
    batches = cli.routes("batch", "list", "--route", name)
    assert all(batches[f"{name}.{shard}"]["batches"] for shard in range(3))
    found = batches[f"{name}.2"]["batches"][0]["id"]
    assert f"{name}.2" in cli.out("batch", "show", found, "--route", name)
    daemon.stop()
    client.xadd(stream(2, name), {"event": rig.events(1, "--seed", "9")[0]})
    cli("flush", "--route", name)  # by a cycle of its own
    assert len(receiver.rows()) == 5001


class Producer(threading.Thread):
    """Adds to any shard, as any producer may."""

    def __init__(self, fleet, name, shards, lines):
        super().__init__(daemon=True)
        self.client, self.lines, self.queued = fleet.client(), lines, []
        self.streams = [stream(shard, name) for shard in range(shards)]
        self.stop_asked = threading.Event()
        self.start()

    def run(self):
        for line in self.lines:
            if self.stop_asked.wait(0.002):
                return
            self.client.xadd(random.choice(self.streams), {"event": line})
            self.queued.append(line)

    def stop(self):
        self.stop_asked.set()
        self.join()
        return self.queued


def test_a_daemon_is_killed_again_and_again(rig, fleet):
    """At an endpoint that lies and heeds a key: nothing lost, nothing twice."""
    name, random_s = name_apart(fleet, 4), random.Random(4)
    rig.redis = fleet.owner(stream(0, name))
    receiver = rig.start_receiver("receiver", "--plain", "/lab", "--idempotent", faults=[
        "share 0.1: accept-then 504", "share 0.1: accept-then-reset", "share 0.1: reset-before-reading",
        "share 0.3: delay 20ms"])
    route = rig.route(receiver.url("/lab"), name=name, batch={"max_events": 20}, schedule={"every": "1s"},
                      endpoint={"profile": "plain", "on_unknown": "resend", "max_unknown": 10,
                                "retry": {"first": "10ms", "cap": "40ms"}})
    config = rig.config(spread(route, 4), redis={"url": fleet.url(), "retry": RETRY},
                        heartbeat={"every": "100ms", "life": "300ms"})
    producer = Producer(fleet, name, 4, rig.events(50000))
    for _ in range(KILLS):
        daemon = rig.start(config)
        wait_for(lambda: len(daemon.lines("batch_accepted")) > 1, "batches that are sent")
        time.sleep(random_s.random() / 4)
        daemon.kill()
    lines = producer.stop()
    rig.start(config)
    wait_empty(rig, fleet, name, 4)
    judge(fleet, receiver, lines, name, 4)


# More of them, and fewer

def configure(rig, receiver, shards, **more):
    return rig.config(spread(rig.route(receiver.url(), **more), shards))


@pytest.fixture
def alone(rig):
    """One server, and one endpoint."""
    rig.start_redis()
    rig.receiver = rig.start_receiver()
    return rig


def reload(rig, daemon, shards, **more):
    configure(rig, rig.receiver, shards, **more)
    before = len(daemon.lines("route_ready"))
    daemon.signal(signal.SIGHUP)
    wait_for(lambda: len(daemon.lines("route_ready")) == before + shards, "all shards, ready")


def test_more_shards_go_on_with_what_was_queued(alone):
    """The keys of the route are those of its first shard, with all that stands in them."""
    config = configure(alone, alone.receiver, 1)
    daemon = alone.start(config)
    lines = alone.events(30)
    alone.push(lines[:10])
    reload(alone, daemon, 3)
    for shard in range(3):
        alone.push(lines[10 + shard::3], tag(shard))
    alone.run("flush", "--config", config)
    for shard in range(3):
        alone.wait_empty(tag(shard))
    assert_exactly_once(alone.receiver.rows(), lines)
    assert "shard_left_behind" not in daemon.text()


def test_routes_that_become_shards_with_the_same_names_begin_anew(alone):
    url = alone.receiver.url()
    config = alone.config(alone.route(url, name="covid.0", queue={"stream": "s"}),
                          alone.route(url, name="covid.1", queue={"stream": "s.1"}))
    daemon = alone.start(config)
    wait_for(lambda: len(daemon.lines("route_ready")) == 2, "both")
    alone.config(spread(alone.route(url, queue={"stream": "s"}), 2))
    daemon.signal(signal.SIGHUP)
    wait_for(lambda: len(daemon.lines("route_ready")) == 4, "both anew: the first has other keys now")
    lines = alone.events(3)
    for line in lines:
        alone.redis.client.xadd("s", {"event": line})
    daemon.signal(signal.SIGUSR1)
    wait_for(lambda: len(alone.receiver.rows()) == 3, "the events")
    wait_for(lambda: alone.redis.client.exists("elrelay:{covid}:done"), "their batch done")


def test_what_a_full_redis_refuses_to_note_is_told_and_noted_later(alone):
    client = alone.redis.client
    client.config_set("maxmemory", 1)
    daemon = alone.start(configure(alone, alone.receiver, 3), ready=False)
    (said,) = wait_for(lambda: daemon.lines("shards_not_noted"), "an alarm")
    assert said.split()[1] == "error" and "route=covid shards=3" in said
    assert not client.hexists("elrelay:{covid}:state", "shards:3")
    client.config_set("maxmemory", 0)
    client.client_kill_filter(_type="normal", skipme=True)
    wait_for(lambda: client.hexists("elrelay:{covid}:state", "shards:3"), "the note")
    assert len(daemon.lines("shards_not_noted")) == 1


def test_fewer_shards_leave_none_behind_unseen(alone):
    config = configure(alone, alone.receiver, 4)
    cli = ["--config", config]
    daemon = alone.start(config)
    wait_for(lambda: len(daemon.lines("route_ready")) == 4, "all shards")
    lines = alone.events(20)
    reload(alone, daemon, 2)
    wait_for(lambda: len(daemon.lines("redis_up")) >= 2, "the second start")
    assert "shard_left_behind" not in daemon.text(), "they are empty"
    alone.push(lines[:10], tag(3))
    bury(alone.redis.client, b"[1]", route=tag(2))
    alone.push(lines[10:], tag(1))
    daemon.signal(signal.SIGHUP)  # the same again: nothing is begun anew, and nothing looked at
    daemon.stop()
    daemon = alone.start(config)
    said = wait_for(lambda: len(daemon.lines("shard_left_behind")) == 2 and daemon.lines("shard_left_behind"), "two alarms")
    assert "ERROR" in said[0].upper() and "route=covid.2" in said[0] and "dead=1" in said[0]
    assert "route=covid.3" in said[1] and "events=10" in said[1] and "elrelay flush --route covid.3" in said[1]
    checks = json.loads(alone.run("check", "--connect", "--json", *cli, code=3).stdout)["checks"]
    left = [row["text"] for row in checks if not row["ok"]]
    assert len(left) == 2 and "covid.2 is none of this route any more (shards: 2)" in left[0]
    assert "events 10" in left[1] and "`elrelay flush --route covid.3`" in left[1]
    alone.run("flush", "--route", "covid.3", *cli)
    alone.run("dead", "drop", "--route", "covid.2", "--all", "--note", "a test", *cli)
    alone.run("flush", *cli)
    assert_exactly_once(alone.receiver.rows(), lines)
    alone.run("check", "--connect", *cli)
    daemon.stop()
    daemon = alone.start(config)
    wait_for(lambda: len(daemon.lines("route_ready")) == 2, "all shards")
    daemon.stop()
    assert "shard_left_behind" not in daemon.text()


def test_a_cluster_is_looked_through_for_what_is_left(rig, fleet):
    name = name_apart(fleet, 3)
    rig.redis = fleet.owner(stream(0, name))
    receiver = rig.start_receiver()
    redis = {"url": fleet.url(), "retry": RETRY}
    route = rig.route(receiver.url(), name=name)
    cli = Cli(rig, spread(route, 3), redis=redis)
    cli("flush")  # served so, if only by a command
    lines = rig.events(2)
    for shard in (1, 2):
        fleet.client().xadd(stream(shard, name), {"event": lines[shard - 1]})
    cli = Cli(rig, route, redis=redis)
    daemon = rig.start(cli.config)
    wait_for(lambda: len(daemon.lines("shard_left_behind")) == 2, "two alarms")
    said = cli.out("check", "--connect", code=3)
    assert said.count("none of this route any more") == 2
    for shard in (1, 2):
        cli("flush", "--route", f"{name}.{shard}")
    assert_exactly_once(receiver.rows(), lines)
    assert "FAIL" not in cli.out("check", "--connect")


def test_a_look_that_hangs_holds_nobody_up(rig, fleet):
    name = name_apart(fleet, 3)
    rig.redis = fleet.owner(stream(0, name))
    hanging = fleet.owner(stream(1, name)).process
    redis = {"url": fleet.url(rig.redis), "retry": RETRY}
    route = rig.route(rig.start_receiver().url(), name=name)
    rig.run("flush", "--config", rig.config(spread(route, 3), redis=redis))
    hanging.signal(signal.SIGSTOP)
    try:
        daemon = rig.start(rig.config(route, redis=redis))
        assert daemon.stop() == 0
    finally:
        hanging.signal(signal.SIGCONT)


def test_a_shard_that_is_a_route_of_its_own_is_not_left_behind(alone):
    route = alone.route(alone.receiver.url())
    alone.start(alone.config(spread(route, 2))).stop()
    alone.push(alone.events(1), "covid.1")
    config = alone.config(route, {**route, "name": "covid.1"})
    alone.run("check", "--connect", "--config", config)
    daemon = alone.start(config)
    alone.run("flush", "--config", config)
    daemon.stop()
    assert "shard_left_behind" not in daemon.text() and len(alone.receiver.rows()) == 1


def test_the_ledger_goes_on_when_there_become_more_shards():
    """What it knows of the route is known of the first shard."""
    with past("lookup") as made:
        made.queue("A1", "A2", "A3", "A4")
        made.keep()
        made.finish().kill()
        made.go_back()
        route = made.rig.route(made.receiver.url(made.path), **made.settings)
        made.config = made.rig.config(spread(route, 2), **made.more)
        made.assert_once(made.finish())


def test_the_rights_are_those_of_all_shards(alone):
    (alone.folder / "password").write_text("secret")
    redis = {"url": f"unix://elrelay@{alone.folder}/redis.sock", "password_file": str(alone.folder / "password")}
    route = alone.route(alone.receiver.url())
    config = alone.config(spread(route, 2), redis=redis)
    make_user(alone, config)
    lines = alone.events(10)
    alone.push(lines[:5])
    alone.push(lines[5:], tag(1))
    daemon = alone.start(config)
    alone.wait_empty()
    alone.wait_empty(tag(1))
    assert_exactly_once(alone.receiver.rows(), lines)
    assert "FAIL" not in alone.run("check", "--connect", "--config", config).stdout.decode()
    daemon.stop()
    config = alone.config(route, redis=redis)
    make_user(alone, config)
    daemon = alone.start(config)
    said = wait_for(lambda: daemon.lines("shard_left_behind"), "an alarm about what cannot be seen")
    assert "Redis refuses to say what is left" in said[0]


def test_each_shard_has_its_own_requests(alone):
    gate = Gate()
    route = spread(alone.route(gate.endpoint.url(), batch={"max_events": 10},
                               endpoint={"profile": "plain", "headers": {}, "timeout": "60s"}), 3)
    for shard in range(3):
        alone.push(alone.events(20, "--seed", shard), tag(shard))
    alone.start(alone.config(route))
    wait_for(lambda: [alone.redis.client.zcard(f"elrelay:{{{tag(shard)}}}:open") for shard in range(3)] == [2, 2, 2],
             "of each shard one on the wire, and one that is ready")
    wait_for(lambda: len(gate.waiting) == 3, "a request of each")
    gate.open(6)
    for shard in range(3):
        alone.wait_empty(tag(shard))
    gate.endpoint.close()


# What a name means

def test_who_is_meant(alone):
    cli = Cli(alone, spread(alone.route(alone.receiver.url(), queue={"inbox": "box"}), 3), alone.route("http://127.0.0.1:9/", "flu"))
    assert "the routes are: covid, flu" in cli.err("enqueue", code=2)
    assert "names none of the configuration" in cli.err("peek", "--route", "covid.64", code=2)
    assert "no daemon reads covid.5" in cli.err("enqueue", "--route", "covid.5", text=b"{}\n", code=2)
    cli("enqueue", "--route", "covid.2", text=b"[1]\n[2]\n")
    assert cli.client.xlen(stream(2)) == 2
    said = cli.err("dead", "show", "1-1", "--route", "covid", code=2)
    assert "which shard? say it with --route; its shards are: covid.0, covid.1, covid.2" in said
    assert "which shard?" in cli.err("dead", "drop", "1-1", "--route", "covid", "--note", "x", code=2)
    names = [row["route"] for row in cli.json("status", "--route", "covid")["routes"]]
    assert names == ["covid.0", "covid.1", "covid.2"]
    assert [row["route"] for row in cli.json("status", "--route", "covid.0")["routes"]] == ["covid.0"]
    assert cli.out("convert", "--route", "covid", text=b'{"a":"1"}\n') == "a\n1\n"


def test_dead_letters_of_all_shards_are_replayed(alone):
    cli = Cli(alone, spread(alone.route(alone.receiver.url()), 3))
    found = [bury(cli.client, b"[%d]" % shard, route=tag(shard)) for shard in range(3)]
    cli("dead", "show", found[0], "--route", "covid.0")
    assert cli.out("dead", "replay", "--reason", "not_json").startswith("covid: 3 events replayed; sent at")
    assert [cli.client.xlen(stream(shard)) for shard in range(3)] == [1, 1, 1]
    found = bury(cli.client, b"[9]", route=tag(1))
    assert cli.out("dead", "drop", found, "--route", "covid.1", "--note", "x") == "covid.1: 1 event dropped\n"


def test_each_shard_has_an_inbox(alone):
    route = spread(alone.route(alone.receiver.url(), queue={"inbox": "box"}), 2)
    cli = Cli(alone, route)
    settings = {row["key"]: row["value"] for row in cli.json("check")["settings"]}
    assert settings["routes[0].queue.inbox"] == "box" and settings["routes[0].queue.inbox[1]"] == "box.1"
    assert settings["routes[0].queue.stream[1]"] == stream(1)
    lines = alone.events(3010)
    cli.client.rpush("box", *lines[:5])
    cli.client.rpush("box.1", *lines[5:10])
    cli("enqueue", "--inbox", text=b"\n".join(lines[10:]) + b"\n")
    counts = [cli.client.llen("box"), cli.client.llen("box.1")]
    assert sum(counts) == 3010 and min(counts) > 1000, counts
    cli("flush")
    assert_exactly_once(alone.receiver.rows(), lines)


def test_a_trickle_stays_with_one_shard(alone):
    """Their batches are full that way, and on a cluster the connection stays."""
    cli = Cli(alone, spread(alone.route(alone.receiver.url()), 4))
    for _ in range(20):
        cli("enqueue", text=b"[1]\n" * 10)
    counts = [cli.client.xlen(stream(shard)) for shard in range(4)]
    assert sum(counts) == 200 and all(count % 10 == 0 for count in counts)
    assert sum(map(bool, counts)) > 1, "each begins with any of them"
