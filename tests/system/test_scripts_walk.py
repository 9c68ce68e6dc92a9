"""Two owners walk over the scripts at random: crashes, pauses, lost requests, lost replies, requests executed late.

A checker that reads only Redis and what the endpoint got says: nothing lost, nothing twice, nothing stuck. The same walk
over scripts with a check taken out must fail, or it would prove nothing.
"""

import random
import uuid

import pytest
import redis

import queue_rig
from queue_rig import (GROUP, HELLO, INBOX, PREFIX, STREAM, Owner, Places, Server, Texts, ids_of, ids_text, manifest,
                       named_by)

STEPS = 5000
IDS_PER_FIELD = 3
# Batches of a dozen events take several calls each.
SMALL = [("local IDS_PER_FIELD = 500", f"local IDS_PER_FIELD = {IDS_PER_FIELD}"),
         ("local LETTERS_MAX = 100", "local LETTERS_MAX = 2")]
LOST, REPLY_LOST, LATE, CRASH, PAUSE = 0.03, 0.03, 0.1, 0.02, 0.03


class Endpoint:
    """Takes batches; can be asked what it has taken; its answers get lost. Refuses those with a row it does not like,
    whether it names it or not, and now and then what it finds too large."""

    def __init__(self, rng):
        self.rng, self.batches, self.events = rng, set(), {}

    def post(self, batch, events):
        fate = self.rng.random()
        if fate < 0.2:
            return "deferred"
        if fate < 0.3 and len(events) > 3:
            return "too_large"
        if any(map(self.dislikes, events)):
            return "items" if fate < 0.6 else "rows"
        self.batches.add(batch)
        for event in events:
            self.events[event] = self.events.get(event, 0) + 1
        return "accepted" if fate < 0.8 else "unknown"


    @staticmethod
    def dislikes(event):
        return int(event) % 13 == 0


class Worker:
    """What the conductor does, in small: one batch in memory, after each trouble everything is read anew."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.start()

    def start(self):
        self.owner = Owner(self.world.client, self.name, texts=self.world.texts)
        self.batch = self.verdict = self.fates = None
        self.posted, self.stale, self.marked = 0, True, False

    def ask(self, script, *args):
        """The answer, or None where it or the request was lost; a request may come late, even after our death."""
        fate = self.world.rng.random()
        if self.world.faults and fate < LOST:
            owner = self.owner
            self.world.late.append(lambda: owner.call(script, *args))
            self.stale = True
            return None
        answer = self.owner.call(script, *args)
        if (self.world.faults and fate < LOST + REPLY_LOST) or answer[0] != b"done":
            self.stale = True
            return None
        return answer

    def step(self):
        """A heartbeat that was missed comes back only now and then, so that others see it missing."""
        if self.world.rng.random() < 0.3:
            word, kept, *_ = self.owner.call("beat", *HELLO)
            if word == b"taken":
                return
            self.marked = self.marked and bool(kept)
        if self.stale or not self.batch:
            self.recover()
        elif self.batch["state"] == "forming":
            self.form()
        elif self.batch["state"] == "sealed":
            self.send()
        elif self.batch["state"] == "sending" and self.verdict:
            self.apply_verdict()
        elif self.batch["state"] == "sending":
            self.post()
        elif self.batch["state"] == "unknown":
            self.resolve()
        elif self.batch["state"] == "accepted":
            self.drain()
        elif self.batch["state"] == "split":
            self.carve()
        elif self.batch["state"] == "terminated":
            self.abandon()
        else:
            self.batch = None

    def recover(self):
        self.stale = False
        rows = [[part.decode() if isinstance(part, bytes) else part for part in row]
                for row in self.owner.list()[3]]
        self.world.rng.shuffle(rows)
        in_hand = self.batch and self.batch["id"]
        rows.sort(key=lambda row: row[0] != in_hand)
        for row in rows:
            batch, state, ver, attempts, n, drained = row[:6]
            whose, doubted, carved = row[8], row[10], row[16]
            free = whose in ("mine", "former", "gone")
            self.batch = {"id": batch, "state": state, "ver": int(ver), "attempts": int(attempts), "n": int(n),
                          "drained": int(drained), "carved": int(carved or 0), "doubted": bool(doubted)}
            self.world.seen[state, whose] = self.world.seen.get((state, whose), 0) + 1
            may_be = ("sending", "sealed", "unknown", "held") if self.verdict == "accepted" else ("sending",)
            if batch == in_hand and self.verdict and state in may_be:
                self.apply_verdict()
                return
            self.verdict = None
            if state in ("accepted", "terminated", "split"):
                return
            if state == "forming" and free:
                self.abandon()
                return
            if whose in ("former", "gone"):
                answer = self.ask("adopt", batch, int(ver))
                self.update(answer)
                return
            if whose == "mine" and state == "sending":
                never_posted = batch == in_hand and int(attempts) > self.posted
                self.move("sealed" if never_posted else "unknown")
                return
            if whose == "mine" and state != "held":
                return
        self.batch = self.verdict = None
        self.begin()

    def update(self, answer):
        if answer:
            self.batch["ver"], self.batch["state"] = answer[1], answer[2].decode()

    def begin(self):
        if self.owner.call("survey")[2] == 0:
            self.ask("inbox", "left", 4_000_000, 20)
            return
        self.posted = 0
        self.batch = {"id": self.world.new_id(), "state": "forming", "ver": 1, "ids": [], "attempts": 0, "drained": 0,
                      "doubted": False}
        self.ask("begin", self.batch["id"])

    def form(self):
        batch = self.batch
        last = batch["ids"][-1] if batch["ids"] else "0-0"
        if not self.ask("take", batch["id"], last, 5):
            return
        ids = self.owner.read(batch["id"], 5, last) or self.read_new(batch["id"])
        bad = [entry for entry in ids if self.world.is_bad(entry)]
        batch["ids"] += [entry for entry in ids if entry not in bad]
        letters = [word for entry in bad for word in (entry, "not_json", 0, 0)]
        if bad and not self.ask("bury", batch["id"], "convert", "", *letters):
            return
        if not ids and not batch["ids"]:
            self.abandon()
        elif not ids or len(batch["ids"]) > 12:
            self.seal()

    def read_new(self, batch):
        owner = self.owner
        if self.world.faults and self.world.rng.random() < LOST:
            self.world.late.append(lambda: owner.read(batch, 5))
            self.stale = True
            return []
        return owner.read(batch, 5)

    def seal(self):
        batch = self.batch
        if self.stale:
            return
        named = batch["ids"][:12]
        batch["n"] = len(named)
        texts = [ids_text(named[at:at + IDS_PER_FIELD]) for at in range(0, len(named), IDS_PER_FIELD)]
        self.update(self.ask("seal", batch["id"], batch["ver"], 0, len(named), "t", "", *texts))

    def send(self):
        batch = self.batch
        answer = self.ask("send", batch["id"], batch["ver"], "sha " + batch["id"], 10, "f", "e")
        if not answer:
            return
        mark = manifest(self.world.client, batch["id"])
        if (mark["state"], mark["owner"], int(mark["attempts"])) != ("sending", self.owner.token, answer[3]):
            self.stale = True
            return
        self.update(answer)
        batch["attempts"], batch["mark"] = answer[3], mark
        batch["events"] = self.world.events_of(mark)
        self.marked = True

    def post(self):
        """Only while our heartbeat is alive, without a gap since the mark: the lease check."""
        batch = self.batch
        if self.posted == batch["attempts"] or "events" not in batch:
            self.move("unknown")
        elif not self.marked or self.world.client.get(PREFIX + "hb:" + self.name) != self.owner.token.encode():
            self.stale = True
        else:
            self.posted = batch["attempts"]
            self.verdict = self.world.endpoint.post(batch["id"], batch["events"])
            self.fates = self.fates_of(batch["events"])

    def fates_of(self, events):
        """The plan of a split that such an answer leads to."""
        if self.verdict == "items":
            return "".join("d1" if self.world.endpoint.dislikes(event) else "a1" for event in events)
        half = len(events) // 2
        return "d1" if len(events) == 1 else f"a{half}b{len(events) - half}"

    def apply_verdict(self):
        if self.verdict == "accepted":
            answer = self.ask("accept", self.batch["id"], self.posted, "status", 201)
            if answer:
                self.verdict = None
            self.update(answer)
        elif self.verdict == "too_large" and self.batch["doubted"]:
            self.verdict = None
            self.move("held")
        elif self.verdict in ("items", "rows", "too_large"):
            self.split()
        else:
            verdict, self.verdict = self.verdict, None
            self.move("sealed" if verdict == "deferred" else "unknown")

    def split(self):
        batch, why = self.batch, self.verdict
        a, b = (self.world.new_id() if letter in self.fates else "" for letter in "ab")
        answer = self.ask("split", batch["id"], batch["ver"], self.fates, a, b, why)
        if answer:
            self.verdict, batch["carved"] = None, 0
        self.update(answer)

    def carve(self):
        answer = self.ask("carve", self.batch["id"], self.batch["carved"])
        if answer:
            self.batch["carved"] = answer[3]
            if answer[3] == self.batch["n"]:
                self.batch = None

    def move(self, to):
        self.update(self.ask("move", self.batch["id"], self.batch["ver"], self.batch["state"], to))

    def resolve(self):
        if self.batch["id"] in self.world.endpoint.batches:
            self.update(self.ask("accept", self.batch["id"], self.batch["attempts"], "status", 201))
        elif self.world.rng.random() < 0.5:
            self.update(self.ask("looked", self.batch["id"], self.batch["ver"]))
        else:
            self.move("held" if self.world.rng.random() < 0.2 else "sealed")

    def drain(self):
        answer = self.ask("drain", self.batch["id"], self.batch["drained"])
        if answer:
            self.batch["drained"] = answer[3]
            if answer[3] == self.batch["n"]:
                self.batch = None

    def abandon(self):
        answer = self.ask("abandon", self.batch["id"], self.batch["ver"])
        self.update(answer)
        if answer and not answer[3]:
            self.batch = None


class World:
    def __init__(self, client, seed, edit):
        client.flushall()
        self.client, self.rng, self.texts = client, random.Random(seed), Texts(*SMALL, edit)
        self.faults, self.late, self.produced, self.seen = True, [], 0, {}
        self.endpoint = Endpoint(self.rng)
        Owner(client, texts=self.texts).call("check")
        self.workers = [Worker(self, "one"), Worker(self, "two")]
        self.person = Owner(client, "", texts=self.texts)

    def produce(self):
        event = b"%d" % self.produced
        self.produced += 1
        if self.rng.random() < 0.3:
            self.client.rpush(INBOX, event)
        else:
            self.client.xadd(STREAM, {"event": event})

    def is_bad(self, entry):
        found = self.client.xrange(STREAM, entry, entry)
        return bool(found) and int(found[0][1][b"event"]) % 17 == 0

    def new_id(self):
        return str(uuid.UUID(int=self.rng.getrandbits(128)))

    def events_of(self, mark):
        """What a sender has in memory; the ids stand in the manifest, the bytes on the stream."""
        return [self.client.xrange(STREAM, entry, entry)[0][1][b"event"] for entry in named_by(mark)]

    def decide(self):
        """What a person does: sees to a held batch, takes one back that was never in doubt, replays dead letters."""
        batches = [batch.decode() for batch in self.client.zrange(PREFIX + "open", 0, -1)]
        batch = self.rng.choice(batches) if batches else "none"
        fields = manifest(self.client, batch)
        if fields.get("state") == "held":
            verb = "accept" if batch in self.endpoint.batches else "resend"
            self.person.call("operate", batch, verb, "", "me", "why")
        elif self.faults and fields.get("state") == "sealed" and "doubted" not in fields and self.rng.random() < 0.2:
            self.person.call("operate", batch, "terminate", "queue", "me", "why")
        elif self.faults and self.rng.random() < 0.1:
            letters = [entry for entry, _ in self.client.xrange(PREFIX + "dead")]
            self.person.call("replay", "me", "why", "replay", *letters)

    def step(self):
        worker = self.rng.choice(self.workers)
        fate = self.rng.random()
        if self.faults and fate < CRASH:
            worker.owner.die()
            worker.start()
        elif self.faults and fate < CRASH + PAUSE:
            worker.owner.die()
        else:
            worker.step()
        if self.rng.random() < 0.05:
            self.decide()
        if self.late and self.rng.random() < LATE:
            self.late.pop(self.rng.randrange(len(self.late)))()

    def audit(self):
        """What a late read left under a batch, as it is done with each list."""
        while self.person.call("tidy")[1]:
            pass

    def finish(self):
        self.faults = False
        while self.late:
            self.late.pop()()
        for _ in range(20_000):
            self.step()
            if not self.client.exists(PREFIX + "open") and not self.client.llen(INBOX):
                self.audit()
                if not self.client.xlen(STREAM):
                    return
        raise AssertionError("stuck")


def walk(client, seed, steps=STEPS, edit=("", "")):
    world = World(client, seed, edit)
    for step in range(steps):
        if step < steps * 3 // 4 and world.rng.random() < 0.4:
            world.produce()
        world.step()
        if step % 20 == 0:
            Places(client)
    world.finish()
    Places(client).check_deletions()
    dead = sorted(int(fields[b"event"]) for _, fields in client.xrange(PREFIX + "dead"))
    bad = [n for n in range(world.produced) if n % 17 == 0 or n % 13 == 0]
    assert dead == bad
    sent = {int(event): count for event, count in world.endpoint.events.items()}
    assert sorted([*sent, *bad]) == list(range(world.produced)), "lost"
    assert set(sent.values()) == {1}, "twice"
    return world


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    queue_rig.IDS_PER_FIELD, usual = IDS_PER_FIELD, queue_rig.IDS_PER_FIELD
    server = Server(tmp_path_factory.mktemp("redis"))
    yield server.client
    server.stop()
    queue_rig.IDS_PER_FIELD = usual


@pytest.mark.parametrize("seed", range(3))
def test_a_walk_of_two_owners_loses_nothing_and_sends_nothing_twice(client, seed):
    world = walk(client, seed)
    assert world.produced > STEPS / 4
    for state in ("split", "unknown", "terminated", "accepted", "sending"):
        assert sum(count for (seen, _), count in world.seen.items() if seen == state) > 5, world.seen
    audited = {fields[b"type"] for _, fields in client.xrange(PREFIX + "audit")}
    assert audited == {b"resend", b"terminate", b"replay"} | ({b"accept"} & audited)


MUTANTS = {
    "adopted on the wire, sealed": ("return change(batch, 'unknown', {'doubted', 1, 'why', '', unpack(fields)})",
                                    "return change(batch, 'sealed', fields)"),
    "dead letter without its record": ("write_dead_letter(batch, id, entry and entry[2] or {}, blame)", ""),
    "refused event without its record": ("write_dead_letter(batch, id, fields or {}, fields and blame or gone)", ""),
    "replayed, and still a dead letter": ("redis.call('XDEL', key('dead'), ids[i])", ""),
}


@pytest.mark.parametrize("mutant", sorted(MUTANTS))
def test_the_walk_catches_a_script_with_a_check_taken_out(client, mutant):
    edit = MUTANTS[mutant]
    assert any(edit[0] in Texts()[name] for name in queue_rig.names())
    for seed in range(10):
        try:
            walk(client, seed, edit=edit)
        except (AssertionError, redis.ResponseError):
            return
    pytest.fail("not caught")
