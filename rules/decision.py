"""Everything the engine can say. A closed union; each decision carries `because`, the evidence that led to it."""

from typing import Literal

from msgspec import Struct

from rules.tier import Tier

State = Literal["normal", "pending", "unack", "acked", "rtn_unack", "latched_unack", "latched_acked"]
OverlayKind = Literal["shelved", "suppressed", "out_of_service"]


class Because(Struct, frozen=True, array_like=True):
    """One piece of evidence. `source` is a device, an alarm or a person; `line` is the rule's place, "fire.yaml:12"."""

    at: float
    source: str
    text: str
    line: str = ""


class AlarmChange(Struct, frozen=True):
    """What the decisions on one alarm have in common: the alarm after the change."""

    at: float
    alarm: str  # rule@place
    rule: str
    place: str  # the device or zone that the alarm is about
    zone: str  # the zone of that place
    category: str
    tier: Tier
    state: State
    sounding: bool
    because: tuple[Because, ...] = ()


class Raise(AlarmChange, frozen=True, tag="raise"):
    """A new alarm, or one that came back before it was dealt with. Sounds, unless it is `grouped` with a flood.

    `first_out`: no other alarm of its category was up in the venue.
    """

    first_out: bool = False
    grouped: bool = False


class Escalate(AlarmChange, frozen=True, tag="escalate"):
    """A standing alarm rose to a higher tier. Sounds again."""


class StepDown(AlarmChange, frozen=True, tag="step_down"):
    """A standing alarm fell to a lower tier by its own clear rule."""


class Return(AlarmChange, frozen=True, tag="return"):
    """The cause is gone, but the alarm stays shown: unacknowledged or latched."""


class Clear(AlarmChange, frozen=True, tag="clear"):
    """The alarm is over: returned and acknowledged, or reset."""


class Acknowledged(AlarmChange, frozen=True, tag="acknowledged"):
    """A person took note."""


class Silenced(AlarmChange, frozen=True, tag="silenced"):
    """A person stopped the sounder of this alarm."""


class ReAlarm(AlarmChange, frozen=True, tag="re_alarm"):
    """An alarm that people knew of or had silenced still stands after its rule's `re_alarm`: it sounds again."""


class Hidden(AlarmChange, frozen=True, tag="hidden", kw_only=True):
    """An alarm is out of view. At rest underneath, its `tier` says how its condition stands.

    `until` is engine time, None while what suppresses it lasts; `by` is the person, or the alarm or link that explains
    it. Said anew when another overlay takes over.
    """

    overlay: OverlayKind
    until: float | None = None
    by: str = ""


class Shown(AlarmChange, frozen=True, tag="shown", kw_only=True):
    """An alarm is back in view. If its condition is true it is new, and sounds unless it is `grouped` with a flood.

    `overlay` is the last one that lay over it.
    """

    overlay: OverlayKind
    grouped: bool = False


class Withheld(AlarmChange, frozen=True, tag="withheld", kw_only=True):
    """The condition of an alarm out of view changed; `tier` is what it stands at now. For the record only."""

    overlay: OverlayKind


class Chattering(AlarmChange, frozen=True, tag="chattering", kw_only=True):
    """An alarm came `count` times within a minute: it is held as standing until it has been quiet for a minute."""

    count: int


class Flood(Struct, frozen=True, tag="flood"):
    """More alarms come than people can follow, `count` in ten minutes: lesser ones are shown without a sound."""

    at: float
    count: int
    because: tuple[Because, ...] = ()


class EndFlood(Struct, frozen=True, tag="end_flood"):
    """The flood is over: every alarm sounds again. `count` came in the last ten minutes."""

    at: float
    count: int
    because: tuple[Because, ...] = ()


class Investigate(Struct, frozen=True, tag="investigate"):
    """Staff have until `deadline` (engine time) to acknowledge (`step` "acknowledge") or to look (`step` "look")."""

    at: float
    alarm: str
    zone: str
    step: Literal["acknowledge", "look"]
    deadline: float
    because: tuple[Because, ...] = ()


class Verify(Struct, frozen=True, tag="verify"):
    """A smoke detector gave a first signal: an alarm if it still or again does by `deadline` (engine time)."""

    at: float
    alarm: str
    zone: str
    deadline: float
    because: tuple[Because, ...] = ()


class DutyChange(Struct, frozen=True, tag="duty_change"):
    """Somebody is on duty from now on, or nobody is known to be: then no investigation waits for anybody."""

    at: float
    staffed: bool
    because: tuple[Because, ...] = ()


class ShowMode(Struct, frozen=True, tag="show_mode"):
    """Stage haze in a zone until `deadline` (engine time): a single smoke alarm there starts no investigation."""

    at: float
    zone: str
    deadline: float
    who: str
    because: tuple[Because, ...] = ()


class EndShowMode(Struct, frozen=True, tag="end_show_mode"):
    """The show is over, and every alarm leads where it always does."""

    at: float
    zone: str
    because: tuple[Because, ...] = ()


class StandDown(Struct, frozen=True, tag="stand_down"):
    """A person looked and found no fire: the investigation is over, the alarms that led to it stand."""

    at: float
    alarm: str
    zone: str
    because: tuple[Because, ...] = ()


class StageAction(Struct, frozen=True, array_like=True):
    """What is done when a stage of an evacuation begins: a word that the receiver knows, and a zone or device."""

    action: str
    target: str


class Evacuate(Struct, frozen=True, tag="evacuate"):
    """Lead people out: the first stage of a plan. Latched: only EndEvacuation, ordered by a person, ends it."""

    at: float
    evacuation: str
    plan: str
    zones: tuple[str, ...]  # those of this stage
    origin: str  # the zone where it began
    because: tuple[Because, ...] = ()
    stage: str = ""
    actions: tuple[StageAction, ...] = ()
    blocked: tuple[str, ...] = ()  # ids of the routes, out of all zones moved so far, that pass a fire


class Advance(Struct, frozen=True, tag="advance"):
    """A further stage of an evacuation in force begins. `zones` is empty for a stage of actions alone."""

    at: float
    evacuation: str
    plan: str
    stage: str
    zones: tuple[str, ...]  # those of this stage
    actions: tuple[StageAction, ...] = ()
    blocked: tuple[str, ...] = ()  # as in Evacuate
    because: tuple[Because, ...] = ()
    origin: str = ""
    moved: tuple[str, ...] = ()  # the zones of all stages so far


class Reroute(Struct, frozen=True, tag="reroute"):
    """A route became blocked or free while people are led out. `blocked` replaces what was said before."""

    at: float
    evacuation: str
    plan: str
    zones: tuple[str, ...]  # those of all stages so far
    blocked: tuple[str, ...]
    because: tuple[Because, ...] = ()
    stage: str = ""  # the one that began last
    origin: str = ""


class EndEvacuation(Struct, frozen=True, tag="end_evacuation"):
    """A person gave the all-clear."""

    at: float
    evacuation: str
    plan: str
    zones: tuple[str, ...]
    because: tuple[Because, ...] = ()


class ZoneTier(Struct, frozen=True, tag="zone_tier"):
    """The worst tier of the alarms in a zone and below it has changed. Faults do not count."""

    at: float
    zone: str
    tier: Tier
    because: tuple[Because, ...] = ()


class ReportFault(Struct, frozen=True, tag="report_fault"):
    """A device, a link or Tocsin itself is not well. `explained_by`: the link or device whose failure explains it."""

    at: float
    source: str
    code: str
    text: str
    because: tuple[Because, ...] = ()
    explained_by: str = ""


class EndFault(Struct, frozen=True, tag="end_fault"):
    """It is well again."""

    at: float
    source: str
    code: str
    because: tuple[Because, ...] = ()


class TimerLeft(Struct, frozen=True, array_like=True):
    """Something that ends by itself: an alarm's delay or overlay, the next stage of an evacuation, a show."""

    what: str
    left_s: float


class Restart(Struct, frozen=True, tag="restart"):
    """What became of everything when the daemon started: said by the daemon, not by an engine.

    `carried`, `raised` (while it was down, or told only now) and `ended` are alarms and evacuations. `deliveries`
    counts what was still owed to each output. `lost` says in words what could not be taken up.
    """

    at: float
    text: str  # the same in one line
    down_s: float
    carried: tuple[str, ...] = ()
    raised: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    timers: tuple[TimerLeft, ...] = ()
    deliveries: dict[str, int] = {}
    lost: tuple[str, ...] = ()
    because: tuple[Because, ...] = ()


class Anchored(Struct, frozen=True, tag="anchored"):
    """How far the audit of the journal `journal` went: whoever keeps this can tell later whether it was tampered with.

    Said by the daemon, not by an engine. `hash` is that of the record `record`, in hexadecimal.
    """

    at: float
    journal: str
    record: int
    hash: str
    because: tuple[Because, ...] = ()


class Refuse(Struct, frozen=True, tag="refuse"):
    """A person's order cannot be carried out, and why."""

    at: float
    order: str
    target: str
    reason: str
    because: tuple[Because, ...] = ()


AlarmDecision = (
    Raise
    | Escalate
    | StepDown
    | Return
    | Clear
    | Acknowledged
    | Silenced
    | ReAlarm
    | Hidden
    | Shown
    | Withheld
    | Chattering
)
Decision = (
    AlarmDecision
    | Flood
    | EndFlood
    | Investigate
    | StandDown
    | Verify
    | DutyChange
    | ShowMode
    | EndShowMode
    | Evacuate
    | Advance
    | Reroute
    | EndEvacuation
    | ZoneTier
    | ReportFault
    | EndFault
    | Refuse
    | Restart
    | Anchored
)
