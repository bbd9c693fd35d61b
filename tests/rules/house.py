"""A small house for the tests of the engine, and a way to tell it a story and read what it said."""

from collections.abc import Iterable

import msgspec

from rules.decision import (
    Advance,
    AlarmChange,
    Anchored,
    Decision,
    DutyChange,
    EndEvacuation,
    EndFault,
    EndFlood,
    EndShowMode,
    Evacuate,
    Flood,
    Hidden,
    Investigate,
    Refuse,
    ReportFault,
    Reroute,
    Restart,
    ShowMode,
    Shown,
    StandDown,
    Verify,
    Withheld,
    ZoneTier,
)
from rules.engine import Engine
from rules.expression import parse
from rules.plan import AfterOutage, Each, EvacuationPlan, InvestigationRule, Plan, Rule, TierRule, Unknown
from rules.signal import Reading, Signal, Tick
from rules.tier import Tier
from rules.venue import Device, Text, Venue, Zone

NORMAL: dict[str, float | bool] = {
    "smoke_obscuration": 0.0,
    "temperature": 20.0,
    "smoke": False,
    "contact": False,
    "voltage": 230.0,
    "on_battery": False,
}

# What these say is all of it, or what they are about is gone and with it the evidence.
_BARE = Refuse | Flood | EndFlood | Withheld | ZoneTier | Reroute
_DECISIONS = msgspec.json.Decoder(list[Decision])

STALE_AFTER_S = 1000.0  # longer than most stories, so that silence is told only where it is the point


def zone(id_: str, parent: str | None = None, kind: str = "room") -> Zone:
    """A zone named like its id."""
    return Zone(id_, kind, Text(id_), parent)


def device(
    id_: str, zone_id: str, *quantities: str, stale_after_s: float = STALE_AFTER_S, fed_by: str | None = None
) -> Device:
    """A device named like its id."""
    return Device(id_, "device", Text(id_), zone_id, frozenset(quantities), stale_after_s, "wire", fed_by)


VENUE_ZONES = (
    zone("venue", kind="venue"),
    zone("floor", "venue", "floor"),
    zone("room-a", "floor"),
    zone("room-b", "floor"),
    zone("attic", "venue", "floor"),
)

DETECTORS = (
    device("det-a", "room-a", "smoke_obscuration", "temperature", "smoke"),
    device("det-b", "room-b", "smoke_obscuration", "temperature", "smoke"),
    device("det-attic", "attic", "smoke_obscuration", "temperature", "smoke"),
)


def venue(*devices: Device) -> Venue:
    """The house with these devices, or with its three detectors."""
    chosen = devices or DETECTORS
    return Venue("venue", {one.id: one for one in VENUE_ZONES}, {one.id: one for one in chosen})


def tier(word: str, when: str, clear: str | None = None, *, on: float = 0.0, off: float = 0.0) -> TierRule:
    """One tier of a rule, delays in seconds."""
    return TierRule(Tier.from_word(word), parse(when), parse(clear) if clear else None, on, off, "house.yaml:1")


def rule(
    id_: str,
    each: Each,
    places: Iterable[str],
    *tiers: TierRule,
    latching: bool = False,
    category: str = "fire",
    investigate: InvestigationRule | None = None,
    evacuate: str | None = None,
    members: Iterable[str] = (),
    suppresses: Iterable[str] = (),
    explained_by_link: bool = False,
    re_alarm: float | None = None,
    unknown: Unknown = "hold",
    after_outage: AfterOutage = "assume_held",
) -> Rule:
    """A rule titled like its id."""
    return Rule(
        id_,
        Text(id_),
        category,
        each,
        tuple(places),
        tiers,
        latching,
        frozenset(members),
        investigate,
        evacuate,
        suppresses=tuple(suppresses),
        explained_by_link=explained_by_link,
        re_alarm_s=re_alarm,
        unknown=unknown,
        after_outage=after_outage,
    )


PLANS = {"whole": EvacuationPlan("whole", ("venue",), Text("leave"), Text("outside"))}


def plan(*rules: Rule, devices: Iterable[Device] = ()) -> Plan:
    """A plan of the house with one evacuation plan, "whole"."""
    return Plan(venue(*devices), rules, PLANS)


SMOKE = rule(
    "smoke",
    "device",
    ("det-a", "det-b", "det-attic"),
    tier("yellow", "smoke_obscuration >= 2", "smoke_obscuration < 1", on=5, off=30),
    tier("orange", "smoke_obscuration >= 4.8 or smoke"),
    latching=True,
)
HEAT = rule(
    "heat",
    "device",
    ("det-a", "det-b"),
    tier("orange", "rise(temperature, 60s) >= 8.3 or temperature >= 57"),
    latching=True,
)
CONFIRMED = rule(
    "confirmed",
    "zone",
    ("floor",),
    tier("red", "alarms([smoke, heat], at: orange, devices: 2, within: 60s)"),
    latching=True,
    investigate=InvestigationRule(("smoke", "heat"), Tier.ORANGE),
    evacuate="whole",
)


class Story:
    """An engine that is told things; each telling returns what it said, in words.

    At 0 every device says that all is normal, unless `heard` is false.
    """

    def __init__(self, told: Plan, *, heard: bool = True) -> None:
        self.plan = told
        self.engine = Engine(told)
        self.decisions: list[Decision] = []
        self.tell(Tick(0.0))
        for one in told.venue.devices.values() if heard else ():
            self.read(0.0, one.id, **{name: NORMAL[name] for name in sorted(one.quantities & NORMAL.keys())})

    def tell(self, signal: Signal) -> list[str]:
        """Any signal."""
        decisions = self.engine.step(signal)
        check_said(decisions, self.engine.now)
        self.decisions += decisions
        return [words(decision) for decision in decisions]

    def read(self, at: float, device_id: str, **values: float | bool) -> list[str]:
        """Readings of one device, one after the other."""
        return [said for name, value in values.items() for said in self.tell(Reading(at, device_id, name, value))]

    def tick(self, at: float) -> list[str]:
        """Nothing was heard until `at`."""
        return self.tell(Tick(at))

    def alarm(self, alarm: str) -> str:
        """The state and tier of an alarm: "unack orange"."""
        for status in self.engine.alarms():
            if status.alarm == alarm:
                return f"{status.state} {status.tier.word}"
        return "normal"

    def restart(self) -> None:
        """Carry the engine's state over to a new one."""
        self.engine = Engine.restore(self.plan, self.engine.snapshot())


def check_said(decisions: list[Decision], now: float) -> None:
    """What holds of everything an engine says: said at this instant, and the journal reads it back as it was."""
    assert _DECISIONS.decode(msgspec.json.encode(decisions)) == decisions
    for decision in decisions:
        assert decision.at == now
        assert all(reason.at <= now and reason.source for reason in decision.because), decision
        assert decision.because or isinstance(decision, _BARE), decision


def words(decision: Decision) -> str:
    """A decision as one short line. Zone tiers are in brackets, so that a test can leave them out."""
    match decision:
        case Hidden() | Shown() | Withheld():
            return f"{type(decision).__name__} {decision.alarm} {decision.tier.word} {decision.overlay}"
        case Flood() | EndFlood():
            return f"{type(decision).__name__} {decision.count}"
        case AlarmChange():
            return f"{type(decision).__name__} {decision.alarm} {decision.tier.word}"
        case Investigate():
            return f"Investigate {decision.alarm} {decision.step} until {decision.deadline:g}"
        case Verify():
            return f"Verify {decision.alarm} until {decision.deadline:g}"
        case DutyChange():
            return f"DutyChange {'on' if decision.staffed else 'off'}"
        case ShowMode():
            return f"ShowMode {decision.zone} until {decision.deadline:g}"
        case EndShowMode():
            return f"EndShowMode {decision.zone}"
        case StandDown():
            return f"StandDown {decision.alarm}"
        case Advance():
            return f"Advance {decision.evacuation} {decision.stage}: {' '.join(decision.zones)}"
        case Reroute():
            return f"Reroute {decision.evacuation}: {' '.join(decision.blocked) or 'all free'}"
        case Evacuate() | EndEvacuation():
            return f"{type(decision).__name__} {decision.evacuation}"
        case ZoneTier():
            return f"[{decision.zone} {decision.tier.word}]"
        case ReportFault() | EndFault():
            return f"{type(decision).__name__} {decision.source} {decision.code}"
        case Refuse():
            return f"Refuse {decision.order} {decision.target}: {decision.reason}"
        case Restart() | Anchored():
            raise AssertionError("an engine never says this")


def without_zones(said: Iterable[str]) -> list[str]:
    """What was said, without the zone tiers."""
    return [line for line in said if not line.startswith("[")]
