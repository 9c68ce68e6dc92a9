"""`elrelay report`: a day's counts, from receipts alone."""

import csv
import datetime
import io
import json
import signal

import pytest

from cli_rig import Cli
from relay_rig import rig_in_a_folder, wait_for
from test_trace import event

PREFIX = "elrelay:{covid}:"
DAY_MS = 86_400_000


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


def now_ms(rig):
    seconds, micros = rig.redis.client.time()
    return seconds * 1000 + micros // 1000


def day_of(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC).strftime("%Y-%m-%d")


class Day:
    """Receipts made by hand, in the middle of a day that is some days ago."""

    def __init__(self, rig, ago=3):
        self.client, self.number = rig.redis.client, 0
        self.begin = now_ms(rig) // DAY_MS * DAY_MS - ago * DAY_MS
        self.at, self.name = self.begin + 1000, day_of(self.begin)

    def batch(self, state, n, place="done", at=None, finished=None, **fields):
        self.number += 1
        at, name = at or self.at, f"0195f0a0-0000-7000-8000-{self.number:012}"
        self.client.hset(f"{PREFIX}batch:{name}", mapping={"state": state, "n": n, "since": at, **fields})
        self.client.zadd(PREFIX + place, {name: finished or at})


def deaths(reason, ms, count):
    return f"{reason} {ms} {ms}-0{''.join(f',-{n}' for n in range(1, count))}:".encode() + bytes(8 * count)


@pytest.fixture
def cli(rig):
    return Cli(rig, rig.route("http://127.0.0.1:9/", format={"tracking_id": "Result_ID"}))


def counts(route):
    """What is not nothing."""
    told = {word: value for word, value in route.items() if isinstance(value, dict) and any(value.values())}
    return {word: tuple(value.values()) if word != "dead_by_reason" else value for word, value in told.items()}


def test_each_outcome_counts_on_its_day(rig, cli):
    day = Day(rig)
    day.batch("accepted", 500, accepted=day.at, warnings=2, errors=1)
    day.batch("completed", 20, accepted=day.at)
    day.batch("accepted", 7, accepted=day.at, operator="me@here")
    day.batch("accepted", 100, accepted=day.begin - 1)
    day.batch("accepted", 100, at=day.begin + DAY_MS, accepted=day.begin + DAY_MS)
    day.batch("accepted", 3, accepted=day.begin)
    day.batch("accepted", 4, accepted=day.begin + DAY_MS - 1)
    late = day.begin + DAY_MS
    day.batch("split", 50, finished=late, there=5, dead=deaths("refused", day.at, 3) + deaths("gone", late, 2))
    day.batch("terminated", 6, dead=deaths("terminated", day.at, 6))
    day.batch("terminated", 0, dead=deaths("bom", day.at, 1))
    for state, n in (("held", 10), ("unknown", 11), ("sealed", 12), ("sending", 13), ("forming", 0), ("failed", 14)):
        day.batch(state, n, place="open")
    route, = cli.json("report", "--day", day.name)["routes"]
    assert counts(route) == {
        "accepted": (5, 534), "by_person": (1, 7), "warnings": (2,), "errors": (1,), "duplicates": (5,), "split": (1, 50),
        "terminated": (1, 6), "failed": (1, 14), "held": (1, 10), "unknown": (1, 11), "open": (2, 25),
        "dead_by_reason": {"refused": 3, "terminated": 6, "bom": 1}}
    assert (route["dead"], route["day"]) == (10, day.name)
    next_day, = cli.json("report", "--day", day_of(day.begin + DAY_MS))["routes"]
    assert counts(next_day) == {"accepted": (1, 100), "dead_by_reason": {"gone": 2}}


def test_csv_and_text_tell_the_same(rig, cli):
    day = Day(rig)
    day.batch("accepted", 1500, accepted=day.at)
    day.batch("split", 50, dead=deaths("refused", day.at, 3))
    rows = list(csv.DictReader(io.StringIO(cli.out("report", "--day", day.name, "--csv"))))
    assert {(row["outcome"], row["batches"], row["events"]) for row in rows if row["events"] != "0"} == {
        ("accepted", "1", "1500"), ("split", "1", "50"), ("dead", "", "3"), ("dead:refused", "", "3")}
    assert {(row["route"], row["day"]) for row in rows} == {("covid", day.name)}
    assert cli.out("report", "--day", day.name) == (
        f"covid, {day.name} (UTC):\n"
        "  accepted             1 batch, 1,500 events\n"
        "  split                1 batch, 50 events\n"
        "  set aside            3 events\n"
        "    refused            3\n")


def test_many_batches_are_counted_once_each(rig, cli):
    day = Day(rig)
    for _ in range(350):
        day.batch("accepted", 2, accepted=day.at)
        day.batch("held", 1, place="open")
    route, = cli.json("report", "--day", day.name)["routes"]
    assert counts(route) == {"accepted": (350, 700), "held": (350, 350)}


def test_one_in_both_lists_is_counted_once(rig, cli):
    day = Day(rig)
    day.batch("accepted", 2, accepted=day.at)
    done, = rig.redis.client.zrange(PREFIX + "done", 0, -1)
    rig.redis.client.zadd(PREFIX + "open", {done: day.at})
    assert counts(cli.json("report", "--day", day.name)["routes"][0]) == {"accepted": (1, 2)}


@pytest.mark.parametrize("args, told", [
    ([], "needs --day YYYY-MM-DD"), (["--day", "yesterday"], "a day that there is"), (["--day", "2026-02-30"], "a day that there is"),
    (["--day", "2026-1-1"], "a day that there is"), (["--day", ""], "a day that there is"),
    (["--day", "2026-02-01T00:00:00Z"], "a day that there is"), (["--day", "9000-01-01"], "in the future"),
    (["--day", "2026-02-01", "--csv", "--json"], "one of --csv and --json")])
def test_a_bad_day_is_an_error_that_says_what_is_wanted(cli, args, told):
    assert told in cli.err("report", *args, code=2)


def test_a_day_beyond_the_receipts_is_an_error(rig):
    cli = Cli(rig, rig.route("http://127.0.0.1:9/", receipts={"keep": "48h"}))
    now = now_ms(rig)
    assert "keeps receipts for 2d" in cli.err("report", "--day", day_of(now - 4 * DAY_MS), code=1)
    cli.out("report", "--day", day_of(now - 2 * DAY_MS))


def test_a_run_is_counted_as_it_went(rig):
    receiver = rig.start_receiver(faults=["rows-with Fate=refuse: refuse-rows"])
    cli = Cli(rig, rig.route(receiver.url(), batch={"max_events": 10}, format={"tracking_id": "Result_ID"}))
    daemon = rig.start(cli.config)
    days = {day_of(now_ms(rig))}
    rig.push([event(f"R{number}", **({"Fate": "refuse"} if number % 10 == 0 else {})) for number in range(100)])
    rig.push([b"not json"] * 3)
    daemon.signal(signal.SIGUSR1)
    rig.wait_empty()
    wait_for(lambda: len(rig.dead()) == 13, "thirteen dead letters")
    cli("dead", "drop", "--all", "--route", "covid", "--note", "test data")
    days.add(day_of(now_ms(rig)))  # where it is midnight just now
    routes = [cli.json("report", "--day", day)["routes"][0] for day in days]
    assert sum(route["accepted"]["events"] for route in routes) == 90
    assert sum(route["split"]["batches"] for route in routes) == 10
    assert sum(route["dead"] for route in routes) == 13
    assert sum(route["dead_by_reason"].get("refused", 0) for route in routes) == 10


@pytest.mark.parametrize("form", [[], ["--csv"], ["--json"]], ids=["text", "csv", "json"])
def test_a_route_that_keeps_its_receipts_for_less_is_left_out(rig, form):
    """As one that forwards exceptions, for a day: the others are told of all the same."""
    short = rig.route("http://127.0.0.1:9/", name="short", receipts={"keep": "1d"})
    cli, day = Cli(rig, rig.route("http://127.0.0.1:9/"), short), day_of(now_ms(rig) - 5 * DAY_MS)
    done = rig.run("report", "--day", day, *form, "--config", cli.config)
    said = "route short keeps receipts for 1d (receipts.keep): it has none of " + day
    assert done.stderr.decode() == said + "\n"
    assert b"covid" in done.stdout and b"short" not in done.stdout
    if form == ["--json"]:
        assert [route["route"] for route in json.loads(done.stdout)["routes"]] == ["covid"]
    assert said in cli.err("report", "--day", day, *form, "--route", "short", code=1)


def test_where_all_routes_keep_their_receipts_for_less_that_is_an_error(rig):
    routes = [rig.route("http://127.0.0.1:9/", name=name, receipts={"keep": "1d"}) for name in ("one", "two")]
    day = day_of(now_ms(rig) - 5 * DAY_MS)
    assert f"no route has receipts of {day}" in Cli(rig, *routes).err("report", "--day", day, code=1)
