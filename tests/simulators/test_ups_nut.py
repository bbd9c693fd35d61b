"""Debian's NUT, which knows real UPSs, reads the virtual one."""

import asyncio
import getpass
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from simulators.ups import SerialUps

DRIVER, SERVER = "/lib/nut/nutdrv_qx", "/lib/nut/upsd"  # /usr/sbin/upsd is a wrapper that does nothing without nut.conf
START_S = 60.0  # nutdrv_qx tries a dozen dialects before Megatec: 3 s on a quiet machine
CHANGE_S = 60.0  # NUT polls each second; its server calls data stale after 4 s
LOOK_S = 0.1
CONFIG = """\
maxretry = 1
[sim]
  driver = nutdrv_qx
  port = {tty}
  pollinterval = 1
  pollfreq = 1
"""


class Nut:
    """NUT's driver and server on one port; `upsc` asks them as any client does."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        self._log = folder / "nut.log"
        self._running: list[asyncio.subprocess.Process] = []

    async def start(self, tty: Path) -> None:
        """Return when the server serves data. Raises AssertionError with NUT's own words when it does not."""
        for name, text in (
            ("ups.conf", CONFIG.format(tty=tty)),
            ("upsd.conf", f"LISTEN 127.0.0.1 {self._port}\nMAXAGE 4\n"),
            ("upsd.users", ""),
        ):
            (self._folder / name).write_text(text)
            (self._folder / name).chmod(0o600)
        await self._run(DRIVER, "-a", "sim", "-u", getpass.getuser(), "-F")
        await self._until((self._folder / "nutdrv_qx-sim").exists, START_S)
        await self._run(SERVER, "-u", getpass.getuser(), "-F")
        await self.reads("ups.status", "OL")

    async def stop(self) -> None:
        for process in reversed(self._running):
            if process.returncode is None:
                process.terminate()
            await process.wait()

    async def value(self, name: str) -> str:
        """A variable, or the error that upsc tells instead."""
        process = await asyncio.create_subprocess_exec(
            *("upsc", f"sim@127.0.0.1:{self._port}", name),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        told, error = await process.communicate()
        return told.decode().strip() or error.decode().strip().splitlines()[-1]

    async def reads(self, name: str, wanted: str) -> None:
        """Wait until a variable has that value, or upsc that error."""
        value = ""
        try:
            async with asyncio.timeout(CHANGE_S):
                while value != wanted:
                    self._alive()
                    value = await self.value(name)
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise AssertionError(f"{name} is {value!r} and not {wanted!r}\n{self._log.read_text()[-2000:]}") from None

    async def _run(self, *command: str) -> None:
        environment = dict.fromkeys(("NUT_CONFPATH", "NUT_STATEPATH", "NUT_ALTPIDPATH"), str(self._folder))
        with self._log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, env={**os.environ, **environment}, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._running.append(process)

    async def _until(self, reached: Callable[[], bool], within_s: float) -> None:
        async with asyncio.timeout(within_s):
            while not reached():
                self._alive()
                await asyncio.sleep(LOOK_S)

    def _alive(self) -> None:
        for process in self._running:
            assert process.returncode is None, f"NUT ended:\n{self._log.read_text()[-2000:]}"


@pytest.fixture
async def ups(tmp_path: Path) -> AsyncIterator[SerialUps]:
    """A UPS at half load."""
    ups = SerialUps(tmp_path / "tty", load_percent=50.0)
    task = asyncio.create_task(ups.run())
    yield ups
    task.cancel()
    await asyncio.wait({task})


@pytest.fixture(scope="session")
def nut_installed() -> None:
    if not all(map(os.path.exists, (DRIVER, SERVER))) or shutil.which("upsc") is None:
        raise RuntimeError("NUT is not installed and these tests speak to it: apt-get install nut-server nut-client")


@pytest.fixture
async def nut(tmp_path: Path, free_port: int, ups: SerialUps, nut_installed: None) -> AsyncIterator[Nut]:
    """NUT, reading that UPS."""
    folder = tmp_path / "nut"
    folder.mkdir()
    nut = Nut(folder, free_port)
    try:
        await nut.start(tmp_path / "tty")
        yield nut
    finally:
        await nut.stop()


async def test_nut_sees_a_power_cut_from_beginning_to_end(nut: Nut, ups: SerialUps) -> None:
    """On line, on battery, battery low, on line again; stale while it is mute, and well when it speaks."""
    assert await nut.value("driver.version.data") == "Megatec 0.06"
    assert await nut.value("input.voltage") == "226.0"
    assert await nut.value("battery.voltage.nominal") == "24.0"
    assert await nut.value("device.mfr") == "TOCSIN"
    ups.mains(False)
    await nut.reads("ups.status", "OB")
    await nut.reads("input.voltage", "0.0")
    ups.device.battery.charge = 0.04  # low, and some 20 s from its end
    ups.device.battery_speed = 0.01  # which shall not come before a busy machine has looked
    await nut.reads("ups.status", "OB LB")
    ups.mains(True)
    await nut.reads("ups.status", "OL")
    ups.mute()
    await nut.reads("ups.status", "Error: Data stale")
    ups.unmute()
    await nut.reads("ups.status", "OL")


async def test_nut_sees_a_failure_and_a_test(nut: Nut, ups: SerialUps) -> None:
    """The flags of a failed UPS and of a running test are where NUT looks for them."""
    ups.fail()
    await nut.reads("ups.status", "ALARM OL")
    ups.fail(False)
    ups.device.answer("TL")
    await nut.reads("ups.status", "OL CAL")
    ups.device.answer("CT")
    await nut.reads("ups.status", "OL")
