"""A script that stops before any of its writes: what it leaves is gone on with, nothing is lost, nothing settled twice.

Redis runs a script whole; but there is no rollback, and an append-only file that was cut can bring back its first half.
"""

import uuid

import pytest

from queue_rig import GROUP, INBOX, PREFIX, STREAM, Owner, Places, Server, enqueue, ids_text, manifest, named_by


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


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
    return ("bury", batch, "convert", *[word for entry in ids[1:4] for word in (entry, "bom", 0, 0)])


def at_seal(world):
    batch, ids = world.owner.begun(1100)
    return "seal", batch, 1, 0, 500, "t", ids_text(ids[:500])


def at_seal_chunk(world):
    batch, ids = world.owner.begun(1100)
    return "seal", batch, 1, 0, 1100, "t", ids_text(ids[:500])


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


POINTS = [at_begin, at_take, at_bury, at_seal, at_seal_chunk, at_send, at_move_to_unknown, at_move_to_held, at_terminate,
          at_accept, at_drain, at_last_drain, at_abandon, at_last_abandon, at_adopt, at_inbox]


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
    for batch in [batch.decode() for batch in client.zrange(PREFIX + "open", 0, -1)]:
        fields = manifest(client, batch)
        if fields["state"] in ("forming", "terminated"):
            while owner.call("abandon", batch, fields["ver"])[3]:
                fields = manifest(client, batch)
        else:
            if fields["state"] != "accepted":
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
        dead = {fields[b"entry"] for _, fields in client.xrange(PREFIX + "dead")}
        if point is not at_inbox:
            assert stopped or set(Places(client).at) <= before
        taken = recover(client, "two" if point is not at_adopt else "three")
        sent = [entry.encode() for ids in taken.values() for entry in ids]
        assert len(sent) == len(set(sent))
        drained_before = set(entries) - set(left) - dead
        assert set(entries) <= set(sent) | dead | drained_before
        assert set(sent) & drained_before <= set(entries)
        assert {entry for entry, _ in client.xrange(STREAM)} <= dead
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
