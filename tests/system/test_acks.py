"""`elrelay acks`: what a sender is told of its events, as JSON and as HL7, from Redis alone."""

import json
import signal
import subprocess
import time

import hl7
import pytest

from cli_rig import Cli
from relay_rig import ELRELAY, PREFIX, rig_in_a_folder
from test_trace import event

STREAM, EXCEPTIONS = PREFIX + "events", PREFIX + "exceptions"
STRICT = {"tracking_id": "Result_ID", "header": "fixed", "columns": [
    {"name": "Result_ID"}, {"name": "Fate"}, {"name": "Need", "required": True}]}
CLEAN = {"acceptance": "CA", "application": "AA"}


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


def config(rig, url="http://127.0.0.1:9/", **more):
    return Cli(rig, rig.route(url, **{"format": {"tracking_id": "Result_ID"}, **more}))


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


def acks(cli, *args, **more):
    return lines_of(cli.out("acks", *args, **more))


def codes(rows):
    return {row["tracking_id"]: (row["acceptance"], row["application"]) for row in rows if "batch" not in row}


def say(cli, name, details="odd", is_error="false", queue=STREAM, at="*"):
    fields = {"testEventInternalId": name, "isError": is_error, "details": details, "queueName": queue}
    return cli.client.xadd(EXCEPTIONS, fields, id=at).decode()


def hl7_of(cli, *args):
    """The messages, and what stands on standard error."""
    done = subprocess.run([ELRELAY, "acks", *args, "--format", "hl7", "--config", cli.config], capture_output=True,
                          check=True, timeout=60)
    return [hl7.parse(text) for text in hl7.split_file(done.stdout.decode())], done.stderr.decode()


@pytest.fixture
def ran(rig):
    """A queue on which everything happened: taken, taken with a warning, refused, invalid, unreadable."""
    receiver = rig.start_receiver(faults=["rows-with Fate=refuse: refuse-rows", 'all: warn-rows 1 "is odd"'])
    cli = config(rig, receiver.url(), format=STRICT)
    rig.push([event("first", Need=1), event("good", Need=1), event("bad", Need=1, Fate="refuse"), event("invalid"), b"{"])
    daemon = rig.start(cli.config)
    daemon.signal(signal.SIGUSR1)
    rig.wait_empty()
    assert daemon.stop() == 0
    cli.log = daemon.text()
    return cli


def test_each_event_that_something_was_said_of_is_told_of_once(ran):
    rows = acks(ran, "--since", "1h")
    named = [row for row in rows if "batch" not in row]
    assert len(named) == 4 and codes(rows) == {
        "first": ("CA", "AA"), "bad": ("CR", "AR"), "invalid": ("CR", None), None: ("CR", None)}
    by_id = {row["tracking_id"]: row for row in named}
    assert by_id["first"]["errors"] == [{"is_error": False, "details": "is odd"}]
    assert [error["is_error"] for error in by_id["bad"]["errors"]] == [True]
    assert by_id["invalid"]["reason"] == "required" and by_id[None]["reason"] == "not_json"


def test_what_was_refused_stays_so_when_its_letter_is_gone(ran):
    letter, = (name for name, fields in ran.client.xrange(PREFIX + "dead") if fields[b"reason"] == b"refused")
    ran("dead", "replay", letter.decode())
    assert codes(acks(ran, "--since", "1h"))["bad"] == ("CR", "AR")
    assert acks(ran, "bad")[0]["state"] == "waiting"


def test_a_refusal_without_words_is_told_of_by_its_letter(ran):
    ran.client.delete(EXCEPTIONS)
    rows = {row["tracking_id"]: row for row in acks(ran, "--since", "1h") if "batch" not in row}
    assert (rows["bad"]["application"], rows["bad"]["reason"], rows["bad"]["errors"]) == ("AR", "refused", [])


def test_all_others_are_told_of_by_batch(ran):
    batch, = (row for row in acks(ran, "--since", "1h") if "batch" in row)
    assert {name: batch[name] for name in ("acceptance", "application", "events", "exceptions", "by_person")} == {
        **CLEAN, "events": 2, "exceptions": 1, "by_person": False}


def test_given_ids_are_told_of_one_by_one(ran):
    rows = acks(ran, "good", "first", "bad", "invalid")
    assert codes(rows) == {"good": ("CA", "AA"), "first": ("CA", "AA"), "bad": ("CR", "AR"), "invalid": ("CR", None)}
    assert [row["tracking_id"] for row in rows] == ["good", "first", "bad", "invalid"]
    errors = {row["tracking_id"]: [error["details"] for error in row["errors"]] for row in rows}
    assert errors["good"] == [] and errors["first"] == ["is odd"] and len(errors["bad"]) == 1
    assert acks(ran, "-", text=b"good\r\n\nbad") == [row for row in rows if row["tracking_id"] in ("good", "bad")]


def test_log_and_errors_hold_no_details_and_no_ids(ran):
    assert "is odd" not in ran.log
    error = ran.err("acks", "very-private", code=1)
    assert error == "elrelay: nothing is known of 1 event\n"
    assert "private" not in ran.err("acks", "very-private", "--since", "1h", code=2)


def test_code_picks_acceptance_or_application(ran):
    say(ran, "late", is_error="true")
    wanted = {"CA": {"first", "late"}, "AA": {"first"}, "AE": {"late"}, "AR": {"bad"}, "CR": {"bad", "invalid", None}, "CE": set()}
    for code, names in wanted.items():
        rows = acks(ran, "--since", "1h", "--code", code)
        assert set(codes(rows)) == names, code
        assert any("batch" in row for row in rows) == (code in ("CA", "AA"))
    assert codes(acks(ran, "good", "bad", "--code", "AR")) == {"bad": ("CR", "AR")}


def test_hl7_is_read_by_another_program(ran):
    messages, errors = hl7_of(ran, "--since", "1h")
    assert {str(message["MSA"][0][2]): str(message["MSA"][0][1]) for message in messages} == {
        "first": "AA", "bad": "AR", "invalid": "CR"}
    assert errors == "3 events without a tracking id that is known: no message for these\n"
    for message in messages:
        header = message.segment("MSH")
        assert [str(header[at]) for at in (3, 4, 5, 9, 11, 12)] == [
            "elrelay", "covid", STREAM, "ACK^R01^ACK", "P", "2.5.1"]
        assert hl7.parse_datetime(str(header[7])).year >= 2026
    assert len({str(message.segment("MSH")[10]) for message in messages}) == len(messages)
    by_id = {str(message["MSA"][0][2]): message for message in messages}
    first, = by_id["first"].segments("ERR")
    assert (str(first[3]), str(first[4]), str(first[8])) == ("207^Application internal error^HL70357", "W", "is odd")
    refused, = by_id["bad"].segments("ERR")
    assert str(refused[4]) == "E"
    invalid, = by_id["invalid"].segments("ERR")
    assert (str(invalid[3]), str(invalid[5])[:9]) == ("101^Required field missing^HL70357", "required^")


def test_hl7_of_given_ids(ran):
    messages, errors = hl7_of(ran, "good", "bad")
    assert [str(message["MSA"][0][1]) for message in messages] == ["AA", "AR"] and errors == ""
    with pytest.raises(KeyError):
        messages[0].segments("ERR")


NASTY = 'a|b^c&d~e\\f\rMSA|AA|forged\n\x1b"é'


def test_delimiters_and_control_characters_are_escaped(rig):
    cli = config(rig)
    say(cli, NASTY, NASTY, "true")
    messages, _ = hl7_of(cli, "--since", "1h")
    message, = messages
    assert [str(segment[0]) for segment in message] == ["MSH", "MSA", "ERR"]
    assert message.unescape(str(message["MSA"][0][2])) == NASTY
    assert message.unescape(str(message["ERR"][0][8])) == NASTY
    row, = acks(cli, "--since", "1h")
    assert row["tracking_id"] == NASTY and row["errors"] == [{"is_error": True, "details": NASTY}]


def test_what_one_answer_says_of_an_event_stands_together(rig):
    cli = config(rig)
    for number, (name, is_error) in enumerate((("a", "false"), ("b", "false"), ("a", "true"), ("a", "false"))):
        say(cli, name, f"d{number}", is_error, at=f"{10**13}-{number}")
    say(cli, "a", "later", at=f"{10**13 + 1}-0")
    rows = acks(cli, "--since", "1h")
    assert [(row["tracking_id"], row["application"], [error["details"] for error in row["errors"]]) for row in rows] == [
        ("a", "AE", ["d0", "d2", "d3"]), ("b", "AA", ["d1"]), ("a", "AA", ["later"])]
    message = hl7_of(cli, "--since", "1h")[0][0]
    assert [str(error[4]) for error in message.segments("ERR")] == ["W", "E", "W"]


def test_many_exceptions_come_through(rig):
    cli = config(rig)
    pipe = cli.client.pipeline(transaction=False)
    for number in range(5000):
        pipe.xadd(EXCEPTIONS, {"testEventInternalId": f"r-{number}", "isError": "false", "details": "x", "queueName": STREAM},
                  id=f"{10**13 + number // 4000}-{number + 1}")
    pipe.execute()
    assert [row["tracking_id"] for row in acks(cli, "--since", "1h")] == [f"r-{number}" for number in range(5000)]


def test_since_is_a_time_a_day_or_a_while_ago(rig):
    cli = config(rig)
    now = int(time.time())
    for name, ago in (("old", 7200), ("young", 1800)):
        say(cli, name, at=f"{(now - ago) * 1000}-1")
    hour_ago = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 3600))
    day = time.strftime("%Y-%m-%d", time.gmtime(now - 86400))
    assert set(codes(acks(cli, "--since", "1h"))) == set(codes(acks(cli, "--since", hour_ago))) == {"young"}
    assert set(codes(acks(cli, "--since", "3h"))) == set(codes(acks(cli, "--since", day))) == {"old", "young"}
    for words in ([], ["--since", "yesterday"], ["--since", "2026-13-01"], ["--since", "1h", "--code", "XX"],
                  ["--since", "1h", "--format", "xml"]):
        cli("acks", *words, code=2)


def test_exceptions_of_other_routes_on_the_stream_are_theirs(rig):
    cli = config(rig, queue={"inbox": "box"})
    say(cli, "ours", queue="box")
    say(cli, "theirs", queue="other")
    assert set(codes(acks(cli, "--since", "1h"))) == {"ours"}


def test_states_without_a_code(rig):
    cli = config(rig)
    rig.push([event("waits")])
    row, = acks(cli, "waits")
    assert (row["acceptance"], row["application"], row["state"]) == (None, None, "waiting")
    done = cli("acks", "waits", "nobody", code=1)
    assert [row["state"] for row in lines_of(done.stdout.decode())] == ["waiting", "unknown"]
    assert hl7_of(cli, "waits") == ([], "1 event without a code as yet: no message for these\n")


def test_profile_none_acknowledges_nothing(rig):
    route = rig.route("", format={"tracking_id": "Result_ID"})
    cli = Cli(rig, {**route, "endpoint": {"profile": "none"}})
    rig.push([event("quiet")])
    cli("flush")
    row, = acks(cli, "quiet")
    assert (row["acceptance"], row["state"]) == (None, "not_sent")
    batch, = acks(cli, "--since", "1h")
    assert (batch["acceptance"], batch["state"], batch["events"]) == (None, "not_sent", 1)


def test_in_doubt_replayed_and_dropped(rig):
    receiver = rig.start_receiver(faults=["all: status 504"])
    cli = config(rig, receiver.url(), endpoint={"on_unknown": "hold"}, format=STRICT)
    rig.push([event("doubted", Need=1), event("dropped"), event("again")])
    rig.run("flush", "--config", cli.config, code=6)
    assert acks(cli, "doubted")[0]["state"] == "in_doubt"
    letters = {json.loads(fields[b"event"])["Result_ID"]: name.decode() for name, fields in rig.dead()}
    cli("dead", "drop", letters["dropped"], "--note", "x")
    cli("dead", "replay", letters["again"])
    rows = {row["tracking_id"]: row for row in acks(cli, "dropped", "again")}
    assert (rows["dropped"]["acceptance"], rows["dropped"]["state"]) == ("CR", "dropped")
    assert (rows["again"]["acceptance"], rows["again"]["state"]) == (None, "waiting")
