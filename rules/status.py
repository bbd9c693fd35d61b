"""What stands right now, as the engine shows it to those who ask."""

from msgspec import Struct

from rules.decision import Because, State
from rules.overlay import Overlay
from rules.tier import Tier


class AlarmStatus(Struct, frozen=True):
    """One alarm that is not normal, or that is kept from view by `overlays`: its tier is then none, and `standing` says
    how its condition stands. `pending_until` is set while an on-delay or an investigation runs.
    """

    alarm: str
    rule: str
    place: str
    zone: str
    category: str
    tier: Tier
    state: State
    sounding: bool
    since: float
    pending_until: float | None
    acknowledged_by: str
    because: tuple[Because, ...]
    overlays: tuple[Overlay, ...] = ()
    standing: Tier = Tier.NONE
    first_out: bool = False
    chattering: bool = False


class FaultStatus(Struct, frozen=True):
    """One standing fault. `explained_by`: the link or device whose failure explains it at this moment."""

    source: str
    code: str
    text: str
    since: float
    explained_by: str = ""


class EvacuationStatus(Struct, frozen=True):
    """One evacuation in force. `zones` are those moved so far; `due` is the engine time at which the next stage begins
    by itself, None when none is left."""

    evacuation: str
    plan: str
    zones: tuple[str, ...]
    origin: str  # where it began
    since: float
    stage: str = ""  # the one that began last
    begun: tuple[str, ...] = ()  # all that began, in order
    due: float | None = None
    blocked: tuple[str, ...] = ()  # ids of the routes out of `zones` that pass a fire
    origins: tuple[str, ...] = ()  # every zone where a fire was confirmed since, the first one included


class ScheduleStatus(Struct, frozen=True):
    """A schedule as it was told last. `active` is None while it is unknown, `since` when that began."""

    schedule: str
    active: bool | None
    since: float


class DutyStatus(Struct, frozen=True):
    """Whether somebody is on duty (None: nobody knows), since when, and by whose word."""

    staffed: bool | None
    since: float | None
    who: str
    why: str


class ShowStatus(Struct, frozen=True):
    """A show that is on in a zone, until `until` (engine time)."""

    zone: str
    since: float
    until: float
    who: str
    why: str


class DeviceStatus(Struct, frozen=True):
    """A device and what it said last. `heard_at` is None for one that was never heard."""

    device: str
    kind: str
    zone: str
    link: str
    heard_at: float | None
    absent: bool
    values: dict[str, float | bool]
