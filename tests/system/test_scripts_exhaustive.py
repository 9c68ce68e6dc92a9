"""Every state that one owner, and two, can bring the scripts to: I1, I3, I4, nothing twice, nothing stuck.

A search that is breadth first (exhaustive.py says of what world) goes through them all, and looks at each. The same
search over scripts with a check taken out must find a state, or a POST, that may not be; it says by which steps.
"""

import os

import pytest

import queue_rig
from exhaustive import Rules, Search, Violation, World
from queue_rig import Server, Texts

LONG = os.environ.get("ELRELAY_LONG") == "1"
ONE = ("good",)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("redis"))
    yield server.client
    server.stop()


USUAL = {
    "one owner": (10_000, Rules(faults=1, odd=1)),
    "one owner, an event that cannot be converted": (4_000, Rules(events=("good", "invalid"), faults=1, odd=1)),
    "one owner, an event that is refused": (4_000, Rules(events=("disliked", "good"), faults=1, odd=1)),
    "one owner, one event, a person, other bytes": (60_000, Rules(events=ONE, faults=2, odd=1, person=1, upgrades=1)),
    "one owner, resends what is unknown": (3_000, Rules(events=ONE, faults=1, odd=2, person=1, policy="resend")),
    "one owner, holds what is unknown": (2_000, Rules(events=ONE, faults=1, odd=2, policy="hold")),
    "two owners, no faults": (8_000, Rules(owners="AB", faults=0, odd=1)),
    "two owners, one event": (40_000, Rules(owners="AB", events=ONE, faults=1, odd=1)),
    "two owners of one name": (40_000, Rules(owners="Aa", events=ONE, faults=2, odd=0)),
    "two owners who do not look whose it is": (20_000, Rules(owners="AB", events=ONE, faults=1, odd=0, careless=True)),
}
LONGER = {
    "one owner, long": (200_000, Rules(faults=2, odd=1)),
    "two owners of one name, long": (200_000, Rules(owners="Aa", events=ONE, faults=2, odd=1)),
    "two owners, long": (100_000, Rules(owners="AB", faults=1, odd=0)),
    "two owners, one event, long": (300_000, Rules(owners="AB", events=ONE, faults=2, odd=0)),
}


@pytest.mark.parametrize("world", [*USUAL, *(LONGER if LONG else ())])
def test_no_state_loses_doubles_or_blocks_an_event(client, world):
    least, rules = (USUAL | LONGER)[world]
    search = Search(World(client, rules)).run()
    for word, count in (("states", len(search.states)), ("transitions", search.transitions)):
        print(f"{world}: {count} {word}")
    assert len(search.states) > least


OWNER = "    if batch.owner ~= me then return refused('owner', batch) end\n"
VERSION = "    if batch.ver ~= ver then return refused('version', batch) end\n"
FAULTY = Rules(events=ONE, faults=2, odd=1, upgrades=1)
CARELESS = Rules(owners="AB", events=ONE, faults=1, odd=0, careless=True)
RESENDS = Rules(events=ONE, faults=2, odd=1, policy="resend")
HEARTBEAT = "    if not lives(name, me) then return refused('heartbeat', batch) end\n    return closed"
MUTANTS = {
    "the door without the version": (FAULTY, VERSION, "", "I3"),
    "the door without the owner": (CARELESS, OWNER, "", "I3"),
    "the door without the heartbeat": (FAULTY, HEARTBEAT, "    return closed", "attempts without end"),
    "adopted from the living": (
        CARELESS, "if lives(batch.name, batch.owner) then return refused('owner', batch) end", "", "I3"),
    "any attempt accepted": (
        RESENDS, "if batch.attempts ~= ARGV[5] or never_sent then return refused('attempt', batch) end", "", "I3"),
    "split for its size, once in doubt": (
        RESENDS._replace(faults=0, odd=2),
        "if why == 'too_large' and batch.doubted ~= '' then return refused('doubted', batch) end", "", "was taken"),
    "a name taken from the living": (
        Rules(owners="AB", events=ONE, faults=2, odd=0, beats=True),
        "if token and token ~= me then return {'taken', redis.call('PTTL', beat)} end", "", "I3"),
    "a name taken by a namesake from the living": (
        Rules(owners="Aa", events=ONE, faults=2, odd=0),
        "if token and token ~= me then return {'taken', redis.call('PTTL', beat)} end", "", "I3"),
    "sent with other bytes": (
        FAULTY, "if attempts > 0 and batch.sha256 ~= ARGV[6] then return refused('changed', batch) end", "", "I2"),
    "any heartbeat is the owner's": (
        FAULTY, "return redis.call('GET', key('hb:' .. owner_name)) == token",
        "return redis.call('EXISTS', key('hb:' .. owner_name)) == 1", "stuck"),
    "adopted on the wire, sealed": (
        FAULTY, "return change(batch, 'unknown', {'doubted', 1, 'why', '', unpack(fields)})",
        "return change(batch, 'sealed', fields)", "twice"),
}


def test_an_owner_must_not_take_an_answer_for_a_heart_that_never_stopped(client):
    """The reply that tells of a gap may be lost, and the next one says that there is none: so its own clock decides."""
    with pytest.raises(Violation, match="I3"):
        Search(World(client, Rules(owners="AB", events=ONE, faults=2, odd=0, trusting=True))).run()


@pytest.mark.parametrize("mutant", sorted(MUTANTS))
def test_the_search_finds_what_a_script_without_a_check_does(client, mutant):
    rules, old, new, wanted = MUTANTS[mutant]
    assert any(old in Texts()[name] for name in queue_rig.names())
    with pytest.raises(Violation) as found:
        Search(World(client, rules, (old, new))).run()
    print(found.value)
    assert wanted in str(found.value).split("\n")[0]
