"""What every link, driver and output promises. The whole contract is on this page.

A link owns one wire and runs for ever. A driver turns what comes over that wire into signals; its codec is pure.
An output carries decisions out and says only whether trying again can help.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from msgspec import Struct

from rules.decision import Decision
from rules.plan import EvacuationPlan
from rules.signal import Signal
from rules.venue import Venue

Now = Callable[[], float]  # engine time, seconds

CONFIRM_S = 0.9  # an output waits so long for the answer to an order before it says who is missing and is called again
SHOWN_BYTES = 80  # of foreign input in a message: enough to recognise it, too little to flood a log


class Inbox(Protocol):
    """Where links put what they heard. The daemon's pump is behind it."""

    def put(self, signals: Sequence[Signal], done: Callable[[], None] | None = None) -> None:
        """Hand over signals of one message, in order, without blocking.

        `done` is called once, on the event loop, when their effect is durable (or when the journal is degraded and has
        said so): the moment to acknowledge the message to its sender.
        """


@dataclass(frozen=True, slots=True)
class Binding:
    """One configured device as its driver needs it: its address on the wire, what it measures, its own options."""

    device: str
    address: str
    quantities: frozenset[str]
    options: Mapping[str, object] = field(default_factory=dict)


class BadInput(Exception):
    """Bytes or a payload that cannot be believed, with the evidence.

    `device` is empty when it cannot be told whose; `quantity` names the one value that is bad when the rest is good.
    """

    def __init__(self, reason: str, evidence: bytes, *, device: str = "", quantity: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.evidence = evidence
        self.device = device
        self.quantity = quantity

    def __str__(self) -> str:
        more = f" and {len(self.evidence) - SHOWN_BYTES} bytes more" if len(self.evidence) > SHOWN_BYTES else ""
        return f"{self.reason}: {self.evidence[:SHOWN_BYTES]!r}{more}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """An application acknowledgement owed to a device once its message is durable."""

    device: str
    boot: str
    seq: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """What one message told: signals, and what could not be believed in it; nothing for a message of no interest."""

    signals: tuple[Signal, ...] = ()
    bad: tuple[BadInput, ...] = ()
    receipt: Receipt | None = None


class Dialect(Protocol):
    """A driver on an MQTT link: a table of topics and a pure decode. Never raises but BadInput."""

    filters: tuple[str, ...]  # MQTT topic filters to subscribe, QoS 1

    def decode(self, topic: str, payload: bytes, retained: bool, at: float) -> Decoded:
        """Turn one message into signals. Raises BadInput when the whole message cannot be read."""

    def acknowledge(self, receipts: Sequence[Receipt]) -> Sequence[tuple[str, bytes]]:
        """Messages (topic, payload) that tell devices what is safely kept; empty for foreign dialects."""


@dataclass(slots=True)
class LinkHealth:
    """What a link counts about itself; shown to people, never decided on."""

    up: bool = False
    since: float = 0.0
    received: int = 0
    bad: int = 0
    reconnects: int = 0
    last_error: str = ""


class Link(Protocol):
    """One wire. `run` never returns and never raises but on cancellation: it reconnects with back-off for ever."""

    name: str
    health: LinkHealth

    async def run(self) -> None: ...


@dataclass(slots=True)
class Trail:
    """How far proofs of life have come on a link, by the sender's own count."""

    arrived: int = 0  # how many came over the wire
    read: tuple[str, int] = ("", 0)  # the last that the driver read
    kept: tuple[str, int] = ("", 0)  # the last whose effect is durable


@runtime_checkable
class Proving(Protocol):
    """An output that can send a proof of life round over the link `proves`; empty when it has none to prove."""

    name: str
    proves: str
    health: LinkHealth

    async def probe(self, boot: str, seq: int) -> None:
        """Send one; returns when the broker has it. Raises DeliveryFailed."""

    async def answer(self, boot: str, seq: int) -> None:
        """Returns when its receipt has come back. Raises DeliveryFailed."""


class Beat(Struct, frozen=True):
    """What a heartbeat says: sent only while all of Tocsin turns."""

    wall: float
    doubtful: bool
    tier: str  # the worst in the venue
    faults: int
    evacuations: int


@runtime_checkable
class Beating(Protocol):
    """An output that lets others notice that Tocsin is dead."""

    def beat(self, now: Callable[[], Beat]) -> None:
        """Called every second while all is well; asks for what to say only when it is time. Never raises."""


class Delivery(Struct, frozen=True):
    """A decision on its way to one output. `id` is the same on every try, so that a receiver can drop repeats."""

    id: str
    decision: Decision
    wall: float  # seconds since 1970, when it was decided
    expires: float | None = None  # engine time after which a command must not be carried out any more
    doubtful: bool = False  # the wall clock could not be believed then


class DeliveryFailed(Exception):
    """The far end did not confirm. `retry` says whether the same delivery may succeed later."""

    def __init__(self, reason: str, *, retry: bool) -> None:
        super().__init__(reason)
        self.retry = retry


class Output(Protocol):
    """Carries decisions out. `run` keeps its connection; `deliver` returns only when the far end has confirmed."""

    name: str
    health: LinkHealth

    def take_up(self, standing: Sequence[Delivery]) -> None:
        """Told once, before `run`: what stands since an earlier run of the daemon. It is shown again where states are
        kept, and an evacuation in force is repeated under the id it has; none of it is news."""

    def rename(self, venue: Venue, evacuation_plans: Mapping[str, EvacuationPlan]) -> None:
        """The venue's files have changed: names of zones and devices and the texts of evacuation plans from now on."""

    async def run(self) -> None: ...

    def prepare(self, delivery: Delivery) -> None:
        """A command that is to be delivered once it is durable: do now what takes time. Nothing leaves."""

    async def deliver(self, delivery: Delivery) -> None:
        """Raises DeliveryFailed. The caller sets the deadline and does the retrying."""


@dataclass(frozen=True, slots=True)
class OutputContext:
    """What an output may know of the house: the venue for names, the clock, the settings of the links by
    name, the evacuation plans by id, for what people are told, and the links over which a proof of life may go, with
    the prefix of its topics."""

    venue: Venue
    now: Now
    links: Mapping[str, object]
    evacuation_plans: Mapping[str, EvacuationPlan] = field(default_factory=dict)
    proofs: Mapping[str, str] = field(default_factory=dict)
