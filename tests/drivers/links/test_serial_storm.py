"""Days of random trouble on a serial line, in simulated time: ports that vanish, hang, lie and babble."""

import asyncio
import os
import random
import socket
from concurrent.futures import Future
from contextlib import suppress

import pytest
import serial

from drivers.contract import Binding
from drivers.links.serial import SerialLink
from drivers.links.serial_settings import SerialSettings
from drivers.megatec.driver import MegatecDriver
from drivers.megatec.settings import MegatecSettings
from rules.quantity import QUANTITIES
from rules.signal import Fault, LinkDown, LinkUp, Reading, Recovered
from simulators.devices.ups import Ups
from tests.drivers.links.jumping_loop import JumpingLoop
from tests.drivers.links.serial_line import Collected, running

TROUBLES = 500  # in one storm
PEACE_S = 60.0  # after it: an adapter is opened again after at most 5 s, a fault over after three polls
TICKS_PER_S = 30  # of the driver: far more than it needs, far less than a spin


class Adapter:
    """One end is the link's port, the other is a UPS. Every plugging-in makes a new pair."""

    def __init__(self, noise: random.Random) -> None:
        self._noise = noise
        self._pair: tuple[socket.socket, socket.socket] | None = None
        self._given = False
        self._command = b""
        self.ups = Ups(0.0)
        self.openings = 0
        self.same = True
        self.refusing = False
        self.mute = False
        self.noisy = 0.0
        self.stuck = False
        self.plug()

    def plug(self) -> None:
        self.unplug()
        self._pair = ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        asyncio.get_running_loop().add_reader(ours, self._readable, ours)
        self.same = True
        self._given = False

    def unplug(self) -> None:
        """The link closes its own end, if it was ever given one."""
        if self._pair is not None:
            ours, theirs = self._pair
            asyncio.get_running_loop().remove_reader(ours)
            ours.close()
            if not self._given:
                theirs.close()
            self._pair = None

    def choke(self) -> None:
        """Take nothing more, and fill the link's buffer."""
        if self._pair is None or self._pair[1].fileno() < 0:
            return
        self.stuck = True
        asyncio.get_running_loop().remove_reader(self._pair[0])
        with suppress(OSError):
            while True:
                self._pair[1].send(b"\0" * 65536)

    def babble(self, data: bytes) -> None:
        if self._pair is not None:
            with suppress(OSError):
                self._pair[0].send(data)

    def open(self) -> socket.socket:
        """What the link gets. Raises as pyserial does."""
        self.openings += 1
        if self.refusing:
            raise serial.SerialException(16, "could not open port: Device or resource busy")
        if self._pair is None or self._pair[1].fileno() < 0:
            raise serial.SerialException(2, "could not open port: No such file or directory")
        if self.stuck:
            self.stuck = False
            self.plug()
        self._given = True
        return self._pair[1]

    def _readable(self, ours: socket.socket) -> None:
        try:
            data = ours.recv(65536)
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(ours)
            return
        *commands, rest = (self._command + data).split(b"\r")
        self._command = rest[-16:]
        self.ups.advance(asyncio.get_running_loop().time())
        for command in commands:
            answer = self.ups.answer(command.decode("latin-1"))
            if not self.mute:
                self.babble(bytes(self._spoilt(byte) for byte in answer))

    def _spoilt(self, byte: int) -> int:
        return self._noise.randrange(256) if self._noise.random() < self.noisy else byte


class Thread:
    """In place of the port's thread: what it does is done at once, or fails as it would."""

    adapter: Adapter

    def __init__(self, name: str) -> None:
        self.opened: list[socket.socket] = []

    def open(self, settings: SerialSettings) -> "Future[socket.socket]":
        future: Future[socket.socket] = Future()
        try:
            future.set_result(self.adapter.open())
        except serial.SerialException as error:
            future.set_exception(error)
        return future

    def close(self, port: socket.socket) -> "Future[None]":
        port.close()
        future: Future[None] = Future()
        future.set_result(None)
        if self.adapter.same and not self.adapter.stuck:
            self.adapter.plug()  # the device is still there to be opened again
        return future

    def end(self) -> None:
        """Nothing is left to do."""


async def _storm(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = random.Random(seed)
    loop = asyncio.get_running_loop()
    broken: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _, context: broken.append(context))
    adapter = Adapter(noise)
    monkeypatch.setattr(Thread, "adapter", adapter, raising=False)
    monkeypatch.setattr("drivers.links.serial.PortThread", Thread)
    monkeypatch.setattr("drivers.links.serial.still_there", lambda fd, path: adapter.same)
    quantities = frozenset({"on_battery", "voltage", "ups_battery_low"})
    driver = MegatecDriver(MegatecSettings(), [Binding("ups-1", "", quantities)])
    ticks = 0
    tick = driver.tick

    def counted(at: float) -> object:
        nonlocal ticks
        ticks += 1
        return tick(at)

    monkeypatch.setattr(driver, "tick", counted)
    inbox = Collected()
    link = SerialLink("line", SerialSettings(path="/dev/x"), driver, inbox, loop.time)
    async with running(link):
        for _ in range(TROUBLES):
            await asyncio.sleep(noise.choice((0.0, 0.1, 1.0, 10.0)) * noise.random())
            _trouble(adapter, noise)
        _peace(adapter)
        calm = len(inbox.signals)
        await asyncio.sleep(PEACE_S)
        assert link.health.up
    adapter.unplug()
    assert not broken
    assert ticks < loop.time() * TICKS_PER_S
    assert adapter.openings < loop.time() / 0.15 + 10  # the back-off's shortest pause
    _check(inbox, calm)


def _trouble(adapter: Adapter, noise: random.Random) -> None:
    match noise.randrange(12):
        case 0:
            adapter.unplug()
        case 1 | 2 | 3:
            adapter.plug()
        case 4:
            adapter.same = noise.random() < 0.5
        case 5:
            adapter.refusing = noise.random() < 0.5
        case 6:
            adapter.mute = noise.random() < 0.5
        case 7:
            adapter.noisy = noise.choice((0.0, 0.0, 0.01, 0.2, 1.0))
        case 8:
            adapter.choke()
        case 9:
            adapter.babble(noise.randbytes(noise.randrange(5000)))
        case 10:
            adapter.babble(adapter.ups.answer("Q1")[: noise.randrange(47)])
        case _:
            adapter.ups.set_mains(noise.choice((0.0, 226.0)))


def _peace(adapter: Adapter) -> None:
    adapter.refusing = adapter.mute = adapter.stuck = False
    adapter.noisy = 0.0
    adapter.ups.battery.charge = 1.0
    adapter.ups.set_mains(226.0)
    adapter.plug()


def _check(inbox: Collected, calm: int) -> None:
    up = False
    standing: dict[str, bool] = {}
    for one in inbox.signals:
        if isinstance(one, LinkUp | LinkDown):
            assert up is not isinstance(one, LinkUp) or one is inbox.signals[0]
            up = isinstance(one, LinkUp)
        elif isinstance(one, Fault | Recovered):
            assert standing.get(one.code) is not isinstance(one, Fault)
            standing[one.code] = isinstance(one, Fault)
        elif isinstance(one, Reading):
            assert QUANTITIES[one.quantity].accepts(one.value)
    times = [one.at for one in inbox.signals]
    assert times == sorted(times)
    assert up and standing and not any(standing.values())
    last = {one.quantity: one.value for one in inbox.signals[calm:] if isinstance(one, Reading)}
    assert last == {"on_battery": False, "voltage": 226.0, "ups_battery_low": False}


@pytest.mark.parametrize("seed", range(20))
def test_storm(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Invariant: no trouble ends the link, makes it spin, leaks a descriptor or leaves a fault behind."""
    before = len(os.listdir("/proc/self/fd"))
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(_storm(seed, monkeypatch))
    assert len(os.listdir("/proc/self/fd")) <= before
