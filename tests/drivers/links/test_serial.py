"""The serial link on real pseudo-terminals: absent, unplugged, replaced, stuck, taken, and a driver that is wrong."""

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import serial

from drivers.contract import Link
from drivers.links.polled import Outcome
from drivers.links.serial import SerialLink
from drivers.links.serial_port import open_port
from drivers.links.serial_settings import SerialSettings
from rules.signal import Heard, LinkDown, LinkUp
from simulators.pty_port import PtyPort
from tests.drivers.links.serial_line import WAIT_S, Asks, Collected, idle_cpu, running


class Echo:
    """A device that sends back what it hears, and counts it."""

    def __init__(self, path: Path) -> None:
        self.port = PtyPort(path, self._heard)
        self.heard = b""
        self.some = asyncio.Event()

    def _heard(self, data: bytes) -> None:
        self.heard += data
        self.some.set()
        self.port.send(data)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "port"


@pytest.fixture
async def device(path: Path) -> AsyncIterator[Echo]:
    """Not yet plugged in."""
    device = Echo(path)
    yield device
    device.port.unplug()


def _link(path: Path, driver: Asks, inbox: Collected) -> SerialLink:
    return SerialLink("line", SerialSettings(path=str(path)), driver, inbox, asyncio.get_running_loop().time)


async def test_asks_and_hears(path: Path, device: Echo) -> None:
    """What the driver asks goes out, what comes is given to it, and the link counts it."""
    device.port.plug()
    inbox = Collected()
    link: Link = _link(path, Asks(), inbox)
    async with running(link):
        await inbox.until(lambda one: isinstance(one, Heard) and one.device == "?")
        assert link.health.up and link.health.received >= 1 and link.health.reconnects == 0
    assert not link.health.up
    assert isinstance(inbox.signals[0], LinkUp)


async def test_a_path_that_is_absent_at_start(path: Path, device: Echo, caplog: pytest.LogCaptureFixture) -> None:
    """Absence is told once and aloud however often it is tried, and the port is used as soon as it appears."""
    caplog.set_level(logging.INFO)
    inbox = Collected()
    driver = Asks()
    async with running(_link(path, driver, inbox)):
        await inbox.kind(LinkDown)
        await driver.until(lambda: driver.ticks >= 20)  # its time goes on, over several tries
        device.port.plug()
        await inbox.kind(Heard)
    down, up, *_ = inbox.signals
    assert isinstance(down, LinkDown) and str(path) in down.reason and "No such file" in down.reason
    assert isinstance(up, LinkUp)
    assert [record.levelname for record in caplog.records if str(path) in record.message] == ["WARNING", "INFO"]


async def test_unplugged_in_the_middle_of_a_frame(path: Path, device: Echo) -> None:
    """The loss is told, the half frame is not kept, and another device node behind the same name is opened."""
    device.port.plug()
    inbox = Collected()
    driver = Asks()
    link = _link(path, driver, inbox)
    async with running(link):
        await inbox.kind(Heard)
        device.port.send(b"half a fra")
        await driver.until(lambda: driver.heard.endswith(b"half a fra"))
        seen = len(inbox.signals)
        device.port.unplug()
        seen = await inbox.kind(LinkDown, seen)
        device.port.plug()
        seen = await inbox.kind(LinkUp, seen)
        await inbox.kind(Heard, seen)
        assert not any(isinstance(one, Heard) and "half" in one.device for one in inbox.signals)
        assert link.health.reconnects == 1
        assert driver.opened_count == 3  # at start, and at each opening


async def test_the_other_end_dies_and_its_name_stays(path: Path, device: Echo) -> None:
    """A name that leads to a dead device is tried again quietly until it leads to a living one."""
    device.port.plug()
    inbox = Collected()
    async with running(_link(path, Asks(), inbox)):
        seen = await inbox.kind(Heard)
        dead = os.readlink(path)
        device.port.unplug()
        _point(path, dead)
        seen = await inbox.kind(LinkDown, seen)
        device.port.plug()
        await inbox.kind(LinkUp, seen)


async def test_an_adapter_that_was_replaced_is_noticed(path: Path, device: Echo, tmp_path: Path) -> None:
    """When the name leads to another device, the old one is let go although it still answers."""
    device.port.plug()
    other = Echo(tmp_path / "other")
    other.port.plug()
    inbox = Collected()
    try:
        async with running(_link(path, Asks(), inbox)):
            seen = await inbox.kind(Heard)
            _point(path, os.readlink(tmp_path / "other"))
            seen = await inbox.kind(LinkDown, seen)
            seen = await inbox.kind(LinkUp, seen)
            await inbox.kind(Heard, seen)
            assert other.heard
    finally:
        other.port.unplug()


async def test_a_name_that_vanishes_is_noticed(path: Path, device: Echo) -> None:
    """When the name is gone the line is let go, although the device still answers: nobody can say whose it is."""
    device.port.plug()
    inbox = Collected()
    async with running(_link(path, Asks(), inbox)):
        seen = await inbox.kind(Heard)
        os.unlink(path)
        await inbox.kind(LinkDown, seen)


async def test_a_device_that_takes_nothing_is_reopened_within_a_deadline(path: Path, device: Echo) -> None:
    """A full buffer neither blocks nor spins: after the deadline the line is dead, and it is opened again."""
    device.port.plug()
    device.port.ignore()
    inbox = Collected()
    driver = Asks(question=b"x" * 100_000)
    async with running(_link(path, driver, inbox)):
        await inbox.kind(LinkUp)
        async with idle_cpu(0.5):
            seen = await inbox.kind(LinkDown)
        lost = inbox.signals[seen - 1]
        assert isinstance(lost, LinkDown) and "takes nothing" in lost.reason
        driver.question = b"?\r"
        device.port.listen()
        await inbox.kind(Heard, seen)


async def test_a_slow_device_gets_the_whole_question(path: Path, device: Echo) -> None:
    """What does not fit at once is sent as the device takes it, and nothing is sent twice or left out."""
    question = bytes(range(256)).replace(b"\r", b"") * 100 + b"\r"
    device.port.plug()
    inbox = Collected()
    async with running(_link(path, Asks(question, every_s=60.0), inbox)):
        async with asyncio.timeout(WAIT_S):
            while len(device.heard) < len(question):
                device.some.clear()
                await device.some.wait()
    assert device.heard == question


async def test_an_unplugged_port_costs_no_processor(path: Path, device: Echo) -> None:
    """Neither a dead descriptor nor an absent path is looked at without end."""
    device.port.plug()
    inbox = Collected()
    driver = Asks(every_s=0.2)
    async with running(_link(path, driver, inbox)):
        await inbox.kind(Heard)
        device.port.unplug()
        await inbox.kind(LinkDown)
        before = driver.ticks
        async with idle_cpu(0.5):
            await driver.until(lambda: driver.ticks >= before + 5)


async def test_a_flood_of_noise_is_read_and_does_not_stop_the_loop(path: Path, device: Echo) -> None:
    """A megabyte of noise leaves memory bounded and the next frame heard."""
    device.port.plug()
    inbox = Collected()
    async with running(_link(path, Asks(), inbox)):
        seen = await inbox.kind(Heard)
        for _ in range(250):
            device.port.send(b"\r" * 64 + b"\xff" * 4032)
            await asyncio.sleep(0)
        device.port.send(b"\rafter\r")
        await inbox.until(lambda one: isinstance(one, Heard) and one.device == "?", seen)
        assert len(inbox.signals) < 250 * 65 + 1000


async def test_the_port_is_ours_alone(path: Path, device: Echo) -> None:
    """A second program that asks for the port is refused, and one that has it first makes our line dead, not shared."""
    device.port.plug()
    inbox = Collected()
    first = serial.Serial(str(path), exclusive=True)
    async with running(_link(path, Asks(), inbox)):
        await inbox.kind(LinkDown)
        first.close()
        await inbox.kind(LinkUp)
        with pytest.raises(serial.SerialException):
            serial.Serial(str(path), exclusive=True)


@pytest.fixture
def precious(path: Path) -> Iterator[None]:
    """A file where the port should be."""
    path.write_text("precious")
    yield
    assert path.read_text() == "precious"


@pytest.mark.usefixtures("precious")
async def test_a_path_that_is_no_port(path: Path) -> None:
    """A file is not a port: the line is dead with a reason, and nothing is written into it."""
    inbox = Collected()
    async with running(_link(path, Asks(), inbox)):
        await inbox.kind(LinkDown)


async def test_nothing_is_left_open(path: Path, device: Echo) -> None:
    """Three replugs and the end of the link leave no descriptor and no thread behind."""
    device.port.plug()
    inbox = Collected()
    before = _descriptors()
    async with running(_link(path, Asks(), inbox)):
        seen = await inbox.kind(Heard)
        for _ in range(3):
            device.port.unplug()
            seen = await inbox.kind(LinkDown, seen)
            device.port.plug()
            seen = await inbox.kind(LinkUp, seen)
    await _thread_ended()
    assert _descriptors() <= before


async def test_a_faulty_driver_ends_the_run_and_frees_the_port(path: Path, device: Echo) -> None:
    """An error in the driver reaches whoever supervises the link; started again, the link works again."""

    class Faulty(Asks):
        def feed(self, data: bytes, at: float) -> Outcome:
            raise ZeroDivisionError

    device.port.plug()
    inbox = Collected()
    link = _link(path, Faulty(), inbox)
    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(WAIT_S):
            await link.run()
    assert not link.health.up
    async with running(_link(path, Asks(), inbox)):
        await inbox.kind(Heard)


async def test_an_opening_that_hangs_is_told_and_waited_for(
    path: Path, device: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While an adapter hangs in open the line is told dead and the driver's time goes on; there is only one try."""
    gate = threading.Event()
    tries = _hold_openings(monkeypatch, gate)
    monkeypatch.setattr("drivers.links.serial.OPENING_S", 0.05)
    device.port.plug()
    inbox = Collected()
    driver = Asks()
    async with running(_link(path, driver, inbox)):
        seen = await inbox.kind(LinkDown)
        before = driver.ticks
        await driver.until(lambda: driver.ticks >= before + 10)
        assert len(tries) == 1
        gate.set()
        await inbox.kind(LinkUp, seen)
        await inbox.kind(Heard, seen)


async def test_a_link_that_ends_while_it_opens_lets_go_of_the_port(
    path: Path, device: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port whose opening comes back after the link's end is closed at once, and another link can have it."""
    gate = threading.Event()
    tries = _hold_openings(monkeypatch, gate)
    device.port.plug()
    driver = Asks()
    async with running(_link(path, driver, Collected())):
        await driver.until(lambda: bool(tries))
    gate.set()
    await _thread_ended()
    serial.Serial(str(path), exclusive=True).close()


def _hold_openings(monkeypatch: pytest.MonkeyPatch, gate: threading.Event) -> list[SerialSettings]:
    """Let every opening wait for the gate; gives the tries made so far."""
    tries: list[SerialSettings] = []
    opened: list[serial.Serial] = []

    def held(settings: SerialSettings) -> serial.Serial:
        tries.append(settings)
        assert gate.wait(WAIT_S)
        opened.append(open_port(settings))  # kept, or its end as garbage would close it
        return opened[-1]

    monkeypatch.setattr("drivers.links.serial_port.open_port", held)
    return tries


def _point(path: Path, target: str) -> None:
    """Make the name lead elsewhere, in one step."""
    fresh = path.with_name("fresh")
    fresh.symlink_to(target)
    fresh.replace(path)


async def _thread_ended() -> None:
    """Wait for the port's thread, which closes the port."""
    for thread in threading.enumerate():
        if thread.name.startswith("serial-line"):
            await asyncio.to_thread(thread.join, WAIT_S)


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))
