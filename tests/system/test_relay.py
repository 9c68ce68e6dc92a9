"""The main job end to end: a real Redis, a real endpoint, the real daemon."""

import json
import os
import signal
import socket
import time

import pytest

from relay_rig import PATIENCE, ROOT, assert_exactly_once, free_port, rig_in_a_folder, wait_for


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


def test_ten_thousand_events_from_two_kinds_of_producers_arrive_once(rig):
    receiver = rig.start_receiver()
    config = rig.config(rig.route(receiver.url(), queue={"inbox": "test-events"}))
    lines = rig.events(10_000, "--seed", 7)
    rig.push(lines[0::2])
    for from_ in range(0, 5_000, 500):
        rig.redis.client.rpush("test-events", *lines[1::2][from_:from_ + 500])
    daemon = rig.start(config)
    rig.wait_empty(inbox="test-events")
    assert_exactly_once(receiver.rows(), lines)
    assert len(receiver.requests()) == len(receiver.accepted()) == 20
    assert not rig.dead()
    assert daemon.stop() == 0


def test_events_that_cannot_be_converted_are_set_aside_byte_for_byte(rig):
    receiver = rig.start_receiver()
    bad = [b'{"a":01}', b'{"a":"\\u0000"}', b"[1]", b'{"a":9007199254740993}', b'{"a":"x', b"\xff\x00"]
    good = rig.events(20, "--seed", 3)
    rig.push(bad[:3] + good + bad[3:])
    rig.redis.client.xadd("elrelay:{covid}:events", {"other": "shape", "event": "{}"})
    rig.start(rig.config(rig.route(receiver.url())))
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), good)
    dead = [fields for _, fields in rig.dead()]
    assert [fields[b"event"] for fields in dead] == [*bad, b"{}"]
    assert [fields[b"reason"].decode() for fields in dead] == [
        "not_json", "nul_character", "not_object", "number_too_large", "not_json", "not_utf8", "no_event"]


def test_a_refused_port_keeps_everything_until_it_opens(rig):
    port = free_port()
    lines = rig.events(50, "--seed", 5)
    rig.push(lines)
    daemon = rig.start(rig.config(rig.route(f"http://127.0.0.1:{port}/api/reports?processing=async")))
    wait_for(lambda: len(daemon.lines("batch_waiting")) > 2, "some tries")
    assert rig.redis.client.xlen("elrelay:{covid}:events") == 50
    receiver = rig.start_receiver(port=port)
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), lines)
    assert len(receiver.requests()) == 1


def test_an_endpoint_that_fails_gets_the_same_bytes_under_the_same_id(rig):
    receiver = rig.start_receiver(faults=["requests 1-3: status 503"])
    lines = rig.events(50, "--seed", 5)
    rig.push(lines)
    rig.start(rig.config(rig.route(receiver.url())))
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), lines)
    headers = [{name.lower(): value for name, value in row["headers"].items()} for row in receiver.requests()]
    assert len(headers) == 4
    assert len({row["idempotency-key"] for row in headers}) == 1
    assert len({row["payloadname"] for row in headers}) == 1
    assert {row["content-type"] for row in headers} == {"text/csv"}
    assert not any("expect" in row or "transfer-encoding" in row for row in headers)


def test_redis_restarted_in_the_middle_loses_nothing(rig):
    receiver = rig.start_receiver(faults=["every 1: delay 100ms"])
    lines = rig.events(2_000, "--seed", 11)
    rig.push(lines)
    daemon = rig.start(rig.config(rig.route(receiver.url(), batch={"max_events": 100})))
    for want in (3, 8, 13):
        wait_for(lambda: len(receiver.accepted()) >= want, f"{want} batches")
        rig.redis.restart()
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), lines)
    assert len(daemon.lines("redis_up")) >= 4


def test_sigterm_in_the_middle_of_a_post_settles_it_first(rig):
    receiver = rig.start_receiver(faults=["every 1: delay 1s"])
    lines = rig.events(300, "--seed", 13)
    rig.push(lines)
    daemon = rig.start(rig.config(rig.route(receiver.url(), batch={"max_events": 100})))
    wait_for(lambda: len(daemon.lines("batch_sealed")) == 2, "a batch on the wire, and the next one ready")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    accepted = receiver.accepted()
    assert len(accepted) == 1
    assert rig.redis.client.xlen("elrelay:{covid}:events") == 200
    assert rig.redis.client.xpending("elrelay:{covid}:events", "elrelay")["pending"] == 100
    assert not rig.redis.client.exists("elrelay:{covid}:hb:one")


def test_on_stop_drain_sends_what_is_queued(rig):
    receiver = rig.start_receiver()
    daemon = rig.start(rig.config(rig.route(receiver.url(), batch={"max_events": 100}), on_stop="drain"))
    wait_for(lambda: daemon.lines("cycle_done"), "the first tick")
    lines = rig.events(450, "--seed", 17)
    rig.push(lines)
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    assert rig.queue_is_empty()
    assert_exactly_once(receiver.rows(), lines)


def test_a_daemon_killed_in_a_post_goes_on_under_the_same_id(rig):
    receiver = rig.start_receiver(faults=["request 1: hang 600s"])
    lines = rig.events(100, "--seed", 19)
    rig.push(lines)
    config = rig.config(rig.route(receiver.url()))
    daemon = rig.start(config)
    wait_for(lambda: rig.redis.client.zcard("elrelay:{covid}:open") == 1, "an open batch")
    batch = rig.redis.client.zrange("elrelay:{covid}:open", 0, 0)[0].decode()
    wait_for(lambda: rig.redis.client.hget(f"elrelay:{{covid}}:batch:{batch}", "state") == b"sending", "the mark")
    daemon.kill()
    rig.start(config)
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), lines)
    assert [entry["payload_name"] for entry in receiver.accepted()] == [batch]


@pytest.mark.parametrize("state", ["forming", "sealed"])
def test_what_a_killed_daemon_had_leased_is_taken_up_again(rig, state):
    port = free_port()
    lines = rig.events(100, "--seed", 23)
    rig.push(lines)
    config = rig.config(rig.route(f"http://127.0.0.1:{port}/api/reports?processing=async"))
    daemon = rig.start(config)
    wait_for(lambda: daemon.lines("batch_waiting"), "a batch that waits")
    daemon.kill()
    if state == "forming":  # as a kill before the seal leaves it
        batch = rig.redis.client.zrange("elrelay:{covid}:open", 0, 0)[0].decode()
        rig.redis.client.hset(f"elrelay:{{covid}}:batch:{batch}", mapping={"state": "forming", "attempts": 0})
        rig.redis.client.zadd("elrelay:{covid}:open", {batch: 0})
    receiver = rig.start_receiver(port=port)
    rig.start(config)
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), lines)


def test_a_route_whose_endpoint_hangs_does_not_slow_the_other(rig):
    slow = rig.start_receiver("slow", faults=["every 1: hang 600s"])
    quick = rig.start_receiver("quick")
    lines = rig.events(1_000, "--seed", 29)
    daemon = rig.start(rig.config(rig.route(slow.url(), name="slow"), rig.route(quick.url(), name="quick"),
                                  stop_grace="1s"))
    rig.push(lines[:100], "slow")
    rig.push(lines[100:], "quick")
    daemon.signal(signal.SIGUSR1)
    rig.wait_empty("quick")
    assert_exactly_once(quick.rows(), lines[100:])
    assert rig.redis.client.xlen("elrelay:{slow}:events") == 100
    before = time.monotonic()
    daemon.signal(signal.SIGUSR2)
    wait_for(lambda: len(daemon.lines("status")) == 2, "the status of both routes")
    assert time.monotonic() - before < 10  # the loop is not held up; the bound is 0.1 s
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    assert rig.redis.client.hget(
        "elrelay:{slow}:batch:" + rig.redis.client.zrange("elrelay:{slow}:open", 0, 0)[0].decode(), "state") == b"sending"


def test_a_reload_holds_from_the_next_batch_on(rig):
    receiver = rig.start_receiver()
    config = rig.config(rig.route(receiver.url()))
    daemon = rig.start(config)
    wait_for(lambda: daemon.lines("cycle_done"), "the first tick")
    rig.config(rig.route(receiver.url(), batch={"max_events": 10}))
    daemon.signal(signal.SIGHUP)
    wait_for(lambda: daemon.lines("reloaded"), "the reload")
    rig.push(rig.events(100, "--seed", 31))
    daemon.signal(signal.SIGUSR1)
    rig.wait_empty()
    assert [entry["rows"] for entry in receiver.accepted()] == [10] * 10


def test_a_reload_adds_and_removes_routes(rig):
    receiver = rig.start_receiver()
    rig.config(rig.route(receiver.url(), name="old"), rig.route(receiver.url(), name="covid"))
    daemon = rig.start(rig.folder / "elrelay.yaml")
    wait_for(lambda: len(daemon.lines("cycle_done")) == 2, "the first ticks")
    rig.push(rig.events(10, "--seed", 97), "old")
    config = rig.config(rig.route(receiver.url(), name="new"), rig.route(receiver.url(), queue={"inbox": "box"}))
    daemon.signal(signal.SIGHUP)
    wait_for(lambda: "route_ready route=new" in daemon.text(), "the new route")
    lines = rig.events(60, "--seed", 101)
    rig.push(lines[:30], "new")
    for line in lines[30:]:
        rig.redis.client.rpush("box", line)
    rig.run("flush", "--config", config)
    assert rig.queue_is_empty("new") and rig.queue_is_empty(inbox="box")
    assert_exactly_once(receiver.rows(), lines)
    assert rig.redis.client.xlen("elrelay:{old}:events") == 10
    assert not rig.redis.client.exists("elrelay:{old}:hb:one")
    assert daemon.stop() == 0


def test_a_reload_that_adds_a_route_settles_the_post_on_the_wire_first(rig):
    receiver = rig.start_receiver(faults=["request 1: delay 1s"])
    rig.config(rig.route(receiver.url()), stop_grace="100ms")
    lines = rig.events(10, "--seed", 103)
    rig.push(lines)
    daemon = rig.start(rig.folder / "elrelay.yaml")
    wait_for(lambda: daemon.lines("batch_sealed"), "a batch on the wire")
    rig.config(rig.route(receiver.url()), rig.route(receiver.url(), name="new"))
    daemon.signal(signal.SIGHUP)
    wait_for(lambda: "route_ready route=new" in daemon.text(), "the new route")
    assert rig.queue_is_empty()
    assert_exactly_once(receiver.rows(), lines)
    assert len(receiver.requests()) == 1


def test_a_stop_ends_a_reload_that_waits(rig):
    receiver = rig.start_receiver(faults=["request 1: hang 600s"])
    rig.config(rig.route(receiver.url()), stop_grace="100ms")
    rig.push(rig.events(10, "--seed", 107))
    daemon = rig.start(rig.folder / "elrelay.yaml")
    wait_for(lambda: receiver.requests() or daemon.lines("batch_sealed"), "a batch on the wire")
    rig.config(rig.route(receiver.url()), rig.route(receiver.url(), name="new"))
    daemon.signal(signal.SIGHUP)
    wait_for(lambda: daemon.lines("resting"), "the rest")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    assert "route_ready route=new" not in daemon.text()


def test_a_reload_says_what_needs_a_restart(rig):
    receiver = rig.start_receiver()
    daemon = rig.start(rig.config(rig.route(receiver.url())))
    rig.config(rig.route(receiver.url()), instance="two")
    daemon.signal(signal.SIGHUP)
    wait_for(lambda: daemon.lines("reloaded"), "the reload")
    assert "setting=instance" in daemon.lines("reload_needs_restart")[0]
    assert rig.redis.client.exists("elrelay:{covid}:hb:one")


def test_a_bad_file_keeps_the_old_configuration_whole(rig):
    receiver = rig.start_receiver()
    config = rig.config(rig.route(receiver.url()))
    daemon = rig.start(config)
    wait_for(lambda: daemon.lines("cycle_done"), "the first tick")
    rig.config(rig.route(receiver.url(), batch={"max_event": 10}))
    daemon.signal(signal.SIGHUP)
    refused = wait_for(lambda: daemon.lines("reload_refused"), "the refusal")
    assert "did you mean max_events" in refused[0]
    rig.push(rig.events(100, "--seed", 31))
    daemon.signal(signal.SIGUSR1)
    rig.wait_empty()
    assert [entry["rows"] for entry in receiver.accepted()] == [100]


def test_a_reload_mends_the_endpoint_of_a_batch_that_waits(rig):
    receiver = rig.start_receiver()
    port = free_port()
    lines = rig.events(100, "--seed", 37)
    rig.push(lines)
    daemon = rig.start(rig.config(rig.route(f"http://127.0.0.1:{port}/api/reports")))
    wait_for(lambda: daemon.lines("batch_waiting"), "a batch that waits")
    rig.config(rig.route(receiver.url()))
    daemon.signal(signal.SIGHUP)
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), lines)


def test_pause_survives_a_restart_and_resume_sends(rig):
    receiver = rig.start_receiver()
    config = rig.config(rig.route(receiver.url()))
    rig.run("pause", "--config", config)
    lines = rig.events(20, "--seed", 41)
    rig.push(lines)
    daemon = rig.start(config)
    wait_for(lambda: daemon.lines("cycle_done"), "a tick")
    assert daemon.stop() == 0
    daemon = rig.start(config)
    wait_for(lambda: daemon.lines("cycle_done"), "the first tick")  # it would do for a flush that comes before it
    daemon.signal(signal.SIGUSR1)
    wait_for(lambda: len(daemon.lines("cycle_done")) > 1, "a flush")
    assert rig.redis.client.xlen("elrelay:{covid}:events") == 20
    rig.run("resume", "--config", config)
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), lines)


def test_flush_waits_for_the_live_daemon_and_tells_the_outcome(rig):
    receiver = rig.start_receiver()
    config = rig.config(rig.route(receiver.url()))
    daemon = rig.start(config)
    wait_for(lambda: daemon.lines("cycle_done"), "the first tick")
    lines = rig.events(1_000, "--seed", 43)
    rig.push(lines)
    done = rig.run("flush", "--config", config, "--json")
    assert rig.queue_is_empty()
    assert_exactly_once(receiver.rows(), lines)
    assert b"1000" in done.stdout
    assert len(daemon.lines("message")) == 1


def test_flush_without_a_daemon_runs_the_cycle_itself(rig):
    receiver = rig.start_receiver()
    config = rig.config(rig.route(receiver.url()))
    lines = rig.events(700, "--seed", 47)
    rig.push(lines)
    rig.run("flush", "--config", config)
    assert rig.queue_is_empty()
    assert_exactly_once(receiver.rows(), lines)
    assert rig.redis.client.hlen("elrelay:{covid}:instances") == 0


def test_flush_without_a_daemon_waits_for_each_route(rig):
    receiver = rig.start_receiver(faults=["every 1: delay 400ms"])
    slow = rig.route(receiver.url(), name="slow", batch={"max_events": 5})
    down = rig.route(f"http://127.0.0.1:{free_port()}/api/reports?processing=async", name="down")
    lines = rig.events(40, "--seed", 53)
    rig.push(lines, "slow")
    rig.push(lines, "down")
    rig.run("flush", "--config", rig.config(slow, down), code=5)
    assert_exactly_once(receiver.rows(), lines)
    assert rig.redis.client.xlen("elrelay:{down}:events") == 40


def test_flush_tells_by_its_exit_code_that_the_endpoint_refused(rig):
    receiver = rig.start_receiver(faults=["every 1: status 401"])
    config = rig.config(rig.route(receiver.url()))
    rig.push(rig.events(10, "--seed", 53))
    rig.run("flush", "--config", config, code=5)
    assert rig.redis.client.xlen("elrelay:{covid}:events") == 10


def test_few_events_wait_for_the_minimum_or_for_max_wait(rig):
    receiver = rig.start_receiver()
    rig.push(rig.events(3, "--seed", 59))
    daemon = rig.start(rig.config(rig.route(receiver.url(), batch={"min_events": 10, "max_wait": "2s"})))
    wait_for(lambda: daemon.lines("cycle_done"), "the first tick")
    assert rig.redis.client.xpending("elrelay:{covid}:events", "elrelay")["pending"] == 0
    rig.wait_empty()
    assert [entry["rows"] for entry in receiver.accepted()] == [3]


def test_a_full_redis_drains_to_zero(rig):
    receiver = rig.start_receiver()
    lines = rig.events(1_000, "--seed", 61)
    rig.push(lines[:500])
    for line in lines[500:]:
        rig.redis.client.rpush("test-events", line)
    rig.redis.client.config_set("maxmemory", 1_000_000)
    with pytest.raises(Exception, match="OOM|maxmemory"):
        rig.redis.client.xadd("elrelay:{covid}:events", {"event": "{}"})
    daemon = rig.start(rig.config(rig.route(receiver.url(), queue={"inbox": "test-events"})))
    wait_for(lambda: daemon.lines("cycle_done"), "the end of the cycle")
    rig.redis.client.config_set("maxmemory", 0)  # a transaction of the checker would be refused
    rig.wait_empty(inbox="test-events")
    assert_exactly_once(receiver.rows(), lines)


def test_a_name_whose_owner_was_killed_is_waited_for(rig):
    config = rig.config(rig.route(f"http://127.0.0.1:{free_port()}/api/reports?processing=async"))
    rig.start(config).kill()
    second = rig.start(config)
    assert second.lines("instance_name_taken")
    assert second.stop() == 0


def test_a_daemon_whose_name_was_taken_while_it_ran_comes_back(rig):
    daemon = rig.start(rig.config(rig.route(f"http://127.0.0.1:{free_port()}/api/reports?processing=async")))
    rig.redis.client.set("elrelay:{covid}:hb:one", "0" * 32, px=600)
    wait_for(lambda: daemon.lines("instance_name_taken"), "the other one is seen")
    wait_for(lambda: len(daemon.lines("route_ready")) == 2, "a second start")
    assert daemon.stop() == 0


def test_a_stop_settles_a_post_while_another_route_backs_off(rig):
    slow = rig.start_receiver("slow", faults=["every 1: delay 1500ms"])
    route_down = rig.route(f"http://127.0.0.1:{free_port()}/", name="down")
    daemon = rig.start(rig.config(route_down, rig.route(slow.url(), name="slow")))
    rig.push(rig.events(10, "--seed", 71), "down")
    rig.push(rig.events(10, "--seed", 73), "slow")
    daemon.signal(signal.SIGUSR1)
    wait_for(lambda: slow.requests() or "batch_sealed route=slow" in daemon.text(), "a batch on the wire")
    wait_for(lambda: "batch_waiting route=down" in daemon.text(), "a batch that backs off")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    assert not daemon.lines("stop_grace_over")
    assert rig.queue_is_empty("slow")
    assert rig.redis.client.xlen("elrelay:{down}:events") == 10


def test_a_batch_that_lost_its_ids_does_not_block_its_route(rig):
    port = free_port()
    rig.push(rig.events(10, "--seed", 79))
    daemon = rig.start(rig.config(rig.route(f"http://127.0.0.1:{port}/api/reports")))
    wait_for(lambda: daemon.lines("batch_waiting"), "a batch that waits")
    daemon.kill()
    client, batch = rig.redis.client, rig.redis.client.zrange("elrelay:{covid}:open", 0, 0)[0].decode()
    client.hset(f"elrelay:{{covid}}:batch:{batch}", "state", "accepted")
    client.hdel(f"elrelay:{{covid}}:batch:{batch}", "ids:0")
    receiver = rig.start_receiver(port=port)
    lines = rig.events(20, "--seed", 83)
    rig.push(lines)
    daemon = rig.start(rig.config(rig.route(receiver.url())))
    wait_for(lambda: len(receiver.accepted()) == 1, "the other events")
    assert_exactly_once(receiver.rows(), lines)
    assert len(daemon.lines("door_closed")) == 3
    wait_for(lambda: client.zrange("elrelay:{covid}:open", 0, -1) == [batch.encode()], "the drain")


def test_a_flush_takes_over_what_a_killed_daemon_left(rig):
    port = free_port()
    lines = rig.events(10, "--seed", 89)
    rig.push(lines)
    config = rig.config(rig.route(f"http://127.0.0.1:{port}/api/reports"))
    daemon = rig.start(config)
    wait_for(lambda: daemon.lines("batch_waiting"), "a batch that waits")
    daemon.kill()
    receiver = rig.start_receiver(port=port)
    wait_for(lambda: not rig.redis.client.exists("elrelay:{covid}:hb:one"), "the end of its heartbeat")
    rig.run("flush", "--config", config)
    assert rig.queue_is_empty()
    assert_exactly_once(receiver.rows(), lines)


def test_a_control_key_of_another_type_is_refused_by_name(rig):
    rig.redis.client.set("elrelay:{covid}:control", "x")
    daemon = rig.start(rig.config(rig.route("http://127.0.0.1:1/")), ready=False)
    refused = wait_for(lambda: daemon.lines("queue_unusable"), "the refusal")
    assert "elrelay:{covid}:control" in refused[0]
    assert daemon.wait() == 4


def test_what_a_stopped_daemon_left_is_taken_over_at_once(rig):
    port = free_port()
    lines = rig.events(10, "--seed", 127)
    rig.push(lines)
    route = rig.route(f"http://127.0.0.1:{port}/api/reports")
    daemon = rig.start(rig.config(route, heartbeat={"every": "10s", "life": "10m"}))
    wait_for(lambda: daemon.lines("batch_waiting"), "a batch that waits")
    assert daemon.stop() == 0
    receiver = rig.start_receiver(port=port)
    rig.run("flush", "--config", rig.config(route, instance="two", heartbeat={"every": "10s", "life": "10m"}))
    assert rig.queue_is_empty()
    assert_exactly_once(receiver.rows(), lines)
    assert len(receiver.requests()) == 1


def test_a_secret_file_that_cannot_be_used_is_refused_at_start(rig):
    secret = rig.folder / "key"
    secret.write_text("\n")
    route = rig.route("http://127.0.0.1:1/", endpoint={"auth": {"type": "bearer", "secret_file": str(secret)}})
    for word in ("run", "check"):
        said = rig.run(word, "--config", rig.config(route), code=3).stderr.decode()
        assert "routes[0].endpoint.auth.secret_file: " in said and said.endswith("/key is empty\n")


def test_the_same_name_twice_is_refused(rig):
    receiver = rig.start_receiver()
    config = rig.config(rig.route(receiver.url()))
    rig.start(config)
    second = rig.start(config, ready=False)
    assert second.wait() == 3
    assert second.lines("instance_name_taken")
    assert "its own name" in second.text()


def test_the_log_shows_no_byte_of_an_event_or_a_secret(rig):
    secret = rig.folder / "key"
    secret.write_text("SECRET-CANARY\n")
    receiver = rig.start_receiver(faults=["request 1: status 500", "request 2: refuse-rows 1"])
    lines = [json.dumps({"Result_ID": f"CANARY{i}", "Patient_last_name": "CANARY", "CANARY": "CANARY"}).encode()
             for i in range(20)] + [b'{"Patient_last_name":"CANARY","x":01}']
    rig.push(lines)
    route = rig.route(receiver.url(), endpoint={"auth": {"type": "key", "header": "x-functions-key",
                                                         "secret_file": str(secret)}})
    config = rig.config(route)
    daemon = rig.start(config)
    rig.wait_empty()
    shown = daemon.text() + "".join(
        rig.run(*command, "--config", config).stdout.decode()
        for command in (("status",), ("status", "--json"), ("dead", "list"), ("check",)))
    with open(f"/proc/{daemon.popen.pid}/cmdline") as file:
        shown += file.read()
    assert "batch_accepted" in shown and "CANARY" not in shown


def test_the_daemon_starts_without_redis_and_finds_it_later(rig):
    receiver = rig.start_receiver()
    lines = rig.events(10, "--seed", 67)
    rig.push(lines)
    rig.redis.process.stop()
    daemon = rig.start(rig.config(rig.route(receiver.url())), ready=False)
    wait_for(lambda: len(daemon.lines("redis_down")) > 2, "some tries")
    rig.redis.start()
    rig.wait_empty()
    assert_exactly_once(receiver.rows(), lines)


@pytest.mark.parametrize("word", ["run", "flush"])
def test_rediss_is_refused_where_the_build_cannot_speak_it(rig, word):
    if b"hiredis  0." not in rig.run("version").stdout:
        pytest.skip("this hiredis speaks TLS")
    config = rig.config(rig.route("http://127.0.0.1:1/"), redis={"url": "rediss://127.0.0.1:1/0"})
    done = rig.run(word, "--config", config, code=3)
    assert b"TLS" in done.stderr


def test_the_shipped_example_is_what_this_test_thinks(rig):
    done = rig.run("check", "--config", ROOT / "config/elrelay.yaml")
    assert b"routes[0].name" in done.stdout


def test_one_timer_serves_heartbeat_and_watchdog(rig):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(rig.folder / "notify"))
        manager.settimeout(PATIENCE)
        config = rig.config(rig.route("http://127.0.0.1:9/"), heartbeat={"every": "1s", "life": "30s"})
        rig.start(config, env={**os.environ, "NOTIFY_SOCKET": str(rig.folder / "notify"), "WATCHDOG_USEC": "500000"})

        def scripts_called(signs):
            while signs:
                signs -= manager.recv(4096) == b"WATCHDOG=1"
            return rig.redis.client.info("commandstats")["cmdstat_evalsha"]["calls"]
        before = scripts_called(4)
        assert scripts_called(8) - before in (1, 2, 3)  # four signs of life a heartbeat


def test_an_open_circuit_is_seen_by_others_until_it_closes(rig):
    receiver = rig.start_receiver(faults=["until 2: status 401"])
    rig.push(rig.events(3, "--seed", 61))
    daemon = rig.start(rig.config(rig.route(receiver.url(), endpoint={"retry": {"first": "1h", "cap": "1h"}})))
    state = lambda: rig.redis.client.hget("elrelay:{covid}:state", "circuit:one")
    assert wait_for(state, "a circuit that is noted").startswith(b"open auth ")
    daemon.signal(signal.SIGUSR1)
    rig.wait_empty()
    wait_for(lambda: state() is None, "a circuit that is closed")
    assert len(receiver.accepted()) == 1
