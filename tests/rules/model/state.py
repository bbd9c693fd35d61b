"""What the model of the engine remembers: plain dicts and lists.

It keeps everything that was heard and works the rest out anew whenever it is asked. What must be remembered because
no look at the past can tell it (how far an alarm's life has come) are the entries of `alarm`.
"""

from itertools import pairwise
from typing import Any

from rules.plan import Plan, Rule

Alarm = dict[str, Any]
Said = dict[str, Any]  # a decision: "say" is its kind, the rest its fields, texts and evidence left out
Entry = dict[str, Any]  # something heard of a device


class State:
    """All of it. Nothing here is worked out; the functions of the other files do that."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.now = 0.0
        self.started = False
        self.heard: dict[str, list[Entry]] = {device: [] for device in plan.venue.devices}
        self.unverified: dict[str, dict[str, Any]] = {device: {} for device in plan.venue.devices}
        self.faults: dict[tuple[str, str], float] = {}
        self.alarms: dict[str, Alarm] = {}
        self.zone_tiers: dict[str, int] = dict.fromkeys(plan.venue.zones, 0)  # as people were told last
        self.schedules: dict[str, bool | None] = {}
        self.duty_word: dict[str, Any] | None = None
        self.shows: dict[str, dict[str, Any]] = {}
        self.raises: list[float] = []  # the instants of all alarms that sounded
        self.flood_since: float | None = None
        self.evacuations: dict[str, dict[str, Any]] = {}
        self.evacuation_count = 0
        self.windows: dict[tuple[str, str, str, float], dict[str, Any]] = {}  # since when each window is kept
        self.looked_back: dict[str, float] = {}  # when somebody last looked at what a device said
        self.burning: list[str] = []  # zones on a way out, at the last look
        self.said: list[Said] = []
        self.left_over: list[Said] = []  # what ended with other rules, to be said with the next signal
        arrange(self)

    def say(self, kind: str, **fields: Any) -> None:
        """A decision, at this instant."""
        self.said.append({"say": kind, "at": self.now, **fields})


def arrange(s: State) -> None:
    """One alarm for each place of each rule, in the plan's order; those that there are already go on."""
    there = s.alarms
    s.alarms = {}
    for rule in s.plan.rules:
        for place in rule.places:
            alarm = there.get(f"{rule.id}@{place}") or new_alarm(s, rule, place)
            for tier in rule.tiers:
                alarm["levels"].setdefault(int(tier.tier), new_level())
            s.alarms[alarm["id"]] = alarm


def new_alarm(s: State, rule: Rule, place: str) -> Alarm:
    """An alarm at rest."""
    return {
        "id": f"{rule.id}@{place}",
        "rule": rule.id,
        "place": place,
        "zone": s.plan.venue.devices[place].zone if rule.each == "device" else place,
        "state": "normal",
        "tier": 0,
        "sounding": False,
        "since": 0.0,
        "acknowledged_by": "",
        "first_out": False,
        "grouped": False,  # it came without a sound in this flood, and nobody acknowledged it
        "quiet_since": None,  # since when it has stood without a sound
        "levels": {},
        "story": [(0.0, 0)],  # (from when, the worst tier that was true), newest last
        "comings": [(0.0, 0)],  # the same before chattering is held
        "chatter_until": None,
        "overlays": {},
        "withheld": False,
        "blind": None,  # whether its condition is unknown; None while devices still have time to tell
        "verifying_told": set(),
        "looked_at": 0.0,
        "investigation": {"step": "idle", "began": None, "triggers": [], "held": [], "told": []},
        "asked": None,  # the evacuation plan that it asked for since its highest tier is true
        "stood_down": 0,  # the tier at which a person found no fire since it rose
    }


def new_level() -> dict[str, Any]:
    """One tier of an alarm, at rest."""
    return {"phase": "inactive", "began": None, "seen": False}


# What the plan says


def rule_of(s: State, alarm: Alarm) -> Rule:
    """The rule that makes an alarm."""
    return next(rule for rule in s.plan.rules if rule.id == alarm["rule"])


def holders(s: State, zone: str) -> list[str]:
    """A zone and all that hold it, innermost first."""
    found = []
    at: str | None = zone
    while at is not None:
        found.append(at)
        at = s.plan.venue.zones[at].parent
    return found


def neighbours(s: State, zone: str) -> list[str]:
    """The zones that name it as their neighbour, or that it names."""
    zones = s.plan.venue.zones
    return [other for other in zones if other in zones[zone].neighbours or zone in zones[other].neighbours]


def members(s: State, alarm: Alarm) -> list[str]:
    """The devices that an alarm is about."""
    rule, devices = rule_of(s, alarm), s.plan.venue.devices
    if rule.each == "device":
        return [alarm["place"]]
    return [
        one.id
        for one in devices.values()
        if alarm["place"] in holders(s, one.zone) and (not rule.members or one.id in rule.members)
    ]


# What an alarm is


def standing(alarm: Alarm) -> int:
    """The worst tier whose condition is true."""
    return int(alarm["story"][-1][1])


def is_up(alarm: Alarm) -> bool:
    """Whether people see it as an alarm."""
    return alarm["state"] not in ("normal", "pending")


def is_disabled(alarm: Alarm) -> bool:
    """Whether it is out of service: then it counts nowhere."""
    return "out_of_service" in alarm["overlays"]


def stands(alarm: Alarm, at: int) -> bool:
    """Whether it counts for others at this tier."""
    return not is_disabled(alarm) and standing(alarm) >= at


def ceased(alarm: Alarm, at: int) -> float | None:
    """When this tier or a higher one last ceased to be true; None if it never did."""
    story = alarm["story"]
    ends = [now for (_, was), (now, is_now) in pairwise(story) if was >= at > is_now]
    return ends[-1] if ends else None
