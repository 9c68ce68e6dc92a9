"""The promised bounds: ten times each, the best of three; memory exactly, and under a limit of it.

Part of each load is usual; ELRELAY_LONG=1 takes all of it: a million queued.
"""

import os
import sys

import pytest
from relay_rig import BUILD, ROOT, rig_in_a_folder

sys.path.insert(0, str(ROOT / "bench"))
import bounds  # noqa: E402

SIZE = "full" if os.environ.get("ELRELAY_LONG") == "1" else "small"
SANITIZED = "asan" in BUILD.name
TOLD = [("longest turn of the loop", 50, True, False), ("longest turn of the loop", 500, False, False),
        ("longest turn of the loop", 501, False, True), ("peak memory, any backlog", 24 * 1024, True, False),
        ("peak memory, any backlog", 24 * 1024 + 1, False, True)]


@pytest.mark.skipif(SANITIZED, reason="a sanitizer's memory and times are its own")
@pytest.mark.parametrize("load", bounds.MEASURES)
def test_bounds_are_kept(load):
    found = bounds.best_of(BUILD, load, SIZE, lambda figure, seen: not bounds.is_broken(figure, seen))
    broken = {figure: seen for figure, seen in found.items() if bounds.is_broken(figure, seen)}
    assert found and not broken


@pytest.mark.skipif(SANITIZED, reason="a sanitizer wants more memory than there is")
def test_a_limit_of_memory_is_one(tmp_path):
    stage = bounds.Stage(BUILD, tmp_path)
    try:
        with pytest.raises(AssertionError, match="out of memory"):
            bounds.loaded(stage, lambda: stage.fill(bounds.large(number, bounds.MB) for number in range(40)), 24 * 1024)
    finally:
        stage.close()


@pytest.mark.parametrize("figure, seen, met, broken", TOLD)
def test_what_is_met_and_what_is_broken(figure, seen, met, broken):
    assert bounds.is_met(figure, seen) == met
    assert bounds.is_broken(figure, seen) == broken
    (line,) = bounds.table("load", {figure: seen})
    assert line.endswith("NOT MET") != met


def test_its_end_tells_how_long_the_turns_of_the_loop_were():
    with rig_in_a_folder() as rig:
        rig.start_redis()
        daemon = rig.start(rig.config(rig.route("http://127.0.0.1:9/")))
        before = bounds.loop_of(daemon)
        assert daemon.stop() == 0
        (_, last) = daemon.lines("loop")
        after = {key: int(value) for key, value in (word.split("=") for word in last.split() if "=" in word)}
        turns = [count for key, count in after.items() if key.startswith("to_") or key == "longer"]
        assert after["turns"] == sum(turns) > before["turns"] > 0
