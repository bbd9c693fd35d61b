"""The command `simulate`: what it refuses, and what it tells programs."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from config.load import load
from daemon.client import AsyncDaemonClient
from simulators.daemon_process import DaemonProcess
from simulators.fleet import Fleet
from simulators.simulate import LiveVenue, refuse_live_venue
from simulators.wire import Broker
from tests.broker import Mosquitto

KTV = Path(__file__).resolve().parents[2] / "config" / "samples" / "ktv"
QUICK = """\
title: {en: A press}
length: 3s
story:
  - {at: 1s, name: pressed, press: sos-208}
expect:
  - {alarm: sos@sos-208, tier: orange, within: 1s, of: pressed}
never:
  - {alarm: sos@sos-208, tier: orange}
"""


def _simulate(*words: str) -> "subprocess.CompletedProcess[str]":
    command = (sys.executable, "-m", "daemon.cli", "simulate", *words)
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("room-fyre",), 1, "did you mean 'room-fire'"),
        (("room-fire", "--broker", "nowhere"), 1, "expected HOST:PORT"),
        (("room-fire", "--socket", "/nowhere/api.sock"), 4, "is the daemon running? looked at /nowhere/api.sock"),
        ((), 2, "which scenario?"),
    ],
)
def test_mistakes_are_told_in_one_line(words: tuple[str, ...], code: int, told: str) -> None:
    """A wrong name, a wrong broker, no daemon, no scenario: exit code and what to do, no traceback."""
    ended = _simulate(*words)
    assert ended.returncode == code
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_verdicts_for_programs_and_a_live_venue_refused(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """--json tells each promise and what came of it, exit 1 when one was broken; a second story is refused at once."""
    story = tmp_path / "quick.yaml"
    story.write_text(QUICK)
    overrides = [f"links.broker.port={mosquitto.port}", f"links.ups-line.path={tmp_path / 'ups-line'}"]
    daemon = DaemonProcess(KTV, tmp_path, overrides)
    await daemon.start()
    try:
        words = [
            str(story),
            "--json",
            "--socket",
            str(daemon.socket),
            *(word for one in overrides for word in ("--set", one)),
        ]
        ended = await asyncio.to_thread(_simulate, *words)
        told = json.loads(ended.stdout)
        again = await asyncio.to_thread(_simulate, *words)
    finally:
        await daemon.stop()
    assert ended.returncode == 1
    assert [verdict["state"] for verdict in told["verdicts"]] == ["met", "failed"]
    assert told["passed"] is False
    raised = {"event": "alarm", "subject": "sos@sos-208", "detail": "orange"}.items()
    assert any(raised <= fact.items() for fact in told["facts"])  # the absent UPS may be told after it
    assert again.returncode == 1
    assert "devices already report to this daemon" in again.stderr


async def test_a_quiet_daemon_takes_a_story(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A daemon that has heard nobody is no live venue; one that hears a single device is."""
    overrides = [f"links.broker.port={mosquitto.port}", f"links.ups-line.path={tmp_path / 'ups-line'}"]
    daemon = DaemonProcess(KTV, tmp_path, overrides)
    await daemon.start()
    fleet = Fleet(load(KTV, overrides), lambda: 0.0, broker=Broker(mosquitto.host, mosquitto.port))
    try:
        await refuse_live_venue(daemon.socket)
        running = asyncio.create_task(fleet.run())
        await fleet.connected()
        async with asyncio.timeout(15), AsyncDaemonClient(daemon.socket) as client:
            while not (await client.status()).readings:
                fleet.tick(asyncio.get_running_loop().time())
        with pytest.raises(LiveVenue, match="devices already report"):
            await refuse_live_venue(daemon.socket)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    finally:
        await daemon.stop()
