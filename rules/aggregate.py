"""What a zone or venue rule sees of its devices, kept up to date one device at a time."""

from collections.abc import Sequence
from math import inf, nan

from rules.conditions import DeviceTruth
from rules.device_state import DeviceState
from rules.truth import Interval, Truth


class Tally:
    """How many devices make a condition true, false, or leave it unknown: behind share, any, all and count."""

    __slots__ = ("_condition", "_truths", "false", "true", "unknown")

    def __init__(self, condition: DeviceTruth, members: Sequence[DeviceState]) -> None:
        self._condition = condition
        self._truths: dict[str, Truth] = {}
        self.true = self.false = self.unknown = 0
        for member in members:
            truth = self._truths[member.device.id] = condition(member, 0.0)
            self._count(truth, 1)

    def update(self, member: DeviceState, now: float) -> bool:
        """Look at a device again; whether anything changed."""
        truth = self._condition(member, now)
        before = self._truths[member.device.id]
        if truth is before:
            return False
        self._count(before, -1)
        self._count(truth, 1)
        self._truths[member.device.id] = truth
        return True

    def looks_at(self, member: DeviceState) -> bool:
        """Whether the device is one of those counted."""
        return member.device.id in self._truths

    def undecided(self) -> list[str]:
        """The devices that leave it unknown."""
        return [device for device, truth in self._truths.items() if truth is None]

    @property
    def total(self) -> int:
        """All devices looked at."""
        return len(self._truths)

    def count(self) -> Interval:
        """Devices that make it true: at least, at most."""
        return self.true, self.true + self.unknown

    def share(self) -> Interval:
        """The same as a part of all devices, 0 to 1; 0 where there are no devices."""
        if not self._truths:
            return 0.0, 0.0
        return self.true / self.total, (self.true + self.unknown) / self.total

    def any(self) -> Truth:
        """Whether any device makes it true."""
        return True if self.true else None if self.unknown else False

    def all(self) -> Truth:
        """Whether every device makes it true; false where there are no devices."""
        return False if self.false or not self._truths else None if self.unknown else True

    def contributors(self) -> list[str]:
        """The devices that make it true."""
        return [device for device, truth in self._truths.items() if truth]

    def _count(self, truth: Truth, by: int) -> None:
        if truth is None:
            self.unknown += by
        elif truth:
            self.true += by
        else:
            self.false += by


class Spread:
    """The values of one quantity over the devices: behind min, max and mean.

    Where no device measures it, the result is NaN, which no comparison accepts.
    """

    __slots__ = ("_members", "_quantity", "_values")

    def __init__(self, quantity: str, members: Sequence[DeviceState]) -> None:
        self._quantity = quantity
        self._members = frozenset(member.device.id for member in members)
        self._values: dict[str, float] = {}
        for member in members:
            self.update(member, 0.0)

    def update(self, member: DeviceState, now: float) -> bool:
        """Look at a device again; whether anything changed. A value is as it was said last, whatever the time."""
        value = member.values.get(self._quantity)
        before = self._values.get(member.device.id)
        if value == before:
            return False
        if value is None:
            del self._values[member.device.id]
        else:
            self._values[member.device.id] = value
        return True

    def looks_at(self, member: DeviceState) -> bool:
        """Whether the device is one of those that measure the quantity here."""
        return member.device.id in self._members

    def minimum(self) -> Interval:
        """The least value; what is unknown may be lower still."""
        known = min(self._values.values(), default=inf if self._members else nan)
        return (known if self._complete else -inf), known

    def maximum(self) -> Interval:
        """The greatest value; what is unknown may be higher still."""
        known = max(self._values.values(), default=-inf if self._members else nan)
        return known, (known if self._complete else inf)

    def mean(self) -> Interval:
        """The mean value; it can be anything while one is unknown."""
        if not self._complete:
            return -inf, inf
        value = sum(self._values.values()) / len(self._members) if self._members else nan
        return value, value

    def contributors(self) -> list[str]:
        """The devices whose value is known, lowest first, then by id."""
        return sorted(self._values, key=lambda device: (self._values[device], device))

    @property
    def _complete(self) -> bool:
        return len(self._values) == len(self._members)
