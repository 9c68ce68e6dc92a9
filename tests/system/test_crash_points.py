"""The points at which a test build dies: all are there in that build, and in no other.

With ELRELAY_BUILD naming a build of the preset `crash` they are passed; with any other, looked for in vain.
"""

import os
import re
import signal
import subprocess

import pytest

from relay_rig import BUILD, ELRELAY, ROOT, rig_in_a_folder, wait_for

CRASHES = "ELRELAY_CRASH_POINTS:BOOL=ON" in (BUILD / "CMakeCache.txt").read_text()
crashing = pytest.mark.skipif(not CRASHES, reason="ELRELAY_BUILD names no build with crash points")


def rows(header, name):
    """The words of a list in a header."""
    text = (ROOT / "include/elrelay" / header).read_text().partition(f"#define {name}(ROW)")[2].partition("\n\n")[0]
    return re.findall(r'ROW\(\w+,\s*(?:\\\s*)?"([^"]+)"', text)


POSTS = rows("edge/host/crash.h", "CRASH_POINT_LIST")
ACTS = rows("core/relay/ports.h", "ACT_LIST")
NAMES = [f"{when}-{act}" for when in ("before", "after") for act in ACTS] + POSTS


def crash_at(name, *args):
    return subprocess.run([ELRELAY, *args], env={**os.environ, "ELRELAY_CRASH_AT": name}, capture_output=True, text=True)


@pytest.mark.skipif(CRASHES, reason="ELRELAY_BUILD names a build with crash points")
def test_no_other_program_holds_a_word_of_them():
    program = ELRELAY.read_bytes()
    assert len(POSTS) >= 7 and len(ACTS) >= 17
    own = [name for name in NAMES if name != "convert"]  # which is also a command
    assert [word for word in ["ELRELAY_CRASH_AT", *own] if word.encode() in program] == []
    assert crash_at("list", "--version").stdout == crash_at("", "--version").stdout


@crashing
def test_the_names_are_listed():
    done = crash_at("list", "run", "--config", "/nonexistent")
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, NAMES, "")


@crashing
@pytest.mark.parametrize("name", ["nowhere", "", "post-begin:0", "post-begin:", "post-begin:x", "post-begi", "before-", "survey"])
def test_a_name_that_is_none_is_refused(name):
    done = crash_at(name, "--version")
    assert done.returncode == 2 and "list shows the names" in done.stderr


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


# point, whole bodies that the endpoint has then, batches that it was passed with
@crashing
@pytest.mark.parametrize("point,taken", [
    ("before-survey", 0), ("after-survey", 0), ("before-begin", 0), ("after-peek", 0), ("after-seal", 0), ("before-send", 0),
    ("after-send", 0), ("post-begin", 0), ("post-first-byte", 0), ("post-mid-body", 0), ("post-last-byte", 1),
    ("post-answered", 1), ("before-accept", 1), ("after-accept", 1), ("before-drain", 1), ("after-drain", 1),
    ("post-begin:2", 1), ("post-mid-body:2", 1), ("post-last-byte:3", 3), ("after-accept:2", 2),
])
@pytest.mark.parametrize("size", [0, 300_000], ids=["small", "large"])
def test_the_process_dies_there(rig, point, taken, size):
    receiver = rig.start_receiver("receiver", "--plain", "/lab")
    config = rig.config(rig.route(receiver.url("/lab"), batch={"max_events": 2}, endpoint={"profile": "plain"}))
    rig.push([b'{"n":"%d","filler":"%s"}' % (i, b"x" * size) for i in range(6)])
    daemon = rig.start(config, ready=False, env={**os.environ, "ELRELAY_CRASH_AT": point})
    assert daemon.wait() == -signal.SIGKILL
    wait_for(lambda: len(receiver.accepted()) >= taken, "what had gone out")
    receiver.stop()
    assert len(receiver.accepted()) == taken


@crashing
@pytest.mark.parametrize("point,looks", [("get-begin", 0), ("get-answered", 1)])
def test_the_process_dies_at_a_look(rig, point, looks):
    receiver = rig.start_receiver(faults=["request 1: accept-then 504"])
    config = rig.config(rig.route(receiver.url(), endpoint={"on_unknown": "lookup", "lookup": {"settle": "0s", "gap": "0s"}}))
    rig.push([b'{"n":"1"}'])
    daemon = rig.start(config, ready=False, env={**os.environ, "ELRELAY_CRASH_AT": point})
    assert daemon.wait() == -signal.SIGKILL
    assert len(receiver.accepted()) == 1 and len(receiver.requests("GET")) == looks
