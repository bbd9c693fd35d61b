"""Everything the engine can be told. A closed union of frozen values: one that exists is well formed.

`at` is engine time in seconds: it never runs backwards, goes on across restarts, and is the only time the engine knows.
"""

from typing import Literal

from msgspec import Struct

Provenance = Literal["live", "retained", "resumed"]
Role = Literal["operator", "commander", "engineer"]  # in which capacity a person orders; who may what: rules/roles.py


class Origin(Struct, frozen=True, array_like=True):
    """The sender's own count of a message: `boot` names one run of the device, `seq` counts within it."""

    boot: str
    seq: int


class Reading(Struct, frozen=True, tag="reading", array_like=True):
    """What a device said once, in the unit of its quantity."""

    at: float
    device: str
    quantity: str
    value: float | bool
    provenance: Provenance = "live"
    origin: Origin | None = None


class Heard(Struct, frozen=True, tag="heard", array_like=True):
    """A device is alive, without telling a quantity. `online=False`: its last will or its gateway says it is not."""

    at: float
    device: str
    online: bool = True


class Fault(Struct, frozen=True, tag="fault", array_like=True):
    """A device, a link or Tocsin itself is not well. `quantity`: the one value that can no longer be believed."""

    at: float
    source: str
    code: str
    text: str
    quantity: str | None = None


class Recovered(Struct, frozen=True, tag="recovered", array_like=True):
    """A fault told before is over."""

    at: float
    source: str
    code: str


class LinkUp(Struct, frozen=True, tag="link_up", array_like=True):
    """A wire carries again."""

    at: float
    link: str


class LinkDown(Struct, frozen=True, tag="link_down", array_like=True):
    """A wire is dead; everything behind it is unheard, not normal."""

    at: float
    link: str
    reason: str


class Acknowledge(Struct, frozen=True, tag="acknowledge", array_like=True):
    """A person has seen an alarm. This neither silences nor resets it. `alarm` is an id such as "smoke@det-305"."""

    at: float
    alarm: str
    who: str
    why: str
    role: Role = "operator"


class Silence(Struct, frozen=True, tag="silence", array_like=True):
    """A person stops the sounder for the standing alarms; a new alarm sounds again. `alarm` empty means all."""

    at: float
    alarm: str
    who: str
    why: str
    role: Role = "operator"


class Reset(Struct, frozen=True, tag="reset", array_like=True):
    """A person ends a latched alarm whose cause is gone, or stands down an investigation after looking."""

    at: float
    alarm: str
    who: str
    why: str
    role: Role = "operator"


class OrderEvacuation(Struct, frozen=True, tag="order_evacuation", array_like=True):
    """A person orders an evacuation plan at once."""

    at: float
    plan: str
    who: str
    why: str
    role: Role = "operator"


class AdvanceEvacuation(Struct, frozen=True, tag="advance_evacuation", array_like=True):
    """A person begins the next stage of an evacuation before its time."""

    at: float
    evacuation: str
    who: str
    why: str
    role: Role = "operator"


class AllClear(Struct, frozen=True, tag="all_clear", array_like=True):
    """A person ends an evacuation. Nothing else can."""

    at: float
    evacuation: str
    who: str
    why: str
    role: Role = "operator"


class Calendar(Struct, frozen=True, tag="calendar", array_like=True):
    """A schedule of the venue is active now, or is not, or it is unknown (None): the clock cannot be believed."""

    at: float
    schedule: str
    active: bool | None


class Duty(Struct, frozen=True, tag="duty", array_like=True):
    """A person says that somebody is on duty, or that nobody is. It holds until the duty schedule changes."""

    at: float
    staffed: bool
    who: str
    why: str
    role: Role = "operator"


class StartShow(Struct, frozen=True, tag="start_show", array_like=True):
    """A person announces stage haze in a zone for `for_s` seconds, counted anew if a show is on there already."""

    at: float
    zone: str
    for_s: float
    who: str
    why: str
    role: Role = "operator"


class EndShow(Struct, frozen=True, tag="end_show", array_like=True):
    """A person ends the show mode of a zone before its time."""

    at: float
    zone: str
    who: str
    why: str
    role: Role = "operator"


class Shelve(Struct, frozen=True, tag="shelve", array_like=True):
    """A person puts an alarm aside for `for_s` seconds. `once`: also no longer than until it next returns to normal;
    `for_s` may then be 0, for the longest time allowed."""

    at: float
    alarm: str
    for_s: float
    once: bool
    who: str
    why: str
    role: Role = "operator"


class Unshelve(Struct, frozen=True, tag="unshelve", array_like=True):
    """A person takes an alarm back into view before its time."""

    at: float
    alarm: str
    who: str
    why: str
    role: Role = "operator"


class OutOfService(Struct, frozen=True, tag="out_of_service", array_like=True):
    """A person disables an alarm, or all alarms of a device, for `for_s` seconds: it is worked on."""

    at: float
    target: str
    for_s: float
    who: str
    why: str
    role: Role = "operator"


class InService(Struct, frozen=True, tag="in_service", array_like=True):
    """A person takes an alarm, or all alarms of a device, back into service."""

    at: float
    target: str
    who: str
    why: str
    role: Role = "operator"


class Tick(Struct, frozen=True, tag="tick", array_like=True):
    """Time has passed and nothing was heard."""

    at: float


class Resumed(Struct, frozen=True, tag="resumed", array_like=True):
    """The process started again after `down_s` seconds in which it heard nothing."""

    at: float
    down_s: float


class Reloaded(Struct, frozen=True, tag="reloaded", array_like=True):
    """From here on the venue's files with the digest `rules` are in force. `who` and `why` say who asked for it."""

    at: float
    rules: str
    who: str = ""
    why: str = ""


Signal = (
    Reading
    | Heard
    | Fault
    | Recovered
    | LinkUp
    | LinkDown
    | Acknowledge
    | Silence
    | Reset
    | OrderEvacuation
    | AdvanceEvacuation
    | AllClear
    | Calendar
    | Duty
    | StartShow
    | EndShow
    | Shelve
    | Unshelve
    | OutOfService
    | InService
    | Tick
    | Resumed
    | Reloaded
)

Order = (
    Acknowledge
    | Silence
    | Reset
    | OrderEvacuation
    | AdvanceEvacuation
    | AllClear
    | Duty
    | StartShow
    | EndShow
    | Shelve
    | Unshelve
    | OutOfService
    | InService
)
