"""`elrelay flush --dry-run`: what the next batches would be, with nothing changed anywhere."""

import hashlib
import json

import pytest

from cli_rig import Cli
from relay_rig import PREFIX, rig_in_a_folder

STREAM = PREFIX + "events"
SECRET = "hush-hush"
BAD = b'{"Result_ID":'


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


def event(number, **more):
    return json.dumps({"Result_ID": f"r-{number}", "name": SECRET, **more}).encode()


def snapshot(client):
    """Every key with its content and its time to live, and what XINFO says, but for how long ago it was."""
    keys = {key: (client.type(key), client.dump(key), client.ttl(key)) for key in client.scan_iter()}
    streams = {}
    for key, (kind, _, _) in keys.items():
        if kind == b"stream":
            consumers = [{name: value for name, value in row.items() if name not in ("idle", "inactive")}
                         for group in client.xinfo_groups(key) for row in client.xinfo_consumers(key, group["name"])]
            streams[key] = client.xinfo_stream(key), client.xinfo_groups(key), consumers
    return keys, streams


def key_file(rig):
    path = rig.folder / "key"
    path.write_text(SECRET)
    return str(path)


def dry(cli, *args):
    return cli.json("flush", "--dry-run", *args)["routes"]


def test_it_shows_what_is_sent_then(rig):
    receiver = rig.start_receiver()
    auth = {"type": "key", "header": "x-functions-key", "secret_file": key_file(rig)}
    cli = Cli(rig, rig.route(receiver.url(), endpoint={"auth": auth}, batch={"max_events": 4}))
    rig.push([event(0), BAD, event(1, extra=1), event(2), b"[]", event(3), event(4)])
    before = snapshot(cli.client)
    shown, = dry(cli, "--batches", "5")
    text = cli.out("flush", "--dry-run", "--batches", "5")
    assert snapshot(cli.client) == before and receiver.requests() == []
    rig.run("flush", "--config", cli.config)
    sent = [body.read_bytes() for body in sorted(receiver.bodies.iterdir(), key=lambda path: path.stat().st_mtime_ns)]
    assert [(batch["events"], batch["bytes"], batch["sha256"]) for batch in shown["batches"]] == [
        (count, len(body), hashlib.sha256(body).hexdigest()) for count, body in zip((4, 1), sent, strict=True)]
    assert {row["name"].lower() for row in shown["headers"]} == set(receiver.requests()[0]["headers"]) - {
        "host", "accept", "content-length"}
    first, second = shown["batches"]
    assert (first["invalid"], first["invalid_by_reason"]) == (2, {"not_json": 1, "not_object": 1})
    assert first["columns"] == ["Result_ID", "name", "extra"] and second["columns"] == ["Result_ID", "name"]
    assert first["content_type"] == "text/csv" and not shown["more"]
    assert "batch 1: 4 events\n" in text and "to be set aside: 2: not_json 1, not_object 1\n" in text
    assert f"sha256   {first['sha256']}\n" in text and "      extra\n" in text


def test_it_shows_the_request_without_secrets_and_content(rig):
    auth = {"type": "bearer", "secret_file": key_file(rig)}
    url = f"http://127.0.0.1:9/api?code={SECRET}"
    cli = Cli(rig, rig.route(url, endpoint={"auth": auth, "headers": {"client": SECRET}}))
    rig.push([event(1)])
    shown, = dry(cli)
    assert (shown["method"], shown["url"]) == ("POST", "http://127.0.0.1:9/api?code=***")
    assert [(row["name"], row["value"]) for row in shown["headers"]] == [
        ("client", "***"), ("Authorization", "***"), ("Content-Type", "text/csv"), ("Idempotency-Key", "(id of the batch)"),
        ("payloadname", "(id of the batch)")]
    assert SECRET not in cli.out("flush", "--dry-run") + json.dumps(shown)


def test_it_shows_one_batch_unless_told_otherwise(rig):
    cli = Cli(rig, rig.route("http://127.0.0.1:9/", batch={"max_events": 2}))
    rig.push([event(number) for number in range(5)])
    shown, = dry(cli)
    assert [batch["events"] for batch in shown["batches"]] == [2] and shown["more"]
    assert "more waits: --batches N shows more\n" in cli.out("flush", "--dry-run")
    assert [batch["events"] for batch in dry(cli, "--batches", "2")[0]["batches"]] == [2, 2]
    shown, = dry(cli, "--batches", "3")
    assert [batch["events"] for batch in shown["batches"]] == [2, 2, 1] and not shown["more"]


def test_batches_keep_below_their_bytes_and_what_was_learned(rig):
    cli = Cli(rig, rig.route("http://127.0.0.1:9/", batch={"max_bytes": "1kB"}))
    rig.push([event(number, pad="x" * 300) for number in range(5)])
    shown, = dry(cli, "--batches", "9")
    assert [batch["events"] for batch in shown["batches"]] == [3, 2]
    assert all(batch["bytes"] <= 1000 for batch in shown["batches"])
    cli.client.hset(PREFIX + "state", "limit", f"{'0' * 40} 600 {10**14}")
    assert [batch["events"] for batch in dry(cli, "--batches", "9")[0]["batches"]] == [1, 1, 1, 1, 1]


def test_given_back_events_come_first_and_what_is_gone_is_invalid(rig):
    cli = Cli(rig, rig.route("http://127.0.0.1:9/"))
    rig.push([event(number, **{f"k{number}": 1}) for number in range(4)])
    cli.client.xgroup_create(STREAM, "elrelay", "0")
    (_, taken), = cli.client.xreadgroup("elrelay", "b:1", {STREAM: ">"}, count=3)
    cli.client.xclaim(STREAM, "elrelay", "free", 0, [taken[1][0], taken[2][0]])
    cli.client.xdel(STREAM, taken[2][0])
    before = snapshot(cli.client)
    batch, = dry(cli)[0]["batches"]
    assert batch["columns"] == ["Result_ID", "name", "k1", "k3"]
    assert (batch["events"], batch["invalid_by_reason"]) == (2, {"gone": 1})
    assert snapshot(cli.client) == before


def test_what_is_not_shown_is_counted(rig):
    cli = Cli(rig, rig.route("http://127.0.0.1:9/", queue={"inbox": "inbox"}))
    cli.client.rpush("inbox", "{}", "{}")
    cli("pause")
    shown, = dry(cli)
    assert (shown["batches"], shown["inbox"], shown["paused"], shown["more"]) == ([], 2, True, False)
    text = cli.out("flush", "--dry-run")
    for told in ("nothing waits on the stream", "2 events in the inbox, and not shown", "the route is paused"):
        assert told in text


def test_columns_that_are_fixed_are_shown_as_configured(rig):
    columns = [{"name": "id", "path": "Result_ID"}, {"name": "none", "default": "x"}]
    cli = Cli(rig, rig.route("http://127.0.0.1:9/", format={"header": "fixed", "columns": columns}))
    rig.push([event(1)])
    assert dry(cli)[0]["batches"][0]["columns"] == ["id", "none"]


def test_profile_none_has_no_request(rig):
    cli = Cli(rig, {**rig.route(""), "endpoint": {"profile": "none"}})
    rig.push([event(1)])
    shown, = dry(cli)
    assert shown["sends_nothing"] and "url" not in shown and "headers" not in shown
    assert shown["batches"][0]["events"] == 1
    assert cli.out("flush", "--dry-run").startswith("covid: sends nothing (profile none)\n  batch 1: 1 event\n")


def test_misuse_is_refused(rig):
    cli = Cli(rig, rig.route("http://127.0.0.1:9/"))
    for words, why in ((["--batches", "2"], "--batches goes with --dry-run"), (["--dry-run", "--batches", "0"], "must be 1 to"),
                       (["--dry-run", "--batches", "x"], "must be 1 to")):
        assert why in cli.err("flush", *words, code=2)


def test_secret_that_cannot_be_read_is_told(rig):
    path = key_file(rig)
    cli = Cli(rig, rig.route("http://127.0.0.1:9/", endpoint={"auth": {"type": "bearer", "secret_file": path}}))
    (rig.folder / "key").write_text("")
    assert "secret" in cli.err("flush", "--dry-run", code=3)
