"""What can become of a batch, end to end: items refused, halves, doubts looked up, held, the circuit."""

import json
import re
import signal

import pytest

import checker
from relay_rig import rig_in_a_folder, wait_for

STREAM = "elrelay:{covid}:events"
PREFIX = "elrelay:{covid}:"


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


def lines_with(rig, count, offenders=(), **cell):
    """Events of which the offenders, counted from 1, have these cells."""
    lines = [json.loads(line) for line in rig.events(count, "--seed", 307)]
    for at in offenders:
        lines[at - 1].update(cell)
    return [json.dumps(line).encode() for line in lines]


def run(rig, receiver, lines, path="/api/reports?processing=async", batch=None, **endpoint):
    config = rig.config(rig.route(receiver.url(path), batch=batch or {}, endpoint=endpoint))
    rig.push(lines)
    return rig.start(config), config


def tracking_ids(lines):
    return sorted(json.loads(line)["Result_ID"] for line in lines)


def dead_letters(rig):
    return [{key.decode(): value for key, value in fields.items()} for _, fields in
            rig.redis.client.xrange(PREFIX + "dead")]


def assert_judged(rig, receiver, lines):
    found = checker.check(lines, [checker.Log(receiver.accepted_file, receiver.bodies)],
                          checker.Queue(rig.redis.client))
    assert found.is_clean() and found.delivered == len(lines), found


def told(daemon, news):
    """What the log says about it: the fields of each line."""
    return [dict(re.findall(r"(\w+)=(\S+)", line)) for line in daemon.lines(news)]


def flush(daemon):
    daemon.signal(signal.SIGUSR1)


def test_refused_items_are_set_aside_and_the_rest_arrives(rig):
    receiver = rig.start_receiver(faults=["rows-with Patient_state=ZZ: refuse-rows"])
    lines = lines_with(rig, 40, (3, 17), Patient_state="ZZ")
    run(rig, receiver, lines)
    rig.wait_empty()
    assert sorted(letter["event"] for letter in dead_letters(rig)) == sorted([lines[2], lines[16]])
    assert {(letter["reason"], letter["stage"], letter["attempts"]) for letter in dead_letters(rig)} == {
        (b"refused", b"answer", b"1")}
    assert len(receiver.accepted()) == 1 and len(receiver.rows()) == 38
    assert len(receiver.requests()) == 2


def test_a_refusal_without_a_name_is_halved_down_to_the_offender(rig):
    receiver = rig.start_receiver(faults=['rows-with Patient_state=ZZ: refuse-report "There is an issue with a row."'])
    lines = lines_with(rig, 64, (9, 50), Patient_state="ZZ")
    run(rig, receiver, lines, max_halves=100)
    rig.wait_empty()
    assert sorted(letter["event"] for letter in dead_letters(rig)) == sorted([lines[8], lines[49]])
    assert {letter["reason"] for letter in dead_letters(rig)} == {b"refused_alone"}
    assert len(receiver.rows()) == 62


@pytest.mark.parametrize("refusal", ['refuse-report "There is an issue with a row."', "status 413"])
def test_an_endpoint_that_refuses_everything_gets_no_event_set_aside(rig, refusal):
    faults = rig.folder / "faults"
    faults.write_text(f"all: {refusal}\n")
    receiver = rig.start_receiver("receiver", "--faults", faults)
    lines = lines_with(rig, 8)
    daemon, _ = run(rig, receiver, lines)
    wait_for(lambda: any(line["why"] == "all_refused" for line in told(daemon, "circuit")), "an open circuit")
    assert dead_letters(rig) == [] and rig.redis.client.xlen(STREAM) == 8
    faults.write_text("")
    receiver.process.signal(signal.SIGHUP)
    flush(daemon)
    rig.wait_empty()
    assert len(receiver.rows()) == 8 and dead_letters(rig) == []


@pytest.mark.parametrize("text", ["Resubmit as 'text/csv'", None])
def test_what_all_reports_share_opens_the_circuit_and_moves_nothing(rig, text):
    fault = f'refuse-report "{text}"' if text else "refuse-text"
    receiver = rig.start_receiver(faults=[f"until 2: {fault}"])
    lines = lines_with(rig, 5)
    daemon, _ = run(rig, receiver, lines)
    rig.wait_empty()
    assert [line["word"] for line in told(daemon, "circuit")] == ["open", "half_open", "open", "half_open", "closed"]
    assert {line["why"] for line in told(daemon, "circuit")} == {"file"}
    assert [line.split()[1] for line in daemon.lines("circuit")] == ["error", "info", "error", "info", "info"]
    assert len(receiver.rows()) == 5 and dead_letters(rig) == []


def test_what_is_too_large_is_halved_and_the_limit_is_remembered(rig):
    receiver = rig.start_receiver("receiver", "--max-bytes", 20_000, "--length-errors", "intended")
    lines = lines_with(rig, 64)
    daemon, config = run(rig, receiver, lines)
    rig.wait_empty()
    assert len(receiver.rows()) == 64 and dead_letters(rig) == []
    refused = [request for request in receiver.requests() if request["status"] == 413]
    assert 1 <= len(refused) <= 8
    learned = json.loads(rig.run("status", "--json", "--config", config).stdout)["routes"][0]["limit_bytes"]
    assert 0 < learned < 20_000
    assert b"body limit" in rig.run("status", "--config", config).stdout
    rig.push(lines)
    flush(daemon)
    rig.wait_empty()
    assert len([request for request in receiver.requests() if request["status"] == 413]) == len(refused)


LOOKUP = {"on_unknown": "lookup", "lookup": {"settle": "300ms", "gap": "300ms", "fallback": "hold"}}


@pytest.mark.parametrize("fault", ["accept-then 504", "accept-then-reset", "late-commit 100ms", "truncate-answer 20"])
def test_a_lost_answer_is_found_at_the_endpoint_and_nothing_is_sent_again(rig, fault):
    receiver = rig.start_receiver(faults=[f"request 1: {fault}"])
    lines = lines_with(rig, 30)
    run(rig, receiver, lines, **LOOKUP)
    rig.wait_empty()
    assert len(receiver.accepted()) == 1 and len(receiver.requests()) == 1
    assert_judged(rig, receiver, lines)


def test_what_two_looks_do_not_find_is_sent_again_under_its_id(rig):
    receiver = rig.start_receiver(faults=["request 1: status 504"])
    lines = lines_with(rig, 30)
    run(rig, receiver, lines, **LOOKUP)
    rig.wait_empty()
    names = {request["headers"]["payloadname"] for request in receiver.requests()}
    assert len(receiver.requests()) == 2 and len(names) == 1
    assert len([r for r in receiver.requests("GET") if "submissions" in r["path"]]) >= 2
    assert_judged(rig, receiver, lines)


def test_a_list_that_is_barred_ends_in_a_hold(rig):
    receiver = rig.start_receiver(faults=["request 1: accept-then 504", "get all: status 401"])
    lines = lines_with(rig, 30)
    daemon, _ = run(rig, receiver, lines, **LOOKUP)
    wait_for(lambda: daemon.lines("batch_held"), "a held batch")
    assert told(daemon, "batch_held")[0]["word"] == "cannot_tell"
    assert rig.redis.client.zcard(PREFIX + "held") == 1 and rig.redis.client.xlen(STREAM) == 30


def test_a_batch_in_doubt_does_not_stop_the_others_up_to_a_limit(rig):
    receiver = rig.start_receiver(faults=["until 3: accept-then 504"])
    lines = lines_with(rig, 50)
    slow = {"on_unknown": "lookup", "lookup": {"settle": "1h", "gap": "1h"}, "max_unknown": 3}
    daemon, config = run(rig, receiver, lines, batch={"max_events": 10}, **slow)
    wait_for(lambda: daemon.lines("circuit"), "the limit of doubts")
    assert told(daemon, "circuit")[0]["why"] == "max_unknown"
    assert len(receiver.requests()) == 3 and rig.redis.client.zcard(PREFIX + "doubt") == 3
    done = rig.run("status", "--config", config, code=6)
    assert b"unknown" in done.stdout


def test_a_doubt_survives_a_restart_and_keeps_its_time(rig):
    receiver = rig.start_receiver(faults=["request 1: accept-then 504"])
    lines = lines_with(rig, 10)
    daemon, config = run(rig, receiver, lines, on_unknown="lookup", lookup={"settle": "2s", "gap": "1s"})
    wait_for(lambda: daemon.lines("batch_waiting"), "a batch in doubt")
    daemon.kill()
    rig.start(config)
    rig.wait_empty()
    assert len(receiver.requests()) == 1
    assert_judged(rig, receiver, lines)


def test_a_changed_format_never_sends_other_bytes_under_the_old_id(rig):
    receiver = rig.start_receiver(faults=["request 1: status 504"])
    lines = lines_with(rig, 10)
    daemon, config = run(rig, receiver, lines, on_unknown="resend", retry={"first": "1h", "cap": "1h"})
    wait_for(lambda: daemon.lines("batch_waiting"), "a batch in doubt")
    text = config.read_text()
    config.write_text(text.replace('"on_unknown"', '"allow_http": false, "on_unknown"').replace(
        '"schedule"', '"format": {"header": "first", "line_end": "crlf"}, "schedule"'))
    daemon.signal(signal.SIGHUP)
    wait_for(lambda: daemon.lines("reloaded"), "the new configuration")
    flush(daemon)
    wait_for(lambda: daemon.lines("batch_held"), "a held batch")
    assert told(daemon, "batch_held")[0]["word"] == "body_changed"
    assert len(receiver.requests()) == 1


def test_all_there_is_looked_up_and_its_receipt_adopted(rig):
    receiver = rig.start_receiver(faults=['request 1: accept-then 504',
                                          'request 2: refuse-report "All items in this submission are duplicates."'])
    lines = lines_with(rig, 10)
    run(rig, receiver, lines, on_unknown="lookup", lookup={"settle": "100ms", "gap": "100ms"})
    rig.wait_empty()
    assert len(receiver.accepted()) == 1
    assert_judged(rig, receiver, lines)


def test_a_refused_credential_is_read_anew_once(rig):
    secret = rig.folder / "key"
    secret.write_text("right")
    receiver = rig.start_receiver("receiver", "--key-file", secret)
    wrong = rig.folder / "mine"
    wrong.write_text("wrong")
    lines = lines_with(rig, 10)
    daemon, _ = run(rig, receiver, lines, auth={"type": "key", "header": "x-functions-key", "secret_file": str(wrong)})
    wait_for(lambda: daemon.lines("circuit"), "an open circuit")
    assert len(receiver.requests()) == 2 and told(daemon, "circuit")[0]["why"] == "auth"
    wrong.write_text("right")
    flush(daemon)
    rig.wait_empty()
    assert len(receiver.rows()) == 10


def test_what_a_late_read_left_under_a_batch_that_is_over_is_sent(rig):
    receiver = rig.start_receiver()
    lines = lines_with(rig, 2)
    daemon, _ = run(rig, receiver, lines[:1])
    rig.wait_empty()
    over = rig.redis.client.zrange(PREFIX + "done", 0, 0)[0].decode()
    rig.push(lines[1:])
    assert rig.redis.client.xreadgroup("elrelay", "b:" + over, {STREAM: ">"}, count=1)
    flush(daemon)
    rig.wait_empty()
    assert told(daemon, "strays_given_back")[0]["events"] == "1"
    assert_judged(rig, receiver, lines)


def test_bad_events_in_a_row_do_not_bar_the_good_ones(rig):
    """Whole groups of them are refused, and the circuit says so; it lets others have their turn."""
    receiver = rig.start_receiver(faults=['rows-with Patient_state=ZZ: refuse-report "no such thing"'])
    bad = [at for at in range(1, 17) if at % 4]
    lines = lines_with(rig, 16, bad, Patient_state="ZZ")
    daemon, _ = run(rig, receiver, lines, batch={"max_events": 4}, max_halves=100)
    good = [line for at, line in enumerate(lines, 1) if at not in bad]
    wait_for(lambda: len(receiver.rows()) == len(good), "the good ones")
    rig.push(lines_with(rig, 20)[16:])
    flush(daemon)
    rig.wait_empty()
    assert sorted(letter["event"] for letter in dead_letters(rig)) == sorted(lines[at - 1] for at in bad)
    assert len(receiver.rows()) == len(good) + 4


def test_what_was_taken_before_a_refusal_proves_nothing(rig):
    receiver = rig.start_receiver(faults=['request 1: refuse-report "no such thing"', 'from 3: refuse-report "no such thing"'])
    lines = lines_with(rig, 16)
    daemon, _ = run(rig, receiver, lines)
    wait_for(lambda: any(line["why"] == "all_refused" for line in told(daemon, "circuit")), "an open circuit")
    assert dead_letters(rig) == [] and len(receiver.rows()) + rig.redis.client.xlen(STREAM) == 16


@pytest.mark.parametrize("refusal", ['refuse-report "Resubmit as \'text/csv\'"', "status 403", "status 404"])
def test_a_batch_that_looks_like_a_broken_endpoint_does_not_bar_the_others(rig, refusal):
    receiver = rig.start_receiver(faults=[f"rows-with Patient_state=ZZ: {refusal}"])
    lines = lines_with(rig, 11, (1,), Patient_state="ZZ")
    daemon, config = run(rig, receiver, lines[:1])
    wait_for(lambda: told(daemon, "circuit"), "an open circuit")
    rig.push(lines[1:])
    flush(daemon)
    wait_for(lambda: len(receiver.rows()) == 10, "the other events")
    wait_for(lambda: rig.redis.client.zcard(PREFIX + "open") == 1, "all but one settled")
    assert dead_letters(rig) == []


def test_a_refusal_of_rows_splits_nothing_that_may_be_there(rig):
    receiver = rig.start_receiver("receiver", "--plain", "/lab", faults=[
        "request 1: accept-then 502", 'request 2: refuse-report "already received"'])
    lines = lines_with(rig, 4)
    daemon, _ = run(rig, receiver, lines, path="/lab", profile="plain")
    wait_for(lambda: daemon.lines("batch_held"), "a held batch")
    assert told(daemon, "batch_held")[0]["word"] == "rows_in_doubt"
    assert len(receiver.rows()) == 4 and len(receiver.requests()) == 2
