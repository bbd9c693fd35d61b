"""An alarm that comes and goes faster than people can follow is held as standing until it has been quiet."""

from collections.abc import Sequence

from rules.tier import Tier

CHATTER_RAISES = 3  # within CHATTER_S: ISA-18.2 counts an alarm that comes three times a minute as chattering
CHATTER_S = 60.0


class Chatter:
    """`raised` are the last instants at which the alarm's condition became true; `quiet_at` is set while it is held."""

    __slots__ = ("level", "quiet_at", "raised")

    def __init__(self) -> None:
        self.raised: Sequence[float] = ()
        self.level = Tier.NONE  # what the levels said last
        self.quiet_at: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the alarm is held as standing."""
        return self.quiet_at is not None

    def take(self, level: Tier, now: float) -> bool:
        """Take what the levels say at this instant; whether the chattering began with it."""
        before, self.level = self.level, level
        if before == level:
            return False
        if self.quiet_at is not None:
            self.quiet_at = now + CHATTER_S
        if before:
            return False
        self.raised = [*self.raised[1 - CHATTER_RAISES :], now]
        if self.holds or len(self.raised) < CHATTER_RAISES or now - self.raised[0] > CHATTER_S:
            return False
        self.quiet_at = now + CHATTER_S
        return True

    def restore(self, raised: Sequence[float], quiet_at: float | None, level: Tier) -> None:
        """Go on where it was before a restart."""
        self.raised, self.quiet_at, self.level = raised, quiet_at, level

    def expire(self, now: float) -> None:
        """Let the alarm go if it has been quiet for long enough."""
        if self.quiet_at is not None and self.quiet_at <= now:
            self.quiet_at = None
