"""All states of a small world: a few events, one or two owners, an endpoint, a person, and faults that are counted.

The scripts are the real ones, in a real Redis. What a call makes of what Redis holds is asked once and remembered, so
that the search itself is in memory; what Redis holds is brought back with RESTORE (in one EVAL some 0.1 ms; replaying
the way there took three times as long after eight steps). An owner is a value, and does what the conductor does
(src/core/relay): each request is a step, and so is each look before it, so that others come in between. Owners "Aa" are
two processes of one name, which the second has not got at first.

Left to chance, that is to say all of it is tried: who is next; which open batch an owner goes on with; whether one more
event fits; what the endpoint answers. And these, each taken from a budget:

    faults   crash (memory lost, a new token), pause (the heartbeat runs out, the owner wakes with what it knew), a
             reply lost, a request lost that is executed at any later time, or never (one at a time), a clean stop
    odd      answers of the endpoint that are no plain yes or no: taken without an answer, not taken without an answer,
             deferred, too large, an event refused by itself; and a look that cannot tell
    person   takes a sealed batch back that was never in doubt; what is held is decided about free of charge
    upgrades the same events give other bytes from now on

Assumed, as PROTOCOL's rule 4 says: a POST is taken while the lease that was looked at last holds, or never; and an
endpoint that refuses rows does so for the bytes alone. Another's heartbeat counts as gone as soon as it is missing.
Times, notices and the audit are no part of a state. A finished batch that nobody thinks of is forgotten, as it expires.
Not in this world: the inbox, replay, the order of what was given back, a Redis that comes back older.
"""

import itertools
import json
import operator
from typing import NamedTuple

import redis

from queue_rig import GROUP, HELLO, INBOX, PREFIX, STREAM, UNFINISHED, Owner, Texts, ids_of

# One id in each field, one letter and one claim a call: two events are already many.
SMALL = [("local IDS_PER_FIELD = 500", "local IDS_PER_FIELD = 1"), ("local CLAIM_MAX = 500", "local CLAIM_MAX = 1"),
         ("local LETTERS_MAX = 100", "local LETTERS_MAX = 1")]
ACTS = 200  # asked of Redis at once
RESTORE = "redis.call('FLUSHALL') for i = 1, #ARGV, 2 do redis.call('RESTORE', ARGV[i], 0, ARGV[i + 1]) end"
# What it all holds, then each key and its dump.
LOOK = """
local look, out, held = {}, {}, {}
function look.hash(key) return redis.call('HGETALL', key) end
function look.zset(key) return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end
function look.string(key) return redis.call('GET', key) end
function look.stream(key)
    local entries = redis.call('XRANGE', key, '-', '+')
    if key ~= ARGV[1] then return entries end
    local pending = redis.call('XPENDING', key, ARGV[2], '-', '+', 1000)
    return {entries, pending, redis.call('XINFO', 'STREAM', key), redis.call('XINFO', 'GROUPS', key)[1]}
end
for _, key in ipairs(redis.call('KEYS', '*')) do
    local word = key:match('}:(%a+)')
    if not ({notifications = 1, audit = 1, instances = 1, format = 1, state = 1})[word] then
        out[#out + 1], out[#out + 2] = key, redis.call('DUMP', key)
        held[#held + 1] = {key, look[redis.call('TYPE', key).ok](key)}
    end
end
return {cjson.encode(held), unpack(out)}
"""
KEPT_FIELDS = ("state", "ver", "owner", "name", "n", "attempts", "drained", "sha256", "doubted", "looks", "plan",
               "child_a", "child_b", "carved", "carved_a", "carved_b", "why", "to", "parent", "rows")
MARK_BYTES = 8


class Violation(AssertionError):
    pass


class Missing(Exception):
    """Redis has to be asked first."""


class Held(NamedTuple):
    """What Redis holds, without times."""

    entries: tuple
    delivered: str
    pending: tuple  # (entry, consumer)
    batches: tuple  # (id, ((field, value), ...))
    open: tuple
    dead: tuple  # (entry, reason)
    beats: tuple  # (name, token)
    sets: tuple  # doubt, held


class Fields(dict):
    """Of a manifest; what is not there is empty."""

    def __missing__(self, field):
        return ""


NO_FIELDS = Fields()


class Facts:
    """The same, to be asked."""

    def __init__(self, held):
        self.held, self.entries, self.pending = held, set(held.entries), dict(held.pending)
        self.batches = {batch: Fields(fields) for batch, fields in held.batches}
        self.beats, self.open = dict(held.beats), held.open
        under = set(self.pending.values())
        self.finished = [batch for batch in self.batches if batch not in held.open and "b:" + batch not in under and
                         self.batches[batch]["state"] != "planned"]
        self.named, self.named_twice = {}, set()
        for batch in held.open:
            self.name(batch, self.batches.get(batch, NO_FIELDS))
        self.free = {entry for entry, consumer in held.pending if consumer == "free"}
        self.unread = {entry for entry in held.entries if order(entry) > order(held.delivered)}
        self.waiting = bool(self.free | self.unread)
        self.strays = [(entry, consumer) for entry, consumer in held.pending if consumer != "free" and
                       self.named.get(entry) != consumer[2:] and
                       self.batches.get(consumer[2:], NO_FIELDS)["state"] not in ("forming", "terminated")]
        self.strays += [(entry, consumer) for entry, consumer in held.pending if consumer[2:] in self.batches and
                        consumer[2:] not in held.open and self.batches[consumer[2:]]["state"] == "terminated"]

    def name(self, batch, fields):
        ids = named_by(fields)
        if fields["state"] in UNFINISHED:
            self.name_each(batch, ids[int(fields["drained"]):])
        elif fields["state"] == "terminated" and fields["to"] == "dead":
            self.name_each(batch, ids[int(fields["drained"]):])
        elif fields["state"] == "split":
            self.name_each(batch, ids[int(fields["carved"]):])
            for child in filter(None, (fields["child_a"], fields["child_b"])):
                planned = self.batches.get(child, NO_FIELDS)
                if planned["state"] == "planned":
                    self.name_each(child, named_by(planned))

    def name_each(self, batch, entries):
        for entry in entries:
            if entry in self.named:
                self.named_twice.add(entry)
            self.named[entry] = batch

    def lives(self, fields):
        return fields["owner"] != "" and self.beats.get(fields["name"]) == fields["owner"]


def order(entry):
    return tuple(map(int, entry.split("-")))


def named_by(fields):
    texts = [fields[f"ids:{at}"] for at in range(int(fields["n"] or 0)) if f"ids:{at}" in fields]
    return [entry for text in texts for entry in ids_of(text)]


def mark_of(entry):
    """What a receipt keeps of it, when it names it no more."""
    return entry.ljust(MARK_BYTES)


def receipt_of(fields):
    """The entries that the marks of a manifest stand for: those that it names, as long as it does."""
    rows, named = fields["rows"], named_by(fields)
    marked = [rows[at:at + MARK_BYTES].rstrip() for at in range(0, len(rows), MARK_BYTES)]
    require(not named or named == marked, f"marks of {marked}, and {named} are named")
    return marked


def text(value):
    if isinstance(value, (list, tuple)):
        return tuple(map(text, value))
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def pairs(flat):
    return dict(zip(flat[::2], flat[1::2], strict=True))


def held_of(looks):
    """From the answer of LOOK."""
    at = dict(looks)
    entries, pending, stream, group = at[STREAM]
    removed = int(pairs(at.get(PREFIX + "stats", [])).get("removed", 0))
    if pairs(stream)["entries-added"] - len(entries) - removed != 0:
        raise Violation("entries left that we did not remove, or we count too many (rule 16)")
    batches, beats = [], []
    for key, plain in at.items():
        word, _, name = key[len(PREFIX):].partition(":")
        if word == "batch":
            fields = pairs(plain)
            batches.append((name, tuple(sorted((field, value) for field, value in fields.items() if value != "" and
                                               (field in KEPT_FIELDS or field.startswith("ids:"))))))
        elif word == "hb":
            beats.append((name, plain))
    dead = []
    for _, fields in at.get(PREFIX + "dead", []):
        own = pairs(fields)
        if "event" not in own:
            raise Violation("a dead letter without its event")
        dead.append((own["entry"], own["reason"]))
    sets = tuple(tuple(sorted((at.get(PREFIX + word) or [])[::2])) for word in ("doubt", "held"))
    return Held(tuple(entry for entry, _ in entries), pairs(group)["last-delivered-id"],
                tuple((row[0], row[1]) for row in pending), tuple(sorted(batches)),
                tuple(sorted((at.get(PREFIX + "open") or [])[::2])), tuple(dead), tuple(sorted(beats)), sets)


class Store:
    """Redis as a function: what it holds (a number) and an act give an answer and what it holds then."""

    def __init__(self, client, texts):
        self.client, self.owner = client, Owner(client, texts=texts)
        self.restore, self.look = client.script_load(RESTORE), client.script_load(LOOK)
        self.numbers, self.facts, self.dumps, self.known, self.missing = {}, [], [], {}, set()

    def number(self, looks):
        held = held_of(json.loads(looks[0]))
        number = self.numbers.setdefault(held, len(self.facts))
        if number == len(self.facts):
            self.facts.append(Facts(held))
            self.dumps.append(looks[1:])
        return number

    def begin(self, events, owners):
        self.client.flushall()
        self.owner.call("check")
        for name in owners:
            Owner(self.client, name.upper(), token_of(name, 1), self.owner.texts).hello()
        for number in range(events):
            self.client.xadd(STREAM, {"event": number}, id=f"{number + 1}-1")
        return self.number(self.client.evalsha(self.look, 0, STREAM, GROUP))

    def act(self, queue, kind, *words):
        key = (queue, kind, words)
        if key not in self.known:
            self.missing.add(key)
            raise Missing
        if isinstance(self.known[key], Exception):
            raise self.known[key]
        return self.known[key]

    def fetch(self):
        """What was missing, many at a time."""
        missing, self.missing = sorted(self.missing, key=repr), set()
        for at in range(0, len(missing), ACTS):
            part = missing[at:at + ACTS]
            pipe = self.client.pipeline(transaction=False)
            for queue, kind, words in part:
                pipe.evalsha(self.restore, 0, *self.dumps[queue])
                getattr(self, "put_" + kind)(pipe, *words)
                pipe.evalsha(self.look, 0, STREAM, GROUP)
            answers = pipe.execute(raise_on_error=False)
            for key, answer, looks in zip(part, answers[1::3], answers[2::3], strict=True):
                self.known[key] = self.learnt(key[2], answer, looks)

    def learnt(self, words, answer, looks):
        if isinstance(answer, redis.ResponseError):
            return Violation(f"{said(words)}: {answer}")
        try:
            return text(answer), self.number(looks)
        except Violation as violation:
            return Violation(f"{said(words)}: {violation}")

    def put_call(self, pipe, name, token, script, *args):
        known = self.owner.texts.loaded.get(script) or self.client.script_load(self.owner.texts[script])
        self.owner.texts.loaded[script] = known
        pipe.evalsha(known, 2, STREAM, INBOX, PREFIX, token, name.upper(), *args)

    def put_read(self, pipe, batch, last):
        """What is leased above `last`, or the next one."""
        pipe.xreadgroup(GROUP, "b:" + batch, {STREAM: last}, count=1)

    def put_die(self, pipe, name):
        pipe.delete(PREFIX + "hb:" + name)

    def put_forget(self, pipe, batch):
        pipe.eval("redis.call('DEL', KEYS[1]) redis.call('ZREM', KEYS[2], ARGV[1])", 2, PREFIX + "batch:" + batch,
                  PREFIX + "done", batch)

    def put_free(self, pipe, entry):
        """What the audit of PROTOCOL's section 4 does with an entry that no batch names."""
        pipe.xclaim(STREAM, GROUP, "free", 0, [entry], justid=True)


def token_of(name, life):
    return f"{name}{life}"


class Mind(NamedTuple):
    """What an owner has in memory."""

    name: str
    run: int = 1  # its process
    fresh: bool = True  # its heartbeat, by its own clock
    marked: bool = False  # `sending` was seen, and no gap in the heartbeats since
    link: bool = True  # its connection
    step: str = "choose"
    request: tuple = ()  # what it is about to ask
    batch: str = ""
    ver: int = 0
    attempts: int = 0
    posted: int = 0  # the attempt whose POST was begun last
    ids: tuple = ()
    body: str = ""
    verdict: str = ""

    def token(self):
        return token_of(self.name, self.run)

    def idle(self):
        return Mind(self.name, self.run, self.fresh, link=self.link)

    def asks(self, script, *args, **more):
        return self._replace(step="ask", request=(script, *args), **more)

    def stale(self, link=True):
        """Reads anew what became of the batch in hand."""
        return self.idle()._replace(step="again", batch=self.batch, posted=self.posted, verdict=self.verdict,
                                    link=self.link and link)


class State(NamedTuple):
    queue: int  # what Redis holds
    minds: tuple
    taken: tuple  # (entry, batch) at the endpoint; a batch that is forgotten is ""
    settled: tuple  # entries of accepted batches that are forgotten
    late: tuple  # the request that is executed some day
    faults: int
    odd: int
    person: int
    format: int


class Rules(NamedTuple):
    """What world it is."""

    owners: str = "A"
    events: tuple = ("good", "good")  # or invalid: cannot be converted; disliked: refused by the endpoint
    policy: str = "lookup"  # or resend, hold
    faults: int = 2
    odd: int = 1
    person: int = 0
    upgrades: int = 0  # after one the same events give other bytes
    beats: bool = False  # heartbeats get lost also while the one before is young
    careless: bool = False  # owners do not look whose a batch is: the scripts have to
    trusting: bool = False  # owners believe the heartbeat's answer about a gap, whatever their clock says


class World:
    """The steps of all who take part."""

    def __init__(self, client, rules, *edits):
        self.rules, self.store = rules, Store(client, Texts(*SMALL, *edits))
        self.kind = {f"{number + 1}-1": kind for number, kind in enumerate(rules.events)}
        self.counts = {}

    def begin(self):
        queue = self.store.begin(len(self.rules.events), self.rules.owners)
        minds = tuple(Mind(name, fresh=name.isupper(), link=name.isupper()) for name in self.rules.owners)
        return State(queue, minds, (), (), (), self.rules.faults, self.rules.odd, self.rules.person, 0)

    def facts(self, state):
        return self.store.facts[state.queue]

    # Each gives (words, the state after it, whether it is a matter of course). What is none is paid from a budget.

    def parts(self, state):
        for at, mind in enumerate(state.minds):
            yield self.owner_steps(state, at, mind)
            if state.faults:
                yield self.owner_faults(state._replace(faults=state.faults - 1), at, mind)
        if state.late:
            yield self.late_step(state)
        yield self.others(state)

    def late_step(self, state):
        whose = f"from {state.late[2]}: " if state.late[0] == "call" else ""
        words = f"late {whose}{said_of(state.late)}"
        yield words, self.acted(state, *state.late)._replace(late=()), False

    def owner_faults(self, state, at, mind):
        queue = state.queue
        if self.facts(state).beats.get(mind.name.upper()) == mind.token():
            _, queue = self.store.act(state.queue, "die", mind.name.upper())
        born = Mind(mind.name, mind.run + 1, fresh=False, link=False)
        yield f"{mind.name} crashes", with_mind(state, at, born, queue=queue), False
        if mind.fresh:
            yield f"{mind.name} pauses", with_mind(state, at, mind._replace(fresh=False), queue=queue), False
        if mind.step == "choose" and mind.link:
            _, queue = self.store.act(state.queue, "call", mind.name, mind.token(), "leave")
            yield f"{mind.name} leaves", with_mind(state, at, born, queue=queue), False

    def others(self, state):
        facts = self.facts(state)
        for name, token in facts.beats.items():
            if not any(mind.token() == token for mind in state.minds):
                yield f"heartbeat of {token} ends", self.acted(state, "die", name), True
        for entry, consumer in facts.strays:
            yield f"audit finds {entry} under {consumer}", self.acted(state, "free", entry), True
        for batch in facts.open:
            fields = facts.batches.get(batch, NO_FIELDS)
            if fields["state"] == "held":
                verb = "terminate" if fields["why"] == "body_changed" else "resend"
                verb = "accept" if any(name == batch for _, name in state.taken) else verb
                yield f"person: {verb} {batch}", self.operated(state, batch, verb), True
            elif fields["state"] == "sealed" and state.person and not fields["doubted"]:
                done = self.operated(state._replace(person=state.person - 1), batch, "terminate")
                yield f"person: terminate {batch}", done, False
        if state.format < self.rules.upgrades:
            yield "upgrade", state._replace(format=state.format + 1), False

    def acted(self, state, kind, *words):
        return state._replace(queue=self.store.act(state.queue, kind, *words)[1])

    def operated(self, state, batch, verb):
        return self.acted(state, "call", "", "person", "operate", batch, verb, "", "me", "why")

    # What an owner does next.

    def owner_steps(self, state, at, mind):
        if not mind.link:
            yield from self.beat(state, at, mind, "hello")
            return
        if not mind.fresh or self.rules.beats:
            yield from self.beat(state, at, mind, "beat")
        for words, mind_then, changed, course in getattr(self, "step_" + mind.step)(state, mind):
            yield f"{mind.name} {words}", with_mind(state, at, mind_then, **changed), course

    def beat(self, state, at, mind, script):
        request = ("call", mind.name, mind.token(), script, *HELLO)
        answer, queue = self.store.act(state.queue, *request)
        kept = answer[0] == "done" and answer[1] == 1 and (mind.fresh or self.rules.trusting)
        renewed = mind._replace(fresh=True, link=True, marked=mind.marked and kept)
        lost = mind._replace(link=False) if mind.step in ("post", "choose", "again") else mind.stale(link=False)
        if answer[0] == "done":
            yield f"{mind.name} {script}", with_mind(state, at, renewed, queue=queue), True
        elif script == "beat":  # another process has the name: it starts anew, as after a broken link
            taken = lost._replace(marked=False, fresh=False)
            yield f"{mind.name} {script}, its name is taken", with_mind(state, at, taken, queue=queue), True
        if state.faults:
            unknown = with_mind(state._replace(faults=state.faults - 1), at, lost)
            yield f"{mind.name} {script}, reply lost", unknown._replace(queue=queue), False
            if not state.late:
                yield f"{mind.name} {script}, lost", unknown._replace(late=request), False

    def asked(self, state, mind, request, then):
        """A request, as it goes and as it is lost; `then` says how it goes on after an answer."""
        answer, queue = self.store.act(state.queue, *request)
        words = said_of(request)
        for mind_then in then(answer, queue):
            yield f"{words}: {said_by(answer)}", mind_then, {"queue": queue}, True
        if not state.faults:
            return
        lost, paid = mind.stale(link=False), state.faults - 1
        if queue != state.queue:
            yield f"{words}, reply lost", lost, {"queue": queue, "faults": paid}, False
        if not state.late:
            yield f"{words}, lost", lost, {"late": request, "faults": paid}, False

    def step_ask(self, state, mind):
        script = mind.request[0]

        def then(answer, queue):
            if answer[:2] == ("refused", "changed"):
                return [moves(mind, "sealed", "held", "body_changed")]
            if answer[:2] == ("refused", "doubted"):
                return [moves(mind, "sending", "held", "too_large")]
            if answer[0] != "done":
                unlucky = answer[:2] == ("refused", "heartbeat")
                return [mind.stale()._replace(fresh=mind.fresh and not unlucky)]
            return getattr(self, "after_" + script)(state, mind, answer)

        yield from self.asked(state, mind, ("call", mind.name, mind.token(), *mind.request), then)

    def step_choose(self, state, mind):
        facts = self.facts(state)
        chores = [batch for batch in facts.open if is_chore(mind, facts.batches[batch])]
        for batch in chores[:1] or facts.open:
            for mind_then, changed in self.take_up(state, mind, batch, facts):
                yield "takes " + said(mind_then.request), mind_then, changed, not changed
        if facts.waiting and not chores:
            batch = self.fresh_ids(state, 1)[0]
            yield f"will begin {batch}", mind.asks("begin", batch, batch=batch), {}, True

    def take_up(self, state, mind, batch, facts):
        fields = facts.batches[batch]
        ver, is_mine, lives = int(fields["ver"]), fields["owner"] == mind.token(), facts.lives(fields)
        word = fields["state"]
        if lives and not (is_mine or self.rules.careless):
            return
        if word in ("accepted", "terminated", "split"):
            count = {"accepted": "drained", "terminated": "ver", "split": "carved"}[word]
            yield mind.asks(AFTER[word], batch, int(fields[count] or 0), batch=batch), {}
        elif word == "forming":
            yield mind.asks("abandon", batch, ver, batch=batch), {}
        elif word in ("sealed", "sending", "unknown") and not is_mine:
            yield mind.asks("adopt", batch, ver, batch=batch), {}
        if is_mine or (self.rules.careless and lives):
            known = with_fields(mind, batch, fields)
            known = known._replace(posted=known.attempts)
            if word == "sealed":
                yield self.sends(state, known), {}
            elif word == "sending":
                yield moves(known, "sending", "unknown"), {}
            elif word == "unknown":
                yield from self.resolve(state, known, fields)

    def resolve(self, state, mind, fields):
        if self.rules.policy == "resend":
            yield moves(mind, "unknown", "sealed"), {}
        elif self.rules.policy == "hold":
            yield moves(mind, "unknown", "held"), {}
        elif any(name == mind.batch for _, name in state.taken):
            yield mind.asks("accept", mind.batch, mind.attempts, "status", 201), {}
        elif fields["looks"] in ("", "0"):
            yield mind.asks("looked", mind.batch, mind.ver), {}
        else:
            yield moves(mind, "unknown", "sealed"), {}
        if self.rules.policy == "lookup" and state.odd:
            yield moves(mind, "unknown", "held"), {"odd": state.odd - 1}

    # Forming

    def after_begin(self, state, mind, answer):
        return [takes(mind._replace(ver=answer[1]))]

    def after_take(self, state, mind, answer):
        return [mind._replace(step="read", request=())]

    def step_read(self, state, mind):
        last = mind.ids[-1].lstrip("!") if mind.ids else "0-0"
        answer, _ = self.store.act(state.queue, "read", mind.batch, last)
        if not entries_of(answer):
            last = ">"

        def then(answer, queue):
            entries = entries_of(answer)
            return self.after_read(mind, entries[0] if entries else None)

        yield from self.asked(state, mind, ("read", mind.batch, last), then)

    def after_read(self, mind, entry):
        """Ids in the batch; one with a `!` was set aside, and says only where to read on."""
        ids = tuple(known for known in mind.ids if known[0] != "!")
        if entry is None:
            yield seals(mind, ids) if ids else mind.asks("abandon", mind.batch, mind.ver)
        elif self.kind[entry] == "invalid":
            yield mind.asks("bury", mind.batch, "convert", "", entry, "not_json", 0, 0, ids=(*ids, "!" + entry))
        else:
            yield takes(mind._replace(ids=(*ids, entry)))
            yield seals(mind, (*ids, entry))
            if ids:
                yield seals(mind, ids)

    def after_bury(self, state, mind, answer):
        return [takes(mind)]

    def after_seal(self, state, mind, answer):
        if answer[2] == "forming":
            return [seals(mind._replace(ver=answer[1]), mind.ids, int(mind.request[3]) + 1)]
        return [self.sends(state, mind._replace(ver=answer[1]))]

    # Sending

    def sends(self, state, mind):
        body = f"{','.join(mind.ids)}/{state.format}"
        return mind.asks("send", mind.batch, mind.ver, body, len(body), "f", "e", body=body)

    def after_send(self, state, mind, answer):
        before = self.facts(state).batches[mind.batch]
        changed = before["attempts"] != "0" and before["sha256"] != mind.body
        require(not changed, f"I2: {mind.batch} was {before['sha256']}, and is sent as {mind.body}")
        return [mind._replace(step="see", request=(), ver=answer[1], attempts=answer[3])]

    def step_see(self, state, mind):
        fields = self.facts(state).batches[mind.batch]
        seen = (fields["state"], fields["owner"], int(fields["ver"]), int(fields["attempts"]))
        if seen == ("sending", mind.token(), mind.ver, mind.attempts):
            yield "sees the mark", mind._replace(step="post", marked=True), {}, True
        else:
            yield "misses the mark", mind.stale(), {}, True

    def step_post(self, state, mind):
        if not (mind.fresh and mind.marked):
            yield "has no lease", self.applies(state, mind, "deferred"), {}, True
            return
        self.check_post(state, mind)
        there = dict(state.taken)
        taken = tuple(sorted({**there, **{entry: mind.batch for entry in mind.ids}}.items()))
        disliked = any(self.kind[entry] == "disliked" for entry in mind.ids)
        fates = [("unknown", False, True), ("deferred", False, True)]
        if disliked:
            fates += [("items", False, False), ("rows", False, False)] + [("alone", False, True)] * (len(mind.ids) == 1)
        else:
            fates += [("accepted", True, False), ("unknown", True, True), ("too_large", False, True)]
        for verdict, takes_it, odd in fates:
            if odd and not state.odd:
                continue
            changed = {"odd": state.odd - odd, "taken": taken if takes_it else state.taken}
            mind_then = self.applies(state, mind._replace(posted=mind.attempts), verdict)
            yield f"POST {mind.batch} {verdict}{' (taken)' * takes_it}", mind_then, changed, not odd

    def check_post(self, state, mind):
        fields = self.facts(state).batches[mind.batch]
        seen = (fields["state"], fields["owner"], int(fields["attempts"]), fields["sha256"])
        wanted = ("sending", mind.token(), mind.attempts, mind.body)
        require(seen == wanted, f"I3: {mind.name} POSTs {wanted}, and Redis says {seen}")
        require(named_by(fields) == list(mind.ids), f"I2: {mind.batch} is {named_by(fields)}, not {mind.ids}")
        there = dict(state.taken)
        for entry in mind.ids:
            require(there.get(entry, mind.batch) == mind.batch, f"twice: {entry} was taken under {there.get(entry)}")
            require(entry not in there or self.rules.policy == "resend", f"twice: {entry} was taken, and sent again")

    def applies(self, state, mind, verdict):
        """What an answer leads to."""
        mind = mind._replace(verdict=verdict, marked=False, body="")
        if verdict == "accepted":
            return mind.asks("accept", mind.batch, mind.attempts, "status", 201)
        if verdict in MOVES:
            return moves(mind, "sending", *MOVES[verdict])
        return self.splits(state, mind, verdict)

    def splits(self, state, mind, why):
        plan = "d1" if len(mind.ids) == 1 else "a1b1"
        if why == "items":
            plan = "".join("d1" if self.kind[entry] == "disliked" else "a1" for entry in mind.ids)
        a, b = self.fresh_ids(state, 2)
        children = (a if "a" in plan else "", b if "b" in plan else "")
        return mind.asks("split", mind.batch, mind.ver, plan, *children, why, 0, "e")

    def after_move(self, state, mind, answer):
        return [mind.idle()]

    after_looked = after_adopt = after_move

    # Settling

    def after_accept(self, state, mind, answer):
        return [mind.idle().asks("drain", mind.batch, 0, batch=mind.batch)]

    def after_split(self, state, mind, answer):
        return [mind.idle().asks("carve", mind.batch, 0, batch=mind.batch)]

    def after_drain(self, state, mind, answer):
        """One step a call, so that others come in between; the list says whether there is more."""
        more = mind.batch in self.facts_after(state, mind).open
        return [mind.asks(mind.request[0], mind.batch, answer[3], batch=mind.batch) if more else mind.idle()]

    after_carve = after_drain

    def after_abandon(self, state, mind, answer):
        return [mind.asks("abandon", mind.batch, answer[1])] if answer[3] else [mind.idle()]

    def facts_after(self, state, mind):
        _, queue = self.store.act(state.queue, "call", mind.name, mind.token(), *mind.request)
        return self.store.facts[queue]

    # The batch in hand, after a broken link or a closed door

    def step_again(self, state, mind):
        facts = self.facts(state)
        fields = facts.batches.get(mind.batch) if mind.batch in facts.open else None
        mind_then = self.recovers(state, mind, fields) if fields else mind.idle()
        yield f"reads {mind.batch} again", mind_then, {}, True

    def recovers(self, state, mind, fields):
        known = with_fields(mind, mind.batch, fields)
        word, is_mine = fields["state"], fields["owner"] == mind.token()
        counts = bool(mind.verdict) and known.attempts == mind.posted
        if counts and mind.verdict == "accepted" and word in ("sending", "sealed", "unknown", "held"):
            return self.applies(state, known, "accepted")
        if counts and word == "sending" and is_mine:
            return self.applies(state, known, mind.verdict)
        if word == "sending" and is_mine and known.attempts > mind.posted:
            return moves(known, "sending", "sealed")
        return mind.idle()

    # Names of new batches: the first ones that nobody thinks of.

    def fresh_ids(self, state, count):
        used = set(self.facts(state).batches) | thought_of(state) | {batch for _, batch in state.taken}
        free = (f"#{number}" for number in itertools.count(1))
        return list(itertools.islice((name for name in free if name not in used), count))

    def forget(self, state):
        """Finished batches that nobody thinks of any more."""
        finished = self.facts(state).finished
        if not finished:
            return state
        thought = thought_of(state)
        for batch in finished:
            if batch in thought:
                continue
            fields = self.facts(state).batches[batch]
            if fields["state"] == "accepted":
                state = state._replace(settled=tuple(sorted({*state.settled, *receipt_of(fields)})))
            taken = tuple((entry, "" if name == batch else name) for entry, name in state.taken)
            state = self.acted(state._replace(taken=taken), "forget", batch)
        return state

    # What holds in every state

    def check(self, state):
        facts, taken = self.facts(state), dict(state.taken)
        settled = {entry: "" for entry in state.settled}
        reasons = 1 + self.rules.faults + self.rules.odd
        for batch, fields in facts.batches.items():
            require(int(fields["attempts"] or 0) <= reasons, f"{batch}: attempts without end, and none is POSTed")
            if fields["state"] == "accepted":
                ids = receipt_of(fields)
                settled.update((entry, batch) for entry in ids[:int(fields["drained"])])
                for entry in ids:
                    require(taken.get(entry) == batch, f"lost: {entry} has a receipt, and was not taken under {batch}")
        require(not facts.named_twice, f"I1: {facts.named_twice} named by two unfinished batches")
        for entry in self.kind:
            self.check_event(facts, entry, taken, entry in settled)
        for entry, batch in facts.named.items():
            require(facts.pending.get(entry) == "b:" + batch, f"I1: {entry} is named by {batch}, and not pending there")

    def check_event(self, facts, entry, taken, is_settled):
        letters = [reason for name, reason in facts.held.dead if name == entry]
        require(len(letters) < 2, f"I1: {entry} is two dead letters")
        places = bool(letters) + is_settled + (entry in facts.entries)
        require(places > 0, f"I4: {entry} is gone without a receipt or a dead letter")
        require(places == 1, f"I1: {entry} is in {places} places")
        if entry in facts.entries:
            known = entry in facts.unread or entry in facts.pending
            require(known, f"I1: {entry} is neither unread nor pending: nobody will read it")
        if letters and letters != ["terminated"]:
            require(entry not in taken, f"I1: {entry} was taken, and is a dead letter")

    def is_end(self, state):
        facts = self.facts(state)
        return not facts.entries and not facts.open


MOVES = {"unknown": ("unknown",), "deferred": ("sealed",), "alone": ("sealed", "refused")}
CHORES = ("accepted", "terminated", "split", "forming", "sending")
AFTER = {"accepted": "drain", "terminated": "abandon", "split": "carve"}


def require(holds, words):
    if not holds:
        raise Violation(words)


def said(words):
    return " ".join(str(word) for word in words if word not in ("f", "e", ""))


def said_of(request):
    """Of a call without the token, which a late one alone has."""
    return "reads under " + said(request[1:]) if request[0] == "read" else said(request[3:])


def said_by(answer):
    return ", ".join(entries_of(answer)) or "nothing" if not answer or isinstance(answer[0], tuple) else said(answer)


def with_mind(state, at, mind, **changed):
    minds = state.minds[:at] + (mind,) + state.minds[at + 1:]
    return state._replace(minds=minds, **changed)


def with_fields(mind, batch, fields):
    return mind._replace(batch=batch, ver=int(fields["ver"]), attempts=int(fields["attempts"]),
                         ids=tuple(named_by(fields)))


def is_chore(mind, fields):
    """Of our own, and done before anything else."""
    return fields["owner"] == mind.token() and fields["state"] in CHORES


def moves(mind, source, to, word=""):
    return mind.asks("move", mind.batch, mind.ver, source, to, word)


def takes(mind):
    last = mind.ids[-1].lstrip("!") if mind.ids else "0-0"
    return mind.asks("take", mind.batch, last, 1)


def seals(mind, ids, stored=0):
    """One id a call."""
    rows = "".join(map(mark_of, ids))
    return mind.asks("seal", mind.batch, mind.ver, stored, len(ids), "f", rows, ids[stored], ids=ids)


def entries_of(answer):
    """Of XREADGROUP."""
    return [entry for _, entries in answer for entry, _ in entries]


def thought_of(state):
    words = [*state.late] + [word for mind in state.minds for word in (mind.batch, *mind.request)]
    return {word for word in words if isinstance(word, str) and word.startswith("#")}


class Search:
    """Breadth first, so that the path to a violation is a shortest one."""

    def __init__(self, world):
        self.world = world
        self.states, self.parents, self.transitions = [], [], 0
        self.numbers, self.before = {}, []

    def run(self):
        self.see(self.world.begin(), (-1, "begin"))
        begun = 0
        while begun < len(self.states):
            todo, begun = range(begun, len(self.states)), len(self.states)
            while todo:
                todo = [number for number in todo if not self.expand(number)]
                self.world.store.fetch()
        self.check_ends()
        return self

    def see(self, state, parent):
        core = state._replace(faults=0, odd=0, person=0)
        left = (state.faults, state.odd, state.person)
        known = self.numbers.setdefault(core, [])
        for other, number in known:
            if all(map(operator.ge, other, left)):
                return number
        number = len(self.states)
        known.append((left, number))
        if number == len(self.states):
            self.states.append(state)
            self.parents.append(parent)
            self.before.append([])
            self.world.check(state)
        return number

    def expand(self, number):
        """True when all steps from there are known."""
        try:
            steps = self.steps_from(number)
        except Violation as violation:
            raise self.told(violation, number) from violation
        for words, state, course in steps or ():
            self.transitions += 1
            try:
                then = self.see(state, (number, words))
            except Violation as violation:
                raise self.told(violation, number, words) from violation
            if course:
                self.before[then].append(number)
        return steps is not None

    def steps_from(self, number):
        """None while Redis has to be asked first; all that it has to be asked is noted."""
        steps, whole = [], True
        for part in self.world.parts(self.states[number]):
            try:
                steps += [(words, self.world.forget(state), course) for words, state, course in part]
            except Missing:
                whole = False
        return steps if whole else None

    def told(self, violation, number, *words):
        return Violation("\n".join([str(violation), *self.path(number), *words]))

    def check_ends(self):
        """From each state a matter of course leads to an end: an empty queue."""
        known = [self.world.is_end(state) for state in self.states]
        todo = [number for number, is_end in enumerate(known) if is_end]
        while todo:
            for before in self.before[todo.pop()]:
                if not known[before]:
                    known[before] = True
                    todo.append(before)
        if not all(known):
            raise self.told("stuck", known.index(False))

    def path(self, number):
        steps = []
        while number >= 0:
            number, words = self.parents[number]
            steps.append(words)
        return [f"{at:3} {words}" for at, words in enumerate(reversed(steps))]
