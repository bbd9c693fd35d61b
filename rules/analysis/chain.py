"""From a signal to an evacuation: which rules lead there, through what delays, and how long that takes at most."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf

from rules.analysis.extremes import Values
from rules.tier import Tier


@dataclass(frozen=True, slots=True)
class Part:
    """One step of a chain: what happens, and how long it may take."""

    text: str
    seconds: float
    looked_into: bool = False  # people are asked to look, and could stand it down


@dataclass(frozen=True, slots=True)
class Event:
    """An alarm that reached a tier, or a plan put in force, with the parts that led to it.

    `until_s`: its condition is surely true until then, in seconds from the signal.
    """

    parts: tuple[Part, ...] = ()
    until_s: float = inf

    @property
    def seconds(self) -> float:
        """From the signal until then, at most."""
        return sum(part.seconds for part in self.parts)

    @property
    def words(self) -> str:
        """What the time is made of: "smoke waits for orange 5 s + staff look 60 s"."""
        parts = " + ".join(f"{part.text} {part.seconds:g} s" for part in self.parts if part.seconds)
        return parts or "at once"

    @property
    def looked_into(self) -> bool:
        """Whether people could have looked before it came to this."""
        return any(part.looked_into for part in self.parts)

    def then(self, *parts: Part) -> "Event":
        """What follows it."""
        return replace(self, parts=(*self.parts, *parts))


@dataclass(frozen=True, slots=True)
class Chain:
    """What the danger signal of one device leads to by one rule.

    `like` are the devices for which everything is the same, `device` the first of them. `told` is what is said by it,
    and in a coincidence by others at the same time. `red` and `evacuation` are None when it does not lead there. `when`
    is the hour of the week that this is about; empty when every hour is alike.

    `untimed` says what could not be worked out; `plan` is then the plan that it could lead to. `measured`: the times
    are those that the engine took, for they could not be worked out.
    """

    device: str
    like: tuple[str, ...]
    rule: str
    tier: Tier  # the highest that the rule itself reaches
    told: Mapping[str, Values]
    red: Event | None
    evacuation: Event | None
    plan: str = ""
    when: str = ""
    untimed: str = ""
    measured: bool = False

    @property
    def others(self) -> int:
        """How many other devices must agree."""
        return len(self.told) - 1
