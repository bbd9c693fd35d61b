"""What the API may ask of the running daemon: a narrow window, so that the API can be tested without one."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from drivers.contract import LinkHealth
from rules.decision import Decision, Restart
from rules.explain import Explanation
from rules.plan import Plan
from rules.reload import Changes
from rules.signal import Order, Role
from rules.status import (
    AlarmStatus,
    DeviceStatus,
    DutyStatus,
    EvacuationStatus,
    FaultStatus,
    ScheduleStatus,
    ShowStatus,
)
from rules.tier import Tier

Outcome = Literal["applied", "unchanged", "refused", "restart"]


class JournalHealth(Struct, frozen=True):
    """`degraded` is empty while commits are on time, else why they are not. `per_day`: bytes written to the disk in a
    day that goes on like the time since the start, 0 while nothing is known."""

    rows: int
    bytes: int
    degraded: str
    per_day: int = 0


class ProcessHealth(Struct, frozen=True):
    """The daemon's process: resident memory, open files and sockets, and the longest that its loop was late so far."""

    memory_bytes: int
    descriptors: int
    descriptors_max: int
    loop_late_s: float


class OutputHealth(Struct, frozen=True):
    """One output: its connection, and how many deliveries wait for a confirmation."""

    name: str
    up: bool
    pending: int
    delivered: int
    failed: int
    last_error: str
    stands_in_for: tuple[str, ...] = ()  # it is told only what these did not get confirmed in time


class HistoryHealth(Struct, frozen=True):
    """One history server, as its exporting process said last: daemon.history.job.Progress says what the numbers are."""

    name: str
    condition: Literal["starting", "up", "waiting", "refused"]
    behind_s: float
    behind: int
    points: int
    rejected: int
    lost: int
    last_error: str


class ProofHealth(Struct, frozen=True):
    """The proof of life over one link and output: when a message last came round (engine time), how long that took, and
    what is wrong since; empty when nothing is."""

    link: str
    output: str
    proven_at: float | None
    took_s: float
    error: str


class OwedDelivery(Struct, frozen=True):
    """A decision that an output has not seen confirmed: how often it was tried, what came of the last try, and why it
    is sent next (`daemon.api.models.OwedView` lists the reasons)."""

    output: str
    event: "Event"
    delivery: str  # the id under which the far end knows it
    tries: int
    reason: str
    error: str


class Event(Struct, frozen=True, omit_defaults=True):
    """One decision as it is told to people: `id` counts journal rows, `wall` is seconds since 1970.

    `doubtful`: the wall clock could not be believed then.
    """

    id: int
    wall: float
    decision: Decision
    doubtful: bool = False


class ReloadReport(Struct, frozen=True):
    """What came of a reload; `rules` is the digest of the files in force after it.

    "applied": `changes` says what became of each rule. "unchanged": the files are those in force. "refused": `problems`
    says why, of `count` in all. "restart": `restart` says what only a restart of the daemon can change. In the last two
    nothing at all was changed.
    """

    outcome: Outcome
    rules: str
    changes: Changes | None = None
    problems: tuple[str, ...] = ()
    count: int = 0
    restart: tuple[str, ...] = ()


class Core(Protocol):
    """The running daemon as the API sees it. `safe_mode` says why only the built-in rules are in force; empty: they
    are not."""

    version: str
    started_at: float  # engine time
    safe_mode: str
    restart: Restart | None  # what became of everything at this start; None until that is known

    @property
    def plan(self) -> Plan:
        """The plan in force: another one after a reload."""

    def engine_time(self) -> float: ...
    def wall_of(self, at: float) -> float:
        """Wall time, seconds since 1970, of an engine time."""

    def alarms(self) -> Sequence[AlarmStatus]: ...
    def explain(self, alarm: str) -> Explanation:
        """Why an alarm of the plan is as it is, standing or not."""

    def faults(self) -> Sequence[FaultStatus]: ...
    def evacuations(self) -> Sequence[EvacuationStatus]: ...
    def devices(self) -> Sequence[DeviceStatus]: ...
    def schedules(self) -> Sequence[ScheduleStatus]: ...
    def duty(self) -> DutyStatus | None: ...
    def shows(self) -> Sequence[ShowStatus]: ...
    def zone_tiers(self) -> dict[str, Tier]: ...
    def flood_since(self) -> float | None:
        """Since when more alarms come than people can follow; None while they do not."""

    def links(self) -> Sequence[tuple[str, str, LinkHealth]]:
        """Name, kind and health of each link."""

    def outputs(self) -> Sequence[OutputHealth]: ...
    def proofs(self) -> Sequence[ProofHealth]: ...
    def owed(self) -> Sequence[OwedDelivery]:
        """What each output still has to tell, evacuations first."""

    def discard(self, output: str, delivery: str, who: str, why: str, role: Role) -> str:
        """A person gives up a delivery that is owed. Why they may not; empty when it is done."""

    def journal(self) -> JournalHealth: ...
    def history(self) -> Sequence[HistoryHealth]: ...
    def process(self) -> ProcessHealth: ...
    def readings_taken(self) -> int:
        """Readings the engine has taken since this process started."""

    async def order(self, order: Order) -> Sequence[Decision]:
        """Put a person's order through pump, engine and journal; returns its decisions once they are durable."""

    def rules(self) -> str:
        """The digest of the venue's files in force."""

    async def reload(self, who: str, why: str) -> ReloadReport:
        """Take the venue's files anew; returns what came of it once that is durable."""

    def subscribe(self) -> AsyncIterator[Event]:
        """Decisions from now on. A subscriber too slow for the bound is ended, not waited for."""
