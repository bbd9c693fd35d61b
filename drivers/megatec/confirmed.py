"""Flags on a line without a checksum: one flipped bit turns a 0 into a 1, so two frames must agree."""

UNSETTLED_MAX = 4  # frames; asked again each quarter of a second, a flag that will not settle is true after a second


class ConfirmedFlag:
    """One flag, as it is believed: None until two frames in a row agreed for the first time."""

    def __init__(self) -> None:
        self.believed: bool | None = None
        self._last: bool | None = None
        self._unsettled = 0

    @property
    def settled(self) -> bool:
        """Whether the last two frames agreed."""
        return self._unsettled == 0

    def see(self, value: bool) -> bool | None:
        """Take one frame's flag; give what is believed now. One that keeps changing is true: unknown is not normal."""
        self._unsettled = 0 if value == self._last else self._unsettled + 1
        self._last = value
        if self.settled:
            self.believed = value
        elif self._unsettled >= UNSETTLED_MAX:
            self.believed = True
        return self.believed
