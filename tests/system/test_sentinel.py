"""A daemon behind real Sentinels follows the master; nothing is lost, nothing is sent twice.

Replication is asynchronous: what a master had taken and no replica had yet is gone with it, whoever writes it. So each
test waits until the replicas have all there is before it takes the master away.
"""

import socketserver
import threading

import checker
import pytest
from cli_rig import Cli
from redis_fleet import SentinelFleet
from relay_rig import rig_in_a_folder, wait_for


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    fleet = SentinelFleet(tmp_path_factory.mktemp("fleet"))
    yield fleet
    fleet.stop()


@pytest.fixture
def rig(fleet):
    with rig_in_a_folder() as rig:
        rig.redis = fleet.master()
        rig.redis.client.flushall()
        yield rig


def config(rig, fleet, receiver, **more):
    redis = {"url": fleet.url(), "retry": {"first": "20ms", "cap": "200ms"}, **more.pop("redis", {})}
    return rig.config(rig.route(receiver.url(), **more), redis=redis)


def wait_replicated(server, replicas=1):
    wait_for(lambda: server.client.wait(replicas, 100) >= replicas, "replicas that have it all")


def judge(rig, receiver, lines):
    log = checker.Log(receiver.accepted_file, receiver.bodies)
    report = checker.check(lines, [log], checker.Queue(rig.redis.client))
    assert report.is_clean() and report.delivered == len(lines), (report, report.examples)


def wait_new_master(fleet, old):
    return wait_for(lambda: (found := fleet.find_master()) is not old and found, "another master")


def is_up_at(daemon, server):
    return any(f"server=127.0.0.1:{server.port}" in line for line in daemon.lines("redis_up"))


def revive(fleet, server):
    server.start()
    wait_for(lambda: server.role() == "slave" and server.client.info("replication")["master_link_status"] == "up",
             "the old master as a replica")


def test_a_killed_master_is_followed_to_the_next(rig, fleet):
    """Some events are sent, some wait on the queue; the master is killed, and these are sent from the next one."""
    receiver = rig.start_receiver()
    cli = Cli(rig, rig.route(receiver.url()), redis={"url": fleet.url(), "retry": {"first": "20ms", "cap": "200ms"}})
    daemon = rig.start(cli.config)
    lines, old = rig.events(300), rig.redis
    assert is_up_at(daemon, old)
    rig.push(lines[:100])
    cli("flush")
    rig.push(lines[100:200])
    wait_replicated(old, 2)
    old.kill()
    rig.redis = wait_new_master(fleet, old)
    wait_for(lambda: len(daemon.lines("route_ready")) == 2, "the route on the new master")
    assert is_up_at(daemon, rig.redis)
    rig.push(lines[200:])
    cli("flush")  # by the daemon, whose listener has followed too
    rig.wait_empty()
    judge(rig, receiver, lines)
    revive(fleet, old)


def test_a_failover_by_command_with_a_request_on_the_wire(rig, fleet):
    """The old master goes on for a while beside the new one, and what it is told then is lost: so the acceptance may
    have to be found at the endpoint."""
    receiver = rig.start_receiver(faults=["request 1: delay 2s"])
    lookup = {"on_unknown": "lookup", "timeout": "3s", "lookup": {"settle": "1s", "gap": "1s", "fallback": "hold"}}
    daemon = rig.start(config(rig, fleet, receiver, endpoint=lookup, schedule={"every": "1s"}))
    lines, old = rig.events(50), rig.redis
    rig.push(lines)
    wait_for(receiver.requests, "a request on the wire")
    wait_replicated(old, 2)
    fleet.sentinels[0].client.execute_command("SENTINEL", "FAILOVER", "lab")
    wait_for(lambda: old.role() == "slave", "the old master as a replica")
    rig.redis = wait_new_master(fleet, old)
    wait_for(lambda: is_up_at(daemon, rig.redis), "the daemon at the new master")
    more = rig.events(50, "--seed", "7")
    rig.push(more)
    rig.wait_empty()
    judge(rig, receiver, lines + more)


def test_sentinels_are_asked_in_turn(rig, fleet):
    gone = fleet.sentinels[0]
    gone.kill()
    cli = Cli(rig, rig.route(rig.start_receiver().url()), redis={"url": fleet.url()})
    assert fleet.url("/lab/0") in cli.out("check", "--connect")
    gone.start()


class OutdatedSentinel(socketserver.ThreadingTCPServer):
    """Names whatever server it is told to; a real one does so only in the seconds of a failover."""

    daemon_threads = allow_reuse_address = True

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            for line in self.rfile:
                if line.strip().upper() == b"PING":
                    self.wfile.write(b"+PONG\r\n")
                elif line.strip() == b"lab":
                    port = b"%d" % self.server.named
                    self.wfile.write(b"*2\r\n$9\r\n127.0.0.1\r\n$%d\r\n%s\r\n" % (len(port), port))

    def __init__(self, named):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.named = named
        threading.Thread(target=self.serve_forever, daemon=True).start()


def test_a_server_that_is_no_master_is_not_used(rig, fleet):
    replica = next(server for server in fleet.data if server.role() == "slave")
    with OutdatedSentinel(replica.port) as sentinel:
        redis = {"url": f"redis+sentinel://127.0.0.1:{sentinel.server_address[1]}/lab",
                 "retry": {"first": "20ms", "cap": "200ms"}}
        daemon = rig.start(rig.config(rig.route("http://127.0.0.1:9/"), redis=redis), ready=False)
        wait_for(lambda: any("the master is none" in line for line in daemon.lines("redis_down")), "a refusal")
        assert not daemon.lines("redis_up")
        sentinel.named = fleet.master().port
        wait_for(lambda: is_up_at(daemon, fleet.master()), "the daemon at the master")
        daemon.stop()
        sentinel.shutdown()


def test_what_is_wrong_with_sentinels_is_said(rig, fleet):
    route = rig.route("http://127.0.0.1:9/")
    cli = Cli(rig, route, redis={"url": fleet.url("/nobody")})
    assert "watches no master of the name in redis.url" in cli.err("status", code=4)
    cli = Cli(rig, route, redis={"url": f"redis+sentinel://127.0.0.1:{fleet.data[0].port}/lab"})
    assert "is this a Sentinel?" in cli.err("status", code=4)


def test_sentinels_may_want_a_password_of_their_own(tmp_path):
    fleet = SentinelFleet(tmp_path / "fleet", password="secret")
    try:
        with rig_in_a_folder() as rig:
            rig.redis = fleet.master()
            route = rig.route("http://127.0.0.1:9/")
            cli = Cli(rig, route, redis={"url": fleet.url()})
            said = cli.err("status", code=4)
            assert "check redis.sentinel_password_file" in said and "secret" not in said
            (rig.folder / "password").write_text("secret\n")
            cli = Cli(rig, route, redis={"url": fleet.url(), "sentinel_password_file": str(rig.folder / "password")})
            assert "covid" in cli.out("status")
    finally:
        fleet.stop()
