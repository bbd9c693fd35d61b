"""The way from signals to what leaves the house: nothing before it is durable, nothing twice, nothing unbounded."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from daemon import pump as pump_module
from daemon.clock import Clock
from daemon.guard import Guard
from daemon.journal.journal import Journal
from daemon.journal.recovery import Recovered as Memory
from daemon.journal.recovery import recover
from daemon.journal.schema import open_database
from daemon.journal.writer import Writer
from daemon.outbox.broadcast import Broadcast
from daemon.outbox.ledger import Run
from daemon.outbox.outbox import Outbox
from daemon.outbox.worker import Worker
from daemon.pump import INBOX_SIGNALS, Pump, RulesInTheWay, RulesUnusable
from rules.decision import Decision, Evacuate, Raise, Refuse
from rules.engine import Engine
from rules.signal import Fault, Heard, OrderEvacuation, Reading, Recovered, Reloaded, Resumed, Signal, Tick
from tests.daemon import house
from tests.daemon.house import HandClock, HandOutput
from tests.daemon.written import AT_ONCE_S, signals_in

RUN = Run("run", "boot", ("out",))


class Bench:
    """Engine, pump, journal and one output, as the daemon puts them together."""

    def __init__(
        self, path: Path, clock: Clock, memory: Memory, connection: sqlite3.Connection | None, run: Run
    ) -> None:
        self.output = HandOutput()
        self.engine = memory.engine
        self.broadcast = Broadcast()
        self.journal = Journal(Writer(path, connection, run), memory.ledger, self._degraded, self._recovered, AT_ONCE_S)
        self.outbox = Outbox(run, clock, self.broadcast)
        self.pump = Pump(self.engine, self.journal, clock, self.outbox, next_decision=memory.next_decision)
        self.worker = Worker(self.output, clock, self.outbox.settle, self.pump.report)
        self.outbox.connect([self.worker], self.journal.submit)
        self.clock = clock
        self.tasks: list[asyncio.Task[None]] = []

    def _degraded(self, reason: str) -> None:
        self.pump.report(Fault(self.clock.now(), "tocsin/journal", "degraded", reason))

    def _recovered(self) -> None:
        self.pump.report(Recovered(self.clock.now(), "tocsin/journal", "degraded"))

    async def durable(self, *signals: Signal) -> None:
        done = asyncio.Event()
        self.pump.put(signals, done.set)
        await asyncio.wait_for(done.wait(), 10)


@asynccontextmanager
async def running(path: Path, clock: Clock, *, connect: bool = True, run: Run = RUN) -> AsyncIterator[Bench]:
    """Runs from what the journal remembers; ends without a farewell, as after a kill."""
    connection = open_database(path) if connect else None
    memory = recover(connection, house.plan()) if connection else Memory(Engine(house.plan()))
    bench = Bench(path, clock, memory, connection, run)
    bench.journal.start()
    if memory.last is not None:
        bench.pump.report(Resumed(clock.now(), clock.now() - memory.last.at))
    bench.outbox.resume(memory.ledger.owed())
    bench.tasks = tasks = [asyncio.create_task(bench.pump.run()), asyncio.create_task(bench.worker.run())]
    try:
        yield bench
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert await asyncio.to_thread(bench.journal.close, 10)


def _readings(path: Path) -> list[Signal]:
    return [signal for signal in signals_in(path) if isinstance(signal, Reading)]


def _query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(path) as connection:
        return connection.execute(sql).fetchall()


async def test_nothing_leaves_before_it_is_durable(tmp_path: Path) -> None:
    """While the journal is held, neither the acknowledgement nor the trigger is seen; then both."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        await bench.durable(Tick(clock.now()))
        acknowledged = asyncio.Event()
        with sqlite3.connect(path, isolation_level=None) as holder:
            holder.execute("BEGIN IMMEDIATE")
            bench.pump.put([house.press(clock.now(), 1)], acknowledged.set)
            for _ in range(10):
                await asyncio.sleep(0)
            assert bench.engine.evacuations() and not acknowledged.is_set() and not bench.output.tried
            holder.execute("ROLLBACK")
        await asyncio.wait_for(acknowledged.wait(), 10)
        await bench.output.until(lambda: any(isinstance(one.decision, Evacuate) for one in bench.output.confirmed))
    assert not bench.journal.degraded


async def test_an_alarm_does_not_wait_for_a_dead_disk(tmp_path: Path) -> None:
    """With no journal at all, a press still leads people out within the deadline, and the fault is told."""
    clock = HandClock()
    async with running(tmp_path / "absent" / "journal.db", clock, connect=False) as bench:
        await bench.durable(house.press(clock.now(), 1))
        await bench.output.until(lambda: any(isinstance(one.decision, Evacuate) for one in bench.output.confirmed))
        await bench.durable(Tick(clock.now()))
        assert [(fault.source, fault.code) for fault in bench.engine.faults()] == [("tocsin/journal", "degraded")]


async def test_a_repeated_message_is_only_acknowledged(tmp_path: Path) -> None:
    """A device that repeats is acknowledged each time and journaled once, within one turn and after a restart."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        acknowledged: list[int] = []
        for number in range(3):
            bench.pump.put([house.press(clock.now(), 7)], partial(acknowledged.append, number))
        await bench.durable(house.press(clock.now(), 7))
        assert acknowledged == [0, 1, 2]
    async with running(path, clock) as bench:
        await bench.durable(house.press(clock.now(), 7))
        assert bench.pump.duplicates == 1
    assert len(_readings(path)) == 1
    assert _query(path, "SELECT count(*) FROM decisions WHERE json_extract(body, '$.type') = 'evacuate'") == [(1,)]


async def test_all_readings_of_one_message_count(tmp_path: Path) -> None:
    """Two quantities in one message share its number; the second is not taken for a repetition of the first."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        first = house.smoke(clock.now(), 1.0, 3)
        second = house.smoke(clock.now(), 1.0, 3)
        temperature = type(second)(second.at, second.device, "temperature", 21.5, "live", second.origin)
        await bench.durable(first, temperature)
        values = {one.device: one.values for one in bench.engine.devices()}["det-1"]
    assert values == {"smoke_obscuration": 1.0, "temperature": 21.5}


async def test_a_delay_goes_on_through_a_restart(tmp_path: Path) -> None:
    """Smoke 3 s before the end, 1 s down: the alarm of a 5 s delay comes 1 s after the start, once."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        await bench.durable(house.smoke(clock.now(), 6.0, 1))
        clock.pass_s(3.0)
        await bench.durable(Tick(clock.now()))
        (pending,) = bench.engine.alarms()
        assert (pending.state, pending.pending_until) == ("pending", 105.0)
    clock.pass_s(1.0)
    async with running(path, clock) as bench:
        await bench.durable(Tick(clock.now()))
        assert [(alarm.state, alarm.pending_until) for alarm in bench.engine.alarms()] == [("pending", 105.0)]
        clock.pass_s(1.0)
        await bench.durable(Tick(clock.now()))
        assert [alarm.state for alarm in bench.engine.alarms()] == ["unack"]
    raised = "SELECT count(*) FROM decisions WHERE json_extract(body, '$.type') = 'raise'"
    assert _query(path, raised) == [(1,)]


async def test_alarms_and_evacuations_outlive_a_restart(tmp_path: Path) -> None:
    """What stood before stands after, from a snapshot or from the signals alone, and nothing is announced again."""
    for name, snapshot in (("folded", False), ("snapshot", True)):
        path, clock = tmp_path / f"{name}.db", HandClock()
        async with running(path, clock) as bench:
            await bench.durable(house.press(clock.now(), 1))
            bench.journal.wants_snapshot = snapshot
            await bench.durable(Tick(clock.now()))
            await bench.durable(house.smoke(clock.now(), 0.2, 1))
            before = (bench.engine.alarms(), bench.engine.evacuations(), bench.engine.zone_tiers())
            await asyncio.wait_for(bench.worker.rest(), 10)
            bench.outbox.flush()
            await bench.durable(Tick(clock.now()))
        decided = _query(path, "SELECT count(*) FROM decisions")
        clock.pass_s(60.0)
        async with running(path, clock) as bench:
            await bench.durable(Tick(clock.now()))
            assert (bench.engine.alarms(), bench.engine.evacuations(), bench.engine.zone_tiers()) == before
            assert bench.output.tried == []
        assert _query(path, "SELECT count(*) FROM decisions") == decided
        assert _query(path, "SELECT count(*) FROM snapshots") == [(int(snapshot),)]


async def test_an_unconfirmed_evacuation_is_told_again_with_the_same_id(tmp_path: Path) -> None:
    """Ended before the far end confirmed, the next run repeats the very same delivery, and no second evacuation."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        bench.output.gate.clear()
        await bench.durable(house.press(clock.now(), 1))
        await bench.output.until(lambda: any(isinstance(one.decision, Evacuate) for one in bench.output.tried))
        (first,) = {one.id for one in bench.output.tried if isinstance(one.decision, Evacuate)}
    async with running(path, clock) as bench:
        await bench.output.until(lambda: any(isinstance(one.decision, Evacuate) for one in bench.output.confirmed))
        again = {one.id for one in bench.output.tried if isinstance(one.decision, Evacuate)}
    assert again == {first}


@pytest.mark.parametrize("snapshot", [False, True])
async def test_what_was_confirmed_but_not_written_down_is_repeated_with_the_same_id(
    tmp_path: Path, snapshot: bool
) -> None:
    """Ended between a confirmation and its settlement, the next run repeats each delivery once, then never again."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        await bench.durable(house.press(clock.now(), 1))
        await asyncio.wait_for(bench.worker.rest(), 10)
        first = sorted(one.id for one in bench.output.confirmed)
        bench.journal.wants_snapshot = snapshot
        await bench.durable(Tick(clock.now()))
        assert _query(path, "SELECT count(*) FROM outbox WHERE state != 'pending'") == [(0,)], "too late for this test"
    async with running(path, clock) as bench:
        await asyncio.wait_for(bench.worker.rest(), 10)
        assert sorted(one.id for one in bench.output.confirmed) == first
        bench.outbox.flush()
        await bench.durable(Tick(clock.now()))
    assert _query(path, "SELECT count(*) FROM outbox WHERE state != 'confirmed'") == [(0,)]
    async with running(path, clock) as bench:
        await asyncio.wait_for(bench.worker.rest(), 10)
        assert bench.output.tried == []


async def test_what_is_owed_to_an_output_that_is_gone_is_dropped(tmp_path: Path) -> None:
    """An output was taken out of the file: what it is owed is settled as dropped, the others get theirs."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock, run=Run("before", "boot", ("gone", "out"))) as bench:
        bench.output.answer = house.refuse(retry=True)
        await bench.durable(house.press(clock.now(), 1))
    async with running(path, clock) as bench:
        await asyncio.wait_for(bench.worker.rest(), 10)
        bench.outbox.flush()
        await bench.durable(Tick(clock.now()))
    ended = _query(path, "SELECT DISTINCT output, state FROM outbox ORDER BY output")
    assert ended == [("gone", "dropped"), ("out", "confirmed")]


async def test_an_order_returns_its_decisions_once_durable(tmp_path: Path) -> None:
    """A person's order answers with what it led to, and that is in the journal; a refusal says why."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        decisions = await bench.pump.order(OrderEvacuation(clock.now(), "whole", "anna", "drill bell broken"))
        assert any(isinstance(decision, Evacuate) for decision in decisions)
        assert _query(path, "SELECT count(*) FROM decisions") == [(len(decisions),)]
        (refused,) = await bench.pump.order(OrderEvacuation(clock.now(), "nowhere", "anna", "x"))
        assert isinstance(refused, Refuse)


async def test_a_full_inbox_is_told_and_never_blocks(tmp_path: Path) -> None:
    """Beyond the bound a message is left unacknowledged and counted; orders still go through; the end is told too."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        dropped = asyncio.Event()
        bench.pump.put([Heard(clock.now(), "det-1")] * INBOX_SIGNALS)
        bench.pump.put([Heard(clock.now(), "det-1")], dropped.set)
        decisions = await bench.pump.order(OrderEvacuation(clock.now(), "whole", "anna", "smoke"))
        assert any(isinstance(decision, Evacuate) for decision in decisions)
        await bench.durable(Tick(clock.now()))
        assert bench.pump.dropped == 1 and not dropped.is_set()
        codes = [row[0] for row in _query(path, "SELECT json_extract(body, '$[2]') FROM legible WHERE kind = 'fault'")]
        assert codes == [pump_module.SOURCE]
        await bench.durable(Tick(clock.now()))
        assert bench.engine.faults() == ()


async def test_a_delay_ends_without_any_data(tmp_path: Path) -> None:
    """The pump itself tells the engine when a delay is over: nothing has to be heard for it."""

    class RunningClock(HandClock):
        def now(self) -> float:
            return self.at + asyncio.get_running_loop().time() - began

    began = asyncio.get_running_loop().time()
    path, clock = tmp_path / "journal.db", RunningClock()
    async with running(path, clock) as bench:
        events = bench.broadcast.subscribe()
        bench.pump.put([house.smoke(clock.now(), 6.0, 1)])
        clock.pass_s(4.9)
        async with asyncio.timeout(4):
            event = await anext(events)
        await events.aclose()
    assert isinstance(event.decision, Raise)


async def test_a_bug_in_the_engine_ends_the_pump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a step is no state to decide from: the pump raises, and nothing of that step is acknowledged or written."""

    def bug(signal: Signal) -> list[Decision]:
        raise ZeroDivisionError("planted")

    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        await bench.durable(Tick(clock.now()))
        monkeypatch.setattr(bench.engine, "step", bug)
        acknowledged = asyncio.Event()
        bench.pump.put([house.press(clock.now(), 1)], acknowledged.set)
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(bench.tasks[0], 10)
        assert not acknowledged.is_set()
    assert _readings(path) == []


async def test_a_suspended_machine_blames_no_device(tmp_path: Path) -> None:
    """After two hours of sleep the first message finds every device given its full time again."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        await bench.durable(house.smoke(clock.now(), 0.1, 1))
        clock.pass_s(7200.0)
        clock.slept_s = 7200.0
        await bench.durable(house.smoke(clock.now(), 0.1, 2))
        (told,) = bench.engine.faults()  # and no device's
        assert (told.source, told.code) == ("tocsin/pump", "stood_still")
        assert "the machine was suspended for 7200 s" in told.text
    async with running(path, clock) as bench:
        clock.pass_s(7200.0)  # the control: awake and without a word, they are silent
        await bench.durable(Tick(clock.now()))
        assert "silent" in {fault.code for fault in bench.engine.faults()}


async def test_a_step_back_in_time_is_taken_as_now(tmp_path: Path) -> None:
    """Two links may stamp out of order; the engine's time never runs backwards, and the journal shows what it saw."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        await bench.durable(Heard(103.0, "det-1"), Heard(101.0, "det-2"))
    assert [signal.at for signal in signals_in(path)] == [103.0, 103.0]


async def test_events_reach_listeners_and_slow_ones_are_ended(tmp_path: Path) -> None:
    """A listener hears decisions from its subscription on; one that never reads is ended, not waited for."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        quick, slow = bench.broadcast.subscribe(), bench.broadcast.subscribe()
        await bench.durable(house.press(clock.now(), 1))
        assert (await anext(quick)).id == 1
        tell = bench.broadcast.tell
        event = await anext(quick)
        for _ in range(2000):
            tell(event)
        assert len([one async for one in slow]) == 1000
        await quick.aclose()


async def test_a_snapshot_is_taken_in_time(tmp_path: Path) -> None:
    """A minute of signals or twenty thousand of them: the next start never folds more."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        await bench.durable(Tick(clock.now()))
        assert _query(path, "SELECT count(*) FROM snapshots") == [(0,)]
        clock.pass_s(61.0)
        await bench.durable(Tick(clock.now()))
        assert _query(path, "SELECT count(*) FROM snapshots") == [(1,)]
        for _ in range(4):
            await bench.durable(*[Heard(clock.now(), "det-1")] * (pump_module.SNAPSHOT_SIGNALS // 4))
        assert _query(path, "SELECT count(*) FROM snapshots") == [(2,)]


async def test_other_rules_and_a_snapshot_after_them_are_one_transaction(tmp_path: Path) -> None:
    """No row after the change can be gone through from a snapshot before it; signals around it keep their order."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        await bench.durable(Tick(100.0))
        bench.pump.put([house.smoke(101.0, 6.0, 1)])
        clock.pass_s(2.0)
        fresh = Engine(house.plan())
        changed = bench.pump.reload(fresh, "digest", "li", "tuned")
        bench.pump.put([house.smoke(103.0, 6.0, 2)])
        assert await asyncio.wait_for(changed, 10) == []
        assert bench.pump.engine is fresh
    rows = _query(path, "SELECT commit_seq, kind FROM legible WHERE kind = 'reloaded'")
    assert rows == _query(path, "SELECT commit_seq, 'reloaded' FROM snapshots")
    kinds = [type(signal).__struct_config__.tag for signal in signals_in(path)]
    assert kinds == ["tick", "reading", "tick", "reloaded", "reading"]


async def test_the_rules_in_force_get_a_name(tmp_path: Path) -> None:
    """At a first start nothing but the name is new: no second engine is made, and a snapshot holds the name."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        engine = bench.pump.engine
        assert await asyncio.wait_for(bench.pump.reload(engine, "digest"), 10) == []
        assert bench.pump.engine is engine
        assert engine.rules == "digest"
    assert _query(path, "SELECT count(*) FROM snapshots") == [(1,)]


async def test_a_bug_in_the_engine_that_decides_is_fatal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the present engine fails under its new name its state is unknown: it must not go on."""
    async with running(tmp_path / "journal.db", HandClock()) as bench:
        step = bench.engine.step

        def fails(signal: Signal) -> list[Decision]:
            if isinstance(signal, Reloaded):
                raise ZeroDivisionError("bug")
            return step(signal)

        monkeypatch.setattr(bench.engine, "step", fails)
        bench.pump.reload(bench.engine, "digest")
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(bench.tasks[0], 10)


async def test_rules_that_the_engine_cannot_run_leave_the_old_ones(tmp_path: Path) -> None:
    """A bug that other rules lay bare is not fatal: the engine that was there is whole and goes on."""
    path, clock = tmp_path / "journal.db", HandClock()

    class Faulty(Engine):
        def take_up(self, body: bytes) -> None:
            raise ZeroDivisionError("bug")

    async with running(path, clock) as bench:
        with pytest.raises(RulesUnusable, match="ZeroDivisionError"):
            await asyncio.wait_for(bench.pump.reload(Faulty(house.plan()), "digest"), 10)
        assert bench.pump.engine is bench.engine
        await bench.durable(house.press(101.0, 1))
        await bench.output.until(lambda: any(isinstance(one.decision, Evacuate) for one in bench.output.confirmed))
    assert _query(path, "SELECT count(*) FROM legible WHERE kind = 'reloaded'") == [(0,)]


async def test_a_signal_put_aside_in_safe_mode_leaves_the_rules_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine goes on from before the bad signal and never from before the rules it was given, new engine or not."""

    def fails(signal: Signal) -> list[Decision]:
        raise ZeroDivisionError("bug")

    path, clock = tmp_path / "journal.db", HandClock()
    other = replace(house.plan(), rules=house.plan().rules[1:])
    async with running(path, clock) as bench:
        bench.pump._guard = Guard(bench.engine)
        for fresh, rules in ((bench.engine, "first"), (Engine(other), "second")):
            await asyncio.wait_for(bench.pump.reload(fresh, rules), 10)
            monkeypatch.setattr(fresh, "step", fails)
            await bench.durable(house.smoke(clock.now(), 0.0, 1))
            assert bench.pump.engine is not fresh
            assert (bench.pump.engine.rules, bench.pump.engine.plan) == (rules, fresh.plan)


async def test_what_began_since_the_files_were_checked_is_in_the_way(tmp_path: Path) -> None:
    """Looked at again at the very instant of the change: an evacuation whose plan would be gone refuses it."""
    path, clock = tmp_path / "journal.db", HandClock()
    other = replace(house.plan(), evacuation_plans={}, rules=house.plan().rules[:1])
    async with running(path, clock) as bench:
        bench.pump.put([house.press(100.0, 1)])
        with pytest.raises(RulesInTheWay, match="cannot go before the all-clear") as refused:
            await asyncio.wait_for(bench.pump.reload(Engine(other), "digest"), 10)
        assert set(refused.value.found) == {"whole-1", "panic@sos-1"}
        assert bench.pump.engine is bench.engine
    assert _query(path, "SELECT count(*) FROM legible WHERE kind = 'reloaded'") == [(0,)]


async def test_a_process_that_stood_still_blames_no_device(tmp_path: Path) -> None:
    """Stopped for longer than a detector may be silent, it gives every device its time again before it looks at what
    is over, and says how long it heard nothing.
    """
    path = tmp_path / "journal.db"
    loop = asyncio.get_running_loop()
    stopped_s = 0.0

    class Stopped(HandClock):
        """Engine time and loop time stand still together, and go on together."""

        def now(self) -> float:
            return 100.0 + stopped_s

    real, clock = loop.time, Stopped()
    async with running(path, clock) as bench:
        await bench.durable(house.smoke(clock.now(), 0.1, 1))
        loop.time = lambda: real() + stopped_s  # type: ignore[method-assign]  # the loop's clock jumps as after SIGCONT
        try:
            stopped_s = 7200.0
            await bench.durable(Tick(clock.now()))
            assert [fault.code for fault in bench.engine.faults()] == ["stood_still"]
            assert "the process stood still for 720" in bench.engine.faults()[0].text
        finally:
            loop.time = real  # type: ignore[method-assign]
    signals = [text for (text,) in _query(path, "SELECT body FROM legible WHERE kind = 'resumed'")]
    assert len(signals) == 1
