"""The command line against the real daemon, with a real broker between it and the devices."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from daemon.client import AsyncDaemonClient, EventView, NoDaemon
from tests.broker import Mosquitto
from tests.conftest import ROOT
from tests.daemon.test_cli import tocsin

LIMIT_S = 30
START_POLL_S = 0.05


class RealDaemon:
    """`tocsin run` on the sample venue, with its state and socket in one folder."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        self.state = folder
        self.socket = folder / "api.sock"
        self.arguments = ["run", str(ROOT / "config/samples/ktv"), "--state", str(folder)]
        self.arguments += ["--set", f"links.broker.port={broker.port}"]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """The process, answering at its socket; killed at the end if it is still there."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "daemon.cli", *self.arguments),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await self._answers(process)
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _answers(self, process: asyncio.subprocess.Process) -> None:
        async with asyncio.timeout(LIMIT_S), AsyncDaemonClient(self.socket) as client:
            while process.returncode is None:
                try:
                    if all(link.up for link in (await client.status()).links if link.kind == "mqtt"):
                        return
                except NoDaemon:
                    pass
                await asyncio.sleep(START_POLL_S)
        raise AssertionError(f"the daemon ended with {process.returncode}")


async def press_call_point(broker: Mosquitto) -> None:
    process = await asyncio.create_subprocess_exec(
        *("mosquitto_pub", "-h", broker.host, "-p", str(broker.port), "-q", "1", "-t"),
        *("tocsin/dev/call-3-a/readings", "-m", '{"boot":"a","seq":1,"readings":{"contact":true}}'),
    )
    assert await asyncio.wait_for(process.wait(), LIMIT_S) == 0


# httpx leaves a socket that could not connect, while the daemon starts, to the garbage collector, which warns.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_from_call_point_to_all_clear_by_the_command_line(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """A press evacuates, people see it, acknowledge and end it; a killed daemon comes back on the same socket."""
    daemon = RealDaemon(tmp_path, mosquitto)
    at = ("--state", str(tmp_path))
    async with daemon.running() as process, AsyncDaemonClient(daemon.socket) as client:
        assert os.stat(daemon.socket).st_mode & 0o777 == 0o660
        code, _, errors = await tocsin(*daemon.arguments)
        assert code == 3, errors

        listening = asyncio.Event()
        stream = client.events(listening)
        first = asyncio.ensure_future(anext(stream))
        await asyncio.wait_for(listening.wait(), LIMIT_S)
        await press_call_point(mosquitto)
        evacuate = await asyncio.wait_for(find(stream, first, "evacuate"), LIMIT_S)
        assert evacuate.plan == "whole-building" and evacuate.id > 0

        code, out, _ = await tocsin("ack", "call-point@call-3-a", "--why", "on my way", *at)
        assert code == 0 and "ACK" in out
        process.kill()
        await process.wait()
    assert (await tocsin("status", *at))[0] == 4

    async with daemon.running() as process:
        told = json.loads((await tocsin("status", "--json", *at))[1])
        assert told["tier"] == "red" and told["evacuations"] == [evacuate.evacuation]
        code, out, _ = await tocsin("all-clear", evacuate.evacuation, "--why", "all out", "--role", "commander", *at)
        assert code == 0 and "ALL CLEAR" in out
        assert json.loads((await tocsin("status", "--json", *at))[1])["evacuations"] == []
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), LIMIT_S) == 0
    with pytest.raises(FileNotFoundError):
        os.stat(daemon.socket)


async def find(stream: AsyncIterator[EventView], first: "asyncio.Future[EventView]", kind: str) -> EventView:
    event = await first
    while event.kind != kind:
        event = await anext(stream)
    return event
