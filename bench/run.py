"""The daemon beside its rivals and its floors, on one machine in one run: a table, and all runs as JSON.

A round is one run of each contestant; rounds follow each other, each beginning with another contestant, so that what
disturbs the machine disturbs all. Ratios are made pair by pair within a round.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

import figures
import rig
import scale
import shards

# Cases, rounds, and the time after which no other round of a case is begun.
SETS = {
    "small": (["5k/500/0/1"], 7, 60),
    "usual": (["10k/500/0/1", "100k/500/0/1", "10k/100/0/1", "10k/500/20/1", "10k/500/20/4"], 5, None),
    "full": (["10k/500/0/1", "100k/500/0/1", "1M/500/0/1", "10k/100/0/1", "100k/2k/0/1", "9600/32/0/1", "10k/500/0/2",
              "10k/500/0/4", "10k/500/20/1", "10k/500/20/2", "10k/500/20/4", "10k/500/200/1", "10k/500/200/2",
              "10k/500/200/4"], 5, None),
}
# The daemon alone, set up in several ways in turns.
TURNS = {
    "shards": (["30k/500/0/1"], figures.shards_summary, figures.shards_table),
    "instances": (["32k/500/0/1", "32k/500/200/1"], figures.scale_summary, figures.scale_table),
}
GOLDEN_BATCHES = 3


def read_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=rig.ROOT / "build/bench", help="a release build")
    parser.add_argument("--small", dest="set", action="store_const", const="small", default="usual",
                        help="one case, half a minute; ends with 1 where a ratio has left the noise")
    parser.add_argument("--full", dest="set", action="store_const", const="full", help="all sizes: takes an hour or more")
    parser.add_argument("--case", action="append", metavar="EVENTS/BATCH/LATENCY/IN_FLIGHT",
                        help="instead of a set's: 100k/500/20/4 is 100,000 events in batches of 500, answered after "
                             "20 ms, 4 POSTs in flight; may be repeated")
    parser.add_argument("--rounds", type=int, help="runs of each contestant in each case")
    parser.add_argument("--only", help="these contestants: elrelay,python,node,floor,bare,before")
    parser.add_argument("--before", type=pathlib.Path, metavar="BUILD",
                        help="another release build, whose elrelay is the contestant `before`")
    parser.add_argument("--persistence", choices=["no", "everysec", "always"], default="no",
                        help="of Redis (no, for the disk is not what is measured)")
    parser.add_argument("--shards", dest="turns", action="store_const", const="shards",
                        help="instead: a route in one and in three shards, on a cluster of three nodes")
    parser.add_argument("--instances", dest="turns", action="store_const", const="instances",
                        help="instead: 1, 2 and 4 daemons on one queue, and one daemon with 4 and 16 routes")
    parser.add_argument("--json", type=pathlib.Path, default=rig.ROOT / "bench/out/bench.json", help="where to write")
    args = parser.parse_args()
    cases, rounds, args.seconds = (TURNS[args.turns][0], 5, None) if args.turns else SETS[args.set]
    args.rounds = args.rounds or rounds
    if args.before and not (args.before / "elrelay").is_file():
        parser.error(f"--before: no elrelay in {args.before}; give the folder of a release build")
    strangers = set(args.only.split(",") if args.only else ()) - set(rig.contestants(args.build, args.build, args.before))
    if strangers:
        parser.error(f"--only: {', '.join(sorted(strangers))}: no such contestant (before needs --before)")
    try:
        args.cases = [figures.case_of(text) for text in args.case or cases]
    except ValueError as error:
        parser.error(str(error))
    for case in args.cases:
        whole = {"shards": shards.TURN * max(shards.COUNTS), "instances": case.batch * scale.ROUTES_MAX}.get(args.turns, 1)
        if case.events % whole:
            parser.error(f"--{args.turns}: EVENTS must be a multiple of {whole}, so that all queues have the same work")
    return args


def version_of(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    return done.stdout.splitlines()[0] if done.stdout else ""


def versions(build, names):
    found = {"elrelay": version_of(build / "elrelay", "version"), "redis": version_of("redis-server", "--version")}
    if "python" in names:
        found["python"] = platform.python_version()
        for package in ("redis", "hiredis", "requests"):
            try:
                found[f"python {package}"] = importlib.metadata.version(package)
            except importlib.metadata.PackageNotFoundError:
                found[f"python {package}"] = "none"
    if "node" in names:
        found["node"] = version_of("node", "--version")
        for package in ("ioredis", "csv-stringify", "undici"):
            text = (build / f"bench/node/node_modules/{package}/package.json").read_text()
            found[f"node {package}"] = json.loads(text)["version"]
    return found


def check_all(bench, chosen, batch):
    """None is timed that sends other CSV than `elrelay convert`. The floors send one batch, made beforehand."""
    case = figures.Case(batch * GOLDEN_BATCHES, batch, 0, 1)
    golden = bench.golden(case)
    bench.write_body(golden[0])
    for name, one in chosen.items():
        ready_made = name in ("floor", "bare")
        bench.check(one, case._replace(events=batch) if ready_made else case, golden[:1] if ready_made else golden)
    print(f"all {len(chosen)} send the CSV that elrelay convert gives, in batches of {batch}\n", flush=True)


def run_case(bench, chosen, case, args):
    names, done, began = list(chosen), [], time.monotonic()
    bench.write_body(bench.golden(case._replace(events=case.batch))[0])
    sink = rig.Sink(bench.build, bench.folder, case.latency)
    try:
        for number in range(args.rounds):
            if args.seconds and time.monotonic() - began > args.seconds:
                break
            turn = number % len(names)
            runs = {name: bench.run(chosen[name], case, sink) for name in names[turn:] + names[:turn]}
            done.append({name: runs[name] for name in names})
    finally:
        sink.stop()
    return done


def run_all(bench, chosen, args):
    results, said = [], []
    for batch in dict.fromkeys(case.batch for case in args.cases):
        check_all(bench, chosen, batch)
    for case in args.cases:
        rounds = run_case(bench, chosen, case, args)
        found = figures.summary(case, rounds)
        print("\n".join(figures.table(case, found, len(rounds))), end="\n\n", flush=True)
        said += figures.complaints(case, found, len(rounds))
        results.append({"case": case._asdict(), "summary": found, "rounds": rounds})
    return results, said


def run_turns(bench, one, args):
    _, summary, table = TURNS[args.turns]
    results = []
    for case in args.cases:
        sink = rig.Sink(bench.build, bench.folder, case.latency)
        try:
            rounds = bench.run_turns(one, case, args.rounds, sink)
        finally:
            sink.stop()
        found = summary(case, rounds)
        print("\n".join(table(case, found, len(rounds))), end="\n\n", flush=True)
        results.append({"case": case._asdict(), "summary": found, "rounds": rounds})
    return results, []


def bench_of(args, folder):
    if args.turns == "shards":
        return shards.ClusterBench(args.build, folder)
    return (scale.ScaleBench if args.turns else rig.Bench)(args.build, folder, args.persistence)


def main():
    args = read_args()
    with tempfile.TemporaryDirectory(prefix="elrelay-bench-") as folder:
        folder = pathlib.Path(folder)
        every = rig.contestants(args.build, folder, args.before)
        names = ["elrelay"] if args.turns else args.only.split(",") if args.only else list(every)
        bench = bench_of(args, folder)
        try:
            chosen = {name: every[name] for name in names}
            results, said = run_turns(bench, every["elrelay"], args) if args.turns else run_all(bench, chosen, args)
        finally:
            bench.close()
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps({
        "versions": versions(args.build, names), "cores": os.cpu_count(), "persistence": args.persistence,
        "limits": {name: limit._asdict() for name, limit in figures.LIMITS.items()}, "complaints": said,
        "cases": results}, indent=2) + "\n")
    print(f"all runs: {args.json}")
    for line in said:
        print(line)
    return bool(said) and args.set == "small"


if __name__ == "__main__":
    sys.exit(main())
