"""Redis in trouble, with the daemon at work: service resumes by itself, nothing is lost, nothing is sent twice.

Where a person must act the log says so in one line that names what and what to do, and does not say it again and again.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import threading
import time

import pytest
import redis

import checker
from cli_rig import Cli
from redis_door import Door
from relay_rig import rig_in_a_folder, wait_for

PREFIX = "elrelay:{covid}:"
STREAM = PREFIX + "events"
BOX = "box"
HOLDS_IT = {"command_timeout": "1s", "retry": {"first": "20ms", "cap": "100ms"}}


class Life:
    """A daemon on a queue with an inbox, an endpoint, and all that was queued."""

    def __init__(self, rig, *faults, redis_conf=None, start=True, **route):
        self.rig, self.lines, self.seed, self.flushed = rig, [], 0, 0
        self.faults = rig.folder / "faults"
        self.tell_endpoint(*faults)
        self.receiver = rig.start_receiver("receiver", "--faults", self.faults)
        conf = {"url": f"unix://{rig.folder}/redis.sock", **HOLDS_IT, **(redis_conf or {})}
        endpoint = {"on_unknown": "lookup", "lookup": {"settle": "200ms", "gap": "200ms"}, **route.pop("endpoint", {})}
        queue = {"inbox": BOX, **route.pop("queue", {})}
        self.cli = Cli(rig, rig.route(self.receiver.url(), queue=queue, endpoint=endpoint, **route), redis=conf)
        self.daemon = rig.start(self.cli.config) if start else None

    @property
    def client(self):
        return self.rig.redis.client

    def tell_endpoint(self, *faults):
        self.faults.write_text("".join(f"{fault}\n" for fault in faults))
        if hasattr(self, "receiver"):
            self.receiver.process.signal(signal.SIGHUP)

    def make(self, count):
        self.seed += 1
        return self.rig.events(count, "--seed", self.seed)

    def push(self, count=5):
        lines = self.make(count)
        self.rig.push(lines)
        self.lines += lines
        return lines

    def flush(self):
        """Now and then, as a schedule would bring it, however often it is called."""
        if time.monotonic() > self.flushed + 0.1:
            self.daemon.signal(signal.SIGUSR1)
            self.flushed = time.monotonic()

    def is_empty(self):
        """Command by command: a transaction is refused while Redis is full."""
        with contextlib.suppress(redis.RedisError):
            waiting = self.client.xlen(STREAM), self.client.zcard(PREFIX + "open"), self.client.llen(BOX)
            return not any(waiting) and self.client.xpending(STREAM, "elrelay")["pending"] == 0

    def wait_empty(self):
        def empty():
            self.flush()
            return self.is_empty()
        self.wait_for(empty, "an empty queue")

    def wait_for(self, condition, what):
        try:
            return wait_for(condition, what)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.daemon.text()[-3000:]}") from error

    def alarms(self):
        return [line for line in self.daemon.text().splitlines() if re.search(r"^\S+ error ", line)]

    def wait_alarm(self, *words):
        def alarm():
            self.flush()
            return [line for line in self.alarms() if all(word in line for word in words)]
        return self.wait_for(alarm, f"an alarm with {words}")

    def judge(self):
        return checker.check(self.lines, [checker.Log(self.receiver.accepted_file, self.receiver.bodies)],
                             checker.Queue(self.client, inbox=BOX))

    def assert_served(self, dead=0):
        """What comes now is relayed too; all is settled, once."""
        self.push()
        self.wait_empty()
        found = self.judge()
        assert found.is_clean() and found.delivered == len(self.lines) - dead and found.dead == dead, (found, found.examples)


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        yield made


@pytest.fixture
def life(rig):
    rig.start_redis("--enable-debug-command", "yes")
    return Life(rig)


def through_a_door(rig, *faults, **more):
    rig.start_redis()
    door = Door(rig.folder / "door.sock", rig.redis.socket)
    rig.stack.callback(door.close)
    life = Life(rig, *faults, redis_conf={"url": f"unix://{rig.folder}/door.sock"}, **more)
    return door, life


# Connections


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_connection_cut_at_any_command(rig, after):
    door, life = through_a_door(rig)
    for commands in range(1, 40):
        life.push(3)
        door.aim(door.scissors, commands, after)
        life.wait_empty()
        door.rest()
    life.assert_served()
    assert life.alarms() == []


def test_each_connection_killed_by_redis(life):
    def ours():
        return [row for row in life.client.client_list() if row["cmd"] in ("xread", "evalsha", "client|setname", "xreadgroup")]

    for _ in range(5):
        life.push()
        before = {row["id"] for row in life.client.client_list()}
        life.flush()
        me = str(life.client.client_id())
        for row in life.client.client_list():
            if row["id"] != me:
                life.client.client_kill_filter(_id=row["id"])
        life.wait_empty()
        assert {row["id"] for row in life.client.client_list()} - before, "no new connection"
    wait_for(lambda: [row for row in ours() if row["cmd"] == "xread"], "a listener")
    life.assert_served()
    assert life.alarms() == []


def test_a_limit_of_the_output_buffer(rig):
    rig.start_redis()
    life = Life(rig, queue={"peek_count": 40})
    life.client.config_set("client-output-buffer-limit", "normal 50kb 0 0")
    life.push(400)
    wait_for(lambda: life.flush() or life.daemon.lines("redis_down"), "a connection closed for its reply")
    life.client.config_set("client-output-buffer-limit", "normal 0 0 0")
    life.assert_served()


def test_no_connection_to_be_had(life):
    life.client.config_set("maxclients", 1)
    me = life.client.client_id()
    for row in life.client.client_list():
        if row["id"] != str(me):
            life.client.client_kill_filter(_id=row["id"])
    life.push()
    wait_for(lambda: len(life.daemon.lines("redis_down")) > 2, "attempts to connect")
    life.client.config_set("maxclients", 100)
    life.assert_served()


def test_clients_are_paused(life):
    life.push()
    life.client.client_pause(2500)
    life.flush()
    wait_for(lambda: life.daemon.lines("redis_down"), "a command without an answer")
    life.assert_served()


# The server


def test_redis_is_killed_and_loads_for_long(life):
    life.tell_endpoint("all: status 503")
    life.push(3000)
    wait_for(lambda: life.flush() or life.receiver.requests(), "a POST")
    life.rig.redis.args = ("--key-load-delay", "300", "--enable-debug-command", "yes")
    answers = life.rig.redis.answers
    life.rig.redis.answers = lambda: True  # it is not waited for
    life.rig.redis.restart()
    life.rig.redis.answers = answers
    life.tell_endpoint()
    wait_for(lambda: "LOADING" in life.daemon.text(), "a word of loading")
    wait_for(answers, "the end of loading")
    life.assert_served()


@pytest.mark.parametrize("times", [1, 6])
def test_redis_is_killed_and_restarted(life, times):
    life.tell_endpoint("share 0.3: delay 50ms", "share 0.1: accept-then-reset", "share 0.1: status 503")
    for _ in range(times):
        life.push(50)
        life.flush()
        life.rig.redis.restart()
    life.assert_served()


def test_redis_is_stopped_for_longer_than_a_command_may_take(life):
    for _ in range(3):
        life.push(20)
        life.flush()
        life.rig.redis.process.signal(signal.SIGSTOP)
        count = len(life.daemon.lines("redis_down"))
        wait_for(lambda: len(life.daemon.lines("redis_down")) > count, "a command without an answer")
        life.rig.redis.process.signal(signal.SIGCONT)
        life.wait_empty()
    life.assert_served()


def test_slow_answers(rig):
    door, life = through_a_door(rig)
    door.delay = 0.1
    life.push(20)
    life.assert_served()
    assert life.daemon.lines("redis_down") == []


def test_redis_is_busy_for_longer_than_a_command_may_take(life):
    life.push(20)
    sleeper = threading.Thread(target=lambda: redis.Redis(unix_socket_path=str(life.rig.redis.socket)).execute_command(
        "DEBUG", "SLEEP", "2"))
    sleeper.start()
    life.flush()
    wait_for(lambda: life.daemon.lines("redis_down"), "a command without an answer")
    sleeper.join()
    life.assert_served()


def test_redis_is_full(life):
    life.tell_endpoint("all: status 503")
    life.push(300)
    life.client.config_set("maxmemory", 1)
    with pytest.raises(redis.ResponseError, match="OOM|maxmemory"):
        life.rig.push(life.make(1))
    token = life.client.get(PREFIX + "hb:one")
    life.client.delete(PREFIX + "hb:one")
    wait_for(lambda: life.client.get(PREFIX + "hb:one") == token, "a heartbeat")
    life.tell_endpoint()
    life.wait_empty()
    life.cli("flush")  # who waits for its end is answered, too
    assert life.alarms() == []
    life.client.config_set("maxmemory", 0)
    life.assert_served()


def test_scripts_are_forgotten_between_any_two_commands(life):
    over = threading.Event()

    def forget():
        client = redis.Redis(unix_socket_path=str(life.rig.redis.socket))
        while not over.is_set():
            client.script_flush()

    thread = threading.Thread(target=forget)
    thread.start()
    try:
        for _ in range(20):
            life.push(20)
            life.wait_empty()
    finally:
        over.set()
        thread.join()
    life.assert_served()
    assert life.alarms() == []


# Rights


@pytest.mark.parametrize("right,named", [("-xreadgroup", "peek"), ("-evalsha", ""), ("-hmget", ""), ("-xack", "")])
def test_a_right_is_lost_and_given_back(rig, right, named):
    rig.start_redis()
    rig.redis.client.execute_command("ACL", "SETUSER", "relay", "on", "nopass", "~*", "+@all")
    life = Life(rig, redis_conf={"url": f"unix://relay:x@{rig.folder}/redis.sock"})
    life.push()
    life.wait_empty()
    life.client.execute_command("ACL", "SETUSER", "relay", right)
    life.push()
    life.wait_alarm("NOPERM", named, "check --connect")
    for _ in range(3):
        life.flush()
        life.daemon.signal(signal.SIGUSR2)
    life.client.execute_command("ACL", "SETUSER", "relay", "+" + right[1:])
    life.assert_served()
    assert len(life.alarms()) <= 2, life.alarms()


# Keys


def spoil(client, key):
    """Another type under this name; what stood there is kept aside."""
    if client.exists(key):
        client.rename(key, "aside")
    if client.type(key) == b"none":
        client.set(key, "x") if not key.endswith("format") else client.rpush(key, "x")


def repair(client, key):
    client.delete(key)
    if client.exists("aside"):
        client.rename("aside", key)


WORDS = ("open", "doubt", "held", "done", "dead", "notifications", "audit", "control", "instances", "state", "stats")


def test_a_key_of_the_wrong_type_stops_a_start_and_is_named(rig):
    rig.start_redis()
    life = Life(rig, start=False)
    lines = life.push()
    for key in [STREAM, BOX, *[PREFIX + word for word in WORDS if word != "audit"]]:
        spoil(life.client, key)
        done = rig.run("run", "--config", life.cli.config, code=4)
        assert f"key {key} is a string, wanted a" in done.stderr.decode(), done.stderr
        assert f"{key} is a string, not a" in life.cli("check", "--connect", code=4).stdout.decode()
        repair(life.client, key)
    life.daemon = rig.start(life.cli.config)
    life.assert_served()
    assert len(lines) == 5


def test_a_key_of_the_wrong_type_is_named_once_and_waited_for(life):
    life.push()
    life.wait_empty()
    keys = [STREAM, BOX, *[PREFIX + word for word in WORDS]]
    for key in keys if "ELRELAY_LONG" in os.environ else keys[::4]:
        said = len(life.alarms())
        life.tell_endpoint("all: status 503")
        life.push()
        life.flush()
        spoil(life.client, key)
        life.wait_alarm(f"key {key} is a string, wanted a")
        for _ in range(3):
            cycles = len(life.daemon.lines("cycle_done"))
            wait_for(lambda: life.flush() or len(life.daemon.lines("cycle_done")) > cycles or key == STREAM, "a cycle")
        assert len(life.alarms()) - said <= 2, life.alarms()[said:]
        over, failed = life.daemon.lines("act_works_again"), len(life.daemon.lines("act_failed"))
        repair(life.client, key)
        life.tell_endpoint()
        life.wait_empty()
        assert not failed or len(life.daemon.lines("act_works_again")) > len(over)
    life.assert_served()


def test_a_heartbeat_of_the_wrong_type_is_named(life):
    life.client.delete(PREFIX + "hb:one")
    with contextlib.suppress(redis.ResponseError):
        life.client.rpush(PREFIX + "hb:one", "x")
    life.push()
    life.wait_alarm("hb:one is a list, wanted a string")
    life.client.delete(PREFIX + "hb:one")
    life.assert_served()


def batches(life, state):
    ids = [raw.decode() for raw in life.client.zrange(PREFIX + "open", 0, -1)]
    return [batch for batch in ids if life.client.hget(PREFIX + "batch:" + batch, "state") == state]


def test_a_manifest_of_the_wrong_type_bars_no_other_batch(life):
    life.tell_endpoint("all: status 503")
    life.push()
    life.flush()
    batch = wait_for(lambda: batches(life, b"sealed"), "a sealed batch")[0]
    life.client.rename(PREFIX + "batch:" + batch, "aside")
    life.client.set(PREFIX + "batch:" + batch, "x")
    life.tell_endpoint()
    life.push()
    life.wait_alarm("manifest_lost", batch)
    wait_for(lambda: life.flush() or len(life.receiver.rows()) == 5, "the other events")
    assert len([line for line in life.alarms() if "manifest_lost" in line]) == 1
    repair(life.client, PREFIX + "batch:" + batch)
    life.assert_served()


# What others do to the stream


def test_the_data_of_a_sealed_event_is_gone(life):
    life.tell_endpoint("all: status 503")
    lines = life.push()
    life.flush()
    batch = wait_for(lambda: batches(life, b"sealed"), "a sealed batch")[0]
    wait_for(lambda: int(life.client.hget(PREFIX + "batch:" + batch, "attempts")) > 0, "an attempt")
    life.cli("pause")  # else its bytes may be in hand already
    wait_for(lambda: life.flush() or any("paused=1" in line for line in life.daemon.lines("cycle_done")), "a paused cycle")
    wait_for(lambda: not batches(life, b"sending"), "the batch at rest")
    gone = life.client.xrange(STREAM)[2][0]
    life.client.xdel(STREAM, gone)
    life.tell_endpoint()
    life.cli("resume")
    life.wait_alarm("batch_held", "body_changed")
    life.cli("held", "terminate", batch, "--to", "queue", "--reason", "one event is gone")
    life.wait_empty()
    letter = life.client.xrange(PREFIX + "dead")[0][1]
    assert letter[b"reason"] == b"gone" and letter[b"entry"] == gone
    assert len(life.receiver.rows()) == len(lines) - 1
    assert life.cli("dead", "list").stdout.count(b"gone") >= 1


def test_the_data_of_an_event_that_was_given_back_is_gone(life):
    life.push()
    life.wait_empty()
    life.daemon.stop()
    lines = life.push()
    consumer = life.client.xreadgroup("elrelay", "free", {STREAM: ">"})
    gone = consumer[0][1][1][0]
    life.client.xdel(STREAM, gone)
    life.daemon = life.rig.start(life.cli.config)
    life.wait_empty()
    letters = life.client.xrange(PREFIX + "dead")
    assert [(fields[b"reason"], fields[b"entry"]) for _, fields in letters] == [(b"gone", gone)]
    assert len(life.receiver.rows()) == 5 + len(lines) - 1
    life.wait_alarm("events_missing", "events=1", "check --repair")


# A flush of all


def flushed(life):
    life.client.flushall()
    life.wait_alarm("queue_vanished", STREAM)
    count = len(life.lines)
    delivered = len(life.receiver.rows())
    fresh = life.push()
    life.wait_empty()
    found = life.judge()
    assert found.twice == found.changed == 0, found
    assert found.lost == count - delivered and found.delivered == len(life.lines) - found.lost, found
    names = [row["Result_ID"] for row in life.receiver.rows()]
    assert all(names.count(json.loads(line)["Result_ID"]) == 1 for line in fresh)
    assert len([line for line in life.alarms() if "queue_vanished" in line]) == 1


def test_all_is_flushed_while_idle(life):
    life.push()
    life.wait_empty()
    flushed(life)


def test_all_is_flushed_while_events_wait(life):
    life.cli("pause")
    life.push()
    flushed(life)


def test_all_is_flushed_with_a_batch_sealed(life):
    life.tell_endpoint("all: status 503")
    life.push()
    life.flush()
    wait_for(lambda: batches(life, b"sealed"), "a sealed batch")
    wait_for(lambda: life.receiver.requests(), "a POST")
    life.client.flushall()
    life.tell_endpoint()
    flushed(life)


def is_connected(port):
    """Whether somebody has a connection to this port: the mark was seen again before it was made."""
    rows = [row.split() for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[2].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


@pytest.mark.parametrize("answer", ["delay 500ms", "hang 1s"])
def test_all_is_flushed_with_a_post_on_the_wire(life, answer):
    life.tell_endpoint(f"request 1: {answer}")
    life.push()
    life.flush()
    wait_for(lambda: batches(life, b"sending") and is_connected(life.receiver.port), "a batch on the wire")
    life.client.flushall()
    wait_for(lambda: life.daemon.lines("batch_answered"), "its answer")
    flushed(life)
    assert life.daemon.lines("batch_vanished")


def test_all_is_flushed_while_a_batch_is_forming(rig):
    door, life = through_a_door(rig)
    door.delay = 0.05
    life.push(50)
    life.flush()
    wait_for(lambda: batches(life, b"forming"), "a forming batch")
    life.client.flushall()
    door.delay = 0
    flushed(life)
