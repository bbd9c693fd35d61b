"""The life of an alarm: the states of ISA-18.2 section 5 / IEC 62682 as one table. Nothing else decides on them.

An alarm is *raised* when its condition becomes true (after the on-delay), *returns* when it becomes false again, is
*acknowledged* by a person, and, if latching, stays shown after its return until a person *resets* it. Under an overlay
(`rules.overlay`) it rests at normal, while its condition is followed; when the last overlay goes it begins anew from
what is true then. A move that the table does not hold raises IllegalMove and changes nothing.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

from rules.chatter import Chatter
from rules.decision import Because, OverlayKind, State
from rules.level import Level
from rules.overlay import Overlay
from rules.plan import Rule
from rules.tier import Tier


class Move(Enum):
    """What can happen to an alarm."""

    START = "the on-delay or an investigation began"
    LAPSE = "the on-delay or the investigation ended without an alarm"
    RAISE = "the condition became true"
    ESCALATE = "a higher tier became true"
    RISE_AGAIN = "the condition rose again to the tier that is still shown"
    RE_ALARM = "it still stands, and the time after which it sounds again is over"
    RETURN = "the condition became false"
    LATCH = "the condition became false, and the alarm latches"
    ACKNOWLEDGE = "a person took note"
    RESET = "a person reset it"
    HIDE = "an overlay was laid over it"


TABLE: dict[tuple[State, Move], State] = {
    ("normal", Move.START): "pending",
    ("normal", Move.RAISE): "unack",
    ("pending", Move.LAPSE): "normal",
    ("pending", Move.RAISE): "unack",
    ("unack", Move.ESCALATE): "unack",
    ("unack", Move.ACKNOWLEDGE): "acked",
    ("unack", Move.RISE_AGAIN): "unack",
    ("unack", Move.RE_ALARM): "unack",
    ("unack", Move.RETURN): "rtn_unack",
    ("unack", Move.LATCH): "latched_unack",
    ("acked", Move.ESCALATE): "unack",
    ("acked", Move.RISE_AGAIN): "unack",
    ("acked", Move.RE_ALARM): "unack",
    ("acked", Move.RETURN): "normal",
    ("acked", Move.LATCH): "latched_acked",
    ("rtn_unack", Move.RAISE): "unack",
    ("rtn_unack", Move.ACKNOWLEDGE): "normal",
    ("latched_unack", Move.RAISE): "unack",
    ("latched_unack", Move.ACKNOWLEDGE): "latched_acked",
    ("latched_acked", Move.RAISE): "unack",
    ("latched_acked", Move.RESET): "normal",
    ("normal", Move.HIDE): "normal",
    ("pending", Move.HIDE): "normal",
    ("unack", Move.HIDE): "normal",
    ("acked", Move.HIDE): "normal",
    ("rtn_unack", Move.HIDE): "normal",
    ("latched_unack", Move.HIDE): "normal",
    ("latched_acked", Move.HIDE): "normal",
}


# Of a large venue's alarms nearly all never had an overlay and never stood: they share this.
_NOTHING: Mapping[Any, Any] = MappingProxyType({})


class IllegalMove(Exception):
    """The table holds no such move. A programming error, not an operating one."""

    def __init__(self, alarm: str, state: State, move: Move) -> None:
        super().__init__(f"{alarm}: in state {state}, this cannot happen: {move.value}")
        self.alarm = alarm
        self.state = state
        self.move = move


class Alarm:
    """One live instance of a rule at one device or zone.

    `standing` is the worst tier whose condition is true; `tier` is the one shown: a latching alarm keeps its worst.
    `stood` tells, for each tier that ceased to be true, when that was. `withheld` says that since it was covered there
    was something of it to show. `quiet_since` is set while it stands without a sound and its rule asks for another.
    `stood_down` is the tier up to which a person looked and found no fire since it rose.
    `asked` is the evacuation plan that it put in force when its highest tier became true, for as long as that is true.
    `grouped`: it made no sound because of a flood that is not over, and nobody has acknowledged it.
    """

    __slots__ = (
        "acknowledged_by",
        "asked",
        "because",
        "chatter",
        "first_out",
        "grouped",
        "id",
        "levels",
        "overlays",
        "place",
        "quiet_since",
        "rule",
        "since",
        "sounding",
        "standing",
        "state",
        "stood",
        "stood_down",
        "tier",
        "withheld",
        "zone",
    )

    def __init__(self, rule: Rule, place: str, zone: str) -> None:
        self.rule = rule
        self.place = place
        self.zone = zone
        self.id = f"{rule.id}@{place}"
        self.state: State = "normal"
        self.tier = Tier.NONE
        self.levels = tuple([Level(tier) for tier in rule.tiers])
        self.sounding = False
        self.since = 0.0
        self.acknowledged_by = ""
        self.because: tuple[Because, ...] = ()
        self.standing = Tier.NONE
        self.stood: Mapping[Tier, float] = _NOTHING
        self.stood_down = Tier.NONE
        self.overlays: Mapping[OverlayKind, Overlay] = _NOTHING
        self.withheld = False
        self.chatter = Chatter()
        self.first_out = False
        self.asked = ""
        self.grouped = False
        self.quiet_since: float | None = None

    def can(self, move: Move) -> bool:
        """Whether the table holds this move from the present state."""
        return (self.state, move) in TABLE

    def move(self, move: Move) -> None:
        """Go where the table says. Raises IllegalMove, changing nothing."""
        state = TABLE.get((self.state, move))
        if state is None:
            raise IllegalMove(self.id, self.state, move)
        self.state = state

    def settle(self) -> None:
        """Forget the tier and everything that belonged to the alarm that is now over."""
        self.tier = Tier.NONE
        self.sounding = False
        self.since = 0.0
        self.acknowledged_by = ""
        self.because = ()
        self.first_out = False
        self.grouped = False

    @property
    def top(self) -> Tier:
        """The highest tier of its rule."""
        return self.levels[-1].rule.tier

    @property
    def level_tier(self) -> Tier:
        """The worst tier whose level counts at this instant; levels are ordered lowest first."""
        for level in reversed(self.levels):
            if level.active:
                return level.rule.tier
        return Tier.NONE

    @property
    def due(self) -> float | None:
        """When the earliest running delay, on or off, is over."""
        return min((level.due for level in self.levels if level.due is not None), default=None)

    @property
    def re_alarm_at(self) -> float | None:
        """When it sounds again if nobody ends it before."""
        if self.quiet_since is None or self.rule.re_alarm_s is None:
            return None
        return self.quiet_since + self.rule.re_alarm_s

    @property
    def raising_at(self) -> float | None:
        """When the earliest running on-delay or step of a verification is over."""
        dues = [level.due for level in self.levels if level.raising and level.due is not None]
        return min(dues, default=None)

    @property
    def up(self) -> bool:
        """Whether it is in view: raised, and not over yet."""
        return self.state not in ("normal", "pending")

    @property
    def notable(self) -> bool:
        """Whether people are shown it: it is not normal, or they put it aside, or something explains it away."""
        return self.state != "normal" or self.withheld or bool(self.overlays.keys() - {"suppressed"})

    @property
    def disabled(self) -> bool:
        """Whether it is out of service: it counts nowhere, and puts nothing in force."""
        return "out_of_service" in self.overlays

    def stands(self, at: Tier) -> bool:
        """Whether the condition of tier `at` or a higher one is true; never of one out of service."""
        return self.standing >= at and not self.disabled

    @property
    def counted(self) -> Tier:
        """The tier at which others count it: none while it is out of service."""
        return Tier.NONE if self.disabled else self.standing

    def shown(self, at: Tier) -> bool:
        """Whether the alarm is up at tier `at` or higher, returned or not."""
        return self.up and self.tier >= at

    @property
    def covered_until(self) -> float | None:
        """When the earliest of its overlays ends by itself."""
        return min((over.until for over in self.overlays.values() if over.until is not None), default=None)

    def take_levels(self, now: float) -> bool:
        """Watch how often the condition comes; whether the alarm has begun to chatter. Highly managed ones never do."""
        return not self.rule.highly_managed and self.chatter.take(self.level_tier, now)

    def take_standing(self, now: float) -> tuple[Tier, Tier]:
        """Take over what the levels say: the standing tier before and after. Remembers until when lost tiers stood.

        While the alarm is held for chattering, tiers rise and do not fall.
        """
        before, after = self.standing, self.level_tier
        if self.chatter.holds:
            after = max(before, after)
        for tier in Tier:
            if after < tier <= before:
                self.stood = {**self.stood, tier: now}
        self.standing = after
        self.stood_down = min(self.stood_down, after)
        if after < self.top:
            self.asked = ""
        return before, after

    def stood_until(self, at: Tier) -> float | None:
        """The last instant at which tier `at` or a higher one ceased to be true; None if it never was, or out of
        service."""
        if self.disabled:
            return None
        return max((stood for tier, stood in self.stood.items() if tier >= at), default=None)
