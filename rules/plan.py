"""What the engine runs: rules resolved against a venue, and its evacuation plans. Built by `config`, never changed."""

from dataclasses import dataclass, field
from typing import Literal

from rules.danger import HIGHLY_MANAGED
from rules.decision import StageAction
from rules.expression import Expression
from rules.schedule import Schedule
from rules.tier import Tier
from rules.venue import Text, Venue

Each = Literal["device", "zone", "venue"]
Who = Literal["listed", "origin", "neighbours", "rest"]
Unknown = Literal["hold", "fault", "assume_alarm"]
AfterOutage = Literal["assume_held", "restart"]


@dataclass(frozen=True, slots=True)
class VerifyRule:
    """How a smoke detector's first signal is verified (NFPA 72 alarm verification).

    It waits `reset_s`, then `confirm_within_s` for the signal to be there still or again; else it was none.
    """

    reset_s: float
    confirm_within_s: float


@dataclass(frozen=True, slots=True)
class TierRule:
    """When one tier of a rule begins and ends. Without `clear` it ends when `when` no longer holds."""

    tier: Tier
    when: Expression
    clear: Expression | None = None
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    line: str = ""  # where it is written, "fire.yaml:12"
    verify: VerifyRule | None = None


@dataclass(frozen=True, slots=True)
class InvestigationRule:
    """A single alarm of one of these rules starts a look round before the rule's highest tier is taken as true.

    NFPA 72 positive alarm sequence: staff acknowledge within 15 s and then have at most 180 s.
    """

    of: tuple[str, ...]
    at: Tier
    acknowledge_within_s: float = 15.0
    then_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One cause. `places` are the devices or zones that each get an alarm of their own.

    `members` are, for a zone or venue rule, the devices that its aggregates look at; empty means every device there.
    `unknown` says what a condition means whose truth is not known: hold what was decided, hold and report a fault, or
    take it as true. `after_outage` says whether a delay that ran when Tocsin went down counts the downtime, or begins
    anew.
    """

    id: str
    title: Text
    category: str
    each: Each
    places: tuple[str, ...]
    tiers: tuple[TierRule, ...]  # lowest first
    latching: bool = False
    members: frozenset[str] = frozenset()
    investigate: InvestigationRule | None = None
    evacuate: str | None = None  # id of the evacuation plan that the highest tier puts in force
    line: str = ""
    during: str = ""  # id of the schedule outside of which it begins no investigation; its conditions ask it too
    show_mode: bool = False  # inside a zone where a show is on, one alarm of it begins no investigation
    suppresses: tuple[str, ...] = ()  # rules whose alarms are its consequences: `rules/suppression.py`
    explained_by_link: bool = False  # its alarm at a device is a consequence of that device's dead link
    re_alarm_s: float | None = None  # acknowledged or silenced, it sounds again after this while it still stands
    unknown: Unknown = "hold"
    after_outage: AfterOutage = "assume_held"

    @property
    def highly_managed(self) -> bool:
        """Whether nothing may keep its alarms from people: fire, calls for help, and whatever evacuates.

        Such an alarm is never shelved, suppressed, held for chattering, grouped in a flood or delayed
        (ISA-18.2 "highly managed alarm").
        """
        return self.category in HIGHLY_MANAGED or self.evacuate is not None


@dataclass(frozen=True, slots=True)
class Stage:
    """What happens at one time of an evacuation, `after_s` seconds from its beginning.

    `who` says which zones are moved: those listed in `zones`, the `origin` (the zone of the plan that holds the
    confirmed alarm), its `neighbours`, or the `rest` of the plan. A zone that is named holds all below it.
    """

    id: str
    zones: tuple[str, ...] = ()
    who: Who = "listed"
    after_s: float = 0.0
    actions: tuple[StageAction, ...] = ()

    @property
    def moves_people(self) -> bool:
        """Whether it is more than actions."""
        return bool(self.zones) or self.who != "listed"


@dataclass(frozen=True, slots=True)
class EvacuationPlan:
    """Which zones are led out, in which stages, and what people are told. Without stages: all of it at once.

    The first stage begins with the evacuation and moves people.
    """

    id: str
    zones: tuple[str, ...]
    message: Text
    assembly_point: Text
    stages: tuple[Stage, ...] = ()

    @property
    def in_stages(self) -> tuple[Stage, ...]:
        """The stages, at least one."""
        return self.stages or (Stage("all", self.zones),)


@dataclass(frozen=True, slots=True)
class DutyRule:
    """Who says whether somebody is on duty: the schedule of this id, and people; people alone when it is empty."""

    schedule: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long people may put alarms aside at a time, in seconds."""

    shelve_max_s: float = 8 * 3600.0  # a shift: who comes next does not know of it
    out_of_service_max_s: float = 7 * 24 * 3600.0  # a week of building work


@dataclass(frozen=True)
class Plan:
    """Everything the engine needs to know. A rule comes after those whose alarms it reads."""

    venue: Venue
    rules: tuple[Rule, ...]
    evacuation_plans: dict[str, EvacuationPlan] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    duty: DutyRule | None = None  # None: somebody always counts as on duty
    limits: Limits = Limits()
