"""The matrix as plain values: a row for each cause, a column for each effect, the same on every run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from config.safety.words import cannot_be_timed
from config.setup import Setup
from rules.analysis.chain import Chain
from rules.analysis.chains import Chains, slowest
from rules.analysis.measure import Measure
from rules.analysis.places import Places
from rules.analysis.satisfy import together
from rules.analysis.week import situations
from rules.danger import HIGHLY_MANAGED
from rules.plan import EvacuationPlan, Plan, Rule, Stage, TierRule
from rules.tier import Tier
from rules.venue import Text

# Fire and calls for help come first, as people who read this ask for them first.
_CATEGORIES = ("fire", "panic", "power", "ups", "fault")
_WHO = {
    "origin": Text("the zone of origin", "起火区域"),
    "neighbours": Text("the zones beside it", "相邻区域"),
    "rest": Text("all the rest", "其余区域"),
}


@dataclass(frozen=True, slots=True)
class Evacuation:
    """How soon a plan begins, in seconds: by this cause alone, and when others agree; None when it does not."""

    alone_s: float | None = None
    agreed_s: float | None = None
    others: int = 0  # how many others must agree


@dataclass(frozen=True, slots=True)
class Row:
    """One cause, and what it brings about. `devices` is empty when the cause is the state of a whole zone."""

    zone: str
    name: Text
    devices: tuple[str, ...]
    rule: str
    title: Text
    category: str
    tier: Tier
    condition: str
    warning_s: float
    investigation: str
    evacuations: dict[str, Evacuation]
    suppresses: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StageColumn:
    """One stage of an evacuation plan: who is led out and what is done, `after_s` seconds from its beginning."""

    plan: str
    name: str  # the plan's id, with the stage's when it has several
    words: Text
    after_s: float


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows by zone, fire first, then as rules are ordered, highest tier first. Each warning goes to every output."""

    venue: Text
    digest: str
    stages: tuple[StageColumn, ...]
    outputs: tuple[str, ...]
    rows: tuple[Row, ...]


def matrix(setup: Setup) -> Matrix:
    """The matrix of a checked venue."""
    plan = setup.plan
    return Matrix(
        plan.venue.zones[plan.venue.root].name,
        setup.digest,
        tuple(_stage(plan, one, stage) for one in plan.evacuation_plans.values() for stage in one.in_stages),
        tuple(output.id for output in setup.outputs),
        tuple(_Rows(plan, setup.exempt).rows()),
    )


def _stage(plan: Plan, evacuation: EvacuationPlan, stage: Stage) -> StageColumn:
    names = [plan.venue.zones[zone].name for zone in stage.zones]
    zones = Text(", ".join(name.en for name in names), "、".join(name.zh or name.en for name in names))
    who = _WHO.get(stage.who, zones) if stage.moves_people else Text("nobody is moved", "不疏散人员")
    actions = "".join(f"; {action.action} {action.target}" for action in stage.actions)
    name = f"{evacuation.id}/{stage.id}" if len(evacuation.in_stages) > 1 else evacuation.id
    return StageColumn(evacuation.id, name, Text(who.en + actions, who.zh), stage.after_s)


class _Rows:
    """Builds the rows of one plan."""

    def __init__(self, plan: Plan, exempt: dict[str, str]) -> None:
        self._plan = plan
        self._exempt = exempt
        self._places = Places(plan)
        measure = Measure(plan)
        hours = [Chains(plan, around, measure) for around in situations(plan)]
        self._alike = {device: alike for alike in hours[0].classes for device in alike}
        self._chains: dict[tuple[str, str, Tier], list[Chain]] = {}
        for ceiling in Tier:
            for chain in slowest(one for hour in hours for one in hour.all(ceiling)):
                for device in chain.like:
                    self._chains.setdefault((device, chain.rule, ceiling), []).append(chain)

    def rows(self) -> Iterator[Row]:
        """By area of the venue: all that can happen there."""
        areas = dict.fromkeys([self._plan.venue.root, *map(self._area, self._plan.venue.zones)])
        for area in areas:
            for rule in sorted(self._plan.rules, key=lambda rule: _CATEGORIES.index(rule.category)):
                for zone, devices in self._causes(rule, area):
                    for tier in reversed(rule.tiers):
                        if self._can_be(rule, tier, devices[0] if devices else zone):
                            yield self._row(rule, tier, zone, devices)

    def _can_be(self, rule: Rule, tier: TierRule, place: str) -> bool:
        """Whether a tier can ever be at a place; a stock rule asks for more than some places have."""
        looked_into = rule.investigate is not None and tier is rule.tiers[-1]
        return looked_into or together([(tier.when.root, True)], self._places.at(rule, place)) is not None

    def _area(self, zone: str) -> str:
        """The part of the venue that a zone is in: what stands just below the venue itself."""
        return self._plan.venue.ancestry[zone][-2:][0]

    def _causes(self, rule: Rule, area: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The places of a rule in an area: devices that are alike together, zones each by itself."""
        venue = self._plan.venue
        if rule.each != "device":
            yield from ((place, ()) for place in rule.places if self._area(place) == area)
            return
        groups: dict[object, list[str]] = {}
        for place in rule.places:
            if self._area(venue.devices[place].zone) == area:
                groups.setdefault(self._alike.get(place, venue.devices[place].kind), []).append(place)
        for devices in groups.values():
            yield area, tuple(devices)

    def _row(self, rule: Rule, tier: TierRule, zone: str, devices: tuple[str, ...]) -> Row:
        chains = self._of(rule, tier, zone, devices)
        return Row(
            zone,
            self._plan.venue.zones[zone].name,
            devices,
            rule.id,
            rule.title,
            rule.category,
            tier.tier,
            tier.when.text.strip(),
            tier.on_delay_s if tier.verify is None else tier.verify.reset_s,
            ", ".join(self._investigations(rule, tier, zone)),
            {plan: self._evacuation(rule, tier, plan, chains, zone) for plan in self._plan.evacuation_plans},
            rule.suppresses,
            (*self._notes(rule, tier, devices), *_timing(chains)),
        )

    def _of(self, rule: Rule, tier: TierRule, zone: str, devices: tuple[str, ...]) -> list[Chain]:
        """The chains of a cause: those of its devices, or of all the devices in its zone, each once."""
        if devices:
            return self._chains.get((devices[0], rule.id, tier.tier), [])
        here = self._plan.venue.devices_within[zone]
        found = {id(chain): chain for one in here for chain in self._chains.get((one, rule.id, tier.tier), [])}
        return list(found.values())

    def _investigations(self, rule: Rule, tier: TierRule, zone: str) -> Iterator[str]:
        """The rules that this alarm has looked into, and how long that may take."""
        for other in self._plan.rules:
            look = other.investigate
            if look is not None and rule.id in look.of and tier.tier >= look.at and self._near(other, zone):
                yield f"{other.id}: {look.acknowledge_within_s:g} s + {look.then_s:g} s"

    def _near(self, rule: Rule, zone: str) -> bool:
        """Whether a rule has a place that holds the zone, or lies in it."""
        ancestry = self._plan.venue.ancestry
        return any(place in ancestry[zone] or zone in ancestry[place] for place in rule.places)

    def _evacuation(self, rule: Rule, tier: TierRule, plan: str, chains: list[Chain], zone: str) -> Evacuation:
        if rule.evacuate == plan and tier is rule.tiers[-1] and not chains:
            return Evacuation(alone_s=tier.on_delay_s)  # what the alarms take that it reads stands in their rows
        led = [
            (chain.evacuation.seconds, self._beside(rule, chain, zone))
            for chain in chains
            if chain.plan == plan and chain.evacuation is not None
        ]
        alone = [seconds for seconds, others in led if not others]
        agreed_s, others = max(((seconds, others) for seconds, others in led if others), default=(None, 0))
        return Evacuation(max(alone, default=None), agreed_s, others)

    def _beside(self, rule: Rule, chain: Chain, zone: str) -> int:
        """How many devices must agree that are not of the cause: of a zone's alarm, those outside of it."""
        if rule.each == "device":
            return chain.others
        return len(chain.told.keys() - set(self._plan.venue.devices_within[zone]))

    def _notes(self, rule: Rule, tier: TierRule, devices: tuple[str, ...]) -> Iterator[str]:
        if rule.latching:
            yield "stays until reset"
        if tier.verify is not None:
            yield f"verified: {tier.verify.reset_s:g} s, confirmed within {tier.verify.confirm_within_s:g} s"
        if tier.clear is not None:
            yield f"ends: {tier.clear.text.strip()}"
        if tier.off_delay_s:
            yield f"ends after {tier.off_delay_s:g} s"
        if rule.during:
            yield f"only during {rule.during!r}"
        if rule.show_mode:
            yield "begins no investigation alone while a show is on"
        hidden = [other.id for other in self._plan.rules if rule.id in other.suppresses]
        if hidden:
            yield f"not shown while {', '.join(hidden)} stands"
        exempt = [one for one in devices if one in self._exempt and rule.category in HIGHLY_MANAGED]
        yield from dict.fromkeys(f"need not lead to red: {self._exempt[one]}" for one in exempt)


def _timing(chains: Iterable[Chain]) -> Iterator[str]:
    """What the times of a row do not rest on arithmetic."""
    if any(chain.measured for chain in chains):
        yield "measured on the engine"
    yield from dict.fromkeys(cannot_be_timed(chain) for chain in chains if chain.untimed)
