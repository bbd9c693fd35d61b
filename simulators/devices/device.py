"""What every virtual device has in common, and how often it speaks."""

from dataclasses import dataclass
from typing import Protocol

from rules.venue import Device
from simulators.physics.noise import noise

SLOWEST_REPORT_S = 60.0  # a device that may be silent for a day still shows itself in a simulation
REPORTS_PER_STALE_TIME = 3  # a device shall be missed only after three reports did not come


class VirtualDevice(Protocol):
    """One simulated thing. Nothing but `tick`, called a few times a second, makes it speak."""

    device: Device

    def tick(self, now: float) -> None:
        """Do what is due at `now`, seconds on the simulation's clock."""

    def mute(self) -> None:
        """Say nothing from now on, as a device with a frozen processor: the connection stands, the readings stop."""

    def unmute(self) -> None:
        """Undo `mute`."""

    def kill(self) -> None:
        """Lose power: the connection breaks as well."""

    def revive(self) -> None:
        """Have power again, after `kill`; a new boot."""

    def messages(self) -> int:
        """Messages sent so far, repeats not counted."""


class Presses(Protocol):
    """A device with a button: a panic button, a call point."""

    def press(self) -> None: ...


@dataclass(slots=True)
class Heartbeat:
    """When a device reports although nothing changed: often enough for its staleness time, not all devices at once."""

    every_s: float
    next_at: float

    @classmethod
    def of(cls, device: Device, seed: int) -> "Heartbeat":
        every_s = min(SLOWEST_REPORT_S, device.stale_after_s / REPORTS_PER_STALE_TIME)
        return cls(every_s, noise(seed, f"heartbeat {device.id}").uniform(0.0, every_s))

    def due(self, now: float) -> bool:
        return now >= self.next_at

    def spoke(self, now: float) -> None:
        """Any report counts."""
        self.next_at = now + self.every_s
