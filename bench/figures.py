"""From runs to figures: medians, ratios of pairs, what is judged, and the table. Nothing is started here."""

import statistics
from collections import namedtuple

# elrelay against the other. The target is what the design wants of events a second; the guards are what `--small`
# fails below, in events a second and per second of CPU. They stand under what was seen, so that only a loss is told.
Limit = namedtuple("Limit", "target guard cpu_guard")
LIMITS = {"python": Limit(4.0, 2.0, 3.5), "node": Limit(6.0, 3.0, 6.0), "floor": Limit(0.6, 0.3, 0.25)}

JUDGED_ROUNDS = 5
SINK_SHARE_MAX = 0.5  # of one core: above that the endpoint may have been what was measured

Case = namedtuple("Case", "events batch latency in_flight")


def number(text):
    """10000, 10k, 1M."""
    units = {"k": 1000, "M": 1_000_000}
    return int(text[:-1]) * units[text[-1]] if text[-1:] in units else int(text)


def case_of(text):
    """EVENTS/BATCH/LATENCY_MS/IN_FLIGHT."""
    parts = text.split("/")
    if len(parts) != 4:
        raise ValueError(f"{text}: want EVENTS/BATCH/LATENCY/IN_FLIGHT")
    case = Case(*map(number, parts))
    if min(case.events, case.batch, case.in_flight) < 1 or case.events % case.batch:
        raise ValueError(f"{text}: EVENTS must be whole batches")
    return case


def figures(case, run):
    """What is told of one run."""
    return {
        "events_per_s": case.events / run["seconds"],
        "events_per_cpu_s": case.events / run["cpu_s"],
        "redis_us": run["redis_cpu_s"] / case.events * 1e6,
        "cpu_us": run["cpu_s"] / case.events * 1e6,
        "redis_share": run["redis_cpu_s"] / run["seconds"],
        "cores": (run["cpu_s"] + run["redis_cpu_s"] + run["sink_cpu_s"]) / run["seconds"],
        "peak_mb": run["peak_kb"] / 1024,
        "sink_share": run["sink_cpu_s"] / run["seconds"],
        "sink_limit": case.events / run["sink_cpu_s"],
    }


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def summary(case, rounds):
    """rounds: for each round, contestant to run. Medians of each, and elrelay's ratio to each, pair by pair."""
    told = [{name: figures(case, run) for name, run in one.items()} for one in rounds]
    found = {}
    for name in told[0]:
        found[name] = {key: spread([one[name][key] for one in told]) for key in told[0][name]}
        if name != "elrelay" and "elrelay" in told[0]:
            for key in ("events_per_s", "events_per_cpu_s"):
                found[name]["ratio_" + key] = spread([one["elrelay"][key] / one[name][key] for one in told])
    return found


def turns_summary(case, rounds, keys):
    """rounds: for each round, setup to run. The ratio is of events a second, to the first setup."""
    found = {}
    for setup in rounds[0]:
        told = [figures(case, one[setup]) for one in rounds]
        found[setup] = {key: spread([one[key] for one in told]) for key in ("events_per_s", *keys)}
        found[setup]["ratio"] = spread([next(iter(one.values()))["seconds"] / one[setup]["seconds"] for one in rounds])
    return found


def shards_summary(case, rounds):
    """The share of each node is of the CPU of all nodes."""
    found = turns_summary(case, rounds, ("events_per_cpu_s", "redis_us"))
    for shards, told in found.items():
        nodes = [[cpu / sum(one[shards]["nodes_cpu_s"]) for cpu in one[shards]["nodes_cpu_s"]] for one in rounds]
        told["nodes"] = [statistics.median(shares) for shares in zip(*nodes, strict=True)]
    return found


def shards_table(case, found, rounds):
    yield (f"{case.events:,} events, batches of {case.batch}, endpoint answers after {case.latency} ms, "
           f"{case.in_flight} in flight for each shard; {len(found[min(found)]['nodes'])} nodes; rounds: {rounds}")
    yield f"{'shards':<8}{'events/s':>9}{'per CPU s':>11}{'Redis us':>10}  {'to one shard':<20}  CPU of each node"
    for shards, told in found.items():
        nodes = "".join(f"{share:>5.0%}" for share in told["nodes"])
        yield (f"{shards:<8}{told['events_per_s']['median']:>9,.0f}{told['events_per_cpu_s']['median']:>11,.0f}"
               f"{told['redis_us']['median']:>10.1f}  {ratio_text(told, 'ratio'):<20} {nodes}")


def scale_summary(case, rounds):
    return turns_summary(case, rounds, ("cpu_us", "redis_us", "redis_share", "sink_share", "cores"))


def scale_table(case, found, rounds):
    yield (f"{case.events:,} events, batches of {case.batch}, endpoint answers after {case.latency} ms, "
           f"{case.in_flight} in flight for each instance and route; rounds: {rounds}")
    yield (f"{'':<13}{'events/s':>9}  {'to one':<20}{'daemons us':>11}{'Redis us':>10}{'Redis':>7}{'sink':>6}"
           f"{'cores':>7}{'Redis could':>13}")
    for setup, told in found.items():
        middle = {key: told[key]["median"] for key in told}
        yield (f"{setup:<13}{middle['events_per_s']:>9,.0f}  {ratio_text(told, 'ratio'):<20}{middle['cpu_us']:>11.1f}"
               f"{middle['redis_us']:>10.1f}{middle['redis_share']:>7.0%}{middle['sink_share']:>6.0%}{middle['cores']:>7.2f}"
               f"{1e6 / middle['redis_us']:>13,.0f}")


def complaints(case, found, rounds):
    """
    What has left the noise; the limits are of batches of 500, no latency and one in flight. If elrelay is as fast as the guard says, each pair lies below it with a chance of a half
    at most, however noisy the machine; so that all of n pairs do has a chance of 1 in 2^n: then it is told. Fewer
    than JUDGED_ROUNDS pairs tell nothing.
    """
    said = []
    for name, limit in LIMITS.items() if case[1:] == (500, 0, 1) else ():
        for key, guard in (("events_per_s", limit.guard), ("events_per_cpu_s", limit.cpu_guard)):
            ratio = found.get(name, {}).get("ratio_" + key)
            if ratio and rounds >= JUDGED_ROUNDS and ratio["most"] < guard:
                said.append(f"elrelay : {name}, {key}: below {guard} in every pair, at most {ratio['most']:.2f}")
    for name, told in found.items():
        if told["sink_share"]["median"] > SINK_SHARE_MAX:
            said.append(f"{name}: the endpoint used {told['sink_share']['median']:.0%} of a core: it was measured itself")
    return said


def ratio_text(told, key):
    ratio = told.get(key)
    return f"{ratio['median']:.2f} ({ratio['least']:.2f}-{ratio['most']:.2f})" if ratio else ""


COLUMNS = (
    ("", "<10", lambda name, told: name),
    ("events/s", ">9", lambda name, told: f"{told['events_per_s']['median']:,.0f}"),
    ("per CPU s", ">10", lambda name, told: f"{told['events_per_cpu_s']['median']:,.0f}"),
    ("Redis us", ">9", lambda name, told: f"{told['redis_us']['median']:.1f}"),
    ("peak MB", ">8", lambda name, told: f"{told['peak_mb']['median']:.1f}"),
    ("sink", ">6", lambda name, told: f"{told['sink_share']['median']:.0%}"),
    ("elrelay : it, events/s", ">24", lambda name, told: ratio_text(told, "ratio_events_per_s")),
    ("per CPU s", ">22", lambda name, told: ratio_text(told, "ratio_events_per_cpu_s")),
)


def table(case, found, rounds):
    """The lines of one case."""
    yield (f"{case.events:,} events, batches of {case.batch}, endpoint answers after {case.latency} ms, "
           f"{case.in_flight} in flight; rounds: {rounds}")
    yield "".join(format(title, width) for title, width, _ in COLUMNS).rstrip()
    for name, told in found.items():
        yield "".join(format(cell(name, told), width) for _, width, cell in COLUMNS).rstrip()
    limit = statistics.median(told["sink_limit"]["median"] for told in found.values())
    fastest = max(told["events_per_s"]["median"] for told in found.values())
    yield f"the endpoint alone could take {limit:,.0f} events/s, {limit / fastest:.1f} times what the fastest sent"
