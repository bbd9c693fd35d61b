"""One tier of one alarm: its condition with on-delay and off-delay. Delays are timers; they run without data.

    inactive --when, on-delay--> pending --delay over--> active --clear, off-delay--> returning --delay over--> inactive
                                 pending --not when--> inactive         returning --not clear or when--> active

Unknown (None) is never normal: it starts no alarm and ends none. An on-delay that runs goes on, an off-delay is called
off.
"""

from enum import Enum

from rules.plan import TierRule
from rules.truth import Truth


class Phase(Enum):
    """Where the tier stands."""

    INACTIVE = "inactive"
    PENDING = "pending"
    ACTIVE = "active"
    RETURNING = "returning"


class Level:
    """The phase of one tier, and the instant at which its running delay is over."""

    __slots__ = ("began", "due", "phase", "rule")

    def __init__(self, rule: TierRule) -> None:
        self.rule = rule
        self.phase = Phase.INACTIVE
        self.began: float | None = None  # the delay that runs
        self.due: float | None = None

    @property
    def active(self) -> bool:
        """Whether the tier counts for its alarm."""
        return self.phase is Phase.ACTIVE or self.phase is Phase.RETURNING

    def update(self, when: Truth, clear: Truth, now: float) -> bool:
        """Take the truth of both conditions at this instant; whether the phase changed."""
        phase = self.phase
        if phase is Phase.INACTIVE:
            if when:
                return self._start(Phase.PENDING, Phase.ACTIVE, self.rule.on_delay_s, now)
        elif phase is Phase.PENDING:
            if when is False:
                return self._move(Phase.INACTIVE)
        elif phase is Phase.ACTIVE:
            if clear and not when:
                return self._start(Phase.RETURNING, Phase.INACTIVE, self.rule.off_delay_s, now)
        elif when or not clear:
            return self._move(Phase.ACTIVE)
        return False

    def expire(self, now: float) -> bool:
        """End the delay that is over at this instant, if one is; whether the phase changed."""
        if self.due is None or self.due > now:
            return False
        return self._move(Phase.ACTIVE if self.phase is Phase.PENDING else Phase.INACTIVE)

    def force(self) -> bool:
        """Take the tier as true without its condition: an investigation ran out. Whether the phase changed."""
        return False if self.active else self._move(Phase.ACTIVE)

    def restore(self, phase: Phase, began: float | None, due: float | None) -> None:
        """Go on where it was. A delay that runs counts from where it began, and is as long as the rule says now."""
        self.phase = phase
        self.began = began
        self.due = due if began is None else began + self._delay_s

    @property
    def _delay_s(self) -> float:
        return self.rule.on_delay_s if self.phase is Phase.PENDING else self.rule.off_delay_s

    def _start(self, waiting: Phase, after: Phase, delay_s: float, now: float) -> bool:
        if delay_s <= 0:
            return self._move(after)
        self.phase = waiting
        self.began = now
        self.due = now + delay_s
        return True

    def _move(self, phase: Phase) -> bool:
        self.phase = phase
        self.began = None
        self.due = None
        return True
