"""How several independent alarms become one confirmed event: k distinct devices in alarm within a window.

A device counts while its alarm stands at the tier asked for, and for `within_s` seconds after it last did. So a
detector that is still in alarm is never too old to be confirmed, and a puff of smoke is not remembered for ever.
Without a window a device counts as long as its alarm is shown. The same device under two rules counts once
(GB 50116 4.1.6: two independent devices).
"""

from collections.abc import Sequence

from rules.alarm import Alarm
from rules.tier import Tier


class Coincidence:
    """The alarms of some rules in one place, and how many distinct devices are in alarm at `at` or above."""

    __slots__ = ("alarms", "at", "devices", "within_s")

    def __init__(self, alarms: Sequence[Alarm], at: Tier, devices: int, within_s: float | None) -> None:
        self.alarms = alarms
        self.at = at
        self.devices = devices
        self.within_s = within_s

    def holds(self, now: float) -> bool:
        """Whether enough distinct devices count at this instant."""
        return len(self.contributors(now)) >= self.devices

    def contributors(self, now: float) -> list[str]:
        """The ids of one alarm for each device that counts, in the order of the alarms."""
        by_place: dict[str, str] = {}
        for alarm in self.alarms:
            if self._counts(alarm, now):
                by_place.setdefault(alarm.place, alarm.id)
        return list(by_place.values())

    def expires_at(self, after: float) -> float | None:
        """The first instant after another at which a device stops counting by itself."""
        if self.within_s is None:
            return None
        ends = [
            stood + self.within_s
            for alarm in self.alarms
            if not alarm.stands(self.at) and (stood := alarm.stood_until(self.at)) is not None
        ]
        return min((end for end in ends if end > after), default=None)

    def _counts(self, alarm: Alarm, now: float) -> bool:
        if alarm.stands(self.at):
            return True
        if self.within_s is None:
            return alarm.shown(self.at)
        stood = alarm.stood_until(self.at)
        return stood is not None and now < stood + self.within_s
