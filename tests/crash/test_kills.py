"""kill -9 of the daemon at random instants while ten detectors speak: what was said is written, once."""

import os
from pathlib import Path
from random import Random

import pytest

from tests.broker import Mosquitto
from tests.crash.stream import Stream, kept, make_daemon, until, up

KILLS = int(os.environ.get("CRASH_KILLS", "4"))
MESSAGES = 100 * KILLS


@pytest.mark.timeout(60 + 30 * KILLS)
def test_random_kills_lose_and_double_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A hundred messages for each kill: all are acknowledged in the end, each stands in the journal exactly once."""
    daemon = make_daemon(tmp_path, mosquitto)
    chance = Random()
    stream = Stream(mosquitto.port, MESSAGES)
    try:
        for _ in range(KILLS):
            up(daemon)
            stream.wait(chance.uniform(0.0, 0.5))
            daemon.kill()
        up(daemon)
        until("all is acknowledged", stream.all_answered)
    finally:
        stream.close()
        daemon.close()
    found = kept(daemon)
    assert set(found) == stream.said
    assert set(found.values()) == {1}
