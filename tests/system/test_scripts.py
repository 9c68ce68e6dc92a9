"""Each script against each of its doors: what it promises, that a closed door changes nothing, that it repeats."""

import pytest
import redis

import queue_rig
from queue_rig import (GROUP, HELLO, INBOX, LIFE_MS, PREFIX, STREAM, Owner, Places, client, enqueue, ids_text, manifest, owner,
                       refused, server, sha1, snapshot)

__all__ = ["client", "owner", "server"]  # fixtures


# hello, beat, leave ------------------------------------------------------------------------------------------------

def test_hello_takes_a_free_name_and_keeps_it(client, owner):
    assert owner.hello() == [b"done", 1]
    assert client.get(PREFIX + "hb:one") == owner.token.encode()
    assert client.hgetall(PREFIX + "instances") == {b"one": owner.token.encode()}
    assert 0 < client.pttl(PREFIX + "hb:one") <= LIFE_MS


@pytest.mark.parametrize("script", ["hello", "beat"])
def test_hello_refuses_a_living_name(client, owner, script):
    other = Owner(client)
    before = snapshot(client)
    taken, left = other.call(script, *HELLO)
    assert taken == b"taken" and 0 < left <= LIFE_MS
    assert snapshot(client) == before
    owner.die()
    assert other.call(script, *HELLO)[:2] == [b"done", 0]
    assert owner.call("beat", *HELLO)[0] == b"taken"


@pytest.mark.parametrize("script", ["hello", "beat"])
def test_a_heartbeat_of_another_type_is_named(client, owner, script):
    owner.die()
    client.rpush(PREFIX + "hb:one", "x")
    assert owner.call(script, *HELLO) == [b"wrongtype", (PREFIX + "hb:one").encode(), b"list", b"string"]
    assert client.lrange(PREFIX + "hb:one", 0, -1) == [b"x"]


def test_hello_notes_what_makes_marks_durable_and_the_server_that_was_seen(client, owner):
    def noted():
        return client.hgetall(PREFIX + "state")

    one = {b"durability:one": b"none", b"ledger:one": b"none"}
    assert noted() == one
    other = Owner(client, "two")
    other.call("hello", LIFE_MS, "wait:2", "run", "good")
    two = {b"durability:two": b"wait:2", b"ledger:two": b"good"}
    assert noted() == {**one, **two, b"run_id": b"run"}
    owner.die()
    other.call("hello", LIFE_MS, "always", "", "none")
    assert noted() == {b"durability:two": b"always", b"ledger:two": b"none", b"run_id": b"run"}
    other.call("leave")
    assert noted() == {b"run_id": b"run"}


def test_beat_tells_a_gap(client, owner):
    assert owner.call("beat", *HELLO)[:2] == [b"done", 1]
    owner.die()
    assert owner.call("beat", *HELLO)[:2] == [b"done", 0]
    assert owner.call("beat", *HELLO)[:2] == [b"done", 1]


def test_beat_tells_of_others_whose_heartbeat_ends(client, owner):
    assert owner.call("beat", *HELLO) == [b"done", 1, 0, 0]
    two, three = Owner(client, "two"), Owner(client, "three")
    two.hello()
    three.hello()
    client.pexpire(PREFIX + "hb:three", 2_000)
    _, _, missing, shortest = owner.call("beat", *HELLO)
    assert missing == 0 and 0 < shortest <= 2_000
    client.pexpire(PREFIX + "hb:three", 9_000)
    client.pexpire(PREFIX + "hb:two", 2_000)
    assert 0 < owner.call("beat", *HELLO)[3] <= 2_000
    two.die()
    assert owner.call("beat", *HELLO)[2] == 1
    client.set(PREFIX + "hb:three", "another token")
    assert owner.call("beat", *HELLO)[2:] == [2, 0]


def test_beat_after_a_gap_is_an_instance_again(client, owner):
    owner.die()
    Owner(client, "two").hello()
    assert client.hkeys(PREFIX + "instances") == [b"two"]
    owner.call("beat", *HELLO)
    assert sorted(client.hkeys(PREFIX + "instances")) == [b"one", b"two"]


@pytest.mark.parametrize("key", ["instances", "state"])
def test_beat_works_whatever_the_instances_are(client, owner, key):
    owner.die()
    client.delete(PREFIX + key)
    client.set(PREFIX + key, "x")
    assert owner.call("beat", *HELLO) == [b"done", 0, 0, 0]
    assert client.get(PREFIX + "hb:one") == owner.token.encode()


def test_tidy_forgets_instances_that_are_gone(client, owner):
    other = Owner(client, "two")
    other.hello()
    other.call("circuit", "open", "auth")
    other.die()
    owner.call("tidy")
    assert client.hkeys(PREFIX + "instances") == [b"one"]
    assert circuits(client) == {}


def test_hello_forgets_instances_that_are_gone(client, owner):
    other = Owner(client, "two")
    other.hello()
    owner.die()
    other.hello()
    assert client.hkeys(PREFIX + "instances") == [b"two"]


def test_leave_frees_only_its_own_name(client, owner):
    Owner(client).call("leave")
    assert client.exists(PREFIX + "hb:one")
    owner.call("leave")
    assert not client.exists(PREFIX + "hb:one", PREFIX + "instances")


def test_leave_gives_its_own_batches_up_but_none_that_is_on_the_wire(client, owner):
    enqueue(client, 4)
    other = Owner(client, "two")
    other.hello()
    forming, sealed, sending = owner.begun(1)[0], owner.sealed(1)[0], owner.sending(1)[0]
    foreign, _ = other.sealed(1)
    kept = [manifest(client, batch) for batch in (sending, foreign)]
    owner.call("leave")
    assert [manifest(client, batch) for batch in (sending, foreign)] == kept
    for batch, state, ver in ((forming, "forming", "2"), (sealed, "sealed", "3")):
        fields = manifest(client, batch)
        assert (fields["state"], fields["ver"], fields["owner"]) == (state, ver, "")
    assert not client.exists(PREFIX + "hb:one")
    assert other.call("beat", LIFE_MS)[2] == 1  # missed, until somebody has looked at what is open
    other.call("tidy", 1000)
    assert other.call("beat", LIFE_MS)[2] == 0


def circuits(client):
    return {name: text for name, text in client.hgetall(PREFIX + "state").items() if name.startswith(b"circuit:")}


def test_circuit_is_noted_by_a_living_instance(client, owner):
    assert owner.call("circuit", "open", "auth") == [b"done"]
    word, why, since = circuits(client)[b"circuit:one"].split()
    assert (word, why) == (b"open", b"auth") and since.isdigit()
    client.hset(PREFIX + "state", "circuit:one", b"open auth 1700000000000")
    for word in ("half_open", "open", "half_open"):
        owner.call("circuit", word, "file")
        assert circuits(client)[b"circuit:one"] == f"{word} file 1700000000000".encode()
    before = snapshot(client)
    assert Owner(client).call("circuit", "closed", "") == [b"refused", b"heartbeat"]
    assert snapshot(client) == before
    owner.call("circuit", "closed", "")
    assert circuits(client) == {}


def test_answer_is_heard_at_maxmemory(client, owner):
    client.config_set("maxmemory", 1)
    done, entry = owner.call("answer", 10, "type", "answer", "to", "1-0")
    client.config_set("maxmemory", 0)
    assert done == b"done"
    assert client.xrange(PREFIX + "control") == [(entry, {b"type": b"answer", b"to": b"1-0"})]
    for _ in range(300):
        owner.call("answer", 10, "type", "answer")
    assert client.xlen(PREFIX + "control") < 300
    client.delete(PREFIX + "control")
    client.set(PREFIX + "control", "x")
    assert owner.call("answer", 10, "type", "answer")[:2] == [b"wrongtype", (PREFIX + "control").encode()]


def test_circuits_go_with_those_who_noted_them(client, owner):
    owner.call("circuit", "open", "auth")
    owner.hello()
    assert list(circuits(client)) == [b"circuit:one"]
    owner.die()
    Owner(client).hello()
    assert circuits(client) == {}
    other = Owner(client, "two")
    other.hello()
    other.call("circuit", "open", "auth")
    other.die()
    owner.die()
    owner.hello()
    assert circuits(client) == {}
    owner.call("circuit", "open", "auth")
    owner.call("leave")
    assert circuits(client) == {}


# check -------------------------------------------------------------------------------------------------------------

def test_check_makes_the_group_once_from_the_first_entry(client):
    events = enqueue(client, 3)
    owner = Owner(client)
    assert owner.call("check") == [b"done", 1]
    assert owner.call("check") == [b"done", 0]
    owner.hello()
    assert len(owner.begun()[1]) == len(events)


def test_check_refuses_a_second_group(client, owner):
    client.xgroup_create(STREAM, "others", "0")
    assert owner.call("check") == [b"foreign", b"others"]


def test_check_makes_no_group_anew_once_batches_were_sealed(client, owner):
    enqueue(client, 2)
    owner.sealed()
    client.xgroup_destroy(STREAM, GROUP)
    assert owner.call("check") == [b"lost"]


def test_check_makes_the_group_anew_while_nothing_was_sealed(client, owner):
    enqueue(client, 2)
    owner.begun()
    client.xgroup_destroy(STREAM, GROUP)
    assert owner.call("check") == [b"done", 1]


KINDS = {"open": "zset", "doubt": "zset", "held": "zset", "done": "zset", "dead": "stream", "notifications": "stream",
         "control": "stream", "audit": "stream", "instances": "hash", "state": "hash", "stats": "hash", "events": "stream"}


@pytest.mark.parametrize("word", sorted(KINDS))
def test_every_script_names_a_key_of_the_wrong_type_and_changes_nothing(client, owner, word):
    client.delete(PREFIX + word)
    client.set(PREFIX + word, "foreign")
    before = snapshot(client)
    for script in set(queue_rig.names()) - {"answer", "beat", "leave", "rights"}:
        wanted = [b"wrongtype", (PREFIX + word).encode(), b"string", KINDS[word].encode()]
        assert owner.call(script, "id", "0-0", "0", "1", "a", "b", "0-1") == wanted, script
    assert snapshot(client) == before


@pytest.mark.parametrize("word", sorted(KINDS))
def test_leave_frees_the_name_whatever_a_key_is(client, owner, word):
    client.delete(PREFIX + word)
    client.set(PREFIX + word, "foreign")
    assert owner.call("leave") == [b"done"]
    assert not client.exists(PREFIX + "hb:one") and client.get(PREFIX + word) == b"foreign"


def test_inbox_of_the_wrong_type_is_named(client, owner):
    client.set(INBOX, "foreign")
    assert owner.call("inbox", "left", 100, 100) == [b"wrongtype", b"inbox", b"string", b"list"]
    assert owner.call("check") == [b"wrongtype", b"inbox", b"string", b"list"]


# doors -------------------------------------------------------------------------------------------------------------

# script, states it may be called in, its arguments behind the id
MOVERS = {
    "take": ({"forming"}, lambda f: ["0-0", 10]),
    "bury": ({"forming"}, lambda f: ["convert", "", "0-1", "bom", 0, 0]),
    "seal": ({"forming"}, lambda f: [f["ver"], 0, 1, "text", "", "0-1"]),
    "send": ({"sealed"}, lambda f: [f["ver"], "sha", 1, "format", "endpoint"]),
    "move": ({"sealed", "sending", "unknown", "held"}, lambda f: [f["ver"], f["state"], "held"]),
    "accept": ({"sending", "sealed", "unknown", "held", "accepted"}, lambda f: [f.get("attempts", 1), "status", 200]),
    "drain": ({"accepted"}, lambda f: [f.get("drained", 0)]),
    "abandon": ({"forming", "terminated"}, lambda f: [f["ver"]]),
    "adopt": ({"sealed", "sending", "unknown", "held", "accepted", "terminated", "split"}, lambda f: [f["ver"]]),
    "looked": ({"unknown"}, lambda f: [f["ver"]]),
    "split": ({"sending"}, lambda f: [f["ver"], "a1d1", "new", "", "items", 0, "endpoint"]),
    "carve": ({"split"}, lambda f: [f.get("carved", 0)]),
    "operate": ({"sealed", "held"}, lambda f: ["terminate", "", "me", "why"]),
}
STATES = ["forming", "sealed", "sending", "unknown", "held", "accepted", "terminated", "split", "planned"]


def batch_in(owner, state):
    """A batch that came to this state by the scripts."""
    if state in ("forming", "terminated"):
        batch, _ = owner.begun()
        if state == "terminated":
            assert owner.call("abandon", batch, 1)[2] == b"terminated"
        return batch
    if state in ("split", "planned"):
        batch, _, children = owner.split("a1b1", why="rows")
        if state == "planned":
            owner.client.hset(PREFIX + "batch:" + children["a"], mapping={"state": "planned", "ver": 0, "parent": batch})
        return batch if state == "split" else children["a"]
    batch, _ = owner.sealed() if state == "sealed" else owner.sending()
    if state == "accepted":
        owner.call("accept", batch, 1)
    elif state in ("unknown", "held"):
        assert owner.call("move", batch, 3, "sending", state)[2] == state.encode()
    return batch


@pytest.mark.parametrize("script", sorted(MOVERS))
@pytest.mark.parametrize("state", STATES)
def test_a_script_is_refused_in_every_other_state(client, owner, script, state):
    enqueue(client, 2)
    batch = batch_in(owner, state)
    states, args = MOVERS[script]
    if state in states:
        return
    before = snapshot(client)
    answer = owner.call(script, batch, *args(manifest(client, batch)))
    nobodys = script == "move" and state == "planned"  # from planned: the state is right, but there is no owner yet
    assert refused(answer, "owner" if nobodys else "state") and answer[2] == state.encode()
    assert snapshot(client) == before


@pytest.mark.parametrize("script", sorted(MOVERS))
def test_a_script_is_refused_without_a_manifest(client, owner, script):
    before = snapshot(client)
    answer = owner.call(script, "none", *MOVERS[script][1]({"ver": 1, "state": "x", "attempts": 1, "drained": 0}))
    assert answer[0] == b"refused" and answer[2] == b"none"
    assert snapshot(client) == before


@pytest.mark.parametrize("script, state", [("seal", "forming"), ("send", "sealed"), ("move", "sending"),
                                           ("abandon", "forming"), ("looked", "unknown"), ("split", "sending")])
def test_a_script_is_refused_at_another_version(client, owner, script, state):
    enqueue(client, 2)
    batch = batch_in(owner, state)
    before = snapshot(client)
    fields = manifest(client, batch)
    for ver in (int(fields["ver"]) - 1, int(fields["ver"]) + 1):
        answer = owner.call(script, batch, *MOVERS[script][1](dict(fields, ver=ver)))
        assert refused(answer, "version") and answer[3] == int(fields["ver"])
    assert snapshot(client) == before


@pytest.mark.parametrize("script, state", [("take", "forming"), ("bury", "forming"), ("seal", "forming"),
                                           ("send", "sealed"), ("move", "sending"), ("abandon", "forming"),
                                           ("looked", "unknown"), ("split", "sending")])
def test_a_script_is_refused_to_another_token(client, owner, script, state):
    enqueue(client, 2)
    batch = batch_in(owner, state)
    other = Owner(client, "two")
    other.hello()
    before = snapshot(client)
    assert refused(other.call(script, batch, *MOVERS[script][1](manifest(client, batch))), "owner")
    assert snapshot(client) == before


@pytest.mark.parametrize("script, state", [("begin", None), ("take", "forming"), ("seal", "forming"),
                                           ("send", "sealed"), ("adopt", "sealed"), ("looked", "unknown"),
                                           ("split", "sending")])
def test_a_script_is_refused_without_a_heartbeat(client, owner, script, state):
    enqueue(client, 2)
    batch = batch_in(owner, state) if state else "new"
    caller = owner if script != "adopt" else Owner(client, "two")
    owner.die()
    before = snapshot(client)
    args = MOVERS[script][1](manifest(client, batch)) if state else []
    assert refused(caller.call(script, batch, *args), "heartbeat")
    assert snapshot(client) == before


# begin, take, bury, seal ---------------------------------------------------------------------------------------------

def test_begin_refuses_a_batch_that_exists(client, owner):
    batch, _ = owner.begun()
    assert refused(owner.call("begin", batch), "exists")
    assert client.zscore(PREFIX + "open", batch) == 0
    owner.call("abandon", batch, 1)
    assert client.zscore(PREFIX + "open", batch) is None
    assert refused(owner.call("begin", batch), "exists")


def test_begin_refuses_a_batch_whose_manifest_is_lost(client, owner):
    client.zadd(PREFIX + "open", {"lost": 5})
    assert refused(owner.call("begin", "lost"), "exists")


def test_take_leases_given_back_entries_above_a_point_in_order(client, owner):
    enqueue(client, 10)
    first, ids = owner.begun()
    owner.call("abandon", first, 1)
    owner.call("begin", "second")
    assert owner.call("take", "second", ids[3], 4) == [b"done", 4]
    assert owner.read("second", last="0-0") == ids[4:8]
    assert owner.call("take", "second", ids[7], 4) == [b"done", 2]
    assert owner.call("take", "second", ids[9], 4) == [b"done", 0]


def test_a_claimed_id_without_data_becomes_a_dead_letter_gone(client, owner):
    enqueue(client, 3)
    batch, ids = owner.begun()
    client.xdel(STREAM, ids[1])
    owner.call("abandon", batch, 1)
    (_, fields), = client.xrange(PREFIX + "dead")
    assert fields[b"entry"] == ids[1] and fields[b"reason"] == b"gone" and len(fields) == queue_rig.OWN_FIELDS
    assert [row["message_id"] for row in client.xpending_range(STREAM, GROUP, "-", "+", 9)] == [ids[0], ids[2]]


@pytest.mark.parametrize("fields", [
    {b"event": b"\x00\xff{\"a\":\r\n\x00"}, {b"a": b"1", b"b\x00": b"\x00", b"reason": b"mine"},
    {b"event": b"x" * 1_000_000}, {b"f%d" % n: b"%d" % n for n in range(3000)},
], ids=["nul", "shape", "large", "many"])
def test_bury_keeps_every_field_byte_for_byte(client, owner, fields):
    client.xadd(STREAM, fields)
    batch, ids = owner.begun()
    assert owner.call("bury", batch, "convert", "", ids[0], "bom", 3, 4) == [b"done", 1]
    flat = client.eval("return redis.call('XRANGE', KEYS[1], '-', '+')", 1, PREFIX + "dead")[0][1]
    own = dict(zip(flat[-18::2], flat[-17::2]))
    assert flat[:-18] == [part for pair in fields.items() for part in pair]
    assert own.pop(b"at").isdigit()
    assert own == {b"entry": ids[0], b"reason": b"bom", b"offset": b"3", b"column": b"4", b"batch": batch.encode(),
                   b"stage": b"convert", b"attempts": b"0", b"replays": b"0"}
    assert client.xlen(STREAM) == 0 and client.xpending(STREAM, GROUP)["pending"] == 0
    Places(client).check_deletions()


def test_bury_packs_more_fields_than_lua_can_hand_over(client, owner):
    fields = {b"f%d" % n: b"%d" % n for n in range(5000)}
    client.xadd(STREAM, fields)
    batch, ids = owner.begun()
    assert owner.call("bury", batch, "convert", "", ids[0], "no_event", 0, 0) == [b"done", 1]
    (_, letter), = client.xrange(PREFIX + "dead")
    assert len(letter) == queue_rig.OWN_FIELDS + 1
    unpacked = client.eval("return cmsgpack.unpack(ARGV[1])", 0, letter[b"packed"])
    assert unpacked == [part for pair in fields.items() for part in pair]


def test_bury_repeats_without_a_second_letter_and_skips_foreign_ids(client, owner):
    enqueue(client, 5)
    batch, ids = owner.begun(3)
    other = Owner(client, "two")
    other.hello()
    _, foreign = other.begun()
    letters = [word for entry in ids[:2] + foreign[:1] for word in (entry, "bom", 0, 0)]
    assert owner.call("bury", batch, "convert", "", *letters) == [b"done", 2]
    assert owner.call("bury", batch, "convert", "", *letters) == [b"done", 0]
    assert client.xlen(PREFIX + "dead") == 2 and client.xlen(STREAM) == 3


def test_bury_of_an_entry_without_data_says_gone(client, owner):
    enqueue(client, 1)
    batch, ids = owner.begun()
    client.xdel(STREAM, ids[0])
    owner.call("bury", batch, "convert", "", ids[0], "no_event", 0, 0)
    assert client.xrange(PREFIX + "dead")[0][1][b"reason"] == b"gone"


def test_seal_names_ids_in_order_and_gives_the_rest_back(client, owner):
    enqueue(client, 10)
    batch, ids = owner.begun()
    named = ids[:3] + ids[5:8]
    assert owner.seal(batch, 1, named) == [b"done", 2, b"sealed"]
    fields = manifest(client, batch)
    assert [entry.encode() for entry in queue_rig.named_by(fields)] == named
    assert fields["n"] == "6" and client.zscore(PREFIX + "open", batch) > 0
    free = client.xpending_range(STREAM, GROUP, "-", "+", 99, "free")
    assert [row["message_id"] for row in free] == ids[3:5] + ids[8:]
    (_, notice), = client.xrange(PREFIX + "notifications")
    assert notice[b"notice"] == b"started" and notice[b"count"] == b"6"
    assert client.get(PREFIX + "format:" + sha1("the text")) == b"the text"


@pytest.mark.parametrize("spoil", [lambda ids: [ids[1], ids[0]], lambda ids: [ids[0], ids[0]], lambda ids: ["1-1"],
                                   lambda ids: ids[:1] + ["9999999999999-0"]],
                         ids=["order", "twice", "below", "above"])
def test_seal_refuses_ids_that_are_not_pending_in_this_order(client, owner, spoil):
    enqueue(client, 3)
    batch, ids = owner.begun()
    before = snapshot(client)
    assert refused(owner.seal(batch, 1, spoil(ids)), "pending")
    assert snapshot(client) == before


def test_seal_refuses_an_empty_batch_and_a_wrong_start(client, owner):
    enqueue(client, 3)
    batch, ids = owner.begun()
    assert refused(owner.seal(batch, 1, []), "order")
    assert refused(owner.call("seal", batch, 1, 500, 503, "t", "", ids_text(ids)), "order")
    assert refused(owner.call("seal", batch, 1, 0, 2, "t", "", ids_text(ids)), "order")


def test_seal_in_chunks_can_begin_again_and_refuses_a_late_one(client, owner):
    enqueue(client, 5300)
    batch, ids = owner.begun(5200)
    texts = [ids_text(ids[i:i + 500]) for i in range(0, 5000, 500)]
    first = owner.call("seal", batch, 1, 0, 5000, "t", "", *texts[:4])
    assert first == [b"done", 2, b"forming"] and client.zscore(PREFIX + "open", batch) == 0
    assert refused(owner.call("seal", batch, 1, 2000, 5000, "t", "", *texts[4:8]), "version")
    assert owner.seal(batch, 2, ids[:5000]) == [b"done", 5, b"sealed"]
    assert [entry.encode() for entry in queue_rig.named_by(manifest(client, batch))] == ids[:5000]
    assert len(client.xpending_range(STREAM, GROUP, "-", "+", 999, "free")) == 200
    places = Places(client)
    assert (places.count("named"), places.count("leased"), places.count("unread")) == (5000, 200, 100)


# send, move, accept, drain -------------------------------------------------------------------------------------------

def test_send_counts_attempts_and_keeps_the_first_digest(client, owner):
    enqueue(client, 2)
    batch, _ = owner.sending()
    assert owner.call("move", batch, 3, "sending", "sealed") == [b"done", 4, b"sealed"]
    assert refused(owner.call("send", batch, 4, "other", 10, "format", "endpoint"), "changed")
    fields = manifest(client, batch)
    sent = owner.call("send", batch, 4, "sha", 10, "format", "repaired")
    assert sent == [b"done", 5, b"sending", 2, int(fields["first"])]
    fields = manifest(client, batch)
    assert fields["attempts"] == "2" and fields["first"] <= fields["last"] and fields["endpoint"] == sha1("repaired")


def test_send_keeps_a_doubted_batch_with_its_endpoint(client, owner):
    enqueue(client, 2)
    batch, _ = owner.sending()
    owner.call("move", batch, 3, "sending", "unknown")
    owner.call("move", batch, 4, "unknown", "sealed")
    assert refused(owner.call("send", batch, 5, "sha", 10, "format", "another"), "endpoint")
    assert owner.call("send", batch, 5, "sha", 10, "format", "endpoint")[0] == b"done"


def test_what_the_list_has_shown_is_told_until_it_is_in_doubt_anew(client, owner):
    enqueue(client, 1)
    batch, ver = batch_in(owner, "unknown"), 4

    def again(word):
        assert owner.call("move", batch, ver, "unknown", "sealed", word)[0] == b"done"
        assert owner.call("send", batch, ver + 1, "sha", 10, "format", "endpoint")[0] == b"done"
        assert owner.call("move", batch, ver + 2, "sending", "sealed", "")[0] == b"done"  # busy
        told = owner.list()[3][0][20]
        assert owner.call("send", batch, ver + 3, "sha", 10, "format", "endpoint")[0] == b"done"
        assert owner.call("move", batch, ver + 4, "sending", "unknown", "")[0] == b"done"
        return told

    assert again("absent") == b"1"
    ver += 5
    assert again("") == b""


def test_send_bars_what_was_never_in_doubt_while_too_many_are(client, owner):
    doubted = [enqueue(client, 1) and batch_in(owner, "unknown") for _ in range(2)]
    enqueue(client, 1)
    batch, _ = owner.sealed()
    send = ("send", batch, 2, "sha", 10, "format", "endpoint")
    assert refused(owner.call(*send, 2), "max_unknown")
    assert owner.call(*send, 3)[0] == b"done"
    assert owner.call("move", doubted[0], 4, "unknown", "sealed", "")[0] == b"done"
    assert owner.call("send", doubted[0], 5, "sha", 10, "format", "endpoint", 2)[0] == b"done"


def test_move_keeps_doubt_and_held_in_step(client, owner):
    enqueue(client, 2)
    batch, _ = owner.sending()

    def sets():
        return client.zcard(PREFIX + "doubt"), client.zcard(PREFIX + "held")

    owner.call("move", batch, 3, "sending", "unknown")
    assert sets() == (1, 0)
    owner.call("move", batch, 4, "unknown", "held")
    assert sets() == (1, 1)
    owner.call("move", batch, 5, "held", "sealed")
    assert sets() == (1, 0)
    owner.call("move", batch, 6, "sealed", "terminated")
    assert sets() == (0, 0)
    assert [notice[b"notice"] for _, notice in client.xrange(PREFIX + "notifications")] == [b"started", b"terminated"]
    assert owner.call("abandon", batch, 7) == [b"done", 7, b"terminated", 0]
    assert Places(client).count("leased") == 2 and client.zcard(PREFIX + "open") == 0


def test_move_to_unreported_keeps_what_would_have_been_sent(client, owner):
    enqueue(client, 2)
    batch, _ = owner.sealed()
    assert owner.call("move", batch, 2, "sealed", "unreported", "", "", "", "sha", 10) == [b"done", 3, b"unreported"]
    fields = manifest(client, batch)
    assert (fields["sha256"], fields["bytes"], fields["attempts"]) == ("sha", "10", "0")
    assert "accepted" not in fields and client.hget(PREFIX + "state", "accepted") is None
    assert b"sendCompleted" not in str(client.xrange(PREFIX + "notifications")).encode()
    assert owner.call("drain", batch, 0) == [b"done", 3, b"unreported", 2]
    assert client.xlen(STREAM) == 0 and client.zscore(PREFIX + "done", batch) > 0
    Places(client).check_deletions()


def test_move_notes_why_a_batch_is_held_and_when_its_rows_were_refused_first(client, owner):
    enqueue(client, 2)
    batch, _ = owner.sending()
    owner.call("move", batch, 3, "sending", "sealed", "")
    assert "refused" not in manifest(client, batch)
    for ver in (4, 6):
        owner.call("send", batch, ver, "sha", 10, "format", "endpoint")
        client.hset(PREFIX + "batch:" + batch, "attempts", 1)
        assert owner.call("move", batch, ver + 1, "sending", "sealed", "refused")[0] == b"done"
        if ver == 4:
            assert int(manifest(client, batch)["refused"]) > 1
            client.hset(PREFIX + "batch:" + batch, "refused", 1)
    assert manifest(client, batch)["refused"] == "1"
    owner.call("move", batch, 8, "sealed", "held", "body_changed")
    assert manifest(client, batch)["why"] == "body_changed"


def test_send_begins_to_count_looks_anew(client, owner):
    enqueue(client, 2)
    batch = batch_in(owner, "unknown")
    for looks in (1, 2):
        assert owner.call("looked", batch, 3 + looks) == [b"done", 4 + looks, b"unknown", looks]
    fields = manifest(client, batch)
    assert fields["looks"] == "2" and fields["looked"] >= fields["last"]
    owner.call("move", batch, 6, "unknown", "sealed")
    owner.call("send", batch, 7, "sha", 10, "format", "endpoint")
    fields = manifest(client, batch)
    assert fields["looks"] == "0" and fields["looked"] == "0"


def test_accept_stores_the_receipt_once_and_is_let_in_from_anybody(client, owner):
    enqueue(client, 2)
    batch, _ = owner.sending()
    other = Owner(client, "two")
    other.hello()
    owner.die()
    assert other.call("adopt", batch, 3) == [b"done", 4, b"unknown"]
    assert refused(owner.call("accept", batch, 2, "status", 201), "attempt")
    assert owner.call("accept", batch, 1, "status", 201, "report_id", "r") == [b"done", 5, b"accepted"]
    assert owner.call("accept", batch, 1, "status", 202) == [b"done", 5, b"accepted"]
    fields = manifest(client, batch)
    assert fields["status"] == "201" and fields["report_id"] == "r" and fields["accepted"].isdigit()
    assert client.zcard(PREFIX + "doubt") == 0
    notices = [notice[b"notice"] for _, notice in client.xrange(PREFIX + "notifications")]
    assert notices == [b"started", b"sendCompleted"]
    assert not client.hexists(PREFIX + "state", "accepted"), "what comes late says nothing of now"


def test_accept_notes_when_the_endpoint_took_what_was_on_the_wire(client, owner):
    enqueue(client, 2)
    batch, _ = owner.accepted()
    assert client.hget(PREFIX + "state", "accepted").decode() <= manifest(client, batch)["accepted"]
    client.hset(PREFIX + "state", "accepted", 1)
    owner.call("accept", batch, 1, "status", 202)
    assert client.hget(PREFIX + "state", "accepted") == b"1"


def test_accept_leaves_a_completed_batch_as_it_is(client, owner):
    enqueue(client, 2)
    batch, _ = owner.accepted()
    client.hset(PREFIX + "batch:" + batch, "state", "completed")
    before = snapshot(client)
    assert owner.call("accept", batch, 1, "status", 202) == [b"done", 4, b"completed"]
    assert snapshot(client) == before


def test_accept_refuses_a_batch_that_was_never_sent(client, owner):
    enqueue(client, 2)
    batch, _ = owner.sealed()
    assert refused(owner.call("accept", batch, 0, "status", 201), "attempt")


def test_accept_refuses_a_batch_that_was_given_back(client, owner):
    enqueue(client, 2)
    batch, _ = owner.sending()
    owner.call("move", batch, 3, "sending", "sealed")
    owner.call("move", batch, 4, "sealed", "terminated")
    assert refused(owner.call("accept", batch, 1, "status", 201), "state")


def test_accept_of_a_held_batch_ends_the_wait(client, owner):
    enqueue(client, 2)
    batch = batch_in(owner, "held")
    assert owner.call("accept", batch, 1, "status", 201)[2] == b"accepted"
    assert client.zcard(PREFIX + "held") == 0


def test_accept_refuses_the_attempt_before_the_one_on_the_wire(client, owner):
    enqueue(client, 2)
    batch, _ = owner.sending()
    owner.call("move", batch, 3, "sending", "sealed")
    owner.call("send", batch, 4, "sha", 10, "format", "endpoint")
    assert refused(owner.call("accept", batch, 1, "status", 201), "attempt")


def test_drain_takes_chunks_off_and_finishes(client, owner):
    enqueue(client, 1250)
    batch, _ = owner.accepted(1200)
    for before, after in ((0, 500), (500, 1000), (1000, 1200)):
        assert refused(owner.call("drain", batch, 7), "drained")
        assert owner.call("drain", batch, before) == [b"done", 4, b"accepted", after]
        places = Places(client)
        assert (places.count("named"), places.count("unread")) == (1200 - after, 50)
        places.check_deletions()
    assert client.zcard(PREFIX + "open") == 0 and client.zscore(PREFIX + "done", batch) > 0
    assert client.xinfo_consumers(STREAM, GROUP) == []
    assert 0 < client.pttl(PREFIX + "batch:" + batch) <= 30 * 24 * 3600 * 1000


def test_a_stray_under_a_finished_batch_stays_pending(client, owner):
    """Its consumer goes only with nothing pending: without one the entry would be nobody's, and read by nobody."""
    enqueue(client, 3)
    batch, _ = owner.accepted(2)
    stray, = owner.read(batch)
    assert owner.call("drain", batch, 0)[3] == 2
    left, = client.xpending_range(STREAM, GROUP, "-", "+", 9)
    assert (left["message_id"], left["consumer"]) == (stray, b"b:" + batch.encode())


def test_drain_leaves_a_manifest_that_lacks_ids_to_a_person(client, owner):
    enqueue(client, 3)
    batch, _ = owner.accepted()
    client.hdel(PREFIX + "batch:" + batch, "ids:0")
    before = snapshot(client)
    assert refused(owner.call("drain", batch, 0), "ids")
    assert snapshot(client) == before


def test_finish_forgets_receipts_past_their_keep(client, owner):
    enqueue(client, 1)
    client.zadd(PREFIX + "done", {"old": 1})
    batch, _ = owner.accepted()
    owner.call("drain", batch, 0)
    assert client.zrange(PREFIX + "done", 0, -1) == [batch.encode()]


# abandon, adopt --------------------------------------------------------------------------------------------------------

def test_abandon_gives_entries_back_in_chunks(client, owner):
    enqueue(client, 1100)
    batch, ids = owner.begun(1100)
    assert owner.call("abandon", batch, 1) == [b"done", 2, b"terminated", 1]
    assert owner.call("abandon", batch, 2) == [b"done", 2, b"terminated", 1]
    assert owner.call("abandon", batch, 2) == [b"done", 2, b"terminated", 0]
    free = client.xpending_range(STREAM, GROUP, "-", "+", 2000, "free")
    assert [row["message_id"] for row in free] == ids
    assert [row["name"] for row in client.xinfo_consumers(STREAM, GROUP)] == [b"free"]
    assert client.zcard(PREFIX + "open") == 0 and client.xlen(PREFIX + "notifications") == 0


def test_abandon_of_another_ones_batch_waits_for_its_heartbeat(client, owner):
    enqueue(client, 2)
    batch, _ = owner.begun()
    other = Owner(client, "two")
    assert refused(other.call("abandon", batch, 1), "owner")
    owner.die()
    assert other.call("abandon", batch, 1)[2] == b"terminated"
    assert refused(owner.call("seal", batch, 1, 0, 1, "t", "", "0-1"), "heartbeat")


def test_strays_of_a_terminated_batch_go_back(client, owner):
    batch, _ = owner.begun()
    owner.call("abandon", batch, 1)
    enqueue(client, 2)
    owner.read(batch)
    assert owner.call("abandon", batch, 2)[3] == 0
    assert len(client.xpending_range(STREAM, GROUP, "-", "+", 99, "free")) == 2


def test_adopt_takes_only_from_the_dead(client, owner):
    enqueue(client, 2)
    batch, _ = owner.sending()
    other = Owner(client, "two")
    other.hello()
    assert refused(other.call("adopt", batch, 3), "owner")
    assert refused(owner.call("adopt", batch, 3), "owner")
    owner.die()
    assert refused(other.call("adopt", batch, 2), "version")
    assert other.call("adopt", batch, 3) == [b"done", 4, b"unknown"]
    assert refused(other.call("adopt", batch, 4), "owner")
    fields = manifest(client, batch)
    assert fields["owner"] == other.token and fields["name"] == "two" and fields["doubted"] == "1"
    assert client.zcard(PREFIX + "doubt") == 1


def test_adopt_never_takes_a_forming_batch_or_none(client, owner):
    batch, _ = owner.begun()
    other = Owner(client, "two")
    other.hello()
    owner.die()
    assert refused(other.call("adopt", batch, 1), "state")
    assert refused(other.call("adopt", "none", 0), "state")
    assert not client.exists(PREFIX + "batch:none")


def test_adopt_leaves_a_sealed_batch_sealed(client, owner):
    enqueue(client, 2)
    batch, _ = owner.sealed()
    owner.die()
    other = Owner(client, "one")
    other.hello()
    assert other.call("adopt", batch, 2) == [b"done", 3, b"sealed"]
    assert client.zcard(PREFIX + "doubt") == 0


# inbox, add, survey, list, rights ------------------------------------------------------------------------------------------

ELEMENTS = [b"", b"\x00\r\n\xff", b"{}", b"x" * 100_000, b"last"]


@pytest.mark.parametrize("end", ["left", "right"])
def test_inbox_moves_any_bytes_in_order(client, owner, end):
    (client.rpush if end == "left" else client.lpush)(INBOX, *ELEMENTS)
    assert owner.call("inbox", end, 50, 100) == [b"done", 4, 1]
    assert owner.call("inbox", end, 50, 100) == [b"done", 1, 0]
    assert owner.call("inbox", end, 50, 100) == [b"done", 0, 0]
    assert [fields for _, fields in client.xrange(STREAM)] == [{b"event": element} for element in ELEMENTS]


def test_inbox_stops_at_its_count(client, owner):
    client.rpush(INBOX, *range(10))
    assert owner.call("inbox", "left", 4_000_000, 3) == [b"done", 3, 7]


@pytest.mark.parametrize("where", ["stream", "left", "right"])
def test_add_puts_events_where_it_is_told_to(client, owner, where):
    assert owner.call("add", where, *ELEMENTS) == [b"done", len(ELEMENTS)]
    on_stream = [fields[b"event"] for _, fields in client.xrange(STREAM)]
    wanted = {"stream": (ELEMENTS, []), "left": ([], ELEMENTS[::-1]), "right": ([], ELEMENTS)}
    assert (on_stream, client.lrange(INBOX, 0, -1)) == wanted[where]


def survey(owner):
    _, paused, waiting, oldest, now, inbox = owner.call("survey", "endpoint")[:6]
    return paused, waiting, oldest, inbox


def test_survey_counts_unread_and_given_back(client, owner):
    assert survey(owner) == (0, 0, 0, 0)
    for n in range(1, 8):
        client.xadd(STREAM, {"event": "x"}, id=f"{n}000-0")
    client.rpush(INBOX, 1, 2, 3)
    client.hset(PREFIX + "state", "paused", "1")
    assert survey(owner) == (1, 7, 1000, 3)
    batch, _ = owner.begun(4)
    assert survey(owner) == (1, 3, 5000, 3)
    owner.call("abandon", batch, 1)
    assert survey(owner) == (1, 7, 1000, 3)


def test_survey_counts_nothing_of_strangers(client, owner):
    """A consumer that somebody else reads under, a group that somebody else made."""
    for n in range(1, 8):
        client.xadd(STREAM, {"event": "x"}, id=f"{n}000-0")
    batch, _ = owner.begun(1)
    owner.call("abandon", batch, 1)
    client.xreadgroup(GROUP, "stranger", {STREAM: ">"}, count=2)
    client.xgroup_create(STREAM, "strangers", "0")
    assert survey(owner) == (0, 5, 1000, 0)


def test_survey_counts_after_a_drain_where_lag_is_unknown(client, owner):
    enqueue(client, 6)
    owner.begun(2)
    batch, _ = owner.accepted(2)
    owner.call("drain", batch, 0)
    enqueue(client, 1)
    assert client.xinfo_groups(STREAM)[0]["lag"] is None
    assert survey(owner)[1] == 3


def test_survey_never_says_nothing_while_something_is_unread(client, owner):
    enqueue(client, 5)
    _, ids = owner.begun()
    client.xdel(STREAM, *ids)
    enqueue(client, 1)
    assert survey(owner)[1] == 1


def test_survey_tells_doubts_and_the_limit_of_this_endpoint_alone(client, owner):
    assert owner.call("survey", "endpoint")[6:8] == [0, 0]
    enqueue(client, 2)
    batch_in(owner, "unknown")
    now = client.time()[0] * 1000
    client.hset(PREFIX + "state", "limit", f"{sha1('endpoint')} 4000 {now + 60_000}")
    assert owner.call("survey", "endpoint")[6:8] == [1, 4000]
    assert owner.call("survey", "another")[6:8] == owner.call("survey")[6:8] == [1, 0]
    client.hset(PREFIX + "state", "limit", f"{sha1('endpoint')} 4000 {now}")
    assert owner.call("survey", "endpoint")[6:8] == [1, 0]


def test_survey_and_list_write_nothing(client, owner):
    enqueue(client, 2)
    owner.sealed()
    before = snapshot(client)
    survey(owner)
    owner.list()
    assert snapshot(client) == before


def test_list_tells_whose_each_batch_is(client, owner):
    enqueue(client, 4)
    gone, living = Owner(client, "two"), Owner(client, "three")
    former = Owner(client, "one", token="before")
    for each in (gone, living):
        each.hello()
    owner.die()
    former.hello()
    rows = [("former", former.sealed(1)[0]), ("gone", gone.sending(1)[0]), ("living", living.sealed(1)[0])]
    former.die()
    owner.hello()
    rows.append(("mine", owner.begun(1)[0]))
    gone.die()
    listed = owner.list()[3]
    told = {row[0].decode(): row for row in listed}
    assert listed[0][0].decode() == rows[3][1]
    assert {batch: told[batch][8].decode() for _, batch in rows} == {batch: whose for whose, batch in rows}
    assert told[rows[1][1]][1:8] == [b"sending", b"3", b"1", b"1", b"0", b"10", b"sha"]


def test_list_goes_on_behind_its_last_row_whatever_has_moved(client, owner):
    enqueue(client, 6)
    forming = [owner.begun(1)[0] for _ in range(3)]
    sealed = [owner.sealed(1)[0] for _ in range(3)]
    client.zadd(PREFIX + "open", dict.fromkeys(sealed, 1_700_000_000_000))
    want = [batch.encode() for batch in [*sorted(forming), *sorted(sealed)]]
    for most in (1, 2, 4, 6, 7):
        seen, score, last = [], "-inf", ""
        for _ in range(len(want) + 1):
            _, _, score, rows = owner.list(score, last, most)
            seen += [row[0] for row in rows]
            last = seen[-1]
            assert len(rows) <= most
        assert seen == want
    _, _, score, rows = owner.list(most=1)
    assert [row[0] for row in owner.list(score, rows[-1][0], 2)[3]] == want[1:3]
    _, _, score, rows = owner.list(most=2)
    for batch in sorted(forming)[:2]:
        owner.call("abandon", batch, 1)
    assert [row[0] for row in owner.list(score, rows[-1][0])[3]] == want[2:]


def test_list_tells_what_a_batch_went_through(client, owner):
    unseen = [b""] * 4  # of a ledger
    enqueue(client, 4)
    batch, _, _ = owner.split("a1b3", why="rows")
    row = owner.list()[3][0]
    fields = manifest(client, batch)
    assert owner.list()[1] == 0
    assert row[10:] == [b"", b"0", fields["first"].encode(), fields["last"].encode(), b"0", b"", b"0",
                        fields["refused"].encode(), b"rows", 1, b"", *unseen]
    assert owner.list(endpoint="endpoint")[3][0][19] == 0  # not sent elsewhere
    owner.carve(batch)
    enqueue(client, 1)
    held = batch_in(owner, "unknown")
    owner.call("looked", held, 4)
    owner.call("move", held, 5, "unknown", "held", "policy")
    enqueue(client, 1)
    owner.accepted()
    now, accepted, _, rows = owner.list()
    told = {row[0].decode(): row[10:] for row in rows}
    assert int(fields["last"]) <= accepted <= now
    assert told[fields["child_b"]] == [b"", b"", b"", b"", b"", b"1", b"", fields["refused"].encode(), b"", 0, b"", *unseen]
    fields = manifest(client, held)
    assert told[held] == [b"1", b"1", fields["first"].encode(), fields["last"].encode(), fields["looked"].encode(), b"",
                          b"", b"", b"policy", 1, b"", *unseen]


def test_list_shows_a_lost_manifest(client, owner):
    enqueue(client, 1)
    batch, _ = owner.sealed()
    client.delete(PREFIX + "batch:" + batch)
    assert owner.list()[3][0][1] == b"none"


def test_rights_names_what_the_user_may_not(client, owner):
    client.acl_setuser("narrow", enabled=True, nopass=True, reset=True, commands=["+eval", "+xadd", "+xinfo|groups"],
                       keys=["elrelay:*"])
    narrow = redis.Redis(unix_socket_path=client.connection_pool.connection_kwargs["path"], username="narrow",
                         password="any")
    try:
        pairs = ["XADD @ * f v", STREAM, "XADD @ * f v", "foreign", "XACK @ g 0-1", STREAM, "XINFO GROUPS @", STREAM,
                 "XINFO STREAM @", STREAM, "NOSUCH @", STREAM]
        text = queue_rig.text_of("rights")
        assert narrow.eval(text, 1, STREAM, PREFIX, "t", "n", *pairs) == [b"done", 2, 3, 5, 6]
    finally:
        narrow.close()
        client.acl_deluser("narrow")


# everything at maxmemory -------------------------------------------------------------------------------------------------

def test_the_whole_life_works_at_maxmemory(client):
    client.rpush(INBOX, *[b"%d" % n for n in range(5)])
    enqueue(client, 10)
    client.config_set("maxmemory", 1)
    with pytest.raises(redis.exceptions.ResponseError, match="OOM|maxmemory"):
        client.set("any", "thing")
    owner = Owner(client)
    assert owner.call("check") == [b"done", 1]
    assert owner.hello() == [b"done", 0] and owner.call("beat", *HELLO) == [b"done", 1, 0, 0]
    assert owner.call("inbox", "left", 1000, 100) == [b"done", 5, 0]
    assert survey(owner)[1] == 15
    batch, ids = owner.begun()
    owner.call("bury", batch, "convert", "", ids[0], "bom", 0, 0)
    assert owner.call("abandon", batch, 1)[0] == b"done"
    owner.call("begin", "next")
    assert owner.call("take", "next", "0-0", 100) == [b"done", 14]
    assert owner.seal("next", 1, ids[1:])[2] == b"sealed"
    owner.call("send", "next", 2, "sha", 1, "f", "e")
    owner.call("move", "next", 3, "sending", "unknown")
    owner.die()
    other = Owner(client, "two")
    other.hello()
    assert len(other.list()[3]) == 1
    assert other.call("adopt", "next", 4)[0] == b"done"
    assert other.call("accept", "next", 1, "status", 201)[0] == b"done"
    assert other.call("drain", "next", 0)[3] == 14
    assert other.call("leave") == [b"done"]
    assert client.xlen(STREAM) == 0 and client.xlen(PREFIX + "dead") == 1


# tidy ----------------------------------------------------------------------------------------------------------------

def tidy(owner, held=0, released=0, foreign_ms=3_600_000):
    """How many entries were given back."""
    answer = owner.call("tidy", foreign_ms)
    assert answer[:1] + answer[2:] == [b"done", held, released]
    return answer[1]


def consumers(client):
    return {row["name"].decode(): row["pending"] for row in client.xinfo_consumers(STREAM, GROUP)}


def added(client, count):
    """Ids of new entries."""
    enqueue(client, count)
    return [entry for entry, _ in client.xrevrange(STREAM, count=count)][::-1]


def under(client, consumer):
    return [row["message_id"] for row in client.xpending_range(STREAM, GROUP, "-", "+", 2000, consumer)]


@pytest.mark.parametrize("state", ["sealed", "sending", "unknown", "held", "accepted"])
def test_tidy_gives_back_what_a_late_read_left_under_a_batch(client, owner, state):
    enqueue(client, 3)
    batch = batch_in(owner, state)
    ids, stray = under(client, "b:" + batch), added(client, 1)
    assert owner.read(batch) == stray
    client.zadd(PREFIX + "open", {batch: 1_700_000_000_000})
    assert tidy(owner) == 1
    assert client.zscore(PREFIX + "open", batch) == 1_700_000_000_000
    assert under(client, "b:" + batch) == ids and under(client, "free") == stray
    assert tidy(owner) == 0


def test_tidy_minds_what_is_drained_and_carved(client, owner):
    enqueue(client, 1200)
    batch, ids = owner.accepted(1200)
    owner.call("drain", batch, 0)
    stray = added(client, 1)
    owner.read(batch)
    assert tidy(owner) == 1
    assert under(client, "b:" + batch) == ids[500:] and under(client, "free") == stray
    owner.call("drain", batch, 500), owner.call("drain", batch, 1000)
    enqueue(client, 1200)
    parent, ids, children = owner.split("a700b500", 1200)
    assert owner.call("carve", parent, 0)[3] == 500
    late = added(client, 1)
    owner.read(parent)
    before = {consumer: under(client, consumer) for consumer in consumers(client)}
    assert tidy(owner) == 1
    assert under(client, "b:" + children["a"]) == before["b:" + children["a"]]
    assert under(client, "b:" + parent) + late == before["b:" + parent] and under(client, "free")[-1:] == late


def test_tidy_frees_what_is_read_under_a_batch_that_is_over_or_never_was(client, owner):
    enqueue(client, 2)
    batch, _ = owner.accepted(2)
    owner.call("drain", batch, 0)
    late = added(client, 2)
    owner.read(batch, 1), owner.read("00000000-0000-7000-8000-000000000000", 1)
    assert tidy(owner) == 2
    assert client.zcard(PREFIX + "open") == 0
    assert consumers(client) == {"free": 2} and under(client, "free") == late
    assert len(owner.begun()[1]) == 0 and tidy(owner) == 0


def test_tidy_lets_alone_what_forms_what_is_given_up_and_what_has_another_key_for_a_manifest(client, owner):
    enqueue(client, 4)
    forming, _ = owner.begun(1)
    spoilt, _ = owner.sealed(1)
    client.delete(PREFIX + "batch:" + spoilt)
    client.set(PREFIX + "batch:" + spoilt, "x")
    given_up, _ = owner.begun(1)
    client.hset(PREFIX + "batch:" + given_up, "state", "terminated")
    before = snapshot(client)
    assert tidy(owner) == 0
    assert snapshot(client) == before


def test_tidy_looks_through_no_batch_without_strays(client, owner):
    """It comes with each list: ten thousand ids are not for each."""
    enqueue(client, 4)
    owner.sealed(2)
    owner.accepted(1)
    client.config_resetstat()
    assert tidy(owner) == 0
    assert "cmdstat_hget" not in client.info("commandstats")


def test_tidy_takes_a_few_hundred_a_call(client, owner):
    ids = added(client, 1100)
    owner.read("00000000-0000-7000-8000-000000000000", 2000)
    assert [tidy(owner) for _ in range(4)] == [500, 500, 100, 0]
    assert under(client, "free") == ids and consumers(client) == {"free": 1100}
