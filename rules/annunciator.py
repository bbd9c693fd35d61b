"""What people are told of many alarms at once: which was the first of its kind, and when there are too many to follow.

In a flood lesser alarms are shown without a sound, so that the sounder still means something. Orange, red and highly
managed ones sound always, and nothing is left out.
"""

from collections import deque
from collections.abc import Iterable

from msgspec.structs import replace

from rules.alarm import Alarm
from rules.decision import AlarmDecision, Decision, EndFlood, Flood, Raise, Shown
from rules.tier import Tier

FLOOD_RAISES = 10  # alarms in FLOOD_S are more than one operator can follow: EEMUA 191
FLOOD_S = 600.0
CALM_RAISES = 5  # below so many in FLOOD_S the flood is over


class Annunciator:
    """`raised` are the instants of the last alarms; `flood_since` is set while there are too many."""

    __slots__ = ("_up", "flood_since", "raised")

    def __init__(self) -> None:
        self.raised: deque[float] = deque(maxlen=FLOOD_RAISES)
        self.flood_since: float | None = None
        self._up: dict[str, set[str]] = {}  # ids of the alarms in view, by category

    def note(self, alarm: Alarm) -> None:
        """An alarm may have come into view or gone out of it."""
        up = self._up.setdefault(alarm.rule.category, set())
        if alarm.up:
            up.add(alarm.id)
        else:
            up.discard(alarm.id)

    def announce(self, alarm: Alarm, decision: AlarmDecision, now: float) -> list[Decision]:
        """A decision on an alarm, as people are told it, and whether too many come with it."""
        up = self._up.get(alarm.rule.category, set())
        if isinstance(decision, Raise):
            alarm.first_out = not up - {alarm.id}
            decision = replace(decision, first_out=alarm.first_out)
        self.note(alarm)
        if not isinstance(decision, Raise | Shown) or not alarm.sounding:
            return [decision]
        if self.flood_since is not None and alarm.tier <= Tier.YELLOW and not alarm.rule.highly_managed:
            alarm.sounding = False
            alarm.grouped = True
            decision = replace(decision, sounding=False, grouped=True)
        self.raised.append(now)
        return [decision, *self._flood(now)]

    @property
    def due(self) -> float | None:
        """When the flood is over if nothing more comes."""
        return None if self.flood_since is None else self.raised[-CALM_RAISES] + FLOOD_S

    def expire(self, now: float) -> list[Decision]:
        """So few came that the flood is over: it is `due`."""
        self.flood_since = None
        return [EndFlood(now, sum(raised + FLOOD_S > now for raised in self.raised))]

    def restore(self, raised: Iterable[float], flood_since: float | None) -> None:
        """Go on where it was before a restart."""
        self.raised.extend(raised)
        self.flood_since = flood_since

    def _flood(self, now: float) -> list[Decision]:
        if self.flood_since is not None or len(self.raised) < FLOOD_RAISES or now - self.raised[0] > FLOOD_S:
            return []
        self.flood_since = now
        return [Flood(now, FLOOD_RAISES)]
