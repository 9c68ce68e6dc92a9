"""Ways to break the promise, each a small edit of the source, and the runs that must show the checker what they do.

A run returns the checker's reports. On the tree as it is all are clean; for each mutant one at least is not.
"""

import dataclasses

import checker
from raw_endpoint import RawEndpoint
from relay_rig import free_port, wait_for

PREFIX = "elrelay:{covid}:"
PATIENCE = 10  # seconds; a mutant need not come to an end
FLIGHT, SETTLE, VERDICT = "src/core/relay/flight.c", "src/edge/queue/settle.c", "src/core/decide/verdict.c"
SCRIPTS = "src/edge/queue/scripts/"


class Run:
    """A rig with events queued, and what the checker says of it."""

    def __init__(self, rig, count=30):
        self.rig = rig
        rig.start_redis()
        self.lines = rig.events(count, "--seed", 211)
        rig.push(self.lines)

    def config(self, port, **endpoint):
        route = self.rig.route(f"http://127.0.0.1:{port}/lab", batch={"max_events": 10}, queue={"inbox": "box"}, endpoint={
            "profile": "plain", "retry": {"first": "10ms", "cap": "40ms"}, **endpoint})
        return self.rig.config(route, heartbeat={"every": "100ms", "life": "300ms"})

    def receiver(self, port=0, faults=()):
        return self.rig.start_receiver("receiver", "--plain", "/lab", "--idempotent", port=port, faults=list(faults))

    def settle(self):
        try:
            self.rig.wait_empty(inbox="box", seconds=PATIENCE)
        except AssertionError:
            pass  # the checker says what is where

    def check(self, receiver):
        queue = checker.Queue(self.rig.redis.client, inbox="box")
        return checker.check(self.lines, [checker.Log(receiver.accepted_file, receiver.bodies)], queue)


def killed_when_stored(rig):
    """The endpoint has stored it and says nothing; the daemon dies; then all goes well."""
    run = Run(rig)
    receiver = run.receiver(faults=["request 1: accept-then-hang 600s"])
    config = run.config(receiver.port)
    daemon = rig.start(config)
    wait_for(receiver.accepted, "a stored delivery")
    daemon.kill()
    at_once = run.check(receiver)
    rig.start(config)
    run.settle()
    return [at_once, run.check(receiver)]


def killed_when_read(rig):
    """The endpoint has read it and stores nothing; the daemon dies; then all goes well."""
    run = Run(rig)
    endpoint = RawEndpoint(lambda end, request: end.recv(1))
    config = run.config(endpoint.port)
    daemon = rig.start(config)
    wait_for(lambda: endpoint.requests, "a request")
    daemon.kill()
    endpoint.close()
    receiver = run.receiver(port=endpoint.port)
    rig.start(config)
    run.settle()
    return [run.check(receiver)]


def lied_to(rig):
    """Answers that say nothing of what became of it."""
    run = Run(rig, 60)
    receiver = run.receiver(faults=["request 1: reset-after-reading", "request 3: accept-then 504", "request 5: status 500",
                                    "request 7: accept-then-reset", "request 9: empty-answer", "request 11: accept-then 502"])
    rig.start(run.config(receiver.port))
    run.settle()
    return [run.check(receiver)]


def mixed_with_rubbish(rig):
    """Events that cannot be converted, and an inbox."""
    run = Run(rig)
    rubbish = [b'{"a":01}', b"[1]", b'{"Result_ID":"x","a":"\\u0000"}']
    rig.push(rubbish[:2])
    more = rig.events(20, "--seed", 211, "--start", 31)
    rig.redis.client.rpush("box", *more, rubbish[2])
    run.lines += [*more, *rubbish]
    receiver = run.receiver()
    rig.start(run.config(receiver.port))
    run.settle()
    return [run.check(receiver)]


def waits_for_a_port(rig):
    """Nothing listens; the daemon is killed with a sealed batch and started again."""
    run = Run(rig)
    port = free_port()
    config = run.config(port)
    daemon = rig.start(config)
    wait_for(lambda: daemon.lines("batch_waiting"), "a batch that waits", PATIENCE)
    daemon.kill()
    receiver = run.receiver(port=port)
    rig.start(config)
    run.settle()
    return [run.check(receiver)]


RUNS = [killed_when_stored, killed_when_read, lied_to, mixed_with_rubbish, waits_for_a_port]


@dataclasses.dataclass
class Mutant:
    name: str
    run: object
    shows: str   # what the checker must count
    edits: list  # file, old text, new text


MUTANTS = [
    Mutant("stores the receipt before the POST", killed_when_read, "lost", [
        (FLIGHT, "case ACT_SEND:\n        flight_post(relay);",
         "case ACT_SEND:\n        flight_change(relay, FLOW_ON_ACCEPTED, ACT_ACCEPT);"),
        (FLIGHT, "case ACT_ACCEPT:\n        flight_settle(relay);", "case ACT_ACCEPT:\n        flight_post(relay);")]),
    Mutant("takes what a dead process had on the wire for accepted", killed_when_read, "lost", [
        (SCRIPTS + "adopt.lua", "return change(batch, 'unknown', {'doubted', 1, 'why', '', unpack(fields)})",
         "return change(batch, 'accepted', {'doubted', 1, 'why', '', unpack(fields)})")]),
    Mutant("takes the events off the stream before the POST", killed_when_read, "lost", [
        (SCRIPTS + "send.lua", "answer[4] = attempts + 1",
         "answer[4] = attempts + 1\nremove(ids_of(redis.call('HGET', batch.key, 'ids:0')))")]),
    Mutant("stores no `sending` before the POST", killed_when_stored, "unproved", [
        (SCRIPTS + "send.lua", "local at = now()",
         "if true then return {'done', tonumber(batch.ver), 'sending', attempts + 1} end\nlocal at = now()"),
        (SETTLE, 'slice_is_text(reply_slice_at(reply, 0), "sending") &&', "true || ")]),
    Mutant("sends again under a new id", lied_to, "twice", [
        (FLIGHT, "relay->ports.post(relay->ports.ctx,",
         "if (flight->posted > 1)\n        relay->ports.make_id(relay->ports.ctx, &flight->batch.manifest.id);\n"
         "    relay->ports.post(relay->ports.ctx,")]),
    Mutant("takes unknown for not sent, and batches anew", lied_to, "twice", [
        (SCRIPTS + "move.lua", "local before_acceptance",
         "if to == 'unknown' then to = 'terminated' end\nlocal before_acceptance")]),
    Mutant("takes silence for success", lied_to, "lost", [
        (VERDICT, 'reset or cut",\n                             VERDICT_UNKNOWN', 'reset or cut", VERDICT_ACCEPTED')]),
    Mutant("sets an event aside without a record", mixed_with_rubbish, "lost", [
        (SCRIPTS + "bury.lua", "write_dead_letter(batch, id, entry and entry[2] or {}, blame)", "")]),
    Mutant("sets an event aside without its bytes", mixed_with_rubbish, "changed", [
        (SCRIPTS + "bury.lua", "write_dead_letter(batch, id, entry and entry[2] or {}, blame)",
         "write_dead_letter(batch, id, {}, blame)")]),
    Mutant("pops the inbox without adding to the stream", mixed_with_rubbish, "lost", [
        (SCRIPTS + "inbox.lua", "redis.call('XADD', stream, '*', 'event', element)", "")]),
    Mutant("drains a batch of a dead process that was never accepted", waits_for_a_port, "lost", [
        (SCRIPTS + "adopt.lua", "if batch.state ~= 'sending' then",
         "if batch.state == 'sealed' then remove(ids_of(redis.call('HGET', batch.key, 'ids:0'))) end\n"
         "if batch.state ~= 'sending' then")]),
    Mutant("gives entries of a batch in doubt back to the queue", killed_when_stored, "twice", [
        (SCRIPTS + "adopt.lua", "return change(batch, 'unknown', {'doubted', 1, 'why', '', unpack(fields)})",
         "return change(batch, 'terminated', {'doubted', 1, 'why', '', unpack(fields)})")]),
    Mutant("drains more than it has accepted", mixed_with_rubbish, "lost", [
        (SCRIPTS + "drain.lua", "remove(ids)",
         "remove(ids)\nfor _, row in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)) do remove({row[1]}) end")]),
]
