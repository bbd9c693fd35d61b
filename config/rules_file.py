"""The form of a rules file. What rules say about the venue and each other is checked in `rule_checks`."""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from config.form import Form
from config.kinds import DEVICE_KINDS
from config.words import Duration, Id, Words
from drivers.settings import Settings
from rules.plan import AfterOutage, Unknown
from rules.quantity import QUANTITIES

TierWord = Literal["blue", "yellow", "orange", "red"]

_KIND = Annotated[str, WithJsonSchema({"type": "string", "enum": sorted(DEVICE_KINDS)})]
_QUANTITY = Annotated[str, WithJsonSchema({"type": "string", "enum": sorted(QUANTITIES)})]
_SOME = Field(min_length=1)


class DeviceSelector(Settings):
    """Devices that fit every key given: of one of these kinds, with one of these quantities, in one of these zones."""

    kind: _KIND | Annotated[list[_KIND], _SOME] | None = None
    quantity: _QUANTITY | Annotated[list[_QUANTITY], _SOME] | None = None
    ids: Annotated[list[Id], _SOME] | None = None
    zone: Id | Annotated[list[Id], _SOME] | None = None


class ZoneSelector(Settings):
    """Zones that satisfy every key given."""

    kind: Id | Annotated[list[Id], _SOME] | None = None
    ids: Annotated[list[Id], _SOME] | None = None


class VerifyEntry(Settings):
    """A first signal waits `reset`, and is an alarm when it is there still, or again within `confirm_within` after it.

    The limits are those of NFPA 72's alarm verification: at most 60 s, and a confirmation period of 60 s or more.
    """

    reset: Annotated[Duration, Field(gt=0, le=60)] = 30.0
    confirm_within: Annotated[Duration, Field(ge=60, le=300)] = 60.0


class TierEntry(Settings):
    """When one tier begins and ends. Without `clear` it ends when `when` no longer holds.

    `deadband` instead of `clear` ends it when every threshold of `when`, moved back by so much, is left behind.
    """

    tier: TierWord
    when: Annotated[str, Field(min_length=1)]
    clear: Annotated[str, Field(min_length=1)] | None = None
    deadband: Annotated[float, Field(gt=0)] | None = None
    on_delay: Duration = 0.0
    off_delay: Duration = 0.0
    verify: VerifyEntry | None = None


class InvestigateEntry(Settings):
    """One alarm of these rules starts a look round before the highest tier is taken as true.

    The limits are those of NFPA 72's positive alarm sequence: staff acknowledge within 15 s and look for at most 180 s.
    """

    acknowledge_within: Annotated[Duration, Field(gt=0, le=15)] = 15.0
    then: Annotated[Duration, Field(gt=0, le=180)] = 60.0
    of: Annotated[list[Id], _SOME]
    at: TierWord


class EvacuateEntry(Settings):
    """What the rule's highest tier puts in force: the id of an evacuation plan of the venue file."""

    plan: Id


class RuleEntry(Settings):
    """One cause, with the tiers that it can reach.

    `unknown`: what a condition means whose truth is not known. `hold` leaves all as it is, `fault` reports it besides,
    `assume_alarm` takes it as true. `after_outage`: whether a delay counts the time that Tocsin was down
    (`assume_held`), or begins anew (`restart`).
    """

    id: Id
    title: Words | None = None
    category: Literal["fire", "panic", "power", "ups", "fault"]
    each: Literal["device", "zone", "venue"]
    devices: DeviceSelector | None = None
    zones: ZoneSelector | None = None
    tiers: Annotated[list[TierEntry], _SOME]
    latching: bool = False
    during: Id | None = None
    show_mode: bool = False
    investigate: InvestigateEntry | None = None
    evacuate: EvacuateEntry | None = None
    suppresses: Annotated[list[Id], _SOME] | None = None
    explained_by_link: bool = False
    re_alarm: Annotated[Duration, Field(ge=60)] | None = None
    unknown: Unknown = "hold"
    after_outage: AfterOutage = "assume_held"


class RulesFile(Settings):
    """A rules file."""

    rules: list[RuleEntry]


class RulesShell(Settings):
    """The key at the top of a rules file. Rules are checked one by one, so that one bad rule hides no other."""

    rules: list[object]


RULES_SHELL: Form[RulesShell] = Form(RulesShell)
RULE: Form[RuleEntry] = Form(RuleEntry)
