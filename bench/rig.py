"""What the bench starts: a private Redis, the sink, and the contestants; and what it asks the kernel about them."""

import contextlib
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))

from relay_rig import Process, Redis, wait_for, yaml_of  # noqa: E402

STREAM = "elrelay:{bench}:events"
POLL_S = 0.001
POLL_SHARE = 0.005  # of the time so far: no question costs more than it can tell
REST_S = 0.1
GIVE_UP_S = 1800


def cpu_seconds(pid):
    """User and system time of a process, all threads, in the kernel's own nanoseconds."""
    return time.clock_gettime((~pid << 3) | 2)


def peak_kb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise AssertionError("a process without VmHWM")


class Sink:
    """The endpoint: takes everything and keeps nothing, unless it is told to."""

    def __init__(self, build, folder, delay_ms=0, keep=None):
        self.process = Process([build / "bench/elrelay-sink", "--delay", delay_ms, *(["--keep", keep] if keep else [])],
                               folder / "sink.log")
        try:
            port = wait_for(self.port, "the sink's port")
        except BaseException:
            self.process.stop()
            raise
        self.url = f"http://127.0.0.1:{port}/reports"

    def port(self):
        text = self.process.text()
        return text.endswith("\n") and text.split()[1]

    def counts(self):
        with urllib.request.urlopen(self.url) as answer:
            return json.load(answer)

    def cpu(self):
        return cpu_seconds(self.process.popen.pid)

    def stop(self):
        self.process.stop()
        self.process.log.unlink()


class Contestant:
    """One that drains the queue: how it is started, how it says that it is ready, which signal releases it."""

    def __init__(self, name, args, ready="ready", release=signal.SIGUSR1):
        self.name, self.args, self.ready, self.release = name, args, ready, release


def contestants(build, folder, before=None):
    conf, body = folder / "elrelay.yaml", folder / "body.csv"

    def worker(case, url):
        return ["--socket", folder / "redis.sock", "--stream", STREAM, "--url", url, "--batch", case.batch,
                "--in-flight", case.in_flight]

    def daemon(build):
        return lambda case, url: [build / "elrelay", "run", "--config", conf]

    def floor(*more):
        return lambda case, url: [build / "bench/elrelay-floor", "--config", conf, "--body", body, *more]

    every = [
        Contestant("elrelay", daemon(build), "route_ready"),
        Contestant("python", lambda case, url: ["/usr/bin/python3", ROOT / "bench/worker.py", *worker(case, url)]),
        Contestant("node", lambda case, url: ["node", build / "bench/node/worker.js", *worker(case, url)],
                   release=signal.SIGUSR2),
        Contestant("floor", floor()),
        Contestant("bare", floor("--bare")),
    ]
    if before:
        every.append(Contestant("before", daemon(before), "route_ready"))
    return {one.name: one for one in every}


class Bench:
    """One folder with Redis in it; a run at a time."""

    def __init__(self, build, folder, persistence):
        self.build, self.folder = build, folder
        append = "no" if persistence == "no" else "yes"
        fsync = "everysec" if persistence == "no" else persistence
        self.redis = Redis(folder, "--appendonly", append, "--appendfsync", fsync, "--maxmemory-policy", "noeviction",
                           "--auto-aof-rewrite-percentage", "0")
        self.append = append == "yes"
        self.queues = [("bench", self.redis.client)]  # each route, or shard, with a client of the Redis that it lies on

    def close(self):
        self.redis.stop()

    @staticmethod
    def route(case, url, name="bench", **more):
        """Nothing but the flush begins a cycle."""
        return {"name": name, "schedule": {"every": "24h"}, "batch": {"max_events": case.batch},
                "endpoint": {"profile": "plain", "url": url, "max_in_flight": case.in_flight, "max_unknown": 16}, **more}

    def write_config(self, redis_url, routes, instance="bench", name="elrelay.yaml"):
        (self.folder / name).write_text(yaml_of({"redis": {"url": redis_url}, "instance": instance, "routes": routes}))

    def configure(self, case, url):
        """The daemon's file, which the floor reads too."""
        self.write_config(f"unix://{self.redis.socket}", [self.route(case, url)])

    def commands(self, one, case, url):
        """The processes of a contestant."""
        return [one.args(case, url)]

    def empty(self):
        """As new: no key, and an append-only file that begins anew, so that no run pays for another."""
        client = self.redis.client
        client.flushall()
        if self.append:
            client.bgrewriteaof()
            wait_for(lambda: not client.info("persistence")["aof_rewrite_in_progress"], "the rewritten file")

    def events_to(self, count, args, **more):
        """Synthetic events, piped into a command."""
        events = subprocess.Popen([self.build / "tools/elrelay-events", "--count", str(count)], stdout=subprocess.PIPE)
        done = subprocess.run(list(map(str, args)), stdin=events.stdout, check=True, **more)
        events.stdout.close()
        assert events.wait() == 0
        return done

    def enqueue(self, count):
        self.events_to(count, [self.build / "elrelay", "enqueue", "--config", self.folder / "elrelay.yaml"],
                       stdout=subprocess.DEVNULL)
        assert self.redis.client.xlen(STREAM) == count

    def golden(self, case):
        """The CSV of each batch, as `elrelay convert` makes it."""
        lines = self.events_to(case.events, ["cat"], stdout=subprocess.PIPE).stdout.splitlines(keepends=True)
        return [subprocess.run([self.build / "elrelay", "convert"], input=b"".join(lines[at:at + case.batch]), check=True,
                               stdout=subprocess.PIPE).stdout for at in range(0, len(lines), case.batch)]

    def write_body(self, body):
        """What the floor POSTs, and the measure of what others do."""
        self.body_len = len(body)
        (self.folder / "body.csv").write_bytes(body)

    def is_empty(self):
        for tag, client in self.queues:
            stream, pipe = f"elrelay:{{{tag}}}:events", client.pipeline(transaction=True)
            length, leased, unfinished = pipe.xlen(stream).xpending(stream, "elrelay").zcard(f"elrelay:{{{tag}}}:open").execute()
            if length or leased["pending"] or unfinished:
                return False
        return True

    def redis_cpu(self):
        facts = self.redis.client.info("cpu")
        return facts["used_cpu_user"] + facts["used_cpu_sys"]

    def wait_empty(self, processes):
        began = time.monotonic()
        while not self.is_empty():
            waited = time.monotonic() - began
            for process in processes:
                assert process.popen.poll() is None, f"it ended: {process.text()[-2000:]}"
            assert waited < GIVE_UP_S, "the queue is never empty"
            time.sleep(max(POLL_S, waited * POLL_SHARE))

    @staticmethod
    def rests(process):
        """It has looked at the empty queue, compiled what it compiles at its start, and now waits."""
        before = cpu_seconds(process.popen.pid)
        time.sleep(REST_S)
        return cpu_seconds(process.popen.pid) == before

    def wait_ready(self, one, process):
        wait_for(lambda: process.text().count(one.ready) >= len(self.queues), f"{one.name}, ready")
        wait_for(lambda: self.rests(process), f"{one.name}, at rest")

    def run(self, one, case, sink):
        """Drains so many events once: seconds, and what they cost."""
        self.empty()
        self.configure(case, sink.url)
        with contextlib.ExitStack() as stack:
            processes = []
            for number, args in enumerate(self.commands(one, case, sink.url)):
                log = self.folder / f"{one.name}-{number}.log"
                log.unlink(missing_ok=True)
                processes.append(Process(args, log))
                stack.callback(processes[-1].stop)
            for process in processes:
                self.wait_ready(one, process)
            self.enqueue(case.events)
            took = self.measure(one, processes, sink)
            batches = case.events // case.batch
            assert took["posts"] >= batches and took["bytes"] > 0.9 * batches * self.body_len, f"{one.name} sent too little"
            return took

    @staticmethod
    def cpu(processes):
        return sum(cpu_seconds(process.popen.pid) for process in processes)

    def measure(self, one, processes, sink):
        before = sink.counts()
        cpu, redis_cpu, sink_cpu = self.cpu(processes), self.redis_cpu(), sink.cpu()
        began = time.monotonic()
        for process in processes:
            process.signal(one.release)
        self.wait_empty(processes)
        seconds = time.monotonic() - began
        took = {"seconds": seconds, "cpu_s": self.cpu(processes) - cpu, "redis_cpu_s": self.redis_cpu() - redis_cpu,
                "sink_cpu_s": sink.cpu() - sink_cpu, "peak_kb": max(peak_kb(process.popen.pid) for process in processes)}
        after = sink.counts()
        return {**took, **{name: after[name] - before[name] for name in ("posts", "bytes")}}

    def run_turns(self, one, case, rounds, sink):
        """For each round, a run with each of SETUPS; each begins with another."""
        done = []
        self.write_body(self.golden(case._replace(events=case.batch))[0])
        for number in range(rounds):
            runs, turn = {}, number % len(self.SETUPS)
            for self.setup in self.SETUPS[turn:] + self.SETUPS[:turn]:
                runs[self.setup] = self.run(one, case, sink)
            done.append({setup: runs[setup] for setup in self.SETUPS})
        return done

    def check(self, one, case, golden):
        """Refuses one that sends other bytes than the daemon's own conversion gives."""
        keep = self.folder / "kept"
        shutil.rmtree(keep, ignore_errors=True)
        keep.mkdir()
        sink = Sink(self.build, self.folder, keep=keep)
        try:
            self.run(one, case, sink)
        finally:
            sink.stop()
        bodies = [path.read_bytes() for path in sorted(keep.iterdir())]
        assert bodies == golden, f"{one.name}: other CSV than elrelay convert gives"
