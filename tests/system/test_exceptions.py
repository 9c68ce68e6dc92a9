"""What the endpoint says of single events becomes exceptions, field by field as SimpleReport's handler would queue them."""

import json
import subprocess
import urllib.request

import pytest

from relay_rig import PREFIX, Exceptions, assert_exactly_once, rig_in_a_folder, wait_for

MARK = "Zq7-patient-word"


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


def handler(answer, tracking_ids, queue):
    """SimpleReport's reportExceptions: warnings, then errors, one message for each tracking id; a null one by its index."""
    queued = []
    for said, is_error in ((answer["warnings"], "false"), (answer["errors"], "true")):
        for entry in said:
            for at, tracking_id in enumerate(entry.get("trackingIds") or []):
                named = tracking_id or tracking_ids[entry["indices"][at] - 1]
                queued.append((named, is_error, entry["message"], queue))
    return queued


def history(receiver, entry):
    with urllib.request.urlopen(receiver.url(f"/api/waters/report/{entry['report_id']}/history")) as answer:
        return json.load(answer)


def ids_of(receiver, entry):
    return [row["Result_ID"] for row in receiver.rows([entry])]


def run(rig, receiver, lines, **more):
    """The daemon until the queue is empty."""
    rig.push(lines)
    daemon = rig.start(rig.config(rig.route(receiver.url(), format={"tracking_id": "Result_ID"}, **more)))
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), [line for line in lines if json.loads(line)["Result_ID"] in
                                          {row["Result_ID"] for row in receiver.rows()}])
    assert daemon.stop() == 0
    assert MARK not in daemon.text()
    return daemon


def manifest(rig, batch_id):
    return {name.decode(): value.decode(errors="replace") for name, value in
            rig.redis.client.hgetall(f"{PREFIX}batch:{batch_id}").items()}


WARNINGS = {
    "one row": f'warn-rows 2 "{MARK} is odd."',
    "several rows, several warnings": f'warn-rows 1,3,20 "{MARK}" warn-rows 3,4 "\\"quoted\\", with é" warn-report "Missing x header"',
    "ids that are null": f'warn-rows 1,2,20 "{MARK}" null-ids',
    "all rows": "warn-rows " + ",".join(str(n) for n in range(1, 21)),
    "about no row": f'warn-report "{MARK}"',
    "none": "delay 1ms",
}


@pytest.mark.parametrize("rule", WARNINGS.values(), ids=WARNINGS.keys())
def test_warnings_of_an_accepted_batch_are_those_that_simplereport_would_queue(rig, rule):
    receiver = rig.start_receiver(faults=["all: " + rule])
    run(rig, receiver, rig.events(40, "--seed", 3), batch={"max_events": 20})
    wanted = []
    for entry in receiver.accepted():
        answer = history(receiver, entry)
        wanted += handler(answer, ids_of(receiver, entry), f"{PREFIX}events")
        fields = manifest(rig, entry["payload_name"])
        about_all = [{"isError": False, "details": said["message"]} for said in answer["warnings"] if "indices" not in said]
        assert json.loads(fields.get("remarks", "[]")) == about_all
        assert int(fields["warnings"]) == answer["warningCount"]
    assert Exceptions(rig).rows() == wanted
    assert not rig.dead()


def test_a_plain_endpoint_may_warn_in_the_same_words(rig):
    receiver = rig.start_receiver("receiver", "--plain", "/lab", faults=['all: warn-rows 2 "odd" null-ids warn-report "old"'])
    lines = rig.events(3, "--seed", 3)
    rig.push(lines)
    rig.start(rig.config(rig.route(receiver.url("/lab"), format={"tracking_id": "Result_ID"}, endpoint={"profile": "plain"})))
    rig.wait_empty()
    assert Exceptions(rig).rows() == [(json.loads(lines[1])["Result_ID"], "false", "odd", f"{PREFIX}events")]
    key, = rig.redis.client.keys(f"{PREFIX}batch:*")
    assert json.loads(rig.redis.client.hget(key, "remarks")) == [{"isError": False, "details": "old"}]


def test_an_event_without_an_id_is_called_as_the_endpoint_calls_it(rig):
    receiver = rig.start_receiver(faults=["all: warn-rows 1,2 null-ids"])
    rig.push([b'{"Result_ID":"","a":1}', b'{"Result_ID":"R2","a":1}'])
    rig.start(rig.config(rig.route(receiver.url(), format={"tracking_id": "Result_ID"})))
    rig.wait_empty()
    assert [row[0] for row in Exceptions(rig).rows()] == ["row1", "R2"]


def test_without_a_tracking_id_rows_are_called_by_their_numbers(rig):
    receiver = rig.start_receiver(faults=["all: warn-rows 2 null-ids"])
    rig.push(rig.events(3, "--seed", 3))
    rig.start(rig.config(rig.route(receiver.url())))
    rig.wait_empty()
    assert [row[0] for row in Exceptions(rig).rows()] == ["row2"]


REFUSALS = {
    "refused rows": (f'refuse-rows 2,4 "{MARK}"', [2, 4], MARK, "dead"),
    "refused rows, ids null": (f'refuse-rows 2,4 "{MARK}" null-ids', [2, 4], MARK, "dead"),
    "rows that are there": ("duplicate-rows 3,5", [3, 5], "Item is a duplicate.", "there"),
}


@pytest.mark.parametrize("rule, rows, details, fate", REFUSALS.values(), ids=REFUSALS.keys())
def test_errors_of_refused_rows_are_exceptions_and_the_rest_goes_on(rig, rule, rows, details, fate):
    receiver = rig.start_receiver(faults=[f'request 1: {rule} warn-rows 1,2,3 "first"', 'request 2: warn-rows 1 "second"'])
    lines = rig.events(8, "--seed", 3)
    ids = [json.loads(line)["Result_ID"] for line in lines]
    run(rig, receiver, lines)
    first = [row for row in (1, 2, 3) if row in rows]  # what is said of the others is said again by whoever takes them
    queue = f"{PREFIX}events"
    assert Exceptions(rig).rows() == [
        *[(ids[row - 1], "false", "first", queue) for row in first],
        *[(ids[row - 1], "true", details, queue) for row in rows],
        (next(key for n, key in enumerate(ids, 1) if n not in rows), "false", "second", queue)]
    assert len(rig.dead()) == (len(rows) if fate == "dead" else 0)
    assert len(receiver.rows()) == 6


def test_what_is_said_of_a_refused_file_stands_with_the_batch(rig):
    receiver = rig.start_receiver(faults=[f'until 2: refuse-report "Your file is missing {MARK} header."'])
    rig.push(rig.events(3, "--seed", 3))
    daemon = rig.start(rig.config(rig.route(receiver.url())))
    batch = wait_for(lambda: rig.redis.client.zrange(f"{PREFIX}open", 0, 0), "an open batch")[0].decode()
    wait_for(lambda: "remarks" in manifest(rig, batch), "what the answer said")
    assert json.loads(manifest(rig, batch)["remarks"]) == [
        {"isError": True, "details": f"Your file is missing {MARK} header."}]
    assert not rig.redis.client.exists(f"{PREFIX}exceptions")
    assert MARK not in daemon.text()


def test_all_there_is_held_and_says_why(rig):
    receiver = rig.start_receiver(faults=["all: duplicate-report"])
    rig.push(rig.events(3, "--seed", 3))
    daemon = rig.start(rig.config(rig.route(receiver.url(), endpoint={"on_unknown": "hold"})))
    wait_for(lambda: daemon.lines("batch_held"), "a held batch")
    batch = rig.redis.client.zrange(f"{PREFIX}held", 0, 0)[0].decode()
    assert json.loads(manifest(rig, batch)["remarks"])[0]["details"] == "All items in this submission are duplicates."


def test_more_than_one_answer_may_say_is_counted(rig):
    rules = " ".join(f'warn-rows {",".join(str(n) for n in range(1, 501))} "{n}"' for n in range(4))
    receiver = rig.start_receiver(faults=["all: " + rules])
    run(rig, receiver, rig.events(500, "--seed", 3))
    rows = Exceptions(rig).rows()
    assert [row[2] for row in rows] == ["0"] * 500 + ["1"] * 500 + ["2"] * 500
    fields = manifest(rig, receiver.accepted()[0]["payload_name"])
    assert (fields["exceptions"], fields["exceptions_left_out"], fields["warnings"]) == ("1500", "500", "2000")


def test_warnings_longer_than_we_read_are_no_doubt(rig):
    """More than a megabyte of answer, with its warnings behind the receipt: taken, and counted."""
    rows = ",".join(str(n) for n in range(1, 501))
    receiver = rig.start_receiver(faults=["all: " + 8 * f"warn-rows {rows} "] * 12)
    daemon = run(rig, receiver, rig.events(500, "--seed", 3), endpoint={"on_unknown": "hold"})
    assert len(receiver.requests()) == 1 and not daemon.lines("batch_held")
    fields = manifest(rig, receiver.accepted()[0]["payload_name"])
    assert (fields["warnings"], fields["exceptions_left_out"], fields["item_count"]) == ("48000", "48000", "500")


def test_a_key_of_another_type_hinders_nothing(rig):
    receiver = rig.start_receiver(faults=[f'all: warn-rows 1 "{MARK}"'])
    rig.redis.client.set(f"{PREFIX}exceptions", "foreign")
    daemon = run(rig, receiver, rig.events(5, "--seed", 3))
    line, = daemon.lines("exceptions_lost")
    assert "count=1" in line and "why=WRONGTYPE" in line and line.split()[1] == "error"
    assert rig.redis.client.get(f"{PREFIX}exceptions") == b"foreign"


def test_a_user_without_the_right_relays_all_the_same(rig):
    receiver = rig.start_receiver(faults=["all: warn-rows 1"])
    config = rig.config(rig.route(receiver.url()), redis={"url": f"unix://elrelay@{rig.folder}/redis.sock",
                                                          "password_file": str(rig.folder / "password")})
    (rig.folder / "password").write_text("secret")
    line = rig.run("check", "--acl", "--config", config).stdout
    done = subprocess.run(["redis-cli", "-s", str(rig.redis.socket)], input=line, capture_output=True, check=True)
    assert done.stdout.strip() == b"OK"
    rig.redis.client.execute_command("ACL", "SETUSER", "elrelay", "on", ">secret", "resetkeys", "~elrelay:{covid}:[^e]*",
                                     "~elrelay:{covid}:events")
    rig.push(rig.events(5, "--seed", 3))
    daemon = rig.start(config)
    rig.wait_empty()
    assert "count=1" in wait_for(lambda: daemon.lines("exceptions_lost"), "a word of it")[0]
    out = rig.run("check", "--connect", "--config", config, code=4).stdout.decode()
    assert "not needed, but the queue is safer with it: XADD on elrelay:{covid}:exceptions" in out


def test_the_stream_has_the_name_that_the_configuration_gives(rig):
    receiver = rig.start_receiver(faults=["all: warn-rows 1"])
    queue = {"inbox": "test-events", "exceptions": "test-events-exceptions"}
    config = rig.config(rig.route(receiver.url(), queue=queue, format={"tracking_id": "Result_ID"}))
    lines = rig.events(5, "--seed", 3)
    rig.redis.client.rpush("test-events", *lines)
    rig.start(config)
    rig.wait_empty(inbox="test-events")
    assert Exceptions(rig, "test-events-exceptions").rows() == [
        (json.loads(lines[0])["Result_ID"], "false", "Invalid phone number.", "test-events")]
    assert b"test-events-exceptions" in rig.run("check", "--config", config).stdout


def test_each_shard_has_its_own(rig):
    receiver = rig.start_receiver(faults=["all: warn-rows 1"])
    config = rig.config({**rig.route(receiver.url(), format={"tracking_id": "Result_ID"}), "shards": 2})
    lines = rig.events(2, "--seed", 3)
    rig.push(lines[:1])
    rig.push(lines[1:], route="covid.1")
    rig.start(config)
    for shard, line in zip(("covid", "covid.1"), lines):
        rig.wait_empty(shard)
        prefix = f"elrelay:{{{shard}}}:"
        assert Exceptions(rig, prefix + "exceptions").rows() == [
            (json.loads(line)["Result_ID"], "false", "Invalid phone number.", prefix + "events")]
