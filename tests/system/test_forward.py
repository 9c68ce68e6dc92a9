"""Exceptions on their way to the application's callback: one a request, with retry, dead letters, and each of them once."""

import collections
import json
import signal

import pytest

from relay_rig import PREFIX, Exceptions, rig_in_a_folder, wait_for

EXCEPTIONS = PREFIX + "exceptions"
CALLBACK = "elrelay:{callback}:"
FIELDS = ["testEventInternalId", "isError", "details", "queueName"]


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


def forward(rig, callback, **more):
    route = rig.route(callback.url("/callback"), name="callback", **{**more, "queue": {"stream": EXCEPTIONS}})
    del route["endpoint"]["profile"], route["endpoint"]["headers"], route["endpoint"]["on_unknown"]
    return {**route, "type": "forward"}


def start_callback(rig, *args, **more):
    return rig.start_receiver("callback", "--plain", "/callback", "--idempotent", *args, **more)


def put(rig, *ids, **more):
    for id_ in ids:
        fields = {"testEventInternalId": id_, "isError": "false", "details": "Odd \"code\" é\n", "queueName": "q", **more}
        rig.redis.client.xadd(EXCEPTIONS, fields)


def got(callback):
    """The bodies that the callback took, in their order."""
    return [json.loads((callback.bodies / entry["body"]).read_bytes()) for entry in callback.accepted()]


def is_empty(rig, stream=EXCEPTIONS, prefix=CALLBACK):
    pipe = rig.redis.client.pipeline()
    length, unfinished = pipe.xlen(stream).zcard(prefix + "open").execute()
    return length == unfinished == 0


def wait_forwarded(rig, daemon):
    """What an endpoint says comes behind the cycle in which its route looked: another one is asked for."""
    def asked():
        daemon.signal(signal.SIGUSR1)
        return is_empty(rig)
    wait_for(asked, "an empty stream of exceptions")


def test_what_the_endpoint_says_comes_to_the_callback_as_it_is(rig):
    receiver = rig.start_receiver(faults=['request 1: warn-rows 1,2 "first" warn-rows 2 "second" null-ids',
                                          'request 2: refuse-rows 3 "third"'])
    callback = start_callback(rig)
    relay = rig.route(receiver.url(), format={"tracking_id": "Result_ID"}, batch={"max_events": 5})
    lines = rig.events(10, "--seed", 3)
    ids = [json.loads(line)["Result_ID"] for line in lines]
    rig.push(lines)
    daemon = rig.start(rig.config(relay, forward(rig, callback)))
    rig.wait_empty()
    wait_for(lambda: len(callback.accepted()) > 3 or daemon.signal(signal.SIGUSR1), "four exceptions")
    wait_forwarded(rig, daemon)
    queue = PREFIX + "events"
    wanted = [(ids[0], False, "first", queue), (ids[1], False, "first", queue), (ids[1], False, "second", queue),
              (ids[7], True, "third", queue)]
    bodies = got(callback)
    assert all(list(body) == FIELDS for body in bodies)
    assert sorted(tuple(body.values()) for body in bodies) == sorted(wanted)
    assert {row["headers"]["content-type"] for row in callback.requests()} == {"application/json"}
    assert all(row["headers"]["idempotency-key"] for row in callback.requests())


def test_one_a_request_byte_for_byte(rig):
    callback = start_callback(rig)
    put(rig, "R1", "R2")
    put(rig, "R3", isError="true", details="", queueName="")
    rig.redis.client.xadd(EXCEPTIONS, {"queueName": "q", "details": "other order", "isError": "true",
                                       "testEventInternalId": "R4"})
    daemon = rig.start(rig.config(forward(rig, callback)))
    wait_forwarded(rig, daemon)
    bodies = [(callback.bodies / entry["body"]).read_bytes().decode() for entry in callback.accepted()]
    assert bodies == [
        '{"testEventInternalId":"R1","isError":false,"details":"Odd \\"code\\" é\\n","queueName":"q"}',
        '{"testEventInternalId":"R2","isError":false,"details":"Odd \\"code\\" é\\n","queueName":"q"}',
        '{"testEventInternalId":"R3","isError":true,"details":"","queueName":""}',
        '{"testEventInternalId":"R4","isError":true,"details":"other order","queueName":"q"}']
    assert "Odd" not in daemon.text()


@pytest.mark.parametrize("more, days", [({}, 1), ({"receipts": {"keep": "7d"}}, 7), ("ledger", 30)])
def test_its_receipts_are_kept_for_a_day(rig, more, days):
    """There are many of them; but a ledger asks for the batches of a month."""
    callback = start_callback(rig)
    put(rig, "R1")
    ledger = {"ledger": {"path": str(rig.folder / "ledger")}} if more == "ledger" else {}
    daemon = rig.start(rig.config({**forward(rig, callback), **({} if ledger else more)}, **ledger))
    wait_forwarded(rig, daemon)
    key, = rig.redis.client.keys(CALLBACK + "batch:*")
    assert (days - 1) * 86_400 < rig.redis.client.ttl(key) <= days * 86_400


def test_the_callback_asks_for_its_key(rig):
    (rig.folder / "key").write_text("secret-key\n")
    callback = start_callback(rig, "--key-file", rig.folder / "key")
    put(rig, "R1")
    auth = {"type": "key", "header": "x-functions-key", "secret_file": str(rig.folder / "key")}
    daemon = rig.start(rig.config(forward(rig, callback, endpoint={"auth": auth})))
    wait_forwarded(rig, daemon)
    assert [body["testEventInternalId"] for body in got(callback)] == ["R1"]


TROUBLES = {
    "busy": "until 3: status 429", "down": "until 2: status 503", "reset": "until 2: reset-after-reading",
    "taken, and not told": "until 2: accept-then 504", "taken, then reset": "every 2: accept-then-reset",
}


@pytest.mark.parametrize("rule", TROUBLES.values(), ids=TROUBLES.keys())
def test_each_arrives_once_whatever_the_callback_does(rig, rule):
    callback = start_callback(rig, faults=[rule])
    ids = [f"R{n}" for n in range(6)]
    put(rig, *ids)
    daemon = rig.start(rig.config(forward(rig, callback)))
    wait_forwarded(rig, daemon)
    assert sorted(body["testEventInternalId"] for body in got(callback)) == ids
    assert not rig.dead("callback")


def test_a_callback_that_is_down_holds_up_no_report(rig):
    receiver = rig.start_receiver(faults=["all: warn-rows 1,2"])
    callback = start_callback(rig, faults=["all: status 503"])
    rig.push(rig.events(20, "--seed", 3))
    daemon = rig.start(rig.config(rig.route(receiver.url(), batch={"max_events": 5}), forward(rig, callback)))
    rig.wait_empty()
    wait_for(lambda: callback.requests() or daemon.signal(signal.SIGUSR1), "a try")
    assert len(receiver.rows()) == 20 and Exceptions(rig).rows()
    assert rig.redis.client.xlen(EXCEPTIONS) == 8


def test_one_that_is_refused_is_set_aside_and_can_be_replayed(rig):
    callback = start_callback(rig, faults=["request 2: status 400", "request 4: status 400"])
    put(rig, "R1", "R2", "R3")
    config = rig.config(forward(rig, callback))
    daemon = rig.start(config)
    wait_for(lambda: rig.dead("callback") or daemon.signal(signal.SIGUSR1), "a dead letter")
    wait_forwarded(rig, daemon)
    (_, letter), = rig.dead("callback")
    assert [name.decode() for name in list(letter)[:4]] == FIELDS
    assert (letter[b"testEventInternalId"], letter[b"reason"]) == (b"R2", b"refused_alone")
    assert b"refused_alone" in rig.run("dead", "list", "--route", "callback", "--config", config).stdout
    rig.run("dead", "replay", "--all", "--route", "callback", "--config", config)
    wait_forwarded(rig, daemon)
    assert [body["testEventInternalId"] for body in got(callback)] == ["R1", "R3", "R2"]
    assert not rig.dead("callback")


@pytest.mark.parametrize("fields", [
    {"event": "{}"}, {"testEventInternalId": "R", "isError": "false", "details": "d"},
    {"testEventInternalId": "R", "isError": "no", "details": "d", "queueName": "q"},
    {"testEventInternalId": "R", "isError": "true", "details": "d", "queueName": "q", "more": "x"},
    {"testEventInternalId": "R", "isError": "true", "details": "d", "other": "q"},
    {"testEventInternalId": "R", "isError": "true", "details": "d", "queueName": "q", "more": "x", "yet": "more"},
], ids=str)
def test_an_entry_that_is_no_exception_is_set_aside_with_all_its_fields(rig, fields):
    callback = start_callback(rig)
    rig.redis.client.xadd(EXCEPTIONS, fields)
    put(rig, "R1")
    daemon = rig.start(rig.config(forward(rig, callback)))
    wait_forwarded(rig, daemon)
    (_, letter), = rig.dead("callback")
    assert dict(list(letter.items())[:len(fields)]) == {name.encode(): value.encode() for name, value in fields.items()}
    assert letter[b"reason"] == b"no_event"
    assert [body["testEventInternalId"] for body in got(callback)] == ["R1"]


def test_commands_know_it_as_any_route(rig):
    callback = start_callback(rig)
    put(rig, "R1", "R2")
    config = rig.config(forward(rig, callback))
    peeked = json.loads(rig.run("peek", "--json", "--reveal", "--config", config).stdout)
    shown = [json.loads(event["event"])["testEventInternalId"] for event in peeked["routes"][0]["events"]]
    assert shown == ["R1", "R2"]
    refused = rig.run("enqueue", "--config", config, input=b"{}\n", code=2)
    assert b"it takes no events" in refused.stderr
    out = rig.run("flush", "--config", config).stdout
    assert b"callback: 2 events" in out and is_empty(rig)
    assert [body["testEventInternalId"] for body in got(callback)] == ["R1", "R2"]
    assert b"callback" in rig.run("status", "--config", config).stdout
    out = rig.run("check", "--connect", "--config", config).stdout
    assert b"FAIL" not in out and b"no route of this file writes its exceptions there" in out


def test_killed_again_and_again_each_arrives_once(rig):
    callback = start_callback(rig, faults=["every 5: accept-then-reset", "every 7: status 503"])
    ids = [f"R{n:03}" for n in range(120)]
    put(rig, *ids)
    config = rig.config(forward(rig, callback))
    for kill in range(4):
        daemon = rig.start(config)
        wait_for(lambda: len(callback.accepted()) > 20 * (kill + 1), "some that are taken")
        daemon.kill()
    wait_forwarded(rig, rig.start(config))
    counts = collections.Counter(body["testEventInternalId"] for body in got(callback))
    assert sorted(counts) == ids and set(counts.values()) == {1}
