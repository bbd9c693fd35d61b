"""The only caller of the engine: signals in, decisions out, and nothing leaves before it is durable."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from daemon.blindness import BEAT_S, Blindness
from daemon.clock import Clock
from daemon.core import Event
from daemon.door import sound
from daemon.guard import Guard
from daemon.journal.journal import Entry, Journal
from daemon.quarantine import Quarantine
from rules.decision import Decision
from rules.engine import Engine
from rules.reload import in_the_way, swap
from rules.signal import Fault, Order, Reading, Recovered, Reloaded, Signal, Tick

INBOX_SIGNALS = 20_000  # about 5 MB and 1 s of work; a broker stops at 200 unacknowledged messages, so never in peace
TURN_SIGNALS = 500  # taken before the event loop is given back: about 5 ms
SNAPSHOT_SIGNALS = 20_000  # to fold after a restart: about 0.3 s
SNAPSHOT_S = 60.0
TIMER_SLACK_S = 0.0005  # so that a timer that fires a hair early does not find its deadline in the future

SOURCE = "tocsin/pump"
ENGINE = "tocsin/engine"


class RulesUnusable(Exception):
    """An engine under other rules could not go on where the present one is."""


class RulesInTheWay(Exception):
    """Something is up that would not outlive the change and that people alone may end; `found` as `in_the_way` says."""

    def __init__(self, found: dict[str, str]) -> None:
        super().__init__("; ".join(found.values()))
        self.found = found


class Downstream(Protocol):
    """Where decisions go."""

    def prepare(self, events: Sequence[Event]) -> Callable[[], None]:
        """Make ready to tell everybody what was decided. The function that is returned tells it; until it is called,
        once the decisions are durable, nothing leaves.
        """


@dataclass(frozen=True, slots=True)
class _NewRules:
    """An engine, new from other rules, that is to go on where the present one is."""

    fresh: Engine
    rules: str
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class _Message:
    signals: Sequence[Signal]
    done: Callable[[], None] | None = None
    answer: "asyncio.Future[Sequence[Decision]] | None" = None
    new_rules: _NewRules | None = None
    said: Sequence[Decision] = ()


@dataclass(slots=True)
class _Then:
    """What waits until a turn of the pump is durable."""

    messages: Sequence[_Message]
    answers: Sequence[tuple["asyncio.Future[Sequence[Decision]]", Sequence[Decision]]]
    tell: Callable[[], None] | None = None

    def decided(self) -> None:
        if self.tell is not None:
            self.tell()

    def done(self) -> None:
        for answer, decisions in self.answers:
            if not answer.done():  # the person's connection may be gone
                answer.set_result(decisions)
        for message in self.messages:
            if message.done is not None:
                message.done()


class Pump:
    """Implements drivers.contract.Inbox.

    When the inbox is full a message is dropped, counted and told as a fault; its `done` is then never called, so that
    the sender, unacknowledged, offers it again. A message without `done` is never dropped: there are few of them.
    """

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        clock: Clock,
        downstream: Downstream,
        *,
        next_decision: int,
        untold: Sequence[Decision] = (),
        quarantine: Quarantine | None = None,
        guard: Guard | None = None,
        doubtful: Callable[[], bool] = lambda: False,
    ) -> None:
        """With a `guard`, a signal at which the engine raises ends nothing: it is put aside with the evidence."""
        self._engine = engine
        self._journal = journal
        self._clock = clock
        self._downstream = downstream
        self._next_decision = next_decision
        self._doubtful = doubtful  # whether the wall clock cannot be believed
        self._untold = list(untold)  # of an earlier run: told in the first turn
        self._quarantine = quarantine
        self._guard = guard
        self._inbox: deque[_Message] = deque()
        self._waiting = 0  # signals in the inbox
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0  # engine time
        self._at = clock.now()  # of the last signal: never runs backwards
        self._blindness = Blindness(clock)
        self._since_snapshot = 0
        self._snapshot_at = self._at
        self._overflowing = False
        self.readings_taken = 0
        self.duplicates = 0
        self.dropped = 0

    def put(self, signals: Sequence[Signal], done: Callable[[], None] | None = None) -> None:
        refusable = done is not None  # what nobody will offer again, a link's own words, is taken all the same
        if refusable and self._waiting + len(signals) > INBOX_SIGNALS:
            self._overflow(len(signals))
            return
        self._enqueue(_Message(signals, done))

    def report(self, signal: Signal) -> None:
        """Take a signal of the daemon about itself, told once per change; a full inbox does not refuse it."""
        self._enqueue(_Message((signal,)))

    def tell(self, decision: Decision) -> None:
        """Say what the daemon itself has to say; it is journaled and told like what the engine says."""
        self._enqueue(_Message((), said=(decision,)))

    async def order(self, order: Order) -> Sequence[Decision]:
        """Take a person's order; a full inbox does not refuse it. Returns its decisions once they are durable."""
        answer: asyncio.Future[Sequence[Decision]] = asyncio.get_running_loop().create_future()
        self._enqueue(_Message((order,), None, answer))
        return await answer

    def reload(self, fresh: Engine, rules: str, who: str = "", why: str = "") -> "asyncio.Future[Sequence[Decision]]":
        """Go on with an engine that is new from other rules, after all that was put before. The future holds its
        decisions once they are durable, or RulesUnusable or RulesInTheWay: the present engine then goes on. With the
        present engine itself only the name of its rules is new.
        """
        answer: asyncio.Future[Sequence[Decision]] = asyncio.get_running_loop().create_future()
        self._enqueue(_Message((), None, answer, _NewRules(fresh, rules, who, why)))
        return answer

    @property
    def engine(self) -> Engine:
        """The engine that decides now. Only the pump may tell it anything."""
        return self._engine

    async def run(self) -> None:
        """Turns for ever. What the engine raises is raised here: it must end the process, for its state is unknown."""
        self._beat()
        self._arm()
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._turn()
            self._arm()
            if self._inbox:
                self._wake.set()
                await asyncio.sleep(0)

    def _enqueue(self, message: _Message) -> None:
        self._inbox.append(message)
        self._waiting += len(message.signals)
        self._wake.set()

    def _turn(self) -> None:
        """Step through a bounded part of the inbox, then hand all of it to the journal as one entry."""
        taken: list[Signal] = []
        events: list[Event] = []
        messages: list[_Message] = []
        answers: list[tuple[asyncio.Future[Sequence[Decision]], Sequence[Decision]]] = []
        self._say(self._untold, events)
        self._untold.clear()
        for signal in self._blindness.look(asyncio.get_running_loop().time()):  # it is no device's silence
            self._step(signal, taken, events)
        while self._inbox and len(taken) < TURN_SIGNALS:
            message = self._inbox.popleft()
            self._waiting -= len(message.signals)
            messages.append(message)
            self._say(message.said, events)
            if message.new_rules is not None and message.answer is not None:
                self._change_rules(message.new_rules, message.answer, taken, events, answers)
            for signal in self._fresh(message.signals):
                decisions = self._step(signal, taken, events)
                if message.answer is not None:
                    answers.append((message.answer, decisions))
        if not self._inbox:
            self._tick_if_due(taken, events)
            self._end_overflow()
        if not taken and not events and not any(message.done for message in messages):
            return
        entry = Entry(self._clock.stamp(), taken, events)
        entry.snapshot = self._snapshot(len(taken))
        then = _Then(messages, answers)
        entry.decided, entry.done = then.decided, then.done
        self._journal.submit(entry)
        if events:
            then.tell = self._downstream.prepare(events)  # while the disk is busy

    def _fresh(self, signals: Sequence[Signal]) -> Sequence[Signal]:
        """All but those the engine has taken already; looked at before the first of a message counts as taken."""
        if not any(self._seen(signal) for signal in signals):
            return signals
        fresh = [signal for signal in signals if not self._seen(signal)]
        self.duplicates += len(signals) - len(fresh)
        return fresh

    def _seen(self, signal: Signal) -> bool:
        return type(signal) is Reading and signal.origin is not None and self._engine.seen(signal.device, signal.origin)

    def _step(self, signal: Signal, taken: list[Signal], events: list[Event]) -> Sequence[Decision]:
        signal = sound(signal)
        if signal.at < self._at:
            signal = msgspec.structs.replace(signal, at=self._at)
        self._at = signal.at
        try:
            decisions = self._engine.step(signal)
        except Exception as error:  # noqa: BLE001  # the evidence must outlive the process, and safe mode must go on
            self._put_aside(signal, error)
            return ()
        if self._guard is not None:
            self._guard.took(self._engine, signal)
        taken.append(signal)
        if type(signal) is Reading:
            self.readings_taken += 1
        self._say(decisions, events)
        return decisions

    def _put_aside(self, signal: Signal, error: Exception) -> None:
        """Half a step is no state to decide from. Raises the error where there is no other to go on with, or where the
        same would come again at once.
        """
        if self._guard is None or isinstance(signal, Tick):
            if self._quarantine is not None:
                self._quarantine.keep(signal, error, "the daemon ends, and the signal is not acknowledged")
            raise error
        self._engine = self._guard.before()
        if self._quarantine is not None:
            self._quarantine.keep_aside(signal, error, "it was put aside in safe mode")
        told = msgspec.json.encode(signal).decode()
        text = f"the engine raises {error!r:.200} at the signal {told:.300}, which is a bug: it was put aside"
        self.report(Fault(self._clock.now(), ENGINE, "quarantined", text))

    def _change_rules(
        self,
        new: _NewRules,
        answer: "asyncio.Future[Sequence[Decision]]",
        taken: list[Signal],
        events: list[Event],
        answers: "list[tuple[asyncio.Future[Sequence[Decision]], Sequence[Decision]]]",
    ) -> None:
        """The change and a snapshot after it are written in one transaction: no row is ever gone through with rules
        that were not in force when it was written.
        """
        at = max(self._at, self._clock.now())
        self._step(Tick(at), taken, events)  # what is over by now is told, whatever comes of the change
        found = in_the_way(self._engine, new.fresh.plan)
        if found:
            _fail(answer, RulesInTheWay(found))
            return
        signal = Reloaded(at, new.rules, new.who, new.why)
        try:
            decisions = swap(self._engine, new.fresh, signal)
        except Exception as error:  # a bug that other rules lay bare: the present engine is untouched
            if new.fresh is self._engine:
                raise
            unusable = RulesUnusable(f"the engine cannot go on under these rules, which is a bug: {error!r}")
            unusable.__cause__ = error
            _fail(answer, unusable)
            return
        self._engine = new.fresh
        if self._guard is not None:
            self._guard = Guard(new.fresh)  # a step back must not lead behind the change
        taken.append(signal)
        self._say(decisions, events)
        self._journal.wants_snapshot = True
        answers.append((answer, decisions))

    def _say(self, decisions: Sequence[Decision], events: list[Event]) -> None:
        for decision in decisions:
            events.append(Event(self._next_decision, self._clock.wall(), decision, self._doubtful()))
            self._next_decision += 1

    def _tick_if_due(self, taken: list[Signal], events: list[Event]) -> None:
        """A delay ends on time, not when data comes."""
        due = self._engine.deadline()
        if due is not None and due <= (now := self._clock.now()):
            self._step(Tick(now), taken, events)

    def _arm(self) -> None:
        due = self._engine.deadline()
        if due is None or (self._timer is not None and self._timer_at <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = due
        delay_s = max(due - self._clock.now(), 0.0) + TIMER_SLACK_S
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._ring)

    def _beat(self) -> None:
        """So that standing still is noticed before a timer rings, and when nothing else happens."""
        loop = asyncio.get_running_loop()
        if self._blindness.notice(loop.time()):
            self._wake.set()
        loop.call_later(BEAT_S, self._beat)

    def _ring(self) -> None:
        self._timer = None
        self._wake.set()

    def _snapshot(self, taken: int) -> bytes | None:
        self._since_snapshot += taken
        if self._journal.degraded or self._journal.holds_older_state:
            return None
        due = self._since_snapshot >= SNAPSHOT_SIGNALS or self._at - self._snapshot_at >= SNAPSHOT_S
        if not (due and self._since_snapshot) and not self._journal.wants_snapshot:
            return None
        self._since_snapshot = 0
        self._snapshot_at = self._at
        self._journal.wants_snapshot = False
        return self._engine.snapshot()

    def _overflow(self, signals: int) -> None:
        self.dropped += signals
        if not self._overflowing:
            self._overflowing = True
            text = f"more than {INBOX_SIGNALS} signals wait: messages are left unacknowledged until there is room"
            self.report(Fault(self._clock.now(), SOURCE, "overload", text))

    def _end_overflow(self) -> None:
        if self._overflowing:
            self._overflowing = False
            self.report(Recovered(self._clock.now(), SOURCE, "overload"))


def _fail(answer: "asyncio.Future[Sequence[Decision]]", error: Exception) -> None:
    if not answer.done():  # whoever asked may be gone
        answer.set_exception(error)
