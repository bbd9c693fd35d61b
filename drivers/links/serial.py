"""A serial port that runs one polled driver, for ever: unplugged, renamed, noisy and stuck are ordinary days.

pyserial only opens and closes the port (see `serial_port`): its `write` blocks or spins on a full buffer. Bytes go
through `wire`. The driver is told of time whether or not the port is open.
"""

import asyncio
import logging
import os
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

import serial

from drivers.contract import Inbox, LinkHealth, Now
from drivers.links.backoff import Backoff
from drivers.links.polled import Outcome, PolledDriver
from drivers.links.serial_port import PortError, PortThread, still_there
from drivers.links.serial_settings import SerialSettings
from drivers.links.wire import Wire
from rules.signal import LinkDown, LinkUp

log = logging.getLogger(__name__)

SAME_DEVICE_S = 2.0  # how often the open port is compared with its path: a replaced adapter is noticed within this
OPENING_S = 5.0  # an opening that lasts longer is told as a dead line; it cannot be ended, and goes on
TURN_MIN_S = 0.001  # a driver that is always due must not starve the loop

T = TypeVar("T")


class SerialLink:
    """One serial port and the driver that talks on it. A Link."""

    def __init__(self, name: str, settings: SerialSettings, driver: PolledDriver, inbox: Inbox, now: Now) -> None:
        self.name = name
        self.health = LinkHealth(since=now())
        self._settings = settings
        self._driver = driver
        self._inbox = inbox
        self._now = now
        self._wake = asyncio.Event()
        self._down_told = False
        self._ever_up = False

    async def run(self) -> None:
        """Keep the port open and the driver talking. Raises only cancellation and what a faulty driver raises."""
        thread = PortThread(f"serial-{self.name}")
        backoff = Backoff()
        self._driver.opened(self._now())
        try:
            while True:
                port = await self._opened(thread)
                if port is not None:
                    try:
                        backoff.held(await self._carry(port))
                    finally:
                        closing = thread.close(port)
                    await self._finished(closing)
                await self._rest(backoff.next_s())
        finally:
            self.health.up = False
            thread.end()

    async def _opened(self, thread: PortThread) -> serial.Serial | None:
        opening = thread.open(self._settings)
        late = asyncio.get_running_loop().call_later(OPENING_S, self._down, f"still opening {self._settings.path}")
        try:
            return await self._finished(opening)
        except PortError as error:
            self._down(f"cannot open {self._settings.path}: {_reason(error)}")
            return None
        finally:
            late.cancel()

    async def _carry(self, port: serial.Serial) -> float:
        """Talk until the port is lost; for how many seconds it held."""
        wire = Wire(port.fileno(), self._wake.set)
        opened_at = self._now()
        compare_at = opened_at + SAME_DEVICE_S
        self._up(opened_at)
        try:
            while not wire.lost:
                if data := wire.take():
                    self._act(self._driver.feed(data, self._now()), wire)
                self._tick(wire)
                at = self._now()
                wire.expire(at)
                if at >= compare_at:
                    compare_at = at + SAME_DEVICE_S
                    if not still_there(port.fileno(), self._settings.path):
                        wire.lose(f"{self._settings.path} is gone or is another device now")
                if not wire.lost:
                    await self._sleep(min(self._driver.due(), compare_at, wire.deadline() or compare_at))
        finally:
            wire.lose("closed")  # out of the loop before the descriptor is closed
        self._down(wire.lost)
        return self._now() - opened_at

    async def _finished(self, work: "Future[T]") -> T:
        """The result of work in the port's thread. The driver's time goes on meanwhile."""
        waiting = asyncio.wrap_future(work)
        waiting.add_done_callback(lambda _: self._wake.set())
        try:
            while not waiting.done():
                self._tick(None)
                await self._sleep(self._driver.due())
            return waiting.result()
        finally:
            waiting.cancel()

    async def _rest(self, seconds: float) -> None:
        until = self._now() + seconds
        while self._now() < until:
            self._tick(None)
            await self._sleep(min(self._driver.due(), until))

    async def _sleep(self, until: float) -> None:
        """Until that time, or until woken."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(until - self._now(), TURN_MIN_S)):
                await self._wake.wait()
        self._wake.clear()

    def _tick(self, wire: Wire | None) -> None:
        at = self._now()
        if at >= self._driver.due():
            self._act(self._driver.tick(at), wire)

    def _act(self, outcome: Outcome, wire: Wire | None) -> None:
        self.health.received += outcome.frames
        self.health.bad += len(outcome.bad)
        if outcome.bad:
            self.health.last_error = str(outcome.bad[-1])
            log.debug("%s: %s", self.name, outcome.bad[-1])
        if outcome.signals:
            self._inbox.put(outcome.signals)
        if outcome.send and wire is not None:
            wire.send(outcome.send, self._now())

    def _up(self, at: float) -> None:
        log.info("%s: %s is open", self.name, self._settings.path)
        self.health.up = True
        self.health.since = at
        self.health.reconnects += self._ever_up
        self._ever_up = True
        self._down_told = False
        self._inbox.put((LinkUp(at, self.name),))
        self._driver.opened(at)

    def _down(self, reason: str) -> None:
        """Tell that the line is dead: the first failure aloud, its repeats only in the health."""
        self.health.last_error = reason
        if self._down_told:
            log.debug("%s: %s", self.name, reason)
            return
        log.warning("%s: %s", self.name, reason)
        at = self._now()
        self.health.up = False
        self.health.since = at
        self._down_told = True
        self._inbox.put((LinkDown(at, self.name, reason),))


def _reason(error: Exception) -> str:
    """What the system says, without pyserial's repetition of the path."""
    number = getattr(error, "errno", None)
    return os.strerror(number) if isinstance(number, int) else str(error)
