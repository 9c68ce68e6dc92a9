"""`elrelay trace`: the whole life of each event, from Redis alone, by its tracking id.

Sixty events of each kind are usual; ELRELAY_LONG=1 takes ten thousand in all.
"""

import hashlib
import json
import os
import signal

import pytest

from cli_rig import Cli
from relay_rig import rig_in_a_folder, wait_for
from test_planning import measured

PREFIX = "elrelay:{covid}:"
MANY = 1430 if "ELRELAY_LONG" in os.environ else 60  # of each of seven kinds
BATCH = 100


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


def event(name, **more):
    return json.dumps({"Result_ID": name, "Patient_last_name": "Doe", **more}).encode()


def config_of(rig, url, **more):
    return Cli(rig, rig.route(url, **{"format": {"tracking_id": "Result_ID"}, "batch": {"max_events": BATCH},
                                      "queue": {"inbox": "box"}, **more}))


class Mixed:
    """A run in which every kind of life happens, and what each event's trail must be."""

    def __init__(self, rig):
        self.rig, self.client = rig, rig.redis.client
        self.receiver = rig.start_receiver(faults=["rows-with Fate=refuse: refuse-rows"])
        self.cli = config_of(rig, self.receiver.url(), endpoint={"max_halves": 1000})
        self.names = {kind: [f"{kind}-{number}" for number in range(MANY)] for kind in
                      ("good", "refused", "replayed", "dropped", "invalid", "waiting", "inbox")}

    def run(self):
        daemon = self.rig.start(self.cli.config)
        lines = [event(name) for name in self.names["good"]]
        lines += [event(name, Fate="refuse") for kind in ("refused", "replayed", "dropped") for name in self.names[kind]]
        lines += [event(name, Number=2**53) for name in self.names["invalid"]]
        lines = [lines[at] for start in range(MANY) for at in range(start, len(lines), MANY)]
        self.rig.push(lines)
        daemon.signal(signal.SIGUSR1)
        self.rig.wait_empty()
        self.letters = {json.loads(fields[b"event"])["Result_ID"]: entry.decode()
                        for entry, fields in self.rig.dead() if fields[b"reason"] == b"refused"}
        daemon.stop()
        self.receiver.stop()
        self.receiver = self.rig.start_receiver("second", port=self.receiver.port)
        self.person("replay", self.names["replayed"])
        self.person("drop", self.names["dropped"], "--note", "test data")
        daemon = self.rig.start(self.cli.config)
        daemon.signal(signal.SIGUSR1)
        self.rig.wait_empty()
        daemon.stop()
        self.rig.push([event(name) for name in self.names["waiting"]])
        self.client.rpush("box", *[event(name) for name in self.names["inbox"]])
        return self

    def person(self, verb, names, *more):
        ids = [self.letters[name] for name in names]
        for at in range(0, len(ids), 200):
            self.cli("dead", verb, "--route", "covid", *ids[at:at + 200], *more)

    def trail(self, name):
        route, = self.cli.json("trace", name)["routes"]
        assert (route["route"], route["batches_without_marks"]) == ("covid", 0)
        return route["trail"]


def told(trail):
    return [step["what"] if step["what"] not in ("batch", "dead") else
            f"{step['what']} {step['batch']['state'] if step['what'] == 'batch' else step['reason']}" for step in trail]


WANTED = {
    "refused": ["batch split", "dead refused"],
    "replayed": ["batch split", "dead refused", "replayed", "batch accepted"],
    "dropped": ["batch split", "dead refused", "dropped"],
    "invalid": ["dead number_too_large"],
    "waiting": ["queued"],
    "inbox": ["inbox"],
}


def rows_delivered(receiver):
    """Tracking id -> the receiver's receipt and the number of the row."""
    return {row["Result_ID"]: (taken, number) for taken in receiver.accepted()
            for number, row in enumerate(receiver.rows([taken]), 1)}


def test_each_event_of_a_mixed_run_has_its_whole_trail(rig):
    first = Mixed(rig)
    first_receiver = first.receiver
    mixed = first.run()
    delivered = {**rows_delivered(first_receiver), **rows_delivered(mixed.receiver)}
    for kind, names in mixed.names.items():
        for name in names:
            trail = mixed.trail(name)
            if kind == "good":
                assert told(trail) in (["batch accepted"], ["batch split", "batch accepted"])
            else:
                assert told(trail) == WANTED[kind], name
            if kind in ("good", "replayed"):
                check_receipt(trail, *delivered[name])
            times = [step["time"] for step in trail if step["time"]]
            assert times == sorted(times)


def check_receipt(trail, taken, row):
    batch, receipt = trail[-1]["batch"], trail[-1]["batch"]["receipt"]
    assert (batch["id"], trail[-1]["row"]) == (taken["payload_name"], row)
    assert (receipt["report_id"], receipt["status"]) == (taken["report_id"], 201)
    if len(trail) > 1 and "went_to" in trail[0]:
        assert trail[0]["went_to"] in ("first_child", "second_child", "dead")


def one_batch(rig, lines, **more):
    """Sent and accepted."""
    receiver = rig.start_receiver()
    cli = config_of(rig, receiver.url(), **more)
    daemon = rig.start(cli.config)
    rig.push(lines)
    daemon.signal(signal.SIGUSR1)
    rig.wait_empty()
    daemon.stop()
    return cli


def batch_key(rig):
    batch, = rig.redis.client.zrange(PREFIX + "done", 0, -1)
    return PREFIX + "batch:" + batch.decode()


def test_a_person_reads_it_as_text(rig):
    cli = one_batch(rig, [event("one"), event("two")])
    out = cli.out("trace", "two")
    assert out.startswith("covid:\n  ") and "row 2 of 2 of " in out and ": accepted\n" in out
    for word in ("first sent", "accepted", "status     201", "report id", "submission"):
        assert word in out
    assert "Doe" not in out and "two" not in out


def test_the_id_may_come_from_standard_input(rig):
    cli = one_batch(rig, [event("one"), event("two")])
    for text in (b"two", b"two\n", b"two\r\n", b"two\nanything\n"):
        assert cli.json("trace", "-", text=text)["routes"][0]["trail"][0]["row"] == 2
    assert "RESULT_ID is empty" in cli.err("trace", "-", text=b"\n", code=2)
    assert "RESULT_ID is empty" in cli.err("trace", "", code=2)


def test_an_unknown_id_is_an_error_that_does_not_repeat_it(rig):
    cli = one_batch(rig, [event("one")])
    done = cli("trace", "nobody-4711", code=1)
    assert b"4711" not in done.stderr + done.stdout and b"nothing is known of it" in done.stdout
    assert b"4711" not in cli("trace", "one", "nobody-4711", code=2).stderr
    assert cli.json("trace", "nobody-4711", code=1)["routes"][0]["trail"] == []


def test_the_mark_is_the_sha256_of_the_id_and_nothing_else_of_the_event_stays(rig):
    one_batch(rig, [event("R-47"), event("", Other=1), event("R-48")])
    fields = rig.redis.client.hgetall(batch_key(rig))
    marks = [hashlib.sha256(name).digest()[:8] if name else bytes(8) for name in (b"R-47", b"", b"R-48")]
    assert fields[b"rows"] == b"".join(marks)
    assert not any(word in value for value in fields.values() for word in (b"R-47", b"R-48", b"Doe"))


def test_a_receipt_takes_no_more_than_the_page_says(rig):
    one_batch(rig, rig.events(500), batch={"max_events": 500})
    used = rig.redis.client.memory_usage(batch_key(rig), samples=0)
    assert used < 1.1 * measured("memory of a finished batch of 500, kept for 30 days")


def test_a_batch_without_marks_cannot_be_told(rig):
    cli = one_batch(rig, [event("one"), event("two")])
    rig.redis.client.hdel(batch_key(rig), "rows")
    done = cli("trace", "one", code=1)
    assert b"it cannot be told whether it was in 1 batch more" in done.stdout
    assert cli.json("trace", "one", code=1)["routes"][0]["batches_without_marks"] == 1


def test_large_receipts_are_searched_in_several_calls(rig):
    cli = one_batch(rig, [event("one")])
    client, key = rig.redis.client, batch_key(rig)
    for number in range(120):
        name = f"0195f0a0-0000-7000-8000-{number:012}"
        client.hset(f"{PREFIX}batch:{name}", mapping={"n": 10_000, "rows": bytes(80_000)})
        client.zadd(PREFIX + "done", {name: number})
    route, = cli.json("trace", "one")["routes"]
    assert ([step["batch"]["id"] for step in route["trail"]], route["batches_without_marks"]) == ([key.split(":")[-1]], 0)


def test_a_route_without_a_tracking_id_says_so(rig):
    cli = one_batch(rig, [event("one")], format={"header": "union"})
    assert "format.tracking_id is not set" in cli.out("trace", "one", code=1)


def test_marks_that_only_overlap_are_no_find(rig):
    cli = one_batch(rig, [event("one"), event("two"), event("three")])
    mark = hashlib.sha256(b"wanted").digest()[:8]
    rig.redis.client.hset(batch_key(rig), "rows", b"xxx" + mark + b"y" * 13)
    assert cli.json("trace", "wanted", code=1)["routes"][0]["trail"] == []
    rig.redis.client.hset(batch_key(rig), "rows", b"xxx" + mark + b"y" * 5 + mark)
    assert [step["row"] for step in cli.json("trace", "wanted")["routes"][0]["trail"]] == [3]


def test_what_broke_a_rule_and_was_replayed_shows_both(rig):
    columns = [{"name": "Result_ID"}, {"name": "Code", "pattern": "[0-9]+"}]
    receiver = rig.start_receiver()
    for turn in range(2):
        cli = config_of(rig, receiver.url(), format={"header": "fixed", "columns": columns, "tracking_id": "Result_ID"})
        daemon = rig.start(cli.config)
        rig.push([] if turn else [event("bad", Code="x")])
        daemon.signal(signal.SIGUSR1)
        rig.wait_empty()
        daemon.stop()
        trail = cli.json("trace", "bad")["routes"][0]["trail"]
        assert told(trail) == (["dead pattern", "replayed", "batch accepted"] if turn else ["dead pattern"])
        assert trail[0]["there"] == (not turn) and trail[0]["batch"]
        if not turn:
            cli("dead", "replay", "--all", "--route", "covid")
            assert told(cli.json("trace", "bad")["routes"][0]["trail"]) == ["dead pattern", "replayed", "queued"]
            del columns[1]["pattern"]
    assert receiver.rows()[0]["Code"] == "x"


def test_what_is_leased_names_its_batch_and_what_is_held_says_why(rig):
    receiver = rig.start_receiver(faults=["all: accept-then-reset"])
    cli = config_of(rig, receiver.url(), endpoint={"on_unknown": "hold"})
    daemon = rig.start(cli.config)
    rig.push([event("one")])
    daemon.signal(signal.SIGUSR1)
    wait_for(lambda: rig.redis.client.zcard(PREFIX + "held"), "a held batch")
    daemon.stop()
    trail = cli.json("trace", "one")["routes"][0]["trail"]
    assert told(trail) == ["queued", "batch held"]
    assert trail[0]["batch"] == trail[1]["batch"]["id"] and trail[1]["batch"]["why"]
    assert "leased to batch " in cli.out("trace", "one")


@pytest.mark.parametrize("name", ["R\\1", 'a"b', "ü", "x" * 2000])
def test_any_id_is_found(rig, name):
    cli = one_batch(rig, [event("other"), event(name)])
    assert cli.json("trace", name)["routes"][0]["trail"][0]["row"] == 2


def test_all_shards_are_searched(rig):
    receiver = rig.start_receiver()
    route = rig.route(receiver.url(), format={"tracking_id": "Result_ID"})
    cli = Cli(rig, {**route, "shards": 3})
    daemon = rig.start(cli.config, ready=False)
    wait_for(lambda: len(daemon.lines("route_ready")) == 3, "three shards")
    for shard in ("covid", "covid.1", "covid.2"):
        rig.push([event("of-" + shard)], route=shard)
    daemon.signal(signal.SIGUSR1)
    for shard in ("covid", "covid.1", "covid.2"):
        rig.wait_empty(route=shard)
    daemon.stop()
    for number, shard in enumerate(("covid", "covid.1", "covid.2")):
        routes = cli.json("trace", "of-" + shard)["routes"]
        assert [len(route["trail"]) for route in routes] == [int(number == at) for at in range(3)]
