"""What the daemon's API says, as plain structs: the one vocabulary that server and client share.

Imports nothing but msgspec, so that a command line starts fast. Wall times are ISO 8601 in UTC; `*_at` numbers are
engine time in seconds, for programs that compare instants. Tiers are words: none, blue, yellow, orange, red.
"""

from typing import Literal

from msgspec import Struct

TierWord = Literal["none", "blue", "yellow", "orange", "red"]
TIER_WORDS: tuple[TierWord, ...] = ("none", "blue", "yellow", "orange", "red")  # rising

OrderWord = Literal[
    "acknowledge",
    "silence",
    "reset",
    "evacuate",
    "advance",
    "all-clear",
    "duty-on",
    "duty-off",
    "start-show",
    "end-show",
    "shelve",
    "unshelve",
    "out-of-service",
    "in-service",
]
RoleWord = Literal["operator", "commander", "engineer"]

DEFAULT_SOCKET_NAME = "api.sock"  # in the state directory
HEARTBEAT_S = 1.0  # the event stream says at least this often that it lives
STREAM_SILENCE_S = 3.0  # three missed heartbeats: the daemon hangs or is gone
WHO_CHARS = 80
WHY_CHARS = 500
TARGET_CHARS = 200


class NameView(Struct, frozen=True, omit_defaults=True):
    """Words for people. `zh` is empty where the venue's file gives none."""

    en: str
    zh: str = ""


class BecauseView(Struct, frozen=True, omit_defaults=True):
    """One piece of evidence: who or what said it, and the rule's line."""

    time: str
    source: str
    text: str
    line: str = ""


class OverlayView(Struct, frozen=True):
    """What keeps an alarm from view: "shelved", "suppressed" or "out_of_service"; by whom or what, why, until when."""

    overlay: str
    since: str
    since_at: float
    until: str | None
    until_at: float | None
    by: str
    why: str
    once: bool


class AlarmView(Struct, frozen=True):
    """One alarm that is not normal, or that `overlays` keep from view: its tier is then none, and `standing` says how
    its condition stands. `first_out`: it was the first of its category. `chattering`: it is held as standing.
    """

    alarm: str
    title: NameView
    rule: str
    category: str
    tier: TierWord
    state: str
    sounding: bool
    place: str
    place_name: NameView
    zone: str
    zone_name: NameView
    since: str
    since_at: float
    pending_until: str | None
    pending_until_at: float | None
    acknowledged_by: str
    because: tuple[BecauseView, ...]
    overlays: tuple[OverlayView, ...] = ()
    standing: TierWord = "none"
    first_out: bool = False
    chattering: bool = False


class PartView(Struct, frozen=True, omit_defaults=True):
    """A condition or a part of one: its text, its truth (null: unknown), what was found, and its own parts."""

    text: str
    truth: bool | None
    found: str = ""
    parts: tuple["PartView", ...] = ()
    by: tuple[str, ...] = ()


class WhyTierView(Struct, frozen=True):
    """One tier of a rule at one place. `left_s`: what is left of the delay that runs."""

    tier: TierWord
    line: str
    phase: str
    left_s: float | None
    on_delay_s: float
    off_delay_s: float
    when: PartView
    clear: PartView | None


class WhyView(Struct, frozen=True):
    """Why an alarm is as it is, or is not: worst tier first. `since` is None for one that is normal."""

    time: str
    alarm: str
    title: NameView
    rule: str
    place: str
    place_name: NameView
    state: str
    tier: TierWord
    since: str | None
    verdict: str
    tiers: tuple[WhyTierView, ...]
    notes: tuple[str, ...]
    because: tuple[BecauseView, ...]


class ZoneView(Struct, frozen=True):
    """A zone with the worst tier in it and below it. Zones come in the order of the venue's file, parents first."""

    zone: str
    kind: str
    name: NameView
    parent: str | None
    tier: TierWord


class DeviceView(Struct, frozen=True):
    """A device and what it said last. `heard` is None for one that was never heard; `absent` once it is a fault."""

    device: str
    kind: str
    name: NameView
    zone: str
    zone_name: NameView
    link: str
    heard: str | None
    heard_at: float | None
    absent: bool
    values: dict[str, float | bool]


class FaultView(Struct, frozen=True):
    """One standing fault of a device, a link or Tocsin itself, and the link or device that explains it, if any does."""

    source: str
    source_name: NameView
    code: str
    text: str
    since: str
    since_at: float
    explained_by: str = ""


class ActionView(Struct, frozen=True):
    """Something that is done when a stage begins."""

    action: str
    target: str


class EvacuationView(Struct, frozen=True):
    """One evacuation in force, and what people are told.

    `zones` are moved so far; `next_stage` begins by itself at `due`, and both are None when none is left. `blocked` are
    the routes not to be taken, `origins` all the zones where fire was confirmed.
    """

    evacuation: str
    plan: str
    zones: tuple[str, ...]
    zone_names: tuple[NameView, ...]
    origin: str
    origin_name: NameView
    message: NameView
    assembly_point: NameView
    since: str
    since_at: float
    stage: str
    next_stage: str | None
    due: str | None
    due_at: float | None
    blocked: tuple[str, ...]
    origins: tuple[str, ...]


class LinkView(Struct, frozen=True):
    """One wire as it is now. `since` is when it came up or went down."""

    name: str
    kind: str
    up: bool
    since: str
    received: int
    bad: int
    reconnects: int
    last_error: str


class OutputView(Struct, frozen=True):
    """One output: its connection and its deliveries. What it stands in for it is told only when they fail."""

    name: str
    up: bool
    pending: int
    delivered: int
    failed: int
    last_error: str
    stands_in_for: tuple[str, ...] = ()


class ProofView(Struct, frozen=True):
    """The proof of life over one link and output: when a message last came round, and how long that took."""

    link: str
    output: str
    proven: str | None
    took_s: float
    error: str


class OwedView(Struct, frozen=True):
    """A delivery that an output has not seen confirmed. `delivery` is the id under which the far end knows it.

    `reason` is why it is sent next: decided; taken_up (an earlier run of the daemon did not see it confirmed);
    held (not sent while another output may still confirm it); stands_in (another output could not deliver it);
    unconfirmed (nobody confirmed the last try); failed (that failed).
    """

    output: str
    delivery: str
    event: "EventView"
    waits_s: float
    tries: int
    reason: str
    error: str


class OutboxView(Struct, frozen=True):
    """How many deliveries each output owes, and the first of them; `left_out` counts those not listed."""

    owed: dict[str, int]
    deliveries: tuple[OwedView, ...]
    left_out: int


class JournalView(Struct, frozen=True):
    """`degraded` is empty while commits are on time, else why they are not. `per_day`: bytes written to the disk in a
    day that goes on like the time since the start, 0 while nothing is known."""

    rows: int
    bytes: int
    degraded: str
    per_day: int = 0


class HistoryView(Struct, frozen=True):
    """One history server. `condition`: "starting", "up", "waiting" (it is busy or away) or "refused" (only people can
    help). `behind_s`: age of the oldest row that it has not got, `behind` the signals of that and all later rows.
    `points` were acknowledged, repeats included; `rejected` were put aside; `lost` signals were deleted unsent.
    """

    name: str
    condition: str
    behind_s: float
    behind: int
    points: int
    rejected: int
    lost: int
    last_error: str


class PlanView(Struct, frozen=True):
    """An evacuation plan that can be ordered."""

    plan: str
    zones: tuple[str, ...]
    message: NameView


class ScheduleView(Struct, frozen=True):
    """A schedule of the venue. `active` is None while it is unknown: not told yet, or the clock cannot be believed."""

    schedule: str
    active: bool | None
    since: str | None


class DutyView(Struct, frozen=True):
    """Whether somebody is on duty (None: nobody knows, which counts as nobody), since when, and by whose word."""

    staffed: bool | None
    since: str | None
    who: str
    why: str


class ShowView(Struct, frozen=True):
    """A show that is on in a zone. `left_s` counts down to its end."""

    zone: str
    zone_name: NameView
    since: str
    until: str
    until_at: float
    left_s: float
    who: str
    why: str


class ProcessView(Struct, frozen=True):
    """The daemon's process: resident memory, open files and sockets, and the longest that its loop was late so far."""

    memory_bytes: int
    descriptors: int
    descriptors_max: int
    loop_late_s: float


class TimerView(Struct, frozen=True):
    """Something that ends by itself: how many seconds of it were left at the start."""

    what: str
    left_s: float


class RestartView(Struct, frozen=True):
    """What became of everything at this start of the daemon; `text` is the same in one line.

    `carried`, `raised` (while it was down, or told only now) and `ended` are alarms and evacuations. `deliveries`
    counts what was still owed to each output. `lost` says in words what could not be taken up.
    """

    time: str
    text: str
    down_s: float
    carried: tuple[str, ...]
    raised: tuple[str, ...]
    ended: tuple[str, ...]
    timers: tuple[TimerView, ...]
    deliveries: dict[str, int]
    lost: tuple[str, ...]


class StatusView(Struct, frozen=True):
    """The daemon at a glance. `alarms` counts those that stand by tier; one still pending is counted under none.

    `hidden` counts those kept from view, by what keeps them. `flood_since` is set while too many come to follow.
    """

    venue: str
    venue_name: NameView
    version: str
    time: str
    engine_time: float
    started: str
    up_s: float
    tier: TierWord
    alarms: dict[TierWord, int]
    faults: int
    evacuations: tuple[str, ...]
    devices: int
    devices_absent: int
    rules: int
    readings: int
    journal: JournalView
    links: tuple[LinkView, ...]
    outputs: tuple[OutputView, ...]
    plans: tuple[PlanView, ...]
    schedules: tuple[ScheduleView, ...] = ()
    duty: DutyView | None = None  # None: the venue's file says nothing of duty, and somebody always counts as there
    shows: tuple[ShowView, ...] = ()
    hidden: dict[str, int] = {}
    flood_since: str | None = None
    rules_in_force: str = ""  # digest of the venue's files
    proofs: tuple[ProofView, ...] = ()
    history: tuple[HistoryView, ...] = ()
    safe_mode: str = ""  # why only the built-in rules are in force; empty: they are not
    restart: RestartView | None = None  # None: not known yet
    process: ProcessView | None = None


class EventView(Struct, frozen=True, omit_defaults=True):
    """One decision as it happened. `kind` is the decision's tag; fields that the kind does not have are left out.

    raise, escalate, step_down, return, clear, acknowledged, silenced, re_alarm, hidden, shown, withheld, chattering:
    alarm, rule, category, place, zone, tier, state, sounding; raise: first_out, grouped; hidden: overlay, until, by;
    shown: overlay, grouped; withheld: overlay; chattering: count. flood, end_flood: count. investigate: alarm, zone,
    step, deadline. stand_down: alarm, zone. verify: alarm, zone, deadline. duty_change: staffed. show_mode: zone,
    deadline, who. end_show_mode: zone. evacuate, advance: evacuation, plan, zones, origin, stage, actions,
    blocked, moved (all zones so far). reroute: evacuation, plan, zones, origin, stage, blocked. end_evacuation:
    evacuation, plan, zones. zone_tier: zone, tier. report_fault, end_fault: source, code, text, explained_by. refuse:
    order, target, reason. restart: text, down_s, carried, raised, ended, timers, deliveries,
    lost. anchored: journal, record, hash. All: because, and time_doubtful where the clock was not believed.
    """

    id: int
    time: str
    kind: str
    at: float
    alarm: str = ""
    title: NameView | None = None
    rule: str = ""
    category: str = ""
    place: str = ""
    place_name: NameView | None = None
    zone: str = ""
    zone_name: NameView | None = None
    tier: TierWord | None = None
    state: str = ""
    sounding: bool | None = None
    step: str = ""
    deadline: str = ""
    deadline_at: float | None = None
    evacuation: str = ""
    plan: str = ""
    zones: tuple[str, ...] = ()
    origin: str = ""
    stage: str = ""
    actions: tuple[ActionView, ...] = ()
    blocked: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    source: str = ""
    source_name: NameView | None = None
    code: str = ""
    text: str = ""
    journal: str = ""
    record: int | None = None
    hash: str = ""
    order: str = ""
    target: str = ""
    reason: str = ""
    staffed: bool | None = None
    who: str = ""
    because: tuple[BecauseView, ...] = ()
    first_out: bool | None = None
    grouped: bool | None = None
    overlay: str = ""
    until: str | None = None
    until_at: float | None = None
    by: str = ""
    count: int | None = None
    explained_by: str = ""
    down_s: float | None = None
    carried: tuple[str, ...] = ()
    raised: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    timers: tuple[TimerView, ...] = ()
    deliveries: dict[str, int] = {}
    lost: tuple[str, ...] = ()
    time_doubtful: bool | None = None  # the machine's clock could not be believed then


class OrderResult(Struct, frozen=True):
    """What an order led to, once durable. The decisions have no journal row yet: their `id` is 0."""

    decisions: tuple[EventView, ...]


class RetimedView(Struct, frozen=True):
    """A delay that became another. `tier` is empty for a step of an investigation; `running` counts its alarms."""

    rule: str
    tier: str
    delay: str
    before_s: float
    after_s: float
    running: int


class ChangedView(Struct, frozen=True):
    """A rule in which more than delays is different, key by key."""

    rule: str
    what: tuple[str, ...]


class DroppedView(Struct, frozen=True):
    """A rule that is gone, and how many alarms ended with it."""

    rule: str
    ended: int


class ChangesView(Struct, frozen=True):
    """What became of each rule, and what else of the venue is different."""

    kept: tuple[str, ...]
    retimed: tuple[RetimedView, ...]
    changed: tuple[ChangedView, ...]
    added: tuple[str, ...]
    dropped: tuple[DroppedView, ...]
    venue: tuple[str, ...]


class ReloadView(Struct, frozen=True):
    """What came of a reload. `outcome`: applied, unchanged, refused, restart; `rules` are in force after it.

    refused: `problems` as file:line:col, `count` in all. restart: `restart` is what only a restart can change. In both
    nothing was changed.
    """

    outcome: Literal["applied", "unchanged", "refused", "restart"]
    rules: str
    changes: ChangesView | None
    problems: tuple[str, ...]
    count: int
    restart: tuple[str, ...]


class Problem(Struct, frozen=True, omit_defaults=True):
    """The body of every answer that is not 200. `refused` is set when the engine refused a person's order."""

    detail: str
    refused: str = ""
