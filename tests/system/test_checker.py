"""The checker sees what it must see: hand-made places of events, one row each."""

import hashlib
import json
import pathlib
import subprocess
import sys

import pytest

import checker
from queue_rig import Server

PREFIX = "elrelay:{covid}:"
STREAM = PREFIX + "events"


def event(n, **more):
    return json.dumps({"Result_ID": f"r-{n}", "name": f"Ann, {n}", **more}).encode()


class World:
    """A route in Redis and a receiver's files, made by hand."""

    def __init__(self, folder, client):
        self.folder, self.client = folder, client
        self.client.flushall()
        self.client.xgroup_create(STREAM, checker.GROUP, mkstream=True)
        self.log = checker.Log(folder / "accepted.jsonl", folder)
        self.queued = []

    def queue(self, *lines):
        self.queued += lines
        return self.push(*lines)

    def push(self, *lines):
        return [self.client.xadd(STREAM, {"event": line}) for line in lines]

    def batch(self, name, state, ids=(), body=b"", attempts=1, drained=0, is_open=True):
        fields = {"state": state, "attempts": attempts, "n": len(ids), "drained": drained,
                  "sha256": hashlib.sha256(body).hexdigest() if attempts else ""}
        for start in range(0, len(ids), 500):
            fields[f"ids:{start}"] = b",".join(ids[start:start + 500])
        self.client.hset(f"{PREFIX}batch:{name}", mapping=fields)
        if is_open:
            self.client.zadd(PREFIX + "open", {name: 1})

    def body(self, *lines):
        rows = [json.loads(line) for line in lines]
        columns = list(rows[0])
        cells = [columns] + [[str(row[column]) for column in columns] for row in rows]
        return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in cells).encode()

    def deliver(self, name, *lines, body=None):
        body = body or self.body(*lines)
        file = f"{name}-{len(list(self.folder.iterdir()))}.csv"
        (self.folder / file).write_bytes(body)
        with open(self.log.accepted, "a") as out:
            print(json.dumps({"payload_name": name, "idempotency_key": name, "body": file,
                              "sha256": hashlib.sha256(body).hexdigest()}), file=out)
        return body

    def done(self, name, *lines):
        """A batch that went the whole way."""
        self.batch(name, "accepted", body=self.deliver(name, *lines), is_open=False)

    def bury(self, line):
        self.client.xadd(PREFIX + "dead", {"event": line, "reason": "refused", "batch": "b"})

    def report(self):
        return checker.check(self.queued, [self.log], checker.Queue(self.client))


def delivered_once(world):
    world.queued += [event(1), event(2)]
    world.done("a", event(1), event(2))


def never_sent(world):
    world.queue(event(1))


def in_the_inbox(world):
    world.queued.append(event(1))
    world.client.rpush(PREFIX + "inbox", event(1))


def popped_and_gone(world):
    world.queued += [event(1), event(2)]
    world.done("a", event(1))


def stored_under_two_ids(world):
    world.queued.append(event(1))
    world.done("a", event(1))
    world.done("b", event(1))


def stored_twice_under_one_id(world):
    world.queued.append(event(1))
    world.done("a", event(1))
    world.deliver("a", event(1))


def twice_in_one_body(world):
    world.queued.append(event(1))
    world.done("a", event(1), event(1))


def stored_and_still_waiting(world):
    world.queue(event(1))
    world.done("a", event(1))


def stored_and_in_another_batch(world):
    world.batch("b", "sealed", world.queue(event(1)), attempts=0)
    world.done("a", event(1))


def stored_and_in_doubt(world):
    world.batch("a", "unknown", world.queue(event(1)), body=world.deliver("a", event(1)))


def stored_and_held(world):
    world.batch("a", "held", world.queue(event(1)), body=world.deliver("a", event(1)))


def accepted_not_drained(world):
    world.batch("a", "accepted", world.queue(event(1)), body=world.deliver("a", event(1)))


def half_drained(world):
    first, second = world.queue(event(1), event(2))
    world.client.xdel(STREAM, first)
    world.batch("a", "accepted", [first, second], body=world.deliver("a", event(1), event(2)), drained=1)


def accepted_without_a_delivery(world):
    world.batch("a", "accepted", world.queue(event(1)), drained=1)
    world.client.delete(STREAM)


def in_two_batches(world):
    ids = world.queue(event(1))
    world.batch("a", "sealed", ids)
    world.batch("b", "sealed", ids)


def parent_and_child(world):
    """A split that is not carved out yet: the parent and a planned child name the same entry."""
    ids = world.queue(event(1))
    world.batch("a", "split", ids)
    world.batch("b", "planned", ids, is_open=False)


def dead(world):
    world.queued += [event(1), b"[1]"]
    world.bury(event(1))
    world.bury(b"[1]")


def dead_and_stored(world):
    world.queued.append(event(1))
    world.bury(event(1))
    world.done("a", event(1))


def dead_and_waiting(world):
    world.queue(event(1))
    world.bury(event(1))


def dead_with_other_bytes(world):
    world.queued.append(event(1))
    world.bury(event(1, more="x"))


def another_cell(world):
    world.queued.append(event(1))
    world.done("a", event(1, name="Bob"))


def a_column_missing(world):
    world.queued.append(event(1, state="TX"))
    world.done("a", event(1))


def what_nobody_queued(world):
    world.done("a", event(1))


def stored_before_sending(world):
    world.batch("a", "sealed", world.queue(event(1)), body=world.deliver("a", event(1)), attempts=0)


def stored_with_other_bytes(world):
    world.batch("a", "sending", world.queue(event(1)), body=b"other")
    world.deliver("a", event(1))


def stored_under_no_manifest(world):
    world.queued.append(event(1))
    world.deliver("a", event(1))


def queued_twice_delivered_twice(world):
    world.queued += [event(1), event(1)]
    world.done("a", event(1))
    world.done("b", event(1))


def queued_twice_delivered_once(world):
    world.queued += [event(1), event(1)]
    world.done("a", event(1))


CASES = [
    (delivered_once, {"delivered": 2}),
    (never_sent, {"waiting": 1}),
    (in_the_inbox, {"waiting": 1}),
    (popped_and_gone, {"delivered": 1, "lost": 1}),
    (stored_under_two_ids, {"delivered": 1, "twice": 1}),
    (stored_twice_under_one_id, {"delivered": 1, "twice": 1, "one_id": 1}),
    (twice_in_one_body, {"delivered": 1, "twice": 1, "one_id": 1}),
    (stored_and_still_waiting, {"delivered": 1, "waiting": 1, "twice": 1}),
    (stored_and_in_another_batch, {"delivered": 1, "waiting": 1, "twice": 1}),
    (stored_and_in_doubt, {"delivered": 1, "doubtful": 1}),
    (stored_and_held, {"delivered": 1, "held": 1}),
    (accepted_not_drained, {"delivered": 1}),
    (half_drained, {"delivered": 2}),
    (accepted_without_a_delivery, {"lost": 1}),
    (in_two_batches, {"waiting": 2, "twice": 1}),
    (parent_and_child, {"waiting": 1}),
    (dead, {"dead": 2}),
    (dead_and_stored, {"dead": 1, "delivered": 1, "twice": 1}),
    (dead_and_waiting, {"dead": 1, "waiting": 1, "twice": 1}),
    (dead_with_other_bytes, {"dead": 1, "changed": 1}),
    (another_cell, {"delivered": 1, "changed": 1}),
    (a_column_missing, {"delivered": 1, "changed": 1}),
    (what_nobody_queued, {"changed": 1}),
    (stored_before_sending, {"delivered": 1, "unproved": 1}),
    (stored_with_other_bytes, {"delivered": 1, "doubtful": 1, "unproved": 1}),
    (stored_under_no_manifest, {"delivered": 1, "unproved": 1}),
    (queued_twice_delivered_twice, {"delivered": 2}),
    (queued_twice_delivered_once, {"delivered": 1, "lost": 1}),
]
FAULTS = {"lost", "twice", "changed", "unproved"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.mark.parametrize("make,wanted", CASES, ids=[make.__name__ for make, _ in CASES])
def test_checker_says_where_each_event_is(tmp_path, server, make, wanted):
    world = World(tmp_path, server.client)
    make(world)
    report = world.report()
    found = {word: count for word, count in vars(report).items() if word not in ("queued", "examples") and count}
    assert found == wanted, report.examples
    assert report.queued == len(world.queued)
    assert report.is_clean() == (not FAULTS & wanted.keys())


def test_checker_as_a_command_tells_by_its_exit_code(tmp_path, server):
    world = World(tmp_path, server.client)
    world.queued.append(event(1))
    world.done("a", event(1))
    socket = server.client.connection_pool.connection_kwargs["path"]
    for lines, code, said in (([event(1)], 0, "lost 0, twice 0"), ([event(1), event(2)], 1, "lost 1, twice 0")):
        (tmp_path / "queued").write_bytes(b"".join(line + b"\n" for line in lines))
        done = subprocess.run([sys.executable, str(pathlib.Path(checker.__file__)), "--queued", str(tmp_path / "queued"),
                               "--accepted", str(world.log.accepted), "--bodies", str(tmp_path),
                               "--redis", f"unix://{socket}"], capture_output=True, text=True)
        assert (done.returncode, done.stdout.startswith(said)) == (code, True), done
