"""A Redis without a barrier that comes back older than it was, and a daemon that has a ledger.

The files of Redis are copied at one point of a batch's life, the daemon goes on and dies at a later one (or lives), and
then Redis is killed and comes back with the copy. Nothing is lost and nothing is sent twice, at an endpoint that can be
asked and at one that heeds a key. Without the ledger the same comes to events that are sent twice.
"""

import concurrent.futures
import contextlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import time

import pytest

import checker
from relay_rig import rig_in_a_folder, wait_for
from test_crash_points import CRASHES

crashing = pytest.mark.skipif(not CRASHES, reason="ELRELAY_BUILD names no build with crash points")

AT_ONCE = 10
ROUNDS = int(os.environ.get("ELRELAY_ROUNDS", 4))
KINDS = {
    "lookup": ((), "/api/reports?processing=async", {
        "on_unknown": "lookup", "lookup": {"settle": "200ms", "gap": "200ms", "fallback": "hold"}}),
    "key": (("--plain", "/lab", "--idempotent"), "/lab", {"profile": "plain", "on_unknown": "resend"}),
    "hold": (("--plain", "/lab"), "/lab", {"profile": "plain", "on_unknown": "hold"}),
}
# Where Redis comes back to; "": the events are queued, and no daemon has run.
KEPT = ["", "before-seal", "before-send", "after-send", "post-begin"]
# How far it had come before that; "": all of it was done.
DIED = ["after-seal", "after-send", "post-begin", "post-mid-body", "post-last-byte", "post-answered", "before-accept",
        "after-accept", "before-drain", "after-drain", ""]
TAKEN = {"post-last-byte", "post-answered", "before-accept", "after-accept", "before-drain", "after-drain", ""}


def event(name):
    return json.dumps({"Result_ID": name, "Patient_state": "NY"}).encode()


class Past:
    """One Redis with everysec, one endpoint, one daemon after the other, and a copy of what Redis was."""

    def __init__(self, rig, kind, ledger=True, receiver=(), faults=(), **route):
        self.rig, self.kind, self.ledger = rig, kind, rig.folder / "ledger"
        more, self.path, endpoint = KINDS[kind]
        rig.start_redis("--appendfsync", "everysec")
        self.receiver = rig.start_receiver("receiver", *more, *receiver, faults=list(faults))
        self.settings = {"endpoint": {"retry": {"first": "10ms", "cap": "40ms"}, **endpoint}, "schedule": {"every": "1s"}}
        self.settings = {**self.settings, **route}
        self.more = {"redis": {"url": f"unix://{rig.redis.socket}", "retry": {"first": "20ms", "cap": "100ms"},
                               "durability": "none"}}  # else a newer Redis has a barrier
        if ledger:
            self.more["ledger"] = {"path": str(self.ledger)}
        self.config = self.configured()
        self.queued = []

    def configured(self, **more):
        route = self.rig.route(self.receiver.url(self.path), **self.settings)
        return self.rig.config(route, **{**self.more, **more})

    def queue(self, *names):
        lines = [event(name) for name in names]
        self.rig.push(lines)
        self.queued += lines

    def die(self, point):
        daemon = self.rig.start(self.config, ready=False, env={**os.environ, "ELRELAY_CRASH_AT": point})
        assert daemon.wait() == -signal.SIGKILL, f"not at {point}: {daemon.text()}"

    def keep(self):
        shutil.copytree(self.rig.folder / "appendonlydir", self.rig.folder / "kept")

    def go_back(self):
        self.rig.redis.process.kill()
        self.rig.redis.process.stop()
        shutil.rmtree(self.rig.folder / "appendonlydir")
        shutil.copytree(self.rig.folder / "kept", self.rig.folder / "appendonlydir")
        self.rig.redis.start()

    def finish(self):
        daemon = self.rig.start(self.config)
        self.rig.wait_empty()
        return daemon

    def held(self):
        keys = self.rig.redis.client
        batches = keys.zrange("elrelay:{covid}:held", 0, -1)
        return {batch.decode(): keys.hget(b"elrelay:{covid}:batch:" + batch, "why").decode() for batch in batches}

    def report(self):
        log = checker.Log(self.receiver.accepted_file, self.receiver.bodies)
        return checker.check(self.queued, [log], checker.Queue(self.rig.redis.client))

    def assert_once(self, daemon):
        """Redis cannot account for a delivery that it has forgotten; all else is as it must be."""
        self.receiver.stop()
        found = self.report()
        assert (found.lost, found.twice, found.changed) == (0, 0, 0), (found, found.examples, daemon.text())
        assert found.delivered == len(self.queued), (found, daemon.text())


@contextlib.contextmanager
def past(kind, **more):
    with rig_in_a_folder() as rig:
        yield Past(rig, kind, **more)


def come_back(kind, kept_at, died_at, ledger=True):
    """From the first event to an empty queue, with Redis thrown back in between."""
    with past(kind, ledger=ledger) as made:
        made.queue("A1", "A2", "A3", "A4")
        if kept_at:
            made.die(kept_at)
        made.keep()
        if died_at:
            made.die(died_at)
        else:
            made.finish().kill()
        if died_at in TAKEN:
            wait_for(made.receiver.accepted, "a delivery that was stored")
        made.go_back()
        made.queue("B1")
        daemon = made.finish()
        if ledger:
            made.assert_once(daemon)
        return made.report()


def is_later(kept_at, died_at):
    """A daemon that finds a sealed batch seals none."""
    return not (kept_at and died_at == "after-seal" and kept_at != "before-seal")


@crashing
@pytest.mark.parametrize("kind", ["lookup", "key"])
def test_nothing_is_sent_twice_wherever_redis_comes_back_to(kind):
    rows = [row for row in itertools.product(KEPT, DIED) if is_later(*row)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        futures = {row: pool.submit(come_back, kind, *row) for row in rows}
    wrong = {row: future.exception() for row, future in futures.items() if future.exception()}
    assert not wrong, "\n".join(f"{row}: {error}" for row, error in wrong.items())
    assert len(rows) == 52


@crashing
@pytest.mark.parametrize("kept_at,died_at", [("", ""), ("before-send", "post-last-byte"), ("before-seal", "before-accept")])
def test_without_a_ledger_the_same_is_sent_twice(kept_at, died_at):
    found = come_back("lookup", kept_at, died_at, ledger=False)
    assert (found.lost, found.twice) == (0, 4), found


# While what has reappeared is seen to; ":N" where it is the batch's own end, and not that of another.
INTERRUPTED = {
    "lookup": ["after-seal", "before-move", "after-move", "get-begin", "get-answered", "before-accept", "after-accept",
               "after-drain"],
    "key": ["before-move", "after-move", "before-move:2", "after-move:2", "before-send", "after-send", "post-begin",
            "post-last-byte", "before-accept", "after-accept", "after-drain"],
}


def come_back_and_die(kind, died_at, point):
    """What was done, or taken at least, reappears; the daemon that sees to it dies, and the next one goes on."""
    with past(kind) as made:
        made.queue("A1", "A2", "A3", "A4")
        made.keep()
        made.die(died_at)
        wait_for(made.receiver.accepted, "a delivery that was stored")
        made.go_back()
        made.die(point)
        made.assert_once(made.finish())


@crashing
@pytest.mark.parametrize("kind", ["lookup", "key"])
def test_a_daemon_that_dies_on_the_way_is_followed_by_one_that_goes_on(kind):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        futures = {point: pool.submit(come_back_and_die, kind, "post-answered", point) for point in INTERRUPTED[kind]}
    wrong = {point: future.exception() for point, future in futures.items() if future.exception()}
    assert not wrong, "\n".join(f"{point}: {error}" for point, error in wrong.items())


@crashing
def test_redis_may_come_back_twice():
    with past("lookup") as made:
        made.queue("A1", "A2", "A3", "A4")
        made.keep()
        made.die("after-accept")
        made.go_back()
        made.die("after-accept")  # by the ledger
        made.go_back()
        made.assert_once(made.finish())


@pytest.mark.parametrize("kind", ["lookup", "key"])
def test_a_daemon_that_lives_on_knows_what_redis_has_forgotten(kind):
    with past(kind) as made:
        made.queue("A1", "A2", "A3", "A4")
        made.keep()
        daemon = made.finish()
        made.go_back()
        made.queue("B1")
        made.rig.wait_empty()
        made.assert_once(daemon)
        assert len(made.receiver.accepted()) == 2
        assert len(daemon.lines("batch_reappeared")) == 1


@pytest.mark.parametrize("kind", ["lookup", "key"])
def test_an_answer_that_comes_after_redis_has_forgotten_the_batch_still_counts(kind):
    with past(kind, faults=["request 1: delay 3s"]) as made:
        made.queue("A1", "A2")
        made.keep()
        daemon = made.rig.start(made.config)
        wait_for(lambda: made.ledger.exists() and made.ledger.stat().st_size > 64, "a record in the ledger")
        made.go_back()
        made.rig.wait_empty()
        made.assert_once(daemon)


def test_a_redis_that_was_only_away_has_forgotten_nothing():
    with past("lookup", faults=["request 1: delay 1s"]) as made:
        made.queue("A1", "A2")
        daemon = made.rig.start(made.config)
        wait_for(made.receiver.requests, "a request")
        made.rig.redis.process.stop()
        wait_for(lambda: daemon.lines("batch_answered"), "an answer")
        made.rig.redis.start()
        made.rig.wait_empty()
        made.assert_once(daemon)
        assert not daemon.lines("redis_has_forgotten"), daemon.text()


@pytest.mark.parametrize("kind", ["lookup", "key"])
def test_without_a_ledger_a_daemon_that_lives_on_knows_what_it_has_on_the_wire(kind):
    with past(kind, ledger=False, faults=["request 1: status 429 retry-after 2", "request 2: delay 3s"]) as made:
        made.queue("A1", "A2")
        daemon = made.rig.start(made.config)
        wait_for(lambda: daemon.lines("batch_waiting"), "a batch that waits")
        time.sleep(0.1)
        made.keep()
        wait_for(lambda: len(made.receiver.requests()) == 2, "the second request")
        made.go_back()
        made.rig.wait_empty()
        made.assert_once(daemon)
        assert len(made.receiver.accepted()) == 1


@crashing
@pytest.mark.parametrize("died_at,verb", [("post-answered", "accept"), ("post-begin", "resend")])
def test_where_nothing_can_tell_a_person_is_asked(died_at, verb):
    with past("hold") as made:
        made.queue("A1", "A2")
        made.keep()
        made.die(died_at)
        made.go_back()
        made.queue("B1")
        daemon = made.rig.start(made.config)
        batch, = wait_for(made.held, "a batch that is held")
        assert list(made.held().values()) == ["reappeared"]
        shown = made.rig.run("batch", "show", "--config", made.config, batch).stdout.decode()
        assert "sent before as" in shown and "Redis has forgotten" in shown
        made.rig.run("held", verb, "--config", made.config, "--reason", "the endpoint was asked", batch)
        made.rig.wait_empty()
        made.assert_once(daemon)


@pytest.mark.parametrize("kind", ["lookup", "key"])
def test_events_that_come_in_another_order_are_known_one_by_one(kind):
    """Two were forgotten with the batch, and queued again by their producer between others."""
    with past(kind) as made:
        made.queue("A1", "A2")
        made.keep()
        made.queue("A3", "A4")
        made.finish().kill()
        made.go_back()
        made.queue("B1")
        made.rig.push([event("A3")])
        made.queue("B2")
        made.rig.push([event("A4")])
        daemon = made.finish()
        made.assert_once(daemon)
        assert len(made.receiver.accepted()) == 2


@crashing
@pytest.mark.parametrize("kind", ["lookup", "key"])
def test_a_part_of_what_was_sent_is_looked_up_with_the_count_of_then(kind):
    """At an endpoint that heeds a key only the same bytes could go under it: a person decides."""
    with past(kind) as made:
        made.queue("A1", "A2", "A3", "A4")
        made.keep()
        made.die("post-last-byte")
        wait_for(made.receiver.accepted, "a delivery that was stored")
        made.go_back()
        made.settings["batch"] = {"max_events": 2}
        made.config = made.configured()
        daemon = made.rig.start(made.config)
        if kind == "key":
            wait_for(lambda: len(made.held()) == 2, "two batches that are held")
            assert set(made.held().values()) == {"reappeared"}
            for batch in made.held():
                made.rig.run("held", "accept", "--config", made.config, "--reason", "asked", batch)
        made.rig.wait_empty()
        made.assert_once(daemon)
        assert len(made.receiver.accepted()) == 1


@pytest.mark.parametrize("batch", [{}, {"max_events": 1}], ids=["in one batch", "in two"])
def test_what_is_queued_twice_is_delivered_twice(batch):
    with past("lookup", batch=batch) as made:
        made.rig.push([event("A1"), event("A1")])
        made.finish()
        made.rig.push([event("A1")])
        made.rig.wait_empty()
        assert [row["Result_ID"] for row in made.receiver.rows()] == ["A1"] * 3


def test_after_flushall_it_knows_what_was_accepted():
    with past("lookup") as made:
        made.queue("A1", "A2")
        made.finish().signal(signal.SIGTERM)
        made.rig.redis.client.flushall()
        made.rig.push([event("A1")])
        made.queue("B1")
        made.assert_once(made.finish())
        assert len(made.receiver.accepted()) == 2


def status(made):
    return made.rig.run("status", "--config", made.config).stdout.decode()


def test_status_and_check_tell_how_it_is():
    with past("lookup") as made:
        looked = made.rig.run("check", "--connect", "--config", made.config).stdout.decode()
        assert re.search(r"ok +ledger +not there yet.*; batches known: 0\n", looked)
        assert not made.ledger.exists()
        made.queue("A1")
        made.finish()
        assert "ledger of one: good\n" in status(made)
        assert json.loads(made.rig.run("status", "--json", "--config", made.config).stdout)["routes"][0]["ledgers"] == [
            {"daemon": "one", "state": "good"}]
        looked = made.rig.run("check", "--connect", "--config", made.config).stdout.decode()
        assert re.search(r"ok +ledger +good; batches known: 1\n", looked)
        for file in (made.ledger, made.rig.folder / "ledger.key"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_foreign_ledger_is_none():
    with past("lookup") as made:
        made.queue("A1")
        made.finish().kill()
        before = made.ledger.read_bytes()
        (made.rig.folder / "ledger.key").write_bytes(b"k" * 32)
        made.queue("A2")
        daemon = made.finish()
        assert daemon.lines("ledger_foreign") and made.ledger.read_bytes() == before
        assert "ledger of one: foreign" in status(made)


def test_two_daemons_never_write_one_ledger():
    with past("lookup") as made:
        made.rig.start(made.config)
        other = made.rig.start(made.rig.config(made.rig.route(made.receiver.url()), name="two.yaml", instance="two",
                                               **made.more), ready=False)
        assert other.wait() == 1 and "in use by another process" in other.text()


def test_with_another_daemon_beside_it_it_warns():
    with past("lookup") as made:
        made.rig.start(made.rig.config(made.rig.route(made.receiver.url()), name="two.yaml", instance="two"))
        daemon = made.rig.start(made.config)
        wait_for(lambda: daemon.lines("ledger_not_alone"), "a warning")
        assert "a ledger is for one daemon" in status(made)


@contextlib.contextmanager
def small_disk(folder):
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_with_a_full_disk_nothing_is_sent_until_there_is_room():
    with past("lookup") as made, small_disk(made.rig.folder / "small") as disk:
        made.more["ledger"] = {"path": str(disk / "ledger")}
        made.config = made.configured()
        daemon = made.rig.start(made.config)
        with contextlib.suppress(OSError), open(disk / "junk", "wb", buffering=0) as junk:
            while junk.write(b"x" * 512):
                pass
        made.queue(*(f"A{number}" for number in range(300)))
        wait_for(lambda: len(daemon.lines("ledger_full")) > 2, "alarms")
        assert not made.receiver.requests() and "it cannot be written" in status(made)
        (disk / "junk").unlink()
        made.rig.wait_empty()
        wait_for(lambda: "ledger of one: good" in status(made), "a ledger that is good again")
        made.assert_once(daemon)


class Wandering:
    """Producers with an outbox, an endpoint that lies, a daemon that may die, and a Redis thrown back at random."""

    def __init__(self, made, seed):
        self.made, self.chance, self.count = made, random.Random(seed), 0
        self.daemon = made.rig.start(made.config)

    def queue(self):
        names = [f"E{self.count + number}" for number in range(self.chance.randrange(1, 30))]
        self.count += len(names)
        self.made.queue(*names)
        return names

    def rest(self, longest):
        self.daemon.popen.poll()
        time.sleep(self.chance.uniform(0, longest))

    def keep(self):
        """A file may be replaced under the copy."""
        def kept():
            shutil.rmtree(self.made.rig.folder / "kept", ignore_errors=True)
            with contextlib.suppress(OSError, shutil.Error):
                self.made.keep()
                return True
        wait_for(kept, "a copy")

    def decide_held(self):
        """A person asks the endpoint: under the old id, too."""
        keys, stored = self.made.rig.redis.client, {checker.batch_of(line) for line in self.made.receiver.accepted()}
        for batch in self.made.held():
            old = (keys.hget(f"elrelay:{{covid}}:batch:{batch}", "old") or b"").decode()
            verb = "accept" if stored & {batch, old} else "resend"
            self.made.rig.run("held", verb, "--config", self.made.config, "--reason", "the endpoint was asked", batch)

    def go_round(self):
        self.queue()
        self.rest(0.5)
        self.keep()
        names = []
        for _ in range(self.chance.randrange(4)):
            names += self.queue()
            self.rest(0.7)
        dies = self.chance.random() < 0.5
        if dies:
            self.daemon.kill()
        self.made.go_back()
        self.made.rig.push([event(name) for name in names])  # not confirmed, says the outbox
        if dies:
            self.daemon = self.made.rig.start(self.made.config)
        self.rest(1)

    def is_settled(self):
        self.decide_held()
        return self.made.rig.queue_is_empty()


LIES = ["share 0.15: accept-then 504", "share 0.1: accept-then-reset", "share 0.1: status 503 retry-after 0",
        "share 0.1: late-commit 50ms", "share 0.3: delay 100ms"]


@pytest.mark.parametrize("kind,seed", [("lookup", 1), ("lookup", 2), ("key", 3), ("key", 4)])
def test_thrown_back_at_random_nothing_is_lost_or_sent_twice(kind, seed):
    with past(kind, faults=LIES, receiver=("--seed", seed), batch={"max_events": 20}) as made:
        wandering = Wandering(made, seed)
        for _ in range(ROUNDS):
            wandering.go_round()
        wait_for(wandering.is_settled, "an empty queue", 120)
        made.assert_once(wandering.daemon)
