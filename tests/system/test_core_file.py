"""A process that dies with events in its memory leaves no core file; one that a debugger takes has no memory in it."""

import contextlib
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys

import pytest

import canary
from canary import EVENT, found
from relay_rig import ELRELAY, rig_in_a_folder, wait_for

PT_LOAD = 1
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}
HOLDER = "import os, sys; held = sys.stdin.readline(); print(flush=True); sys.stdin.read()"


def allow_core_files():
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def memory_of(pid):
    """What a process can write to, as root sees it."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
        for line in maps:
            begin, end = (int(text, 16) for text in line.split()[0].split("-"))
            if line.split()[1].startswith("rw") and end - begin < 1 << 28:
                mem.seek(begin)
                yield mem.read(end - begin)


def holds_canary(pid):
    return any(EVENT.encode() in part for part in memory_of(pid))


def memory_in(core):
    """What of a process's memory stands in a core file: its segments, not the registers."""
    data = core.read_bytes()
    table, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for at in range(table, table + size * count, size):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", data, at)
        if kind == PT_LOAD:
            yield data[offset:offset + length]


class Scene:
    """A folder where core files would fall, and a program in it that has read events."""

    def __init__(self, rig):
        self.rig = rig
        self.folder = rig.folder / "cores"
        self.folder.mkdir()
        self.line = canary.event(rig.events(1)[0], 1) + b"\n"

    def popen(self, args, **more):
        process = subprocess.Popen(list(map(str, args)), cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, preexec_fn=allow_core_files, **more)
        self.rig.stack.callback(process.communicate)
        self.rig.stack.callback(process.kill)
        return process

    def feed(self, process):
        process.stdin.write(self.line * 100)
        process.stdin.flush()
        return process

    def holder(self, **more):
        """Another program with the same in its memory."""
        process = self.feed(self.popen([sys.executable, "-c", HOLDER], **more))
        process.stdout.readline()
        return process

    def queue(self):
        self.rig.start_redis()
        receiver = self.rig.start_receiver(faults=["all: hang 600s"])
        self.rig.push([self.line] * 100)
        self.receiver = receiver
        return self.rig.config(self.rig.route(receiver.url()))

    def convert(self, **more):
        return self.feed(self.popen([ELRELAY, "convert"], **more))

    def flush(self, word="flush"):
        process = self.popen([ELRELAY, word, "--config", self.queue()])
        client = self.rig.redis.client
        wait_for(lambda: client.zcard("elrelay:{covid}:open") and any(
            client.hget(key, "state") == b"sending" for key in client.keys("elrelay:{covid}:batch:*")), "a POST")
        return process

    def run(self):
        return self.flush("run")

    def cores(self):
        return sorted(self.folder.iterdir())


@pytest.fixture
def scene():
    with rig_in_a_folder() as rig:
        yield Scene(rig)


def wait_until_held(process):
    with contextlib.suppress(PermissionError):  # who is not root cannot see it
        wait_for(lambda: holds_canary(process.pid), "an event in its memory")


def end(process, number):
    process.send_signal(number)
    process.wait()
    assert process.returncode != 0


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV, signal.SIGQUIT], ids=lambda number: number.name)
@pytest.mark.parametrize("word", ["run", "flush", "convert"])
def test_a_crash_leaves_no_core_file(scene, word, number):
    process = getattr(scene, word)()
    wait_until_held(process)
    end(process, number)
    assert scene.cores() == []
    end(scene.holder(), number)
    if not scene.cores():
        pytest.skip("core files are piped away or put elsewhere here")
    assert found(scene.cores()[0].read_bytes(), [EVENT])


@pytest.mark.skipif(not shutil.which("gcore"), reason="gdb is not installed")
@pytest.mark.parametrize("word", ["run", "convert"])
def test_a_core_that_a_debugger_takes_has_no_memory(scene, word):
    process = getattr(scene, word)()
    wait_until_held(process)
    held = {}
    for name, pid in [("other", scene.holder().pid), ("ours", process.pid)]:
        done = subprocess.run(["gcore", "-o", scene.folder / name, str(pid)], capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"gcore may not look at {name}")
        held[name] = any(found(part) for part in memory_in(scene.folder / f"{name}.{pid}"))
    assert held == {"ours": False, "other": True}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_another_process_of_the_same_user_sees_no_memory(scene):
    try:
        pids = {"ours": scene.convert(**NOBODY).pid, "other": scene.holder(**NOBODY).pid}
    except PermissionError:
        pytest.skip("the build's folder is closed to other users")
    wait_until_held(scene.convert())  # one that began later has come as far
    codes = {name: subprocess.run(["cat", f"/proc/{pid}/maps"], capture_output=True, check=False, **NOBODY).returncode
             for name, pid in pids.items()}
    assert codes == {"ours": 1, "other": 0}
