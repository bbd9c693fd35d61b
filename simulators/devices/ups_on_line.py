"""The venue's UPS, on a pseudo-terminal at the path where the venue file has its serial line."""

from pathlib import Path

from rules.venue import Device
from simulators.ups import SerialUps


class UpsOnLine:
    """A virtual device around the serial UPS; it is asked, so `tick` has nothing to do."""

    def __init__(self, device: Device, path: Path) -> None:
        self.device = device
        self.path = path
        self.ups: SerialUps | None = None
        self._mains = True

    async def run(self) -> None:
        """Appear at the path until cancelled. Raises OSError when it cannot be written."""
        self.ups = SerialUps(self.path)
        self.follow(self._mains)
        await self.ups.run()

    def follow(self, mains: bool) -> None:
        """The mains at the UPS is there, or not."""
        self._mains = mains
        if self.ups is not None:
            self.ups.mains(mains)

    def tick(self, now: float) -> None:
        """The line paces itself."""

    def mute(self) -> None:
        if self.ups is not None:
            self.ups.mute()

    def unmute(self) -> None:
        if self.ups is not None:
            self.ups.unmute()

    def kill(self) -> None:
        """The adapter is pulled out."""
        if self.ups is not None:
            self.ups.unplug()

    def revive(self) -> None:
        """And put back."""
        if self.ups is not None:
            self.ups.plug()

    def messages(self) -> int:
        return self.ups.questions if self.ups is not None else 0
