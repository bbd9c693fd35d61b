"""What a driver on a serial link promises: it asks, it is answered, and time and bytes are all it knows of the world.

It does no I/O and reads no clock; the link carries its questions and brings it the answers. The same driver can
therefore be run through a year of trouble in a second.
"""

from dataclasses import dataclass
from typing import Protocol

from drivers.contract import BadInput
from rules.signal import Signal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call brought: bytes to send now, signals to hand on, whole frames counted, and bytes not believed."""

    send: bytes = b""
    signals: tuple[Signal, ...] = ()
    frames: int = 0
    bad: tuple[BadInput, ...] = ()


class PolledDriver(Protocol):
    """One driver that owns the talk on one line. Times are engine seconds and never run backwards.

    While the line is down the link goes on calling `tick`, and what it is then given to send goes nowhere: an unplugged
    line and a dead device are the same silence to the driver.
    """

    def opened(self, at: float) -> None:
        """The line is new; whatever was half said on the old one is void. Ask as soon as `tick` is called."""

    def due(self) -> float:
        """When `tick` must be called next, unless bytes come first."""

    def tick(self, at: float) -> Outcome:
        """Time has come to `at`: ask, give up waiting, give up half a frame."""

    def feed(self, data: bytes, at: float) -> Outcome:
        """These bytes arrived at `at`."""
