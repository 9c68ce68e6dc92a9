"""A script that stops before any of its writes: what it leaves is gone on with, nothing is lost, nothing settled twice.

Redis runs a script whole; but there is no rollback, and an append-only file that was cut can bring back its first half.
"""

import re
import uuid

import pytest

from queue_rig import (GROUP, INBOX, PREFIX, STREAM, Owner, Places, client, enqueue, ids_text, manifest, named_by, refused,
                       server)

__all__ = ["client", "server"]  # fixtures


class World:
    """An owner with a batch in some state, and what is to be called."""

    def __init__(self, client, bring_to):
        client.flushall()
        self.client = client
        self.owner = Owner(client)
        self.owner.call("check")
        self.owner.hello()
        self.events = enqueue(client, 1203)
        self.call = bring_to(self)


def at_begin(world):
    return "begin", str(uuid.uuid4())


def at_take(world):
    batch, _ = world.owner.begun(700)
    world.owner.call("abandon", batch, 1)
    world.owner.call("abandon", batch, 2)
    other = str(uuid.uuid4())
    world.owner.call("begin", other)
    return "take", other, "0-0", 600


def at_bury(world):
    batch, ids = world.owner.begun(5)
    return ("bury", batch, "convert", "", *[word for entry in ids[1:4] for word in (entry, "bom", 0, 0)])


def at_seal(world):
    batch, ids = world.owner.begun(1100)
    return "seal", batch, 1, 0, 500, "t", "", ids_text(ids[:500])


def at_seal_chunk(world):
    batch, ids = world.owner.begun(1100)
    return "seal", batch, 1, 0, 1100, "t", "", ids_text(ids[:500])


def at_send(world):
    return "send", world.owner.sealed()[0], 2, "sha", 10, "format", "endpoint"


def at_move_to_unknown(world):
    return "move", world.owner.sending()[0], 3, "sending", "unknown"


def at_move_to_held(world):
    return "move", world.owner.sending()[0], 3, "sending", "held"


def at_terminate(world):
    return "move", world.owner.sealed()[0], 2, "sealed", "terminated"


def at_accept(world):
    batch, _ = world.owner.sending()
    world.owner.call("move", batch, 3, "sending", "unknown")
    return "accept", batch, 1, "status", 201


def at_drain(world):
    return "drain", world.owner.accepted(900)[0], 0


def at_last_drain(world):
    batch, _ = world.owner.accepted(600)
    world.owner.call("drain", batch, 0)
    return "drain", batch, 500


def at_abandon(world):
    return "abandon", world.owner.begun(1100)[0], 1


def at_last_abandon(world):
    batch, _ = world.owner.begun(600)
    world.owner.call("abandon", batch, 1)
    return "abandon", batch, 2


def at_adopt(world):
    former = Owner(world.client, "two")
    former.hello()
    batch, _ = former.sending()
    former.die()
    return "adopt", batch, 3


def at_inbox(world):
    world.client.rpush(INBOX, *[b"from the inbox %d" % n for n in range(5)])
    return "inbox", "left", 1000, 100


def at_looked(world):
    batch, _ = world.owner.sending()
    world.owner.call("move", batch, 3, "sending", "unknown")
    return "looked", batch, 4


def at_split(world):
    batch, _ = world.owner.sending(9)
    return "split", batch, 3, "a4b5", "child-a", "child-b", "rows"


def at_carve(world):
    return "carve", world.owner.split("a300b390d6", 696)[0], 0


def at_last_carve(world):
    batch, _, _ = world.owner.split("a300b390d6", 696)
    world.owner.call("carve", batch, 0)
    return "carve", batch, 500


def at_operate(verb):
    def bring(world):
        batch, _ = world.owner.sending(20)
        world.owner.call("move", batch, 3, "sending", "unknown")
        world.owner.call("move", batch, 4, "unknown", "held", "policy")
        return "operate", batch, verb, "", "me", "why"
    bring.__name__ = "at_operate_" + verb
    return bring


def at_abandon_to_the_dead(world):
    call = at_operate("terminate")(world)
    world.owner.call(*call)
    return "abandon", call[1], 6


POINTS = [at_begin, at_take, at_bury, at_seal, at_seal_chunk, at_send, at_move_to_unknown, at_move_to_held, at_terminate,
          at_accept, at_drain, at_last_drain, at_abandon, at_last_abandon, at_adopt, at_inbox,
          at_looked, at_split, at_carve, at_last_carve, at_operate("accept"), at_operate("resend"), at_operate("terminate"),
          at_abandon_to_the_dead]


def settle(owner, batch, taken):
    """Everything an owner does with a sealed batch; the endpoint takes what it has not taken before."""
    fields = manifest(owner.client, batch)
    if fields["state"] == "sealed":
        owner.call("send", batch, fields["ver"], fields["sha256"] or "sha", 10, "format", "endpoint")
    fields = manifest(owner.client, batch)
    if fields["state"] != "accepted":
        assert owner.call("accept", batch, fields["attempts"], "status", 201)[2] == b"accepted"
    taken.setdefault(batch, named_by(manifest(owner.client, batch)))
    drained = int(manifest(owner.client, batch)["drained"])
    while True:
        answer = owner.call("drain", batch, drained)
        assert answer[0] == b"done"
        drained = answer[3]
        if drained == int(fields["n"]):
            return


def recover(client, name):
    """Another process finds what is there and brings everything to its end; the entries of each batch it settled."""
    owner, taken = Owner(client, name), {}
    owner.hello()
    while open_batches := [batch.decode() for batch in client.zrange(PREFIX + "open", 0, -1)]:
        found = {batch: manifest(client, batch) for batch in open_batches}
        batch = min(open_batches, key=lambda batch: found[batch]["state"] == "planned")
        fields = found[batch]
        if fields["state"] in ("forming", "terminated"):
            while owner.call("abandon", batch, fields["ver"])[3]:
                fields = manifest(client, batch)
        elif fields["state"] == "split":
            assert owner.carve(batch, int(fields["carved"]))[0] == b"done"
        else:
            if fields["state"] != "accepted" and fields["owner"] != owner.token:
                assert owner.call("adopt", batch, fields["ver"])[0] == b"done"
            settle(owner, batch, taken)
    while owner.call("survey")[2]:
        batch = str(uuid.uuid4())
        owner.call("begin", batch)
        owner.call("take", batch, "0-0", 500)
        ids = owner.read(batch, 500, "0-0") or owner.read(batch, 500)
        assert owner.seal(batch, 1, ids)[2] == b"sealed"
        settle(owner, batch, taken)
    return taken


def dead_letters(client):
    return {fields[b"entry"] for _, fields in client.xrange(PREFIX + "dead")}


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.__name__)
def test_a_stopped_script_loses_nothing_and_doubles_nothing(server, point):
    client, writes = server.client, 0
    while True:
        world = World(client, point)
        before = set(Places(client).at)
        entries = [entry for entry, _ in client.xrange(STREAM)]
        stopped = world.owner.call_stopped(writes, *world.call)
        world.owner.die()
        left = [entry for entry, _ in client.xrange(STREAM)]
        drained_before = set(entries) - set(left) - dead_letters(client)
        if point is not at_inbox:
            assert stopped or set(Places(client).at) <= before
        taken = recover(client, "two" if point is not at_adopt else "three")
        dead = dead_letters(client)
        sent = [entry.encode() for ids in taken.values() for entry in ids]
        assert len(sent) == len(set(sent))
        assert set(entries) <= set(sent) | dead | drained_before
        assert set(sent) & drained_before <= set(entries)
        assert {entry for entry, _ in client.xrange(STREAM)} <= dead
        assert point is at_bury or client.xlen(PREFIX + "dead") == len(dead)
        assert client.xpending(STREAM, GROUP)["pending"] == 0
        assert not client.exists(PREFIX + "open", PREFIX + "doubt", PREFIX + "held")
        if not stopped:
            break
        writes += 1
    assert writes > 0


def test_a_stopped_inbox_never_loses_an_element(server):
    client = server.client
    for writes in range(10):
        world = World(client, at_inbox)
        client.xtrim(STREAM, maxlen=0)
        world.owner.call_stopped(writes, *world.call)
        world.owner.call("inbox", "left", 1000, 100)
        moved = [fields[b"event"] for _, fields in client.xrange(STREAM)]
        assert set(moved) == {b"from the inbox %d" % n for n in range(5)} and len(moved) <= 6


def test_a_stopped_drain_never_leaves_a_hole(server):
    """Between removing and noting it the same chunk is drained again."""
    client = server.client
    for writes in range(4):
        world = World(client, at_drain)
        assert world.owner.call_stopped(writes, *world.call)
        batch = world.call[1]
        assert world.owner.call("drain", batch, 0)[3] == 500
        assert world.owner.call("drain", batch, 500)[3] == 900
        assert client.xlen(STREAM) == 303


# A plan of every fate, and where its first call begins; entries whose data is gone, by position.
CARVINGS = {
    "small": ("a3b2d3s2a1d1b2", 0, []),
    "first": ("a200d2b299s2a100b50d2", 0, []),
    "last": ("a499d1b100s2a2d2", 500, []),
    "gone": ("a3b2d3s2a1d1b2", 0, [0, 4, 6, 8]),
    "empty": ("a1b4d1", 0, [0]),
}


def bring_to_carve(client, plan, begin, lost):
    """The batch, its entries, its children, its letters by position; carved up to where the plan is stopped."""
    client.flushall()
    owner = Owner(client)
    owner.call("check")
    owner.hello()
    letters = "".join(letter * int(count) for letter, count in re.findall(r"(\w)(\d+)", plan))
    enqueue(client, len(letters))
    batch, ids, children = owner.split(plan, len(letters))
    if lost:
        client.xdel(STREAM, *[ids[at] for at in lost])
    carved = 0
    while carved < begin:
        carved = owner.call("carve", batch, carved)[3]
    return owner, batch, ids, children, letters, carved


def check_everything(client, ids, children, letters, lost):
    """What the plan says, each once; of what was lost only a stub, at least one."""
    for letter, child in children.items():
        wanted = [entry for at, entry in enumerate(ids) if letters[at] == letter and at not in lost]
        fields = manifest(client, child)
        assert fields["state"] == ("sealed" if wanted else "terminated") and fields.get("ver") == "1"
        assert [entry.encode() for entry in named_by(fields)] == wanted
        assert (client.zscore(PREFIX + "open", child) is not None) == bool(wanted)
        pending = client.xpending_range(STREAM, GROUP, "-", "+", 2000, "b:" + child)
        assert [row["message_id"] for row in pending] == wanted
    dead = [fields for _, fields in client.xrange(PREFIX + "dead")]
    written = [fields[b"entry"] for fields in dead if fields[b"reason"] != b"gone"]
    assert written == [entry for at, entry in enumerate(ids) if letters[at] == "d" and at not in lost]
    stubs = {fields[b"entry"] for fields in dead if fields[b"reason"] == b"gone"}
    assert stubs == {ids[at] for at in lost if letters[at] != "s"}
    assert client.xlen(STREAM) == sum(1 for at in range(len(ids)) if letters[at] in "ab" and at not in lost)


@pytest.mark.parametrize("name", sorted(CARVINGS))
def test_a_carving_cut_anywhere_comes_to_the_same(client, name):
    """Cut before each write; then, going on, cut again after a few."""
    plan, begin, lost = CARVINGS[name]
    writes, stopped = 0, True
    while stopped:
        owner, batch, ids, children, letters, carved = bring_to_carve(client, plan, begin, lost)
        stopped = owner.call_stopped(writes, "carve", batch, carved)
        again = Owner(client, "two")
        again.hello()
        at = int(manifest(client, batch)["carved"])
        again.call_stopped(writes * 5 % 31, "carve", batch, at)
        at = int(manifest(client, batch)["carved"])
        assert again.carve(batch, at)[3] == len(ids)
        check_everything(client, ids, children, letters, lost)
        writes += 1
    assert writes > 10


def test_a_carving_that_was_cut_is_not_repeated_over_a_child_at_work(client):
    """Cut behind the opening of the children: one is sent and drained before anybody carves again."""
    writes, seen = 0, 0
    while True:
        owner, batch, ids, children, letters, carved = bring_to_carve(client, "a3b3", 0, [])
        stopped = owner.call_stopped(writes, "carve", batch, carved)
        child = children["a"]
        if manifest(client, child).get("state") == "sealed" and stopped:
            seen += 1
            owner.call("send", child, 1, "sha", 10, "format", "endpoint")
            owner.call("accept", child, 1)
            assert owner.call("drain", child, 0)[3] == 3
            before = manifest(client, child)
            assert refused(owner.call("carve", batch, 0), "carved")
            assert owner.carve(batch, 6)[3] == 6
            assert manifest(client, child) == before and client.zscore(PREFIX + "open", child) is None
            assert client.zscore(PREFIX + "open", children["b"]) > 0 and not client.exists(PREFIX + "dead")
        if not stopped:
            break
        writes += 1
    assert seen > 3


def test_a_stopped_replay_never_loses_an_event(client):
    """Between the event and the end of its letter the event is replayed once more, and no other one."""
    writes, stopped = 0, True
    while stopped:
        client.flushall()
        owner = Owner(client)
        owner.call("check")
        owner.hello()
        events = enqueue(client, 3)
        batch, _, _ = owner.split("d3")
        owner.carve(batch)
        call = ("replay", "me", "why", "replay", *[letter for letter, _ in client.xrange(PREFIX + "dead")])
        stopped = owner.call_stopped(writes, *call)
        owner.call(*call)
        back = [fields[b"event"] for _, fields in client.xrange(STREAM)]
        assert set(back) == set(events) and len(back) <= 4 and not client.xlen(PREFIX + "dead")
        writes += 1
    assert writes > 6
