"""The bench: its arithmetic, and that it runs, as far as no package beyond the tests' own is needed."""

import json
import subprocess
import sys

import pytest
from relay_rig import BUILD, ROOT

sys.path.insert(0, str(ROOT / "bench"))
import figures  # noqa: E402
import rig  # noqa: E402
import run  # noqa: E402

CASE = figures.Case(events=1000, batch=500, latency=0, in_flight=1)

pytestmark = pytest.mark.skipif("asan" in BUILD.name, reason="a sanitizer's times are its own")


def ran(seconds, cpu_s, sink_cpu_s=0.01):
    return {"seconds": seconds, "cpu_s": cpu_s, "redis_cpu_s": 0.02, "sink_cpu_s": sink_cpu_s, "peak_kb": 2048}


def rounds(*elrelay_seconds, python=2.0):
    return [{"elrelay": ran(seconds, seconds), "python": ran(python, python)} for seconds in elrelay_seconds]


def test_a_case_is_read():
    assert figures.case_of("10k/500/20/4") == figures.Case(10_000, 500, 20, 4)
    assert figures.case_of("1M/2k/0/1") == figures.Case(1_000_000, 2000, 0, 1)


def test_shards_are_held_against_one(capsys):
    runs = [{1: {**ran(2, 1), "nodes_cpu_s": [0, 4, 0]}, 3: {**ran(1, 1), "nodes_cpu_s": [1, 2, 1]}},
            {1: {**ran(3, 1), "nodes_cpu_s": [0, 2, 0]}, 3: {**ran(3, 1), "nodes_cpu_s": [1, 2, 1]}}]
    found = figures.shards_summary(CASE, runs)
    assert found[1]["nodes"] == [0, 1, 0] and found[3]["nodes"] == [0.25, 0.5, 0.25]
    assert found[3]["ratio"] == {"median": 1.5, "least": 1, "most": 2}
    lines = list(figures.shards_table(CASE, found, 2))
    assert "3 nodes" in lines[0] and lines[3].startswith("3 ") and "1.50 (1.00-2.00)" in lines[3] and "50%" in lines[3]


def test_more_instances_are_held_against_one():
    runs = [{"one": ran(4, 1), "4 instances": ran(1, 2)}, {"one": ran(4, 1), "4 instances": ran(2, 2)}]
    found = figures.scale_summary(CASE, runs)
    assert found["4 instances"]["ratio"] == {"median": 3, "least": 2, "most": 4}
    assert found["4 instances"]["cpu_us"]["median"] == 2000 and found["one"]["redis_share"]["median"] == 0.005
    lines = list(figures.scale_table(CASE, found, 2))
    assert lines[2].startswith("one ") and "3.00 (2.00-4.00)" in lines[3] and lines[3].endswith(" 50,000")


@pytest.mark.parametrize("turns", ["--shards", "--instances"])
def test_queues_have_the_same_work_or_are_refused(monkeypatch, turns):
    monkeypatch.setattr(sys, "argv", ["run.py", turns, "--case", "10k/500/0/1"])
    with pytest.raises(SystemExit):
        run.read_args()


@pytest.mark.parametrize("text", ["10k/500/0", "10k/300/0/1", "10k/500/0/0", "10k/0/0/1", "0/500/0/1", "much/500/0/1"])
def test_a_case_that_is_none_is_refused(text):
    with pytest.raises(ValueError):
        figures.case_of(text)


def test_ratios_are_made_within_a_round():
    found = figures.summary(CASE, [{"elrelay": ran(1, 1), "python": ran(4, 8)}, {"elrelay": ran(3, 1), "python": ran(6, 2)},
                                   {"elrelay": ran(1, 1), "python": ran(3, 3)}])
    assert found["python"]["ratio_events_per_s"] == {"median": 3, "least": 2, "most": 4}
    assert found["python"]["ratio_events_per_cpu_s"] == {"median": 3, "least": 2, "most": 8}
    assert found["elrelay"]["events_per_s"] == {"median": 1000, "least": 1000 / 3, "most": 1000}
    assert found["elrelay"]["peak_mb"]["median"] == 2
    assert found["elrelay"]["redis_us"]["median"] == pytest.approx(20)
    assert "ratio_events_per_s" not in found["elrelay"]


def test_one_good_pair_is_enough_not_to_complain():
    assert figures.complaints(CASE, figures.summary(CASE, rounds(2, 2, 2, 2, 0.5)), 5) == []


def test_all_pairs_below_the_guard_are_told():
    said = figures.complaints(CASE, figures.summary(CASE, rounds(2, 2, 2, 2, 1.9)), 5)
    assert len(said) == 2 and all("python" in line and "every pair" in line for line in said)


def test_a_case_that_has_no_limits_is_not_judged():
    slow = CASE._replace(latency=20)
    assert figures.complaints(slow, figures.summary(slow, rounds(2, 2, 2, 2, 1.9)), 5) == []


@pytest.mark.parametrize("args, said", [(("--only", "elrelay,nobody"), "--only: nobody: no such contestant"),
                                        (("--only", "before"), "(before needs --before)"),
                                        (("--before", "/nowhere"), "--before: no elrelay in /nowhere"),
                                        (("--case", "10k/500"), "want EVENTS/BATCH/LATENCY/IN_FLIGHT")])
def test_what_cannot_be_run_is_told(monkeypatch, capsys, args, said):
    monkeypatch.setattr(sys, "argv", ["run.py", "--build", str(BUILD), *args])
    with pytest.raises(SystemExit):
        run.read_args()
    assert said in capsys.readouterr().err


def test_few_pairs_tell_nothing():
    assert figures.complaints(CASE, figures.summary(CASE, rounds(2, 2, 2, 2)), 4) == []


def test_an_endpoint_that_was_measured_itself_is_told():
    busy = [{"elrelay": ran(1, 1, sink_cpu_s=0.6)}]
    assert figures.complaints(CASE, figures.summary(CASE, busy), 1) == [
        "elrelay: the endpoint used 60% of a core: it was measured itself"]


def test_it_runs(tmp_path):
    out = tmp_path / "bench.json"
    done = subprocess.run(["/usr/bin/python3", str(ROOT / "bench/run.py"), "--build", str(BUILD), "--case", "200/100/20/2",
                           "--rounds", "1", "--only", "elrelay,floor,bare", "--json", str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "all 3 send the CSV that elrelay convert gives" in done.stdout
    told = json.loads(out.read_text())
    (case,) = told["cases"]
    assert set(case["rounds"][0]) == {"elrelay", "floor", "bare"}
    for run in case["rounds"][0].values():
        assert run["posts"] == 2 and run["seconds"] > 0.02 and run["cpu_s"] > 0 and run["peak_kb"] > 1000


def test_shards_spread_the_work_of_redis_evenly(tmp_path):
    out = tmp_path / "bench.json"
    done = subprocess.run(["/usr/bin/python3", str(ROOT / "bench/run.py"), "--build", str(BUILD), "--shards", "--case",
                           "6k/100/0/1", "--rounds", "1", "--json", str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (case,) = json.loads(out.read_text())["cases"]
    one, three = (case["summary"][shards]["nodes"] for shards in "13")
    assert max(one) > 0.8, "one node does it all"
    assert min(three) > 0.2 and max(three) < 0.5, "each a third"


def test_all_instances_and_all_routes_have_a_share(tmp_path):
    out = tmp_path / "bench.json"
    done = subprocess.run(["/usr/bin/python3", str(ROOT / "bench/run.py"), "--build", str(BUILD), "--instances", "--case",
                           "320/10/200/1", "--rounds", "1", "--json", str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (case,) = json.loads(out.read_text())["cases"]
    assert list(case["summary"]) == ["one", "2 instances", "4 instances", "4 routes", "16 routes"]
    assert min(run["posts"] for run in case["rounds"][0].values()) == 32
    assert case["summary"]["4 instances"]["ratio"]["median"] > 1.5 and case["summary"]["16 routes"]["ratio"]["median"] > 3


@pytest.mark.parametrize("guard", [0, 1e9])
def test_small_ends_with_1_where_a_ratio_has_left_the_noise(tmp_path, monkeypatch, guard):
    monkeypatch.setattr(figures, "LIMITS", {"floor": figures.Limit(0.6, guard, 0)})
    monkeypatch.setattr(sys, "argv", ["run.py", "--small", "--build", str(BUILD), "--case", "1k/500/0/1", "--rounds", "5",
                                      "--only", "elrelay,floor", "--json", str(tmp_path / "bench.json")])
    assert run.main() == (guard > 0)


def test_other_csv_is_never_timed(tmp_path):
    bench = rig.Bench(BUILD, tmp_path, "no")
    try:
        case = figures.Case(100, 100, 0, 1)
        bench.write_body(bench.golden(case)[0] + b"x")
        with pytest.raises(AssertionError, match="floor: other CSV"):
            bench.check(rig.contestants(BUILD, tmp_path)["floor"], case, bench.golden(case))
    finally:
        bench.close()
