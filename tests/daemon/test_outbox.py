"""What is owed to the outputs: shown to people, given up by people, taken over by another, journalled as what it is."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from daemon.api.views import OWED_MAX, Views
from daemon.core import Event, OwedDelivery
from daemon.outbox.broadcast import Broadcast
from daemon.outbox.ledger import Owed, Run, Settled
from daemon.outbox.outbox import Outbox
from daemon.outbox.worker import Worker
from drivers.contract import Delivery
from rules.decision import Clear, Decision, EndEvacuation, EndFault, Evacuate, Raise, ReportFault, ZoneTier
from rules.signal import AllClear, Fault, OrderEvacuation, Role, Signal, Tick
from rules.tier import Tier
from tests.daemon import house
from tests.daemon.fake_core import FakeCore
from tests.daemon.house import HandClock, HandOutput, refuse
from tests.daemon.test_pump import Bench, running
from tests.daemon.virtual_time import VirtualClock, run_virtually


def _kinds(bench: Bench) -> list[str]:
    return [type(one.event.decision).__name__ for one in bench.outbox.owed()]


def _owed(bench: Bench, kind: str) -> OwedDelivery:
    return next(one for one in bench.outbox.owed() if type(one.event.decision).__name__ == kind)


async def test_what_is_owed_is_told_evacuations_first(tmp_path: Path) -> None:
    """To whom, under which id, how often it was tried and what went wrong; in the order in which it will go."""
    async with running(tmp_path / "journal.db", clock := HandClock()) as bench:
        bench.output.answer = refuse(retry=True)
        bench.pump.report(Fault(clock.now(), "plug-1", "silent", "not heard"))
        await bench.durable(house.press(clock.now(), 1))
        await bench.output.until(lambda: len(bench.output.tried) >= 3)
        assert _kinds(bench) == ["Evacuate", "Raise", "ZoneTier", "ZoneTier", "Return", "ReportFault"]
        first = bench.outbox.owed()[0]
        assert (first.output, first.delivery) == ("out", f"run-{first.event.id}")
        assert (first.tries, first.reason, first.error) == (1, "failed", "no")


async def test_what_an_earlier_run_owed_says_so(tmp_path: Path) -> None:
    """The reason of its next try is that nobody had confirmed it before the restart."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        bench.output.gate.clear()
        await bench.durable(house.press(clock.now(), 1))
    async with running(path, clock) as bench:
        assert {one.reason for one in bench.outbox.owed()} == {"taken_up"}


async def test_who_gives_up_a_delivery_is_journalled(tmp_path: Path) -> None:
    """It is not tried again, the rest of the line goes on, and the row says who and why."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        bench.output.answer = refuse(retry=True)
        bench.pump.report(Fault(clock.now(), "plug-1", "silent", "not heard"))
        bench.pump.report(Fault(clock.now(), "plug-2", "silent", "not heard"))
        await bench.durable(Tick(clock.now()))
        await bench.output.until(lambda: len(bench.output.tried) == 1)
        first, second = bench.outbox.owed()
        assert "no output" in bench.outbox.discard("horn", first.delivery, "lin", "gone", "engineer")
        assert "owes no delivery" in bench.outbox.discard("out", "run-99", "lin", "gone", "engineer")
        assert bench.outbox.discard("out", first.delivery, "lin", "receiver is gone", "engineer") == ""
        assert [one.delivery for one in bench.outbox.owed()] == [second.delivery]
        bench.output.answer = lambda delivery: None
        await bench.worker.rest()
        bench.outbox.flush()
        await bench.durable(Tick(clock.now()))
    rows = house.settled(path)
    assert [first.event.id, "out", "discarded", "lin", "receiver is gone"] in rows
    assert [row for row in rows if row[0] == second.event.id] == [[second.event.id, "out", "confirmed", "", ""]]
    assert [one.id for one in bench.output.confirmed] == [second.delivery]


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [("Evacuate", ""), ("EndEvacuation", "commander"), ("Raise", "commander"), ("ZoneTier", "commander engineer")],
)
async def test_who_may_give_up_what(tmp_path: Path, kind: str, allowed: str) -> None:
    """What leads people out nobody, what is said of fire and panic a commander, the rest also an engineer."""
    async with running(tmp_path / "journal.db", clock := HandClock()) as bench:
        bench.output.gate.clear()
        await bench.durable(house.press(clock.now(), 1))
        if kind == "EndEvacuation":
            evacuation = bench.engine.evacuations()[0].evacuation
            await bench.pump.order(AllClear(clock.now(), evacuation, "lin", "over", "commander"))
        one = _owed(bench, kind)
        roles: tuple[Role, ...] = ("operator", "engineer", "commander")
        for role in roles:
            refused = bench.outbox.discard("out", one.delivery, "lin", "gone", role)
            assert (refused == "") is (role in allowed), role
            if not refused:
                break
        assert (one.delivery in [left.delivery for left in bench.outbox.owed()]) is (allowed == "")


async def test_a_discarded_all_clear_ends_its_fault(tmp_path: Path) -> None:
    """A receiver that is gone for good must not leave a fault that nobody can end."""
    async with running(tmp_path / "journal.db", clock := HandClock()) as bench:
        await bench.pump.order(OrderEvacuation(clock.now(), "whole", "lin", "smell", "commander"))
        await bench.output.until(lambda: bool(bench.output.confirmed))
        bench.output.answer = refuse(retry=True)
        evacuation = bench.engine.evacuations()[0].evacuation
        await bench.pump.order(AllClear(clock.now(), evacuation, "lin", "over", "commander"))
        end = _owed(bench, "EndEvacuation").delivery
        await bench.output.until(lambda: sum(one.id == end for one in bench.output.tried) >= 5)
        await bench.durable(Tick(clock.now()))
        assert any(fault.code == "unconfirmed" for fault in bench.engine.faults())
        bench.outbox.discard("out", end, "lin", "gone", "commander")
        await bench.durable(Tick(clock.now()))
        assert not any(fault.code == "unconfirmed" for fault in bench.engine.faults())


def test_a_long_list_is_cut_and_counted() -> None:
    """No answer of the API grows with an outage."""
    event = Event(1, 1.79e9, ZoneTier(90.0, "room-305", Tier.RED))
    many = [OwedDelivery("broker", event, f"run-{number}", 0, "decided", "") for number in range(OWED_MAX + 7)]
    view = Views(FakeCore(owing=many)).outbox()
    assert (view.owed, len(view.deliveries), view.left_out) == ({"broker": OWED_MAX + 7}, OWED_MAX, 7)
    assert view.deliveries[0].waits_s == 10.0


class _Pair:
    """Two outputs on a virtual loop, the second of which stands in for the first."""

    def __init__(self, then: dict[str, str], standing: Sequence[Decision] = ()) -> None:
        self.outputs = {name: HandOutput(name) for name in ("siren", "spare", "last")}
        self.told: list[Signal] = []
        self.journalled: list[Settled] = []
        clock = VirtualClock()
        self.outbox = Outbox(Run("run", "boot", tuple(self.outputs)), clock, Broadcast())
        self.workers = [Worker(one, clock, self.outbox.settle, self.told.append) for one in self.outputs.values()]
        self.outbox.connect(self.workers, lambda entry: self.journalled.extend(entry.settled), then, standing)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(worker.run()) for worker in self.workers]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def say(self, number: int, decision: Decision) -> None:
        self.outbox.prepare([Event(number, 0.0, decision)])()

    def seen(self, output: str) -> list[str]:
        """The kinds of decision that this output was tried with, each delivery once."""
        tried = {one.id: type(one.decision).__name__ for one in self.outputs[output].tried}
        return list(tried.values())

    def ids(self, output: str) -> set[str]:
        return {one.id for one in self.outputs[output].tried}

    def outcomes(self, output: str) -> list[tuple[int, str]]:
        return [(one.decision, one.outcome) for one in self.journalled if one.output == output]


EVACUATE = Evacuate(100.0, "whole/1", "whole", ("venue",), "room-1")
END = EndEvacuation(200.0, "whole/1", "whole", ("venue",))
RAISE = Raise(100.0, "smoke@det-1", "smoke", "det-1", "room-1", "fire", Tier.ORANGE, "unack", True)
CLEAR = Clear(200.0, "smoke@det-1", "smoke", "det-1", "room-1", "fire", Tier.NONE, "normal", False)
FAULT = ReportFault(100.0, "plug-1", "silent", "not heard")
SPARE = {"siren": "spare"}


def test_a_stand_in_is_spared_while_the_other_confirms() -> None:
    """It hears of nothing, and the journal says for each delivery that nobody needed it; other outputs are told all."""

    async def story() -> None:
        pair = _Pair(SPARE)
        async with pair.running():
            pair.say(1, EVACUATE)
            pair.say(2, RAISE)
            await asyncio.sleep(60)
        assert pair.seen("spare") == []
        assert sorted(pair.outcomes("spare")) == [(1, "spared"), (2, "spared")]
        assert pair.seen("last") == ["Evacuate", "Raise"]
        standing_in = {one.name: one.stands_in_for for one in pair.outbox.health()}
        assert standing_in == {"siren": (), "last": (), "spare": ("siren",)}

    run_virtually(story())


def test_a_stand_in_takes_over_an_unconfirmed_evacuation_after_three_seconds() -> None:
    """Under the same id, while the first is still told each second; the all-clear goes to both, whoever confirmed."""

    async def story() -> None:
        pair = _Pair(SPARE)
        pair.outputs["siren"].answer = refuse(retry=True)
        async with pair.running():
            pair.say(1, EVACUATE)
            await asyncio.sleep(2.9)
            assert pair.seen("spare") == []
            await asyncio.sleep(0.2)
            assert pair.ids("spare") == {"run-1"}
            before = len(pair.outputs["siren"].tried)
            await asyncio.sleep(5)
            assert len(pair.outputs["siren"].tried) >= before + 4
            pair.outputs["siren"].answer = lambda delivery: None
            await asyncio.sleep(2)
            pair.say(2, END)
            await asyncio.sleep(1)
        assert pair.seen("spare") == ["Evacuate", "EndEvacuation"]
        assert pair.outcomes("siren") == [(1, "confirmed"), (2, "confirmed")]
        assert pair.outcomes("spare") == [(1, "confirmed"), (2, "confirmed")]

    run_virtually(story())


def test_a_stand_in_takes_over_although_the_other_does_not_even_run() -> None:
    """What measures the time is not the output that failed."""

    async def story() -> None:
        pair = _Pair(SPARE)
        running = asyncio.create_task(pair.workers[1].run())
        pair.say(1, EVACUATE)
        pair.say(2, RAISE)
        await asyncio.sleep(11)
        assert pair.seen("spare") == ["Evacuate", "Raise"]
        running.cancel()

    run_virtually(story())


def test_what_a_stand_in_told_of_it_tells_to_its_end() -> None:
    """An alarm that it raised it also clears, although the other works again; of the next one it does not hear."""

    async def story() -> None:
        pair = _Pair(SPARE)
        pair.outputs["siren"].answer = refuse(retry=False)
        async with pair.running():
            pair.say(1, RAISE)
            await asyncio.sleep(0.1)
            assert pair.seen("spare") == ["Raise"]
            pair.outputs["siren"].answer = lambda delivery: None
            pair.say(2, CLEAR)
            pair.say(3, RAISE)
            pair.say(4, FAULT)
            await asyncio.sleep(60)
        assert pair.seen("spare") == ["Raise", "Clear"]
        assert sorted(pair.outcomes("spare")) == [(1, "confirmed"), (2, "confirmed"), (3, "spared"), (4, "spared")]

    run_virtually(story())


def test_what_people_give_up_no_stand_in_tells() -> None:
    """Not the first one's, nor the one that stands in for that; the journal says of each who gave it up and why."""

    async def story() -> None:
        pair = _Pair({"siren": "spare", "spare": "last"})
        pair.outputs["siren"].answer = refuse(retry=True)
        async with pair.running():
            pair.say(1, FAULT)
            await asyncio.sleep(1)
            assert pair.outbox.discard("siren", "run-1", "lin", "wrong", "engineer") == ""
            await asyncio.sleep(60)
        assert (pair.seen("spare"), pair.seen("last")) == ([], [])
        assert {one.output: (one.outcome, one.who, one.why) for one in pair.journalled} == dict.fromkeys(
            ("siren", "spare", "last"), ("discarded", "lin", "wrong")
        )

    run_virtually(story())


def test_what_is_held_for_a_stand_in_is_seen_and_can_be_given_up() -> None:
    """It is owed like any other, evacuations first, says what it waits for, and once discarded nobody takes over."""

    async def story() -> None:
        pair = _Pair(SPARE)
        pair.outputs["siren"].answer = refuse(retry=True)
        async with pair.running():
            pair.say(1, FAULT)
            pair.say(2, EVACUATE)
            await asyncio.sleep(1)
            held = [(one.delivery, one.reason) for one in pair.outbox.owed() if one.output == "spare"]
            assert held == [("run-2", "held"), ("run-1", "held")]
            assert "in force" in pair.outbox.discard("spare", "run-2", "lin", "wrong", "commander")
            assert pair.outbox.discard("spare", "run-1", "lin", "wrong", "engineer") == ""
            await asyncio.sleep(60)
            assert [one.delivery for one in pair.outbox.owed() if one.output == "siren"] == ["run-2", "run-1"]
        assert pair.seen("spare") == ["Evacuate"]
        assert (1, "discarded") in pair.outcomes("spare")

    run_virtually(story())


def test_a_stand_in_has_a_stand_in_of_its_own() -> None:
    """The last one hears of it when the first two failed, and is spared as soon as one of them confirms."""

    async def story() -> None:
        pair = _Pair({"siren": "spare", "spare": "last"})
        pair.outputs["siren"].answer = pair.outputs["spare"].answer = refuse(retry=True)
        async with pair.running():
            pair.say(1, EVACUATE)
            await asyncio.sleep(3.1)
            assert (pair.seen("spare"), pair.seen("last")) == (["Evacuate"], [])
            await asyncio.sleep(3.1)
            assert pair.seen("last") == ["Evacuate"]
            pair.outputs["siren"].answer = lambda delivery: None
            pair.say(2, RAISE)
            await asyncio.sleep(1)
        assert pair.seen("last") == ["Evacuate"]
        assert (2, "spared") in pair.outcomes("spare") and (2, "spared") in pair.outcomes("last")

    run_virtually(story())


def test_after_a_restart_a_stand_in_waits_again_for_what_the_other_still_owes() -> None:
    """What only the stand-in owes it tells at once; of what stands it hears the end, for nobody knows what it told."""

    async def story() -> None:
        pair = _Pair(SPARE, standing=[FAULT])
        pair.outbox.resume(
            [Owed(1, name, Delivery("old-1", RAISE, 0.0)) for name in ("siren", "spare")]
            + [Owed(2, "spare", Delivery("old-2", EVACUATE, 0.0))]
        )
        async with pair.running():
            pair.say(3, EndFault(110.0, "plug-1", "silent"))
            await asyncio.sleep(1)
        assert pair.seen("spare") == ["Evacuate", "EndFault"]
        assert (1, "spared") in pair.outcomes("spare")

    run_virtually(story())
