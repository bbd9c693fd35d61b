"""What is owed to the outputs: shown to people, given up by people, and journalled as what it is."""

from pathlib import Path

import pytest

from daemon.api.views import OWED_MAX, Views
from daemon.core import Event, OwedDelivery
from rules.decision import ZoneTier
from rules.signal import AllClear, Fault, OrderEvacuation, Role, Tick
from rules.tier import Tier
from tests.daemon import house
from tests.daemon.fake_core import FakeCore
from tests.daemon.house import HandClock, refuse
from tests.daemon.test_pump import Bench, running


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
