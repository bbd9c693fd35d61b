"""One tier of one alarm: its condition with on-delay and off-delay. Delays are timers; they run without data.

    inactive --when, on-delay--> pending --delay over--> active --clear, off-delay--> returning --delay over--> inactive
                                 pending --not when--> inactive         returning --not clear or when--> active

A tier that verifies (smoke detectors only) goes this way instead; only time ends `resetting`:

    inactive --when--> resetting --delay over, when--> active
                       resetting --delay over, not when--> confirming --when--> active
                                                           confirming --delay over--> inactive

Unknown (None) is never normal: it starts no alarm and ends none, also where `clear` is true besides. An on-delay that
runs goes on, an off-delay is called off, and a signal that can no longer be looked at when it should be verified counts
as there.
"""

from enum import Enum

from rules.plan import TierRule, VerifyRule
from rules.truth import Truth


class Phase(Enum):
    """Where the tier stands."""

    INACTIVE = "inactive"
    PENDING = "pending"
    RESETTING = "resetting"
    CONFIRMING = "confirming"
    ACTIVE = "active"
    RETURNING = "returning"


class Level:
    """The phase of one tier, the instant at which its running delay is over, and what `when` was at the last look."""

    __slots__ = ("began", "due", "phase", "rule", "seen")

    def __init__(self, rule: TierRule) -> None:
        self.rule = rule
        self.phase = Phase.INACTIVE
        self.began: float | None = None  # the delay that runs
        self.due: float | None = None
        self.seen: Truth = False

    @property
    def verifying(self) -> bool:
        """Whether a first signal is being verified."""
        return self.phase is Phase.RESETTING or self.phase is Phase.CONFIRMING

    @property
    def raising(self) -> bool:
        """Whether the tier may come to count by itself when its delay is over."""
        return self.phase is Phase.PENDING or self.verifying

    @property
    def active(self) -> bool:
        """Whether the tier counts for its alarm."""
        return self.phase is Phase.ACTIVE or self.phase is Phase.RETURNING

    def update(self, when: Truth, clear: Truth, now: float) -> bool:
        """Take the truth of both conditions at this instant; whether the phase changed."""
        phase = self.phase
        self.seen = when
        if phase is Phase.INACTIVE:
            if when and self.rule.verify is not None:
                return self._start(Phase.RESETTING, Phase.ACTIVE, self.rule.verify.reset_s, now)
            if when:
                return self._start(Phase.PENDING, Phase.ACTIVE, self.rule.on_delay_s, now)
        elif phase is Phase.PENDING:
            if when is False:
                return self._move(Phase.INACTIVE)
        elif phase is Phase.RESETTING:
            return False
        elif phase is Phase.CONFIRMING:
            if when:
                return self._move(Phase.ACTIVE)
        elif phase is Phase.ACTIVE:
            if clear and when is False:
                return self._start(Phase.RETURNING, Phase.INACTIVE, self.rule.off_delay_s, now)
        elif when is not False or not clear:
            return self._move(Phase.ACTIVE)
        return False

    def expire(self, now: float) -> bool:
        """End the delay that is over at this instant, if one is; whether the phase changed."""
        if self.due is None or self.due > now:
            return False
        if self.verifying and self.seen is not False:
            return self._move(Phase.ACTIVE)
        if self.phase is Phase.RESETTING and self.rule.verify is not None:
            return self._start(Phase.CONFIRMING, Phase.INACTIVE, self.rule.verify.confirm_within_s, now)
        return self._move(Phase.ACTIVE if self.phase is Phase.PENDING else Phase.INACTIVE)

    def force(self) -> bool:
        """Take the tier as true without its condition: an investigation ran out, or a second device confirms it.

        Whether the phase changed.
        """
        return False if self.active else self._move(Phase.ACTIVE)

    def restore(self, phase: Phase, began: float | None, due: float | None, seen: Truth = False) -> None:
        """Go on where it was. A delay that runs counts from where it began, and is as long as the rule says now."""
        self.phase = phase
        self.seen = seen
        self.began = began
        self.due = due if began is None else began + self._delay_s

    def restart(self, now: float) -> None:
        """Begin the delay that runs anew, if one does."""
        if self.due is not None:
            self.began = now
            self.due = now + self._delay_s

    @property
    def _delay_s(self) -> float:
        if self.verifying:
            verify = self.rule.verify or VerifyRule(0.0, 0.0)
            return verify.reset_s if self.phase is Phase.RESETTING else verify.confirm_within_s
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
