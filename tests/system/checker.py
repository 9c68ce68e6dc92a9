"""Where is each event now? Says it from three things alone: what the producers queued, what the receiver stored, Redis.

It never asks the daemon. An event is known by its tracking id, one that is no JSON object by its bytes (so what the
receiver takes must have one).
Each event queued must be in exactly one place: in one stored delivery; or on the queue (inbox, unread, leased, in an
unfinished batch); or a dead letter. So

    lost      it is nowhere
    twice     in more places than it was queued: stored in two deliveries, under two batch ids or one, or stored and
              still on the queue outside the batch that it was stored under, or stored and a dead letter
    one_id    those of the twice that were stored more than once under one batch id alone: what a `resend` may do
    changed   a cell, or the bytes that are kept, are not what was queued; or what nobody queued
    unproved  deliveries that Redis cannot account for: no manifest of that id that says it was sent, with that sha256

and, which is no fault: delivered, waiting, doubtful (its batch is on the wire or in doubt), held, dead.

It reads a system at rest, or one whose daemon was killed. By hand:

    checker.py --queued producer.ndjson --accepted accepted.jsonl --bodies bodies --redis unix:///run/redis.sock
"""

import argparse
import collections
import csv
import dataclasses
import hashlib
import io
import json
import pathlib
import re
import sys

import redis

GROUP = "elrelay"
NAMING = {"sealed", "sending", "unknown", "held", "failed", "accepted", "completed", "unreported"}  # states whose ids hold events
LINE_SEPARATORS = str.maketrans({"\u0085": " ", "\u2028": " ", "\u2029": " "})
csv.field_size_limit(1 << 30)


@dataclasses.dataclass
class Report:
    queued: int = 0
    lost: int = 0
    twice: int = 0
    one_id: int = 0
    changed: int = 0
    unproved: int = 0
    delivered: int = 0
    waiting: int = 0
    doubtful: int = 0
    held: int = 0
    dead: int = 0
    examples: list = dataclasses.field(default_factory=list)

    def is_clean(self):
        return self.lost == self.twice == self.changed == self.unproved == 0

    def __str__(self):
        return (f"lost {self.lost}, twice {self.twice} ({self.one_id} under one id), changed {self.changed}, "
                f"unproved {self.unproved}; queued {self.queued}: delivered {self.delivered}, waiting {self.waiting}, "
                f"doubtful {self.doubtful}, held {self.held}, dead {self.dead}")

    def note(self, word, key):
        if len(self.examples) < 20:
            self.examples.append(f"{word}: {key}")


@dataclasses.dataclass
class Batch:
    state: str
    attempts: int
    sha256: str


@dataclasses.dataclass
class Kept:
    """An event in Redis: where, and under which batch."""

    place: str  # waiting, doubtful, held, dead
    event: bytes
    batch: str = ""


@dataclasses.dataclass
class Stored:
    """An event in a delivery that the receiver stored."""

    delivery: int
    batch: str
    row: dict


def event_of(line):
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def key_of(line, tracking_id):
    """The name by which an event is known here; from its bytes where it has no other."""
    event = event_of(line)
    value = event.get(tracking_id) if event else None
    return value if isinstance(value, str) and value else "bytes:" + hashlib.sha256(line).hexdigest()


def ids_of(text):
    """Ids of a field of a manifest: "17-0,-1,18-0" is 17-0, 17-1, 18-0."""
    ms = ""
    for head, seq in re.findall(r"(\d*)-(\d+)", text):
        ms = head or ms
        yield f"{ms}-{seq}".encode()


def cell_of(value):
    """The text of a value in a cell, or None where only the encoder's own tests can tell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.translate(LINE_SEPARATORS)
    return str(value) if isinstance(value, int) else None


class Queue:
    """What Redis says, seen at one moment."""

    def __init__(self, client, route="covid", inbox=None):
        self.client, self.prefix = client, f"elrelay:{{{route}}}:"
        self.stream = self.prefix + "events"
        pipe = client.pipeline(transaction=True)
        pipe.xrange(self.stream).zrange(self.prefix + "open", 0, -1).xrange(self.prefix + "dead")
        pipe.lrange(inbox or self.prefix + "inbox", 0, -1)
        self.entries, self.open, self.letters, self.inbox = pipe.execute()

    def manifest(self, batch):
        fields = self.client.hgetall(f"{self.prefix}batch:{batch}")
        return {name.decode(): value.decode("utf-8", "replace") for name, value in fields.items()}

    def batch(self, batch):
        """What is known of a batch by its id, finished ones too; None: nothing."""
        fields = self.manifest(batch) if batch else {}
        if not fields:
            return None
        return Batch(fields.get("state", ""), int(fields.get("attempts") or 0), fields.get("sha256", ""))

    def named(self):
        """Entry -> the unfinished batches that name it, each with its state."""
        named = collections.defaultdict(list)
        for batch in (raw.decode() for raw in self.open):
            fields = self.manifest(batch)
            if fields.get("state") not in NAMING:
                continue
            ids = []
            for field in sorted((name for name in fields if name.startswith("ids:")), key=lambda name: int(name[4:])):
                ids += ids_of(fields[field])
            for entry in ids[int(fields.get("drained") or 0):int(fields["n"])]:
                named[entry].append((batch, fields["state"]))
        return named

    def kept(self):
        """All events in Redis."""
        named = self.named()
        for element in self.inbox:
            yield Kept("waiting", element)
        for entry, fields in self.entries:
            event = fields.get(b"event", b"")
            places = named.get(entry) or [("", "")]
            for batch, state in places:
                place = {"sending": "doubtful", "unknown": "doubtful", "held": "held"}.get(state, "waiting")
                yield Kept(place, event, batch)
        for _, fields in self.letters:
            yield Kept("dead", fields.get(b"event", b""), fields.get(b"batch", b"").decode())


class Queues:
    """Those of several routes as one: of all shards of a route."""

    def __init__(self, *queues):
        self.queues = queues

    def batch(self, batch):
        return next(filter(None, (queue.batch(batch) for queue in self.queues)), None)

    def kept(self):
        for queue in self.queues:
            yield from queue.kept()


@dataclasses.dataclass
class Log:
    """What one receiver stored: its fsynced lines and bodies."""

    accepted: pathlib.Path
    bodies: pathlib.Path

    def lines(self):
        text = self.accepted.read_text() if self.accepted.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def rows(self, line):
        body = (self.bodies / line["body"]).read_bytes()
        if hashlib.sha256(body).hexdigest() != line["sha256"]:
            raise ValueError(f"{line['body']} is not the body that was stored")
        return csv.DictReader(io.StringIO(body.decode(), newline=""), strict=True)


def batch_of(line):
    return line["payload_name"] or line["idempotency_key"] or ""


class Check:
    def __init__(self, queued, logs, queue, tracking_id="Result_ID"):
        self.tracking_id, self.queue, self.report = tracking_id, queue, Report()
        self.queued = collections.defaultdict(collections.Counter)
        self.stored, self.kept = collections.defaultdict(list), collections.defaultdict(list)
        for line in queued:
            self.queued[key_of(line, tracking_id)][line] += 1
            self.report.queued += 1
        for log in logs:
            self.read_deliveries(log)
        for kept in queue.kept():
            self.kept[key_of(kept.event, tracking_id)].append(kept)

    def read_deliveries(self, log):
        for number, line in enumerate(log.lines()):
            batch = batch_of(line)
            known = self.queue.batch(batch)
            if not known or known.attempts == 0 or known.sha256 != line["sha256"]:
                self.report.unproved += 1
                self.report.note("unproved", f"{batch or 'a delivery without an id'} ({known})")
            for row in log.rows(line):
                key = row.get(self.tracking_id) or f"row of {batch}"
                self.stored[key].append(Stored((log.accepted, number), batch, row))

    def run(self):
        for key in self.queued.keys() | self.stored.keys() | self.kept.keys():
            self.judge(key)
            self.compare(key)
        return self.report

    def judge(self, key):
        """Counts the places of one event."""
        report, want = self.report, sum(self.queued[key].values())
        stored, kept = self.stored[key], self.kept[key]
        under = {place.batch for place in stored}
        # what was stored under the batch that still holds it is one event in one place
        apart = [place for place in kept if place.place == "dead" or place.batch not in under]
        places = len(stored) + len(apart)
        report.delivered += min(len(stored), want)
        for place in kept:
            if place.place != "waiting" or place in apart:  # else it is only not drained yet
                setattr(report, place.place, getattr(report, place.place) + 1)
        if places < want:
            report.lost += want - places
            report.note("lost", key)
        elif places > want > 0:
            report.twice += places - want
            report.one_id += places - want if not apart and len(under) == 1 else 0
            report.note("twice", f"{key} under {sorted(under)}, and {[place.place for place in apart]}")

    def compare(self, key):
        """Whatever is kept or was stored must be what was queued."""
        lines = self.queued[key]
        bad = sum(1 for place in self.kept[key] if place.event not in lines)
        bad += sum(1 for place in self.stored[key] if not any(self.is_row_of(place.row, line) for line in lines))
        if bad:
            self.report.changed += bad
            self.report.note("changed", key)

    def is_row_of(self, row, line):
        event = event_of(line)
        if event is None or None in row:
            return False
        for column in event.keys() | row.keys():
            cell = cell_of(event.get(column))
            if cell is not None and row.get(column, "") != cell:
                return False
        return True


def check(queued, logs, queue, tracking_id="Result_ID"):
    return Check(queued, logs, queue, tracking_id).run()


def lines_of(file):
    return [line.rstrip(b"\n") for line in open(file, "rb") if line.strip()]


def main():
    parser = argparse.ArgumentParser(description="Where is each event now? Ends with 1 where one is lost or twice.")
    parser.add_argument("--queued", action="append", required=True, help="the events queued, one a line; repeatable")
    parser.add_argument("--accepted", action="append", required=True, help="the receiver's --accepted; repeatable")
    parser.add_argument("--bodies", action="append", required=True, help="its --bodies, in the same order")
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/0")
    parser.add_argument("--route", default="covid")
    parser.add_argument("--inbox", help="key of the inbox")
    parser.add_argument("--tracking-id", default="Result_ID")
    given = parser.parse_args()
    logs = [Log(pathlib.Path(accepted), pathlib.Path(bodies))
            for accepted, bodies in zip(given.accepted, given.bodies, strict=True)]
    queue = Queue(redis.Redis.from_url(given.redis), given.route, given.inbox)
    report = check([line for file in given.queued for line in lines_of(file)], logs, queue, given.tracking_id)
    for example in report.examples:
        print(example, file=sys.stderr)
    print(report)
    return 0 if report.is_clean() else 1


if __name__ == "__main__":
    sys.exit(main())
