"""What stands between a mark and its bytes, and what follows a restart of Redis: with a real Redis, a real replica, and
a door that makes a Redis 7.0 look like one that knows WAITAOF."""

import hashlib
import re
import signal
import subprocess

import pytest

from cli_rig import Cli
from queue_rig import text_of
from redis_door import Door
from relay_rig import Redis, assert_exactly_once, free_port, rig_in_a_folder, wait_for

STATE = "elrelay:{covid}:state"
VERSION = subprocess.run(["redis-server", "--version"], capture_output=True, text=True).stdout
HAS_WAITAOF = tuple(map(int, re.search(r"v=(\d+)\.(\d+)", VERSION).groups())) >= (7, 2)
EVAL_2 = b"*3\r\n$4\r\nEVAL\r\n$%d\r\n%s\r\n$1\r\n0\r\n"


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        yield made


def route(rig, receiver, **more):
    return rig.route(receiver.url("/lab"), schedule={"every": "1s"}, endpoint={"profile": "plain"}, **more)


# A heartbeat waits behind a barrier, which may take a second.
CALM = {"heartbeat": {"every": "1s", "life": "5s"}}


def config(rig, receiver, durability, socket="redis.sock", **more):
    return rig.config(route(rig, receiver), redis={
        "url": f"unix://{rig.folder}/{socket}", "retry": {"first": "20ms", "cap": "100ms"}, "command_timeout": "2s",
        "durability": durability}, **{**CALM, **more})


def plain_receiver(rig):
    return rig.start_receiver("receiver", "--plain", "/lab")


def in_force(rig, name="one"):
    return (rig.redis.client.hget(STATE, f"durability:{name}") or b"").decode()


def sha1_of(script):
    return hashlib.sha1(text_of(script).encode()).hexdigest().encode()


EVERYSEC = ("--appendfsync", "everysec")
NO_AOF = ("--appendonly", "no")


# what is in force


@pytest.mark.parametrize("settings,wanted,word", [
    ((), "auto", "always"),
    ((), "always", "always"),
    ((), "none", "none"),
    (EVERYSEC, "auto", "waitaof" if HAS_WAITAOF else "none"),
    (("--appendfsync", "no"), "auto", "none"),
    (("--no-appendfsync-on-rewrite", "yes"), "auto", "waitaof" if HAS_WAITAOF else "none"),
    (NO_AOF, "auto", "none"),
])
def test_what_is_in_force_is_found_and_told(rig, settings, wanted, word):
    rig.start_redis(*settings)
    receiver = plain_receiver(rig)
    cli = Cli(rig, route(rig, receiver), redis={"url": f"unix://{rig.folder}/redis.sock", "durability": wanted})
    assert re.search(rf"^ok .*redis durability +{word}: ", cli.out("check", "--connect"), re.M)
    daemon = rig.start(cli.config)
    assert in_force(rig) == word
    assert f"  durability     one: {word}\n" in cli.out("status")
    assert cli.routes("status")["covid"]["durability"] == [{"daemon": "one", "in_force": word}]
    daemon.stop()
    assert rig.redis.client.hgetall(STATE).keys() == {b"run_id"}
    assert "durability  " not in cli.out("status")


@pytest.mark.parametrize("settings,wanted,words", [
    (EVERYSEC, "always", "redis.durability is always, and appendfsync is not, or not during rewrites; set appendfsync to always"),
    (NO_AOF, "always", "redis.durability is always, and appendonly is off; set it to yes"),
    ((), "waitaof", "redis.durability is waitaof, and this Redis has no WAITAOF, which came with 7.2; set it to always"),
])
def test_what_cannot_be_had_is_refused(rig, settings, wanted, words):
    if wanted == "waitaof" and HAS_WAITAOF:
        pytest.skip("this Redis has WAITAOF")
    rig.start_redis(*settings)
    path = config(rig, plain_receiver(rig), wanted)
    daemon = rig.start(path, ready=False)
    assert wait_for(lambda: daemon.lines("queue_unusable"), "a refusal") and words in daemon.text()
    assert rig.redis.client.keys() == []
    out = rig.run("check", "--connect", "--config", path, code=3).stdout.decode()
    assert re.search(rf"^FAIL +redis durability +{re.escape(words)}", out, re.M)


def test_one_that_may_not_see_appendfsync_is_not_trusted(rig):
    rig.start_redis()
    rig.redis.client.execute_command("ACL", "SETUSER", "default", "-config")
    receiver = plain_receiver(rig)
    rig.start(config(rig, receiver, "auto"))
    assert in_force(rig) == ("waitaof" if HAS_WAITAOF else "none")
    daemon = rig.start(config(rig, receiver, "always", name="two.yaml", instance="two"), ready=False)
    assert wait_for(lambda: daemon.lines("queue_unusable"), "a refusal") and "CONFIG GET" in daemon.text()


@pytest.mark.parametrize("text", ["allways", "wait:0", "wait:17", "wait"])
def test_another_word_is_refused_with_its_place(rig, text):
    path = rig.config(rig.route("http://127.0.0.1:1/"), redis={"durability": text})
    error = rig.run("check", "--config", path, code=3).stderr.decode()
    assert re.search(r"elrelay.yaml:\d+: redis.durability: must be auto, always, waitaof, wait:N with N from 1 to 16", error)


# the barrier


def start_replica(rig, port):
    folder = rig.folder / "replica"
    folder.mkdir()
    replica = Redis(folder, "--replicaof", "127.0.0.1", str(port), "--repl-diskless-sync-delay", "0")
    rig.stack.callback(replica.stop)
    wait_for(lambda: replica.client.info("replication")["master_link_status"] == "up", "a replica")
    return replica


def test_nothing_is_sent_while_a_replica_does_not_answer(rig):
    port = free_port()
    rig.start_redis("--port", str(port), "--repl-diskless-sync-delay", "0")
    replica = start_replica(rig, port)
    receiver = plain_receiver(rig)
    daemon = rig.start(config(rig, receiver, "wait:1"))
    lines = rig.events(6)
    rig.push(lines[:3])
    wait_for(lambda: len(receiver.rows()) == 3, "the first events")
    replica.process.signal(signal.SIGSTOP)
    rig.push(lines[3:])
    failed = wait_for(lambda: [line for line in daemon.lines("act_failed") if "act=send" in line], "an alarm")
    assert "WAIT: 0 of 1 answered in time" in failed[0] and failed[0].split()[1] == "error"
    wait_for(lambda: len([line for line in daemon.lines("act_failed") if "act=send" in line]) > 1, "another try")
    assert len(receiver.requests()) == 1
    replica.process.signal(signal.SIGCONT)
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), lines)
    attempts = [int(rig.redis.client.hget(key, "attempts")) for key in rig.redis.client.keys("elrelay:{covid}:batch:*")]
    assert len(receiver.requests()) == 2 and max(attempts) >= 2


def test_check_says_that_replicas_are_missing(rig):
    rig.start_redis()
    out = rig.run("check", "--connect", "--config", config(rig, plain_receiver(rig), "wait:2"), code=4).stdout.decode()
    assert re.search("^FAIL +redis durability +wait:2, and 0 replicas are connected", out, re.M)


class NewerRedis(Door):
    """Says it is 7.2 and answers WAITAOF as if `local` copies were on the disk. Where this Redis is as new, nothing is
    changed but that answer."""

    local, asked = 1, 0

    def changed(self, command):
        if b"\r\nWAITAOF\r\n" in command:
            self.asked += 1
            script = b"return {%d, 0}" % self.local
            return EVAL_2 % (len(script), script)
        return command.replace(b"WAITAOF 1 0 1", b"WAIT 1 1     ")

    def answer(self, data):
        return data.replace(b"redis_version:7.0.", b"redis_version:7.2.")


@pytest.mark.parametrize("wanted", ["auto", "waitaof"])
def test_nothing_is_sent_before_the_mark_is_on_the_disk(rig, wanted):
    rig.start_redis("--appendfsync", "everysec")
    door = NewerRedis(rig.folder / "door.sock", rig.redis.socket)
    rig.stack.callback(door.close)
    receiver = plain_receiver(rig)
    path = config(rig, receiver, wanted, "door.sock")
    daemon = rig.start(path)
    assert in_force(rig) == "waitaof"
    lines = rig.events(6)
    rig.push(lines[:3])
    wait_for(lambda: len(receiver.rows()) == 3, "the first events")
    assert door.asked == 1
    door.local = 0
    rig.push(lines[3:])
    failed = wait_for(lambda: [line for line in daemon.lines("act_failed") if "act=send" in line], "an alarm")
    assert "WAITAOF: 0 of 1 answered in time" in failed[0] and len(receiver.requests()) == 1
    door.local = 1
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), lines)


@pytest.mark.skipif(not HAS_WAITAOF, reason="this Redis has no WAITAOF")
def test_a_redis_that_has_waitaof_is_waited_for(rig):
    rig.start_redis("--appendfsync", "everysec")
    receiver = plain_receiver(rig)
    daemon = rig.start(config(rig, receiver, "auto"))
    lines = rig.events(3)
    rig.push(lines)
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), lines)
    late = [line for line in daemon.lines("act_failed") if "WAITAOF: 0 of 1 answered in time" in line]  # a slow disk
    assert rig.redis.client.info("commandstats")["cmdstat_waitaof"]["calls"] == len(receiver.requests()) + len(late)


@pytest.mark.skipif(not HAS_WAITAOF, reason="this Redis has no WAITAOF")
def test_routes_that_wait_together_share_an_fsync(rig):
    rig.start_redis("--appendfsync", "everysec")
    receiver = plain_receiver(rig)
    names = [f"r{number}" for number in range(16)]
    path = rig.config(*(rig.route(receiver.url("/lab"), name=name, endpoint={"profile": "plain"}) for name in names),
                      redis={"url": f"unix://{rig.folder}/redis.sock", "durability": "waitaof"}, **CALM)
    daemon = rig.start(path)
    lines = rig.events(32)
    for number, name in enumerate(names):
        rig.push(lines[2 * number:2 * number + 2], route=name)
    daemon.signal(signal.SIGUSR1)
    wait_for(lambda: len(receiver.rows()) == 32, "all of them")
    assert_exactly_once(receiver.rows(), lines)
    assert not daemon.lines("redis_down") and not daemon.lines("act_failed")


# after a restart


def rewrites(daemon):
    return [re.search(r"state=(\w+)", line)[1] for line in daemon.lines("aof_rewrite")]


def run_id(client):
    return client.info("server")["run_id"].encode()


def test_work_waits_for_one_rewrite_of_the_aof_after_a_restart(rig):
    rig.start_redis()
    receiver = plain_receiver(rig)
    one = rig.start(config(rig, receiver, "auto"))
    two = rig.start(config(rig, receiver, "auto", name="two.yaml", instance="two"))
    assert rewrites(one) == [] and rig.redis.client.hget(STATE, "run_id") == run_id(rig.redis.client)
    for _ in range(2):
        rig.redis.restart()
        wait_for(lambda: rig.redis.client.hget(STATE, "run_id") == run_id(rig.redis.client), "work after the restart")
        wait_for(lambda: rig.redis.client.hlen("elrelay:{covid}:instances") == 2, "both")
        assert rig.redis.client.info("persistence")["aof_rewrites"] == 1
    wait_for(lambda: "end" in rewrites(one) + rewrites(two), "its end in a log")
    lines = rig.events(3)
    rig.push(lines)
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), lines)


@pytest.mark.parametrize("settings,known", [(NO_AOF, True), ((), False)], ids=["no aof", "new"])
def test_no_rewrite_where_there_is_nothing_to_mend(rig, settings, known):
    rig.start_redis(*settings)
    if known:
        rig.redis.client.hset(STATE, "run_id", "another")
    daemon = rig.start(config(rig, plain_receiver(rig), "auto"))
    assert rewrites(daemon) == [] and rig.redis.client.hget(STATE, "run_id") == run_id(rig.redis.client)


def test_a_rewrite_that_fails_is_an_alarm_and_tried_again(rig):
    rig.start_redis()
    rig.redis.client.hset(STATE, "run_id", "another")
    receiver = plain_receiver(rig)
    folder = rig.folder / "appendonlydir"
    kept = folder.rename(rig.folder / "away")
    folder.write_text("in the way")
    daemon = rig.start(config(rig, receiver, "auto"), ready=False)
    wait_for(lambda: "failed" in rewrites(daemon), "an alarm")
    assert rig.redis.client.hget(STATE, "run_id") == b"another" and not daemon.lines("route_ready")
    folder.unlink()
    kept.rename(folder)
    wait_for(lambda: daemon.lines("route_ready"), "a daemon that is ready")
    assert rewrites(daemon)[0] == "begin" and rewrites(daemon)[-1] == "end"
    assert rig.redis.client.hget(STATE, "run_id") == run_id(rig.redis.client)


def test_without_the_right_to_rewrite_work_goes_on_and_says_so(rig):
    rig.start_redis()
    rig.redis.client.hset(STATE, "run_id", "another")
    rig.redis.client.execute_command("ACL", "SETUSER", "default", "-bgrewriteaof")
    path = config(rig, plain_receiver(rig), "auto")
    daemon = rig.start(path)
    assert rewrites(daemon) == ["begin", "impossible"]
    assert rig.redis.client.hget(STATE, "run_id") == b"another"
    rig.redis.client.client_kill_filter(_type="normal", skipme=True)
    wait_for(lambda: len(rewrites(daemon)) == 3, "the same once more")
    assert [line.split()[1] for line in daemon.lines("aof_rewrite")] == ["warn", "error", "debug"]
    out = rig.run("check", "--connect", "--config", path, code=0).stdout.decode()
    assert re.search("^ok .*rights .*not needed, but the queue is safer with it: BGREWRITEAOF", out, re.M)


@pytest.mark.parametrize("what,after", [(b"\r\nXREADGROUP\r\n", True), (sha1_of("seal"), False)], ids=["read", "seal"])
def test_a_forming_batch_does_not_outlive_redis(rig, what, after):
    """Its id is never sealed: the events go to another one."""
    rig.start_redis()
    door = Door(rig.folder / "door.sock", rig.redis.socket)
    rig.stack.callback(door.close)
    receiver = plain_receiver(rig)
    lines = rig.events(5)
    rig.push(lines)
    door.aim(rig.redis.process, 1, after, what)
    daemon = rig.start(config(rig, receiver, "auto", "door.sock"), ready=False)
    wait_for(lambda: rig.redis.process.popen.poll() is not None, "the end of Redis")
    rig.redis.restart()
    rig.wait_empty()
    assert len(daemon.lines("batch_abandoned")) == 1
    abandoned = re.search(r"batch=(\S+)", daemon.lines("batch_abandoned")[0])[1]
    assert rig.redis.client.hget("elrelay:{covid}:batch:" + abandoned, "state") == b"terminated"
    assert_exactly_once(receiver.rows(), lines)
    assert len(receiver.requests()) == 1
