"""Which alarms are consequences of others: by rule (`suppresses`), along the power (`fed_by`), behind a dead link.

A consequence is out of view while its cause stands. A cause that is itself shelved or suppressed still explains its
consequences, one that is out of service explains nothing. Highly managed alarms are never consequences. Rules never
suppress each other in a circle, for then nothing would be shown; the loader refuses that.
"""

from collections.abc import Iterable

from rules.alarm import Alarm
from rules.cause import Cause, DeviceCause
from rules.faults import LINK_DOWN, SILENCES, FaultRegister
from rules.overlay import Overlay
from rules.plan import Rule
from rules.tier import Tier
from rules.venue import Venue
from rules.wiring import House


class Suppression:
    """Who explains whom. Fixed by the plan; what stands is looked up when asked."""

    __slots__ = ("_behind", "_causes_of", "_consequences", "_faults", "_feeding", "_venue")

    def __init__(self, rules: Iterable[Rule], venue: Venue, house: House, faults: FaultRegister) -> None:
        self._venue = venue
        self._faults = faults
        self._consequences: dict[str, list[Cause]] = {}  # by the alarm that explains them
        self._causes_of: dict[str, list[Alarm]] = {}  # by the alarm that is explained
        self._behind: dict[str, list[DeviceCause]] = {}  # by link
        self._feeding: dict[str, list[Alarm]] = {}  # by device: its alarms that explain what it feeds
        by_rule: dict[str, list[Cause]] = {}
        for cause in house.causes.values():
            by_rule.setdefault(cause.alarm.rule.id, []).append(cause)
        for rule in rules:
            roots = by_rule.get(rule.id, ())
            if rule.suppresses:
                targets = [one for target in rule.suppresses for one in by_rule.get(target, ())]
                for root in roots:
                    self._wire_rule(root.alarm, targets)
            for root in roots if rule.explained_by_link and not rule.highly_managed else ():
                if isinstance(root, DeviceCause):
                    self._behind.setdefault(root.device.device.link, []).append(root)

    def consequences(self, alarm: Alarm) -> Iterable[Cause]:
        """The alarms that this one explains while it stands."""
        return self._consequences.get(alarm.id, ())

    def behind(self, link: str) -> Iterable[Cause]:
        """The alarms that this link explains while it is down."""
        return self._behind.get(link, ())

    def overlay(self, cause: Cause, now: float) -> Overlay | None:
        """What suppresses an alarm at this instant, begun now; None when nothing does."""
        for root in self._causes_of.get(cause.alarm.id, ()):
            if root.stands(Tier.BLUE):
                return Overlay("suppressed", now, None, root.id, f"{root.rule.id} stands and explains it")
        if cause.alarm.rule.explained_by_link and isinstance(cause, DeviceCause):
            link = cause.device.device.link
            if not cause.alarm.rule.highly_managed and self._down(link):
                return Overlay("suppressed", now, None, link, "the link is down and explains it")
        return None

    def explanation(self, source: str, code: str) -> str:
        """The link or device whose failure explains this fault; empty when none does.

        A link explains what is behind it; a device that is silent itself, or whose alarm explains others, explains the
        silence of what it feeds.
        """
        device = self._venue.devices.get(source)
        link = device.link if device is not None else source.partition("/")[0]
        if code != LINK_DOWN and self._down(link):
            return link
        if device is None or code not in SILENCES:
            return ""
        return next((feeder for feeder in self._venue.feeders[source] if self._dead(feeder)), "")

    def _down(self, link: str) -> bool:
        return (link, LINK_DOWN) in self._faults.standing

    def _dead(self, feeder: str) -> bool:
        return any((feeder, code) in self._faults.standing for code in SILENCES) or any(
            alarm.stands(Tier.BLUE) for alarm in self._feeding.get(feeder, ())
        )

    def _wire_rule(self, root: Alarm, targets: Iterable[Cause]) -> None:
        if root.rule.each == "device":
            self._feeding.setdefault(root.place, []).append(root)
        for target in targets:
            if target.alarm.rule.highly_managed or not self._is_consequence(root, target):
                continue
            self._consequences.setdefault(root.id, []).append(target)
            self._causes_of.setdefault(target.alarm.id, []).append(root)

    def _is_consequence(self, root: Alarm, target: Cause) -> bool:
        if root.rule.each == "device":
            return root.place in self._venue.feeders.get(target.alarm.place, ())
        return root.place in self._venue.ancestry[target.alarm.zone]
