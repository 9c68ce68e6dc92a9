"""The daemon killed again and again with work in hand, at an endpoint that lies and heeds Idempotency-Key."""

from kills import Kills


def test_killed_anywhere_nothing_is_lost_and_nothing_is_sent_twice(tmp_path):
    kills = Kills(tmp_path, "key", rate=300, seed=5)
    try:
        report = kills.run(kills=25, hours=0)
    finally:
        kills.close()
    assert report.is_clean(), [str(report), *report.examples]
