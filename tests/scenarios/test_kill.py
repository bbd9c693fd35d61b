"""The daemon is killed in the middle of a fire and started again; the story must come true all the same."""

import asyncio
from pathlib import Path

from daemon.client import EventView
from simulators.daemon_process import DaemonProcess
from simulators.simulate import play
from simulators.tell import Teller
from simulators.wire import Broker
from tests.broker import Mosquitto

KTV = Path(__file__).resolve().parents[2] / "config" / "samples" / "ktv"


class Killer(Teller):
    """Kills the daemon with SIGKILL once staff have been asked to look, and starts it again at once."""

    def __init__(self, daemon: DaemonProcess) -> None:
        self._daemon = daemon
        self.again: asyncio.Task[None] | None = None

    def event(self, at: float, event: EventView) -> None:
        if event.kind == "investigate" and self.again is None:
            self.again = asyncio.create_task(self._kill_and_start())

    async def _kill_and_start(self) -> None:
        await self._daemon.kill()
        await self._daemon.start()


async def test_kill_during_investigation_changes_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """After kill -9 and a restart the alarms stand, the investigation ends on time, people are led out exactly once."""
    overrides = [f"links.broker.port={mosquitto.port}", f"links.ups-line.path={tmp_path / 'ups-line'}"]
    daemon = DaemonProcess(KTV, tmp_path, overrides)
    await daemon.start()
    killer = Killer(daemon)
    told: list[str] = []
    try:
        broker = Broker(mosquitto.host, mosquitto.port)
        result = await play(
            "room-fire", KTV, daemon.socket, broker=broker, settings=overrides, say=told.append, teller=killer
        )
        assert killer.again is not None
        await killer.again
    finally:
        await daemon.stop()
    assert result.passed, "\n".join([*told, *result.lines()])
    smoke = [fact.detail for fact in result.facts if (fact.event, fact.subject) == ("alarm", "smoke@det-305")]
    assert smoke == ["yellow", "orange"]
