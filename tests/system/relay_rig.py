"""The whole thing on loopback: a private redis-server, the stand-in endpoint, the daemon; and a checker over them."""

import collections
import contextlib
import csv
import hashlib
import io
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time

import redis

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ELRELAY_BUILD", ROOT / "build/debug"))
ELRELAY = BUILD / "elrelay"
PREFIX = "elrelay:{covid}:"
PATIENCE = 60  # seconds until a condition that must come true is given up


def wait_for(condition, what, seconds=None):
    """The condition's first true value."""
    end = time.monotonic() + (seconds or PATIENCE)
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"never came: {what}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A program with its output in a file; stopped for certain at the end."""

    def __init__(self, args, log, **more):
        self.log = pathlib.Path(log)
        self.out = open(self.log, "ab")
        self.popen = subprocess.Popen([str(arg) for arg in args], stdout=self.out, stderr=self.out,
                                      stdin=subprocess.DEVNULL, **more)

    def text(self):
        return self.log.read_text(errors="replace")

    def lines(self, word):
        return [line for line in self.text().splitlines() if f" {word} " in f"{line} "]

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, seconds=PATIENCE):
        return self.popen.wait(seconds)

    def stop(self):
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        self.out.close()
        return self.popen.returncode

    def kill(self):
        self.popen.kill()
        self.popen.wait()


class Redis:
    def __init__(self, folder, *args):
        self.folder = pathlib.Path(folder)
        self.socket = self.folder / "redis.sock"
        self.args = args
        self.process = None
        self.start()

    def start(self):
        self.process = Process(["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", self.folder,
                                "--save", "", "--appendonly", "yes", "--appendfsync", "always",
                                "--daemonize", "no", *self.args], self.folder / "redis.log")
        self.client = redis.Redis(unix_socket_path=str(self.socket))
        wait_for(self.answers, "an answer of Redis")

    def answers(self):
        with contextlib.suppress(redis.RedisError):
            return self.client.ping()

    def restart(self, kill=True):
        if kill:
            self.process.kill()
            self.process.stop()
        else:
            self.process.stop()
        self.start()

    def stop(self):
        self.client.close()
        self.process.stop()


class Receiver:
    """The stand-in endpoint; what it accepted is read from its fsynced files, never asked of it."""

    def __init__(self, folder, *args, port=0, **more):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.accepted_file = self.folder / "accepted.jsonl"
        self.requests_file = self.folder / "requests.jsonl"
        self.bodies = self.folder / "bodies"
        self.bodies.mkdir(exist_ok=True)
        port_file = self.folder / "port"
        port_file.unlink(missing_ok=True)
        faults = [part for rule in more.pop("faults", []) for part in ("--fault", rule)]
        self.process = Process([BUILD / "tools/elrelay-receiver", "--port", port, "--port-file", port_file,
                                "--accepted", self.accepted_file, "--bodies", self.bodies,
                                "--requests", self.requests_file, *faults, *args], self.folder / "receiver.log", **more)
        self.port = int(wait_for(lambda: port_file.exists() and port_file.read_text().strip(), "the receiver's port"))

    def url(self, path="/api/reports?processing=async"):
        return f"http://127.0.0.1:{self.port}{path}"

    def read(self, file):
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def accepted(self):
        return self.read(self.accepted_file)

    def requests(self, method="POST"):
        return [row for row in self.read(self.requests_file) if row["method"] == method]

    def rows(self, accepted=None):
        """All rows of all accepted bodies, or of these, by another CSV reader."""
        rows = []
        for entry in self.accepted() if accepted is None else accepted:
            body = (self.bodies / entry["body"]).read_bytes()
            assert hashlib.sha256(body).hexdigest() == entry["sha256"]
            rows += csv.DictReader(io.StringIO(body.decode(), newline=""), strict=True)
        return rows

    def stop(self):
        self.process.stop()


def yaml_of(value, indent=0):
    """YAML enough for a configuration: JSON is YAML."""
    return json.dumps(value, indent=2)


class Rig:
    """One folder, its servers, and the daemons started in it."""

    def __init__(self, folder, elrelay=ELRELAY):
        self.folder, self.elrelay = pathlib.Path(folder), elrelay
        self.stack = contextlib.ExitStack()
        self.daemons = 0
        self.redis = None

    def start_redis(self, *args):
        self.redis = Redis(self.folder, *args)
        self.stack.callback(self.redis.stop)
        return self.redis

    def start_receiver(self, name="receiver", *args, **more):
        receiver = Receiver(self.folder / name, *args, **more)
        self.stack.callback(receiver.stop)
        return receiver

    def route(self, url, name="covid", **more):
        route = {
            "name": name,
            "schedule": {"every": "1h"},
            "queue": {"peek_count": 3},  # so that batches take several reads, and the next one goes ahead
            "endpoint": {"profile": "reportstream", "url": url, "headers": {"client": "simple_report"},
                         "retry": {"first": "100ms", "cap": "400ms"}, "timeout": "10s", "on_unknown": "resend"},
        }
        for section, settings in more.items():
            route[section] = {**route.get(section, {}), **settings}
        return route

    def config(self, *routes, name="elrelay.yaml", **more):
        path = self.folder / name
        tree = {"redis": {"url": f"unix://{self.folder}/redis.sock", "retry": {"first": "20ms", "cap": "100ms"}},
                "instance": "one", "heartbeat": {"every": "200ms", "life": "1s"}, "log": {"level": "debug"},
                "routes": list(routes), **more}
        path.write_text(yaml_of(tree))
        return path

    def start(self, config, ready=True, **more):
        self.daemons += 1
        daemon = Process([self.elrelay, "run", "--config", config], self.folder / f"daemon-{self.daemons}.log", **more)
        self.stack.callback(daemon.stop)
        if ready:
            wait_for(lambda: daemon.lines("route_ready"), f"a daemon that is ready: {daemon.log}")
        return daemon

    def run(self, *args, input=None, code=0):
        done = subprocess.run([str(self.elrelay), *map(str, args)], input=input, capture_output=True, timeout=PATIENCE)
        assert done.returncode == code, (args, done.returncode, done.stdout, done.stderr)
        return done

    def events(self, count, *args):
        """Lines of synthetic events."""
        done = subprocess.run([str(BUILD / "tools/elrelay-events"), "--count", str(count), *map(str, args)],
                              capture_output=True, check=True, timeout=PATIENCE)
        return done.stdout.splitlines()

    def push(self, lines, route="covid"):
        pipe = self.redis.client.pipeline(transaction=False)
        for line in lines:
            pipe.xadd(f"elrelay:{{{route}}}:events", {"event": line})
        pipe.execute()

    def queue_is_empty(self, route="covid", inbox=None):
        """Nothing unread, leased, open or waiting in the inbox: all seen at one moment."""
        stream = f"elrelay:{{{route}}}:events"
        pipe = self.redis.client.pipeline(transaction=True)
        pipe.xlen(stream).zcard(f"elrelay:{{{route}}}:open").llen(inbox or f"elrelay:{{{route}}}:inbox").xpending(stream, "elrelay")
        with contextlib.suppress(redis.RedisError):
            length, unfinished, waiting, leased = pipe.execute()
            return length == unfinished == waiting == leased["pending"] == 0

    def wait_empty(self, route="covid", inbox=None, seconds=PATIENCE):
        wait_for(lambda: self.queue_is_empty(route, inbox), f"an empty queue of {route}", seconds)

    def dead(self, route="covid"):
        return self.redis.client.xrange(f"elrelay:{{{route}}}:dead")

    def close(self):
        self.stack.close()


class Exceptions:
    """What stands on a stream of exceptions."""

    NAMES = [b"testEventInternalId", b"isError", b"details", b"queueName"]

    def __init__(self, rig, key=PREFIX + "exceptions"):
        self.client, self.key = rig.redis.client, key

    def rows(self):
        entries = [fields for _, fields in self.client.xrange(self.key)]
        assert all(list(fields) == self.NAMES for fields in entries)
        return [tuple(value.decode() for value in fields.values()) for fields in entries]


def assert_exactly_once(rows, lines):
    """Each event arrived once, with every cell right."""
    want = {}
    for line in lines:
        event = json.loads(line)
        want[event["Result_ID"]] = event
    counts = collections.Counter(row["Result_ID"] for row in rows)
    lost = [key for key in want if key not in counts]
    twice = [key for key, count in counts.items() if count > 1]
    assert not lost and not twice, f"lost {len(lost)}, twice {len(twice)}"
    assert len(rows) == len(want)
    for row in rows:
        event = want[row["Result_ID"]]
        for column, cell in row.items():
            value = event.get(column)
            text = "" if value is None else value
            assert cell == str(text), (column, cell, text)


@contextlib.contextmanager
def rig_in_a_folder(elrelay=ELRELAY):
    with tempfile.TemporaryDirectory(prefix="elrelay-") as folder:
        rig = Rig(folder, elrelay)
        try:
            yield rig
        finally:
            rig.close()
