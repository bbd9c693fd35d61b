"""Every scenario that comes with Tocsin, played against the real daemon over a real broker and a real serial line."""

from pathlib import Path

import pytest

from simulators import scenario_file
from simulators.daemon_process import DaemonProcess
from simulators.simulate import Result, play
from simulators.wire import Broker
from tests.broker import Mosquitto

KTV = Path(__file__).resolve().parents[2] / "config" / "samples" / "ktv"


@pytest.mark.parametrize("name", scenario_file.stock_names())
async def test_story_comes_true(name: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """What the scenario promises is what the daemon does, and nothing that it rules out."""
    told: list[str] = []
    result = await play_against_daemon(name, mosquitto, tmp_path, told)
    assert result.passed, "\n".join([*told, *result.lines()])


async def play_against_daemon(name: str, mosquitto: Mosquitto, folder: Path, told: list[str]) -> Result:
    scenario = scenario_file.load(name).scenario
    broker = Broker(mosquitto.host, mosquitto.port)
    overrides = [
        f'links.broker.host="{mosquitto.host}"',
        f"links.broker.port={mosquitto.port}",
        f"links.ups-line.path={folder / 'ups-line'}",
        *scenario.overrides,
    ]
    daemon = DaemonProcess(KTV, folder, overrides)
    await daemon.start()
    try:
        return await play(name, KTV, daemon.socket, broker=broker, settings=overrides, say=told.append)
    finally:
        await daemon.stop()
