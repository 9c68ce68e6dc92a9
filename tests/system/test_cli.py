"""The commands against a real Redis, and, where they need one, a real daemon and endpoint."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import threading
import time

import pytest
import redis

from cli_rig import Cli, bury
from relay_rig import ELRELAY, PATIENCE, free_port, rig_in_a_folder, wait_for

STREAM = "elrelay:{covid}:events"
SECRET = "Secretperson"


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


@pytest.fixture
def cli(rig):
    return Cli(rig)


def hold(client, state, ms=1700000002000, **fields):
    """An open batch as the queue writes it."""
    batch = "0195f0a0-0000-7000-8000-000000000002"
    client.zadd("elrelay:{covid}:open", {batch: ms})
    client.hset(f"elrelay:{{covid}}:batch:{batch}", mapping={"state": state, "ver": 3, "n": 12, "attempts": 1,
                                                             "drained": 0, "since": ms, **fields})
    return batch


def waiting_group(client):
    client.xgroup_create(STREAM, "elrelay", "0", mkstream=True)


# enqueue


def test_enqueue_adds_each_line_as_it_is(cli):
    lines = [b'{"a":1}', b'  {"b": 2} ', b"not json \xff", b'{"c":3}\r', b"[" + b"x" * 3_000_000 + b"]"]
    out = cli.out("enqueue", "--route", "covid", text=b"\n".join([*lines[:2], b"", b" \t", *lines[2:]]) + b"\n")
    assert out == f"5 events added to {STREAM}, 2 blank lines skipped\n"
    assert [fields for _, fields in cli.client.xrange(STREAM)] == [{b"event": line} for line in lines]


@pytest.mark.parametrize("end,command,wanted", [("left", "RPUSH", [b"1", b"2", b"3"]), ("right", "LPUSH", [b"3", b"2", b"1"])])
def test_enqueue_pushes_to_the_end_that_is_not_read(rig, end, command, wanted):
    cli = Cli(rig, rig.route("http://127.0.0.1:9/", queue={"inbox": "in", "inbox_end": end}))
    assert cli.out("enqueue", "--inbox", text=b"1\n2\n3\n") == "3 events added to in\n"
    assert cli.client.lrange("in", 0, -1) == wanted, command


def test_enqueue_takes_more_than_fits_on_the_way(cli):
    lines = [b'{"n":%d}' % number for number in range(25_000)]
    cli("enqueue", "--route", "covid", text=b"\n".join(lines))
    assert [fields[b"event"] for _, fields in cli.client.xrange(STREAM)] == lines


def test_enqueue_wants_one_route(cli):
    assert "covid, flu" in cli.err("enqueue", code=2)
    assert "covid, flu" in cli.err("enqueue", "--route", "measles", code=2)
    assert "no inbox" in cli.err("enqueue", "--route", "flu", "--inbox", code=2)
    assert cli.client.keys() == []


def test_enqueue_waits_for_a_slow_writer(rig):
    cli = Cli(rig, rig.route("http://127.0.0.1:9/"), redis={"url": f"unix://{rig.folder}/redis.sock",
                                                              "command_timeout": "100ms"})
    process = subprocess.Popen([ELRELAY, "enqueue", "--config", cli.config], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for number in range(3):
        process.stdin.write(b'{"n":%d}\n' % number)
        process.stdin.flush()
        wait_for(lambda: cli.client.xlen(STREAM) == number + 1, "an event that is in before the next is written")
        cli.client.blpop("nothing", timeout=0.25)  # longer than a command may take
    out, err = process.communicate(timeout=PATIENCE)
    assert (out, err, process.returncode) == (f"3 events added to {STREAM}\n".encode(), b"", 0)


def test_enqueue_counts_what_is_in_and_what_is_in_doubt(cli):
    """Redis dies while lines are on their way: what it has taken lies between what is sure and what is not."""
    process = subprocess.Popen([ELRELAY, "enqueue", "--route", "covid", "--config", cli.config], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(b'{"a":1}\n' * 700)
    process.stdin.flush()
    wait_for(lambda: cli.client.xlen(STREAM) == 700, "the first lines on the queue")
    os.kill(cli.rig.redis.process.popen.pid, signal.SIGSTOP)
    process.stdin.write(b'{"a":2}\n' * 2000)
    process.stdin.flush()
    cli.rig.redis.process.kill()
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 4 and out == b""
    numbers = re.search(r"elrelay: 700 events surely on the queue \(up to line 700\), in doubt: all or none of lines "
                        r"701 to (\d+), the rest was not sent", err.decode())
    if not numbers:
        assert b"700 events on the queue (up to line 700), none in doubt" in err
        return
    assert 701 <= int(numbers.group(1)) <= 1700


def test_enqueue_leaves_no_gap_where_it_is_refused(cli):
    """A window of lines is one script: where memory comes and goes, no later line slips in behind a refused one."""
    cli.client.config_set("maxmemory", 30_000_000)
    text = b"".join(b"%06d" % line + b"x" * 20_000 + b"\n" for line in range(5000))
    error = cli.err("enqueue", "--route", "covid", text=text, code=4)
    added = [int(fields[b"event"][:6]) for _, fields in cli.client.xrange(STREAM)]
    number = int(re.search(r"elrelay: ([\d,]+) events? on the queue", error).group(1).replace(",", ""))
    assert 0 < number == len(added) < 5000 and added == list(range(number))
    assert f"(up to line {number}), none in doubt" in error and "OOM" in error and "maxmemory" in error


# peek


def test_peek_shows_what_waits_and_leaves_it(cli):
    waiting_group(cli.client)
    events = [b'{"a":1,"b":"%s"}' % SECRET.encode(), b"{" + SECRET.encode(), b'{"c":[1,2]}']
    ids = [cli.client.xadd(STREAM, {"event": event}).decode() for event in events]
    ids.append(cli.client.xadd(STREAM, {"other": SECRET}).decode())
    cli.client.rpush("test-events", "x", "y")
    before = cli.client.xinfo_stream(STREAM, full=True)
    rows = cli.routes("peek")["covid"]
    assert [(row["id"], row["bytes"]) for row in rows["events"]] == list(zip(ids, [*map(len, events), 0]))
    assert [row.get("keys", row.get("reason")) for row in rows["events"]] == [2, "not_json", 1, "no_event"]
    assert rows["inbox"] == 2
    assert cli.client.xinfo_stream(STREAM, full=True) == before
    assert SECRET not in cli.out("peek") + cli.out("peek", "--json")


def test_peek_reveals_when_told_so(cli):
    cli.client.xadd(STREAM, {"event": '{"a":"é\x1b[31m"}'})
    cli.client.xadd(STREAM, {"event": b"\xff\x00"})
    events = cli.routes("peek", "--reveal")["covid"]["events"]
    assert events[0]["event"] == '{"a":"é\x1b[31m"}' and events[1]["event_hex"] == "ff00"
    out = cli.out("peek", "--reveal", "--route", "covid")
    assert '{"a":"é\\x1b[31m"}' in out and "\\xff\\x00" in out and "\x1b" not in out


def test_peek_shows_given_back_events_first(cli):
    waiting_group(cli.client)
    ids = [cli.client.xadd(STREAM, {"event": "{}"}).decode() for _ in range(6)]
    cli.client.xreadgroup("elrelay", "b:1", {STREAM: ">"}, count=4)
    cli.client.xclaim(STREAM, "elrelay", "free", 0, [ids[1], ids[3]])
    assert [row["id"] for row in cli.routes("peek")["covid"]["events"]] == [ids[1], ids[3], ids[4], ids[5]]
    assert [row["id"] for row in cli.routes("peek", "--count", "3")["covid"]["events"]] == [ids[1], ids[3], ids[4]]


def test_peek_reads_on_beyond_one_chunk(cli):
    waiting_group(cli.client)
    ids = [cli.client.xadd(STREAM, {"event": "{}"}).decode() for _ in range(450)]
    cli.client.xreadgroup("elrelay", "free", {STREAM: ">"}, count=220)
    assert [row["id"] for row in cli.routes("peek", "--count", "430")["covid"]["events"]] == ids[:430]


def test_peek_knows_a_replayed_event(cli):
    cli.client.xadd("elrelay:{covid}:events", {"event": '{"a":1}', "replays": 1, "attempts": 2})
    cli.client.xadd("elrelay:{covid}:events", {"event": '{"a":1}', "color": 1, "attempts": 2})
    events = cli.routes("peek")["covid"]["events"]
    assert [(event.get("keys"), event.get("reason")) for event in events] == [(1, None), (None, "no_event")]


def test_peek_says_that_nothing_waits(cli):
    assert cli.out("peek").count("nothing waits") == 2
    assert cli.routes("peek", "--route", "flu") == {"flu": {"route": "flu", "events": [], "inbox": 0}}


# status


def test_status_of_a_queue_that_no_daemon_has_seen(cli):
    cli.client.xadd(STREAM, {"event": "{}"})
    cli.client.rpush("test-events", "{}", "{}")
    covid = cli.routes("status")["covid"]
    assert (covid["started"], covid["waiting"], covid["inbox"], covid["paused"]) == (False, 1, 2, False)
    assert covid["last_accepted"] is None and covid["daemons"] == [] and covid["batches"] == []
    assert "no daemon has run yet" in cli.out("status")


def test_status_counts_what_waits_what_is_read_and_what_is_dead(cli):
    client = cli.client
    waiting_group(client)
    ids = [client.xadd(STREAM, {"event": "{}"}) for _ in range(9)]
    batch = hold(client, "forming", ms=0)
    client.xreadgroup("elrelay", f"b:{batch}", {STREAM: ">"}, count=3)
    client.xreadgroup("elrelay", "free", {STREAM: ">"}, count=2)
    for reason, event in [("not_json", "{"), ("not_json", "["), ("too_large", SECRET)]:
        bury(client, event, reason)
    client.hset("elrelay:{covid}:instances", mapping={"one": "t1", "two": "t2", "three": "t3"})
    client.set("elrelay:{covid}:hb:one", "t1")
    client.set("elrelay:{covid}:hb:two", "another")
    covid = cli.routes("status")["covid"]
    assert (covid["started"], covid["waiting"], covid["leased"], covid["open"]) == (True, len(ids) - 3, 3, 1)
    assert (covid["dead"], covid["dead_by_reason"]) == (3, {"not_json": 2, "too_large": 1})
    assert covid["daemons"] == ["one"]
    out = cli.out("status", "--route", "covid")
    assert "6 events, the oldest for" in out and "3: not_json 2, too_large 1" in out and SECRET not in out


@pytest.mark.parametrize("state,code", [("sealed", 0), ("sending", 0), ("accepted", 0), ("unknown", 6), ("held", 6)])
def test_status_ends_with_six_while_a_person_is_needed(cli, state, code):
    waiting_group(cli.client)
    FakeDaemons(cli.client, one={})
    batch = hold(cli.client, state, owner="token of one")
    cli.client.xadd(STREAM, {"event": "{}"})
    cli.client.xreadgroup("elrelay", f"b:{batch}", {STREAM: ">"})
    done = cli("status", "--json", code=code)
    covid = json.loads(done.stdout)["routes"][0]
    assert (covid["leased"], covid["waiting"]) == (0, 0)
    assert covid["needs_person"] == (code == 6)
    assert [(row["id"], row["state"], row["events"], row["attempts"]) for row in covid["batches"]] == [(batch, state, 12, 1)]
    assert re.search(rf"open batches +{batch}  {state} +12 events, 1 attempt, for", cli.out("status", code=code))
    cli("status", "--route", "flu")


def test_status_is_in_doubt_of_a_batch_whose_daemon_is_gone(cli):
    waiting_group(cli.client)
    batch = hold(cli.client, "sending", owner="token of one")
    FakeDaemons(cli.client, one={})
    (row,) = cli.routes("status")["covid"]["batches"]
    assert (row["state"], row["in_doubt"]) == ("sending", False)
    cli.client.delete("elrelay:{covid}:hb:one")
    covid = json.loads(cli("status", "--json", code=6).stdout)["routes"][0]
    assert covid["needs_person"] and covid["doubt"] == 1 and covid["batches"][0]["in_doubt"]
    assert re.search(rf"{batch}  sending .*\n +in doubt: its daemon is gone", cli.out("status", code=6))


@pytest.mark.parametrize("key", ["held", "doubt"])
def test_status_needs_a_person_however_many_batches_are_open(cli, key):
    waiting_group(cli.client)
    batches = {f"0195f0a0-0000-7000-8000-{number:012}": number + 1 for number in range(300)}
    cli.client.zadd("elrelay:{covid}:open", batches)
    cli.client.zadd(f"elrelay:{{covid}}:{key}", {max(batches): 1})
    covid = json.loads(cli("status", "--json", code=6).stdout)["routes"][0]
    assert (covid["open"], len(covid["batches"]), covid[key]) == (300, 200, 1)
    assert "and 100 more" in cli.out("status", code=6)


def test_status_finds_the_last_accepted_batch(cli):
    waiting_group(cli.client)
    for number, accepted in [(1, 1700000005000), (2, 1700000009000), (3, None)]:
        batch = f"0195f0a0-0000-7000-8000-00000000000{number}"
        cli.client.zadd("elrelay:{covid}:done", {batch: 1700000010000 + number})
        fields = {"accepted": accepted} if accepted else {}
        cli.client.hset(f"elrelay:{{covid}}:batch:{batch}", mapping={
            "state": "accepted" if accepted else "terminated", "n": number, "since": 1, **fields})
    last = cli.routes("status")["covid"]["last_accepted"]
    assert (last["events"], last["accepted"]) == (2, "2023-11-14T22:13:29.000Z")


@pytest.mark.parametrize("settings,words", [
    ({"appendonly": "no"}, "appendonly is off"),
    ({"appendonly": "yes", "appendfsync": "everysec"}, "last second"),
    ({"appendonly": "yes", "appendfsync": "always"}, "nothing that Redis has answered is lost"),
])
def test_status_says_what_a_power_loss_does(cli, settings, words):
    for name, value in settings.items():
        cli.client.config_set(name, value)
    assert words in cli.out("status") and words in cli.json("status")["redis"]["power_loss"]


# dead list, dead show


def test_dead_list_is_newest_first_and_bounded(cli):
    ids = [bury(cli.client, f"{number} {SECRET}", "too_large" if number % 2 else "not_json") for number in range(250)]
    assert [row["id"] for row in cli.routes("dead", "list")["covid"]["dead"]] == ids[:-51:-1]
    assert [row["id"] for row in cli.routes("dead", "list", "--count", "1000")["covid"]["dead"]] == ids[::-1]
    rows = cli.routes("dead", "list", "--reason", "too_large", "--count", "120")["covid"]["dead"]
    assert [row["id"] for row in rows] == ids[1::2][:-121:-1] and {row["reason"] for row in rows} == {"too_large"}
    out = cli.out("dead", "list", "--route", "covid", "--count", "2")
    assert re.findall(r"^  (\S+) +\S+ +\d+ B  (\w+)$", out, re.M) == [(ids[249], "too_large"), (ids[248], "not_json")]
    assert SECRET not in out + cli.out("dead", "list", "--json")


def test_dead_list_says_that_there_is_none(cli):
    assert cli.out("dead", "list").count("no dead letters\n") == 2
    bury(cli.client, "{")
    assert "no dead letters with this reason" in cli.out("dead", "list", "--reason", "gone", "--route", "covid")


def test_dead_show_tells_everything_but_the_content(cli):
    id_ = bury(cli.client, "{" + SECRET, offset=3)
    out = cli.out("dead", "show", id_, "--route", "covid")
    for words in [id_, "not_json: not JSON as RFC 8259 says", "at byte   4", "2023-11-14T22:13:21.000Z",
                  "1700000000000-1, of 2023-11-14T22:13:20.000Z", "convert", "attempts  2", "replays   0", "--reveal"]:
        assert words in out, words
    shown = cli.json("dead", "show", id_, "--route", "covid")
    assert (shown["reason"], shown["offset"], shown["attempts"], shown["bytes"]) == ("not_json", 3, 2, len("{" + SECRET))
    assert SECRET not in out + json.dumps(shown) and "fields" not in shown


@pytest.mark.parametrize("event", [b'{"a":"\xc3\xa9"', b"\xff\x00\x1b[31m", b"\n"])
def test_dead_show_reveals_byte_for_byte(cli, event):
    id_ = bury(cli.client, event, "not_utf8")
    (field,) = cli.json("dead", "show", id_, "--route", "covid", "--reveal")["fields"]
    shown = bytes.fromhex(field["value_hex"]) if "value_hex" in field else field["value"].encode()
    assert field["name"] == "event" and shown == event
    assert "\x1b" not in cli.out("dead", "show", id_, "--route", "covid", "--reveal")


def test_dead_show_is_not_fooled_by_fields_that_came(cli):
    entry = {"reason": "gone", "batch": SECRET, "event": "x"}
    id_ = cli.client.xadd("elrelay:{covid}:dead", entry).decode()
    assert "no dead letter" in cli.err("dead", "show", id_, "--route", "covid", code=1)
    pairs = [value for pair in entry.items() for value in pair]
    ours = ["entry", "1-1", "reason", "no_event", "offset", 0, "column", 0, "batch", "", "stage", "read", "attempts", 0,
            "at", 5, "replays", 0]
    id_ = cli.client.execute_command("XADD", "elrelay:{covid}:dead", "*", *pairs, *ours).decode()
    shown = cli.json("dead", "show", id_, "--route", "covid")
    assert (shown["reason"], shown["batch"]) == ("no_event", "")


def test_dead_show_wants_one_route_and_an_id_that_is_there(cli):
    assert "covid, flu" in cli.err("dead", "show", "1-1", code=2)
    assert "no dead letter with this id" in cli.err("dead", "show", "1-1", "--route", "covid", code=1)


# pause, resume


def test_pause_and_resume_hold_in_redis_and_are_audited(cli):
    assert cli.out("pause", "--route", "covid", "--reason", "noon break") == "covid: paused; what is queued stays queued\n"
    assert cli.out("pause") == "covid: was paused already\nflu: paused; what is queued stays queued\n"
    assert {name: row["paused"] for name, row in cli.routes("status").items()} == {"covid": True, "flu": True}
    assert cli.out("resume", "--route", "covid") == "covid: resumed\n"
    assert cli.out("resume", "--route", "covid") == "covid: was not paused\n"
    audit = [fields for _, fields in cli.client.xrange("elrelay:{covid}:audit")]
    assert [(row[b"type"], row[b"reason"]) for row in audit] == [
        (b"pause", b"noon break"), (b"pause", b""), (b"resume", b""), (b"resume", b"")]
    assert all(b"@" in row[b"by"] and int(row[b"at"]) > 0 for row in audit)
    control = [fields for _, fields in cli.client.xrange("elrelay:{covid}:control")]
    assert [row[b"type"] for row in control] == [b"pause", b"pause", b"resume", b"resume"]
    assert all(b"reason" not in row for row in control)


def test_pause_works_while_redis_is_full(cli):
    cli.client.config_set("maxmemory", 1)
    with pytest.raises(redis.ResponseError):
        cli.client.xadd("any", {"a": 1})
    assert cli.out("pause", "--route", "covid").startswith("covid: paused")


def test_pause_names_a_key_of_another_type(cli):
    cli.client.set("elrelay:{covid}:audit", "x")
    error = cli.err("pause", "--route", "covid", code=4)
    assert "elrelay:{covid}:audit" in error and "string" in error and "stream" in error
    assert cli.client.keys() == [b"elrelay:{covid}:audit"]


# What goes wrong with Redis


@pytest.mark.parametrize("command", [["status"], ["peek"], ["dead", "list"], ["pause"], ["flush"],
                                     ["enqueue", "--route", "covid"], ["dead", "show", "1-1", "--route", "covid"]])
def test_redis_that_is_not_there_is_exit_code_four(cli, command):
    cli.rig.redis.stop()
    error = cli.err(*command, code=4)
    assert "redis.sock" in error and error.count("\n") == 1


@pytest.mark.parametrize("right,command", [
    ("xrange", ["peek"]), ("zrange", ["status"]), ("xrevrange", ["dead", "list"]), ("hgetall", ["status"]),
    ("evalsha", ["enqueue", "--route", "covid"]), ("evalsha", ["pause"]), ("hsetnx", ["pause"]),
])
def test_right_that_is_missing_is_named_with_what_needs_it(rig, right, command):
    rig.redis.client.execute_command("ACL", "SETUSER", "lab", "on", ">secret", "~*", "&*", "+@all", f"-{right}")
    (rig.folder / "password").write_text("secret")
    cli = Cli(rig, rig.route("http://127.0.0.1:9/"), redis={
        "url": f"unix://lab@{rig.folder}/redis.sock", "password_file": str(rig.folder / "password")})
    error = cli.err(*command, text=b"{}\n", code=4)
    assert "check --connect" in error and "cannot " in error and (right.upper() in error or "script" in error)
    assert cli.client.hgetall("elrelay:{covid}:state") == {}


def test_key_of_another_type_is_named(cli):
    cli.client.set("elrelay:{covid}:dead", SECRET)
    error = cli.err("dead", "list", code=4)
    assert "elrelay:{covid}:dead" in error and "WRONGTYPE" in error and SECRET not in error


@pytest.mark.parametrize("change,words", [
    (lambda text: text.replace('"routes"', '"rotues"'), ["rotues", "routes"]),
    (lambda text: text.replace('"1h"', '"1 hour"'), ["schedule.every"]),
    (lambda text: "", []),
])
@pytest.mark.parametrize("command", [["check"], ["status"], ["run"], ["flush"], ["enqueue"]])
def test_configuration_that_is_wrong_is_exit_code_three(cli, command, change, words):
    cli.config.write_text(change(cli.config.read_text()))
    error = cli.err(*command, code=3)
    assert str(cli.config) in error and all(word in error for word in words)


def test_configuration_is_found_by_the_environment(cli):
    done = subprocess.run([ELRELAY, "peek"], capture_output=True, timeout=PATIENCE,
                          env={**os.environ, "ELRELAY_CONFIG": str(cli.config)})
    assert done.returncode == 0 and b"covid" in done.stdout


# check


def test_check_shows_each_setting_and_where_it_came_from(rig):
    (rig.folder / "key").write_text("s3cret\n")
    route = rig.route("https://reports.example.org/api?code=c0de", endpoint={
        "auth": {"type": "key", "header": "x-functions-key", "secret_file": str(rig.folder / "key")}})
    cli = Cli(rig, route, redis={"url": "redis://lab:pa55word@127.0.0.1:1/0"})
    rows = {row["key"]: row for row in cli.json("check")["settings"]}
    assert rows["routes[0].schedule.every"]["value"] == "1h"
    assert rows["routes[0].schedule.every"]["origin"].startswith(str(cli.config))
    assert rows["routes[0].batch.max_events"] == {"key": "routes[0].batch.max_events", "value": "500", "origin": "default"}
    stream = {"key": "routes[0].queue.stream", "value": STREAM, "origin": "default"}
    assert rows["routes[0].queue.stream"] == stream
    out = cli.out("check")
    assert all(key in out for key in rows)
    assert not any(secret in out + json.dumps(rows) for secret in ("s3cret", "c0de", "pa55word"))


def test_check_shows_one_route_where_one_is_meant(cli):
    keys = {row["key"].split(".")[0] for row in cli.json("check", "--route", "flu")["settings"]}
    assert "routes[1]" in keys and "routes[0]" not in keys and "instance" in keys


def checks(cli, *args, code=0):
    return [(row["ok"], ": ".join(filter(None, [row.get("route"), row["what"]])), row["text"]) for row in cli.json("check", "--connect", *args, code=code)["checks"]]


def failed(rows):
    return [(what, text) for ok, what, text in rows if not ok]


def test_check_proves_redis_and_the_endpoint(rig):
    receiver = rig.start_receiver()
    cli = Cli(rig, rig.route(receiver.url(), queue={"inbox": "test-events"}, endpoint={"on_unknown": "lookup"}))
    rig.push([b"{}"])
    before = cli.client.keys()
    rows = checks(cli)
    assert failed(rows) == []
    assert cli.client.keys() == before and receiver.accepted() == []
    out = cli.out("check", "--connect")
    for words in ["redis version", "master", "noeviction", "elrelay:{covid}:events is a stream", "covid: group",
                  "covid: rights", "covid: endpoint", "covid: look-up"]:
        assert re.search(rf"^ok .*{re.escape(words)}", out, re.M), words


@pytest.mark.parametrize("lookup,wanted", [
    ({}, []),
    ({"url": "/api/nowhere"}, ["answered 404", "will be held"]),
    ({"url": "/api/nowhere", "fallback": "resend"}, ["answered 404", "will be sent again"]),
    ({"url": "/api/waters/org/simple_report/submissions"}, []),
], ids=["made", "not there", "not there, resend", "given"])
def test_check_tells_whether_the_list_may_be_read(rig, lookup, wanted):
    receiver = rig.start_receiver()
    if "url" in lookup:
        lookup = {**lookup, "url": receiver.url(lookup["url"])}
    cli = Cli(rig, rig.route(receiver.url(), endpoint={"on_unknown": "lookup", "lookup": lookup}))
    rows = [(ok, text) for ok, what, text in checks(cli, code=5 if wanted else 0) if what == "covid: look-up"]
    assert [ok for ok, _ in rows] == [not wanted]
    assert all(words in rows[0][1] for words in wanted), rows
    assert [row["path"] for row in receiver.requests("GET")] == [lookup.get("url", "/api/waters/org/simple_report/submissions").removeprefix(receiver.url(""))]


def test_check_looks_nothing_up_where_nothing_will_be(rig):
    receiver = rig.start_receiver()
    cli = Cli(rig, rig.route(receiver.url(), endpoint={"on_unknown": "hold"}))
    assert not any("look-up" in what for _, what, _ in checks(cli))
    assert receiver.requests("GET") == []


def test_check_warns_of_a_look_that_comes_too_early(rig):
    url = "http://127.0.0.1:1/"
    looks = {"on_unknown": "lookup", "lookup": {"settle": "5s"}}
    cli = Cli(rig, rig.route(url), rig.route(url, name="flu", endpoint=looks))
    key = "routes[1].endpoint.lookup.settle"
    assert [row["key"] for row in cli.json("check")["warnings"]] == [key]
    assert re.search(rf"^warn  {re.escape(key)} is below endpoint.timeout", cli.out("check"), re.M)
    assert cli.json("check", "--route", "covid")["warnings"] == []


def test_check_ends_with_the_first_failing_kind(rig):
    cli = Cli(rig, rig.route(f"http://127.0.0.1:{free_port()}/"))
    rows = failed(checks(cli, code=5))
    assert [what for what, _ in rows] == ["covid: endpoint"]
    cli.client.config_set("maxmemory-policy", "allkeys-lru")
    rows = failed(checks(cli, code=4))
    assert [what for what, _ in rows] == ["redis memory", "covid: endpoint"] and "noeviction" in rows[0][1]
    rig.redis.stop()
    assert [what for what, _ in failed(checks(cli, code=4))] == ["redis", "covid: endpoint"]


def test_check_names_each_right_that_is_missing(rig):
    rig.redis.client.execute_command("ACL", "SETUSER", "lab", "on", ">secret", "~elrelay:*", "&*", "+@all", "-xdel", "-xclaim")
    (rig.folder / "password").write_text("secret")
    receiver = rig.start_receiver()
    cli = Cli(rig, rig.route(receiver.url(), queue={"inbox": "test-events"}), redis={
        "url": f"unix://lab@{rig.folder}/redis.sock", "password_file": str(rig.folder / "password")})
    texts = [text for what, text in failed(checks(cli, code=4)) if what == "covid: rights"]
    assert any("XDEL on elrelay:{covid}:events" in text for text in texts)
    assert any("XCLAIM" in text for text in texts) and any("LLEN on test-events" in text for text in texts)
    assert not any("XADD" in text for text in texts)


@pytest.mark.parametrize("rule,texts", [
    ("-evalsha", ["missing: EVALSHA or EVAL, without which no other can be asked for"]),
    ("-eval", ["missing: EVALSHA or EVAL, without which no other can be asked for"]),
    ("-time", ["missing: TIME"]),
    ("resetkeys ~elrelay:{covid}:[^n]* %R~elrelay:{covid}:notifications", ["missing: XADD on elrelay:{covid}:notifications"]),
])
def test_check_says_each_missing_right_once(rig, rule, texts):
    rig.redis.client.execute_command("ACL", "SETUSER", "lab", "on", ">secret", "~*", "&*", "+@all", *rule.split())
    (rig.folder / "password").write_text("secret")
    cli = Cli(rig, rig.route(rig.start_receiver().url()), redis={
        "url": f"unix://lab@{rig.folder}/redis.sock", "password_file": str(rig.folder / "password")})
    assert failed(checks(cli, code=4)) == [("covid: rights", text) for text in texts]


def test_check_names_keys_of_another_type_and_foreign_groups(rig):
    receiver = rig.start_receiver()
    cli = Cli(rig, rig.route(receiver.url()))
    cli.client.set("elrelay:{covid}:dead", "x")
    cli.client.xgroup_create(STREAM, "others", "0", mkstream=True)
    texts = dict(failed(checks(cli, code=4)))
    assert "elrelay:{covid}:dead is a string, not a stream" in texts["covid: key"]
    assert "another consumer group" in texts["covid: group"]


# flush, run


def flushed(cli, *args, code=0):
    return cli.routes("flush", *args, code=code)


def test_flush_without_a_daemon_runs_the_cycle_itself(rig):
    receiver = rig.start_receiver()
    cli = Cli(rig, rig.route(receiver.url(), batch={"max_events": 60}), rig.route(receiver.url(), name="flu"))
    rig.push(rig.events(100))
    assert cli.out("flush") == ("covid: 100 events in 2 batches accepted, 0 set aside, 0 kept\n"
                                "flu: 0 events in 0 batches accepted, 0 set aside, 0 kept\n")
    assert rig.queue_is_empty() and len(receiver.rows()) == 100
    assert cli.routes("status")["covid"]["daemons"] == []


def test_flush_of_one_route_leaves_the_other_alone(rig):
    receiver = rig.start_receiver()
    cli = Cli(rig, rig.route(receiver.url()), rig.route(receiver.url(), name="flu"))
    rig.push(rig.events(3))
    rig.push(rig.events(4), route="flu")
    assert flushed(cli, "--route", "flu")["flu"]["accepted"] == 4
    assert cli.client.xlen(STREAM) == 3


def test_flush_asks_the_living_daemon_and_waits_for_it(rig):
    receiver = rig.start_receiver()
    cli = Cli(rig, rig.route(receiver.url()))
    daemon = rig.start(cli.config)
    wait_for(lambda: daemon.lines("cycle_done"), "the first cycle")
    rig.push([*rig.events(100), b"not json"])
    assert cli.out("flush") == "covid: 100 events in 1 batch accepted, 1 set aside, 0 kept\n"
    assert rig.queue_is_empty() and len(receiver.rows()) == 100
    control = [fields for _, fields in cli.client.xrange("elrelay:{covid}:control")]
    assert [row[b"type"] for row in control] == [b"flush", b"answer"]


def test_flush_of_a_paused_route_says_so(rig):
    receiver = rig.start_receiver()
    cli = Cli(rig, rig.route(receiver.url()))
    rig.push(rig.events(5))
    cli("pause")
    said = "covid: 0 events in 0 batches accepted, 0 set aside, 0 kept; the route is paused\n"
    assert cli.out("flush", code=1) == said
    daemon = rig.start(cli.config)
    wait_for(lambda: daemon.lines("cycle_done"), "the first cycle")
    assert flushed(cli, code=1)["covid"]["paused"] and receiver.accepted() == []
    cli("resume")
    rig.wait_empty()
    assert len(receiver.rows()) == 5


@pytest.mark.parametrize("with_daemon", [False, True])
def test_flush_ends_with_five_where_the_endpoint_takes_nothing(rig, with_daemon):
    cli = Cli(rig, rig.route(f"http://127.0.0.1:{free_port()}/"))
    if with_daemon:
        rig.start(cli.config)
    rig.push(rig.events(5))
    done = rig.run("flush", "--config", cli.config, code=5)
    assert done.stdout == b"covid: 0 events in 0 batches accepted, 0 set aside, 5 kept\n"
    why = "connection refused, or none made in time (not_sent)"
    assert done.stderr.decode().splitlines()[-1].endswith(f"the rest is kept; last outcome: {why}")
    (batch,) = cli.routes("status")["covid"]["batches"]
    assert (batch["outcome"], batch["outcome_sentence"]) == ("not_sent not_connected 0", why)
    for told in (["status"], ["batch", "list"]):
        assert re.search(rf"^ +last outcome: {re.escape(why)}$", cli.out(*told), re.M)
    assert re.search(rf"^last outcome +{re.escape(why)}$", cli.out("batch", "show", batch["id"]), re.M)


def test_the_last_outcome_is_words_and_a_status_and_goes_with_acceptance(rig):
    receiver = rig.start_receiver(faults=["request 1: status 503"])
    cli = Cli(rig, rig.route(receiver.url(), endpoint={"on_unknown": "hold"}))
    rig.push(rig.events(5))
    rig.run("flush", "--config", cli.config, code=6)
    (row,) = cli.routes("held", "list", code=6)["covid"]["held"]
    assert row["outcome"] == "unknown answered 503" and row["outcome_sentence"] == "HTTP 503 (unknown)"
    cli("held", "accept", row["id"], "--reason", "they have it")
    assert "outcome" not in cli.json("batch", "show", row["id"])


def test_flush_goes_on_where_a_daemon_dies_over_it(rig):
    receiver = rig.start_receiver()
    cli = Cli(rig, rig.route(receiver.url()))
    daemon = rig.start(cli.config)
    wait_for(lambda: daemon.lines("cycle_done"), "the first cycle")
    os.kill(daemon.popen.pid, signal.SIGSTOP)
    rig.push(rig.events(7))
    process = subprocess.Popen([ELRELAY, "flush", "--config", cli.config], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: cli.client.xlen("elrelay:{covid}:control") == 1, "the message")
    daemon.kill()
    out, err = process.communicate(timeout=PATIENCE)
    assert (out, process.returncode) == (b"covid: 7 events in 1 batch accepted, 0 set aside, 0 kept\n", 0), err


class FakeDaemons:
    """Heartbeats and answers as daemons write them, so that each answer can be had at will."""

    def __init__(self, client, **answers):
        self.client, self.answers = client, answers
        for name in answers:
            client.hset("elrelay:{covid}:instances", name, f"token of {name}")
            client.set(f"elrelay:{{covid}}:hb:{name}", f"token of {name}")

    def answer(self):
        control = "elrelay:{covid}:control"
        wait_for(lambda: self.client.xlen(control), "the message")
        ((id_, message),) = self.client.xrange(control)
        assert message[b"type"] == b"flush"
        self.client.xadd(control, {"type": "answer", "to": "1-1", "instance": "one", "status": "done", "accepted": 999})
        for name, fields in self.answers.items():
            self.client.xadd(control, {"type": "answer", "to": id_, "instance": name, **fields})


@pytest.mark.parametrize("one,two,out,code", [
    ({"accepted": 1000, "batches": 2}, {"accepted": 500, "batches": 1, "dead": 3, "kept": 0},
     "covid: 1,500 events in 3 batches accepted, 3 set aside, 0 kept", 0),
    ({"accepted": 1, "batches": 1}, {"kept": 7}, "covid: 1 event in 1 batch accepted, 0 set aside, 7 kept", 5),
    ({"kept": 7}, {"pending": 1}, "covid: 0 events in 0 batches accepted, 0 set aside, 7 kept; "
                                  "a batch is held or in doubt", 6),
    ({"stuck": 1}, {}, "covid: 0 events in 0 batches accepted, 0 set aside, 0 kept; Redis refused, see the log", 4),
    ({"paused": 1}, {"paused": 1}, "covid: 0 events in 0 batches accepted, 0 set aside, 0 kept; the route is paused", 1),
], ids=["sum", "kept", "pending", "stuck", "paused"])
def test_flush_sums_what_all_daemons_did(cli, one, two, out, code):
    fakes = FakeDaemons(cli.client, one={"status": "done", **one}, two={"status": "done", **two})
    answering = threading.Thread(target=fakes.answer)
    answering.start()
    assert cli.out("flush", "--route", "covid", code=code) == out + "\n"
    answering.join()


def test_flush_says_why_a_daemon_sends_nothing(cli):
    fakes = FakeDaemons(cli.client, one={"status": "done", "kept": 7}, two={"status": "done"})
    cli.client.hset("elrelay:{covid}:state", mapping={"circuit:one": "half_open auth 1700000000000",
                                                      "circuit:gone": "open file 1700000000000"})
    answering = threading.Thread(target=fakes.answer)
    answering.start()
    said = cli.out("flush", "--route", "covid", code=5).splitlines()
    answering.join()
    assert len(said) == 2
    assert re.fullmatch(r"covid: circuit of one is half_open for \d+ \w+: the endpoint refuses the credential", said[1])


def test_flush_says_that_a_daemon_refused(cli):
    fakes = FakeDaemons(cli.client, one={"status": "refused"})
    answering = threading.Thread(target=fakes.answer)
    answering.start()
    assert "a daemon did not flush" in cli.err("flush", "--route", "covid", code=1)
    answering.join()


def test_run_ends_with_three_for_a_configuration_it_cannot_read(rig):
    assert b"nowhere.yaml" in rig.run("run", "--config", rig.folder / "nowhere.yaml", code=3).stderr


@pytest.mark.parametrize("closed, words, message", [
    ("<&-", ["enqueue", "--route", "covid"], b"standard input"),
    ("<&-", ["convert", "--route", "covid"], b"standard input"),
    (">&-", ["status"], b"standard output"),
])
def test_a_closed_stream_is_an_error(cli, closed, words, message):
    done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", ELRELAY, *words, "--config", cli.config],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (1, b"")
    assert message in done.stderr


# On a terminal


def on_terminal(args, feed):
    """What a program writes to its standard error when that is a terminal; feed writes its standard input."""
    try:
        terminal, other = pty.openpty()
    except OSError:
        pytest.skip("no pseudo-terminals here: /dev/pts is not mounted")
    process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=other)
    os.close(other)
    writer = threading.Thread(target=feed, args=(process,))
    writer.start()
    seen = b""
    while True:
        try:
            part = os.read(terminal, 65536) if select.select([terminal], [], [], PATIENCE)[0] else b""
        except OSError:
            part = b""
        if not part:
            break
        seen += part
    os.close(terminal)
    writer.join()
    return seen, process.wait(PATIENCE)


def test_enqueue_shows_its_progress_on_a_terminal(cli):
    def feed(process):
        end = time.monotonic() + 2.6
        while time.monotonic() < end:
            process.stdin.write(b'{"a":1}\n' * 1000)
            process.stdin.flush()
            cli.client.delete(STREAM)
        process.stdin.close()

    seen, code = on_terminal([ELRELAY, "enqueue", "--route", "covid", "--config", str(cli.config)], feed)
    assert code == 0 and re.search(rb"\r\x1b\[Kcovid  [\d,]+ events", seen) and seen.endswith(b"\r\x1b[K")


def test_flush_shows_its_progress_on_a_terminal(cli):
    fakes = FakeDaemons(cli.client, one={"status": "done"})
    for _ in range(100):
        cli.client.xadd(STREAM, {"event": "{}"})

    def feed(process):
        process.stdin.close()
        wait_for(lambda: cli.client.xlen("elrelay:{covid}:control"), "the message")
        cli.client.xtrim(STREAM, maxlen=40, approximate=False)
        cli.client.blpop("nothing", timeout=3)
        fakes.answer()

    seen, code = on_terminal([ELRELAY, "flush", "--route", "covid", "--config", str(cli.config)], feed)
    assert code == 0 and b"\r\x1b[Kcovid  [##################............]  60 events" in seen
    assert seen.endswith(b"\r\x1b[K")


def test_replay_shows_its_progress_on_a_terminal(cli):
    for number in range(600):
        bury(cli.client, b"%d" % number)
    cli.client.execute_command("CLIENT", "PAUSE", 2500, "WRITE")
    args = [ELRELAY, "dead", "replay", "--all", "--route", "covid", "--config", str(cli.config)]
    seen, code = on_terminal(args, lambda process: process.stdin.close())
    assert code == 0 and b"\r\x1b[Kcovid  [############..................]  250 events" in seen
    assert seen.endswith(b"\r\x1b[K")


def test_enqueue_is_silent_where_it_is_quick(cli):
    def feed(process):
        process.stdin.write(b'{"a":1}\n' * 1000)
        process.stdin.close()

    assert on_terminal([ELRELAY, "enqueue", "--route", "covid", "--config", str(cli.config)], feed) == (b"", 0)
