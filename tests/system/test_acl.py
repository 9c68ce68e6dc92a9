"""The user that `elrelay check --acl` makes may do what a daemon must, and no more than that."""

import re
import subprocess

import pytest
import redis

from relay_rig import ELRELAY, assert_exactly_once, rig_in_a_folder

NAMES = ["test-events", 'odd "name" [a-b]*?\\']


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


def configure(rig, receiver, inbox, **more):
    (rig.folder / "password").write_text("secret")
    route = rig.route(receiver.url(), queue={"inbox": inbox}, batch={"max_events": 50}, **more)
    return rig.config(route, redis={"url": f"unix://elrelay@{rig.folder}/redis.sock",
                                    "password_file": str(rig.folder / "password")})


def make_user(rig, config):
    line = rig.run("check", "--acl", "--config", config).stdout
    assert line.count(b"\n") == 1
    rig.redis.client.execute_command("ACL", "SETUSER", "elrelay", "on", ">secret")
    done = subprocess.run(["redis-cli", "-s", str(rig.redis.socket)], input=line, capture_output=True, check=True)
    assert done.stdout.strip() == b"OK", done.stdout
    return line.decode()


@pytest.mark.parametrize("inbox", NAMES)
def test_a_whole_life_needs_no_other_right(rig, inbox):
    receiver = rig.start_receiver(faults=["rows-with Patient_state=ZZ: refuse-rows"])
    config = configure(rig, receiver, inbox)
    make_user(rig, config)
    lines = rig.events(200, "--seed", 6)
    lines[7] = re.sub(rb'("Patient_state":)"[^"]*"', rb'\1"ZZ"', lines[7])
    rig.push([*lines[:100], b"[1]"])
    rig.redis.client.rpush(inbox, *lines[100:])
    daemon = rig.start(config)
    rig.run("flush", "--config", config)
    rig.wait_empty(inbox=inbox)
    assert_exactly_once(receiver.rows(), [*lines[:7], *lines[8:]])
    assert len(rig.dead()) == 2
    out = rig.run("check", "--connect", "--config", config).stdout.decode()
    assert "FAIL" not in out and "all " in out
    assert daemon.stop() == 0
    assert not daemon.lines("act_failed")


@pytest.mark.parametrize("exceptions", ["elrelay:{covid}:exceptions", "said of events"])
def test_exceptions_and_their_forwarding_need_no_other_right(rig, exceptions):
    receiver = rig.start_receiver(faults=["all: warn-rows 1,2"])
    callback = rig.start_receiver("callback", "--plain", "/callback")
    (rig.folder / "password").write_text("secret")
    forward = rig.route(callback.url("/callback"), name="callback", queue={"stream": exceptions})
    del forward["endpoint"]["profile"], forward["endpoint"]["headers"]
    named = {"queue": {"exceptions": exceptions}} if "covid" not in exceptions else {}
    config = rig.config(rig.route(receiver.url(), **named), {**forward, "type": "forward"},
                        redis={"url": f"unix://elrelay@{rig.folder}/redis.sock",
                               "password_file": str(rig.folder / "password")})
    make_user(rig, config)
    rig.push(rig.events(5))
    daemon = rig.start(config)
    rig.wait_empty()
    rig.run("flush", "--route", "callback", "--config", config)
    assert len(callback.accepted()) == 2 and rig.redis.client.xlen(exceptions) == 0
    assert b"FAIL" not in rig.run("check", "--connect", "--config", config).stdout
    assert daemon.stop() == 0 and not daemon.lines("act_failed") and not daemon.lines("exceptions_lost")


def test_it_may_do_nothing_else(rig):
    receiver = rig.start_receiver()
    make_user(rig, configure(rig, receiver, "test-events"))
    user = redis.Redis(unix_socket_path=str(rig.redis.socket), username="elrelay", password="secret")
    for refused in (("GET", "other"), ("XLEN", "elrelay:{flu}:events"), ("FLUSHALL",), ("KEYS", "*"), ("CONFIG", "SET", "dir", "/"),
                    ("PUBLISH", "a", "b"), ("ACL", "LIST"), ("XTRIM", "elrelay:{covid}:events", "MAXLEN", 0)):
        with pytest.raises(redis.exceptions.NoPermissionError):
            user.execute_command(*refused)
    user.close()


def test_the_line_comes_alone_and_without_a_server(rig):
    route = rig.route("http://127.0.0.1:1/")
    config = rig.config(route, redis={"url": "redis+cluster://127.0.0.1:1", "durability": "wait:2"})
    done = subprocess.run([str(ELRELAY), "check", "--acl", "--config", config], capture_output=True, check=True)
    assert done.stdout.startswith(b"ACL SETUSER elrelay ") and done.stderr == b""
    assert b" +cluster|slots " in done.stdout and b" +wait " in done.stdout and b"waitaof" not in done.stdout
