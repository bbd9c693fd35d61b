"""Deliveries of one output: order, repetition, what overtakes what, and what is told when nothing gets through."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from daemon.outbox.complaints import LOSS_STANDS_S
from daemon.outbox.job import Job
from daemon.outbox.lane import EVENT_FAULT_S, PENDING_MAX
from daemon.outbox.ledger import Settled
from daemon.outbox.worker import Worker
from drivers.contract import Delivery, DeliveryFailed
from rules.decision import Advance, Decision, EndEvacuation, Evacuate, Investigate, Raise, ReportFault, ZoneTier
from rules.signal import Fault, Recovered, Signal
from rules.tier import Tier
from tests.daemon.house import HandOutput, refuse
from tests.daemon.virtual_time import VirtualClock, run_virtually


def _job(number: int, decision: Decision, expires: float | None = None) -> Job:
    return Job(number, Delivery(f"run-{number}", decision, 0.0, expires))


def _event(number: int) -> Job:
    return _job(number, ZoneTier(1.0, "room-1", Tier.ORANGE))


def _evacuate(number: int, evacuation: str = "whole/1") -> Job:
    return _job(number, Evacuate(1.0, evacuation, "whole", ("venue",), "room-1"))


def _advance(number: int, stage: str, evacuation: str = "whole/1") -> Job:
    return _job(number, Advance(1.0, evacuation, "whole", stage, ("room-1",)))


def _end(number: int, evacuation: str = "whole/1") -> Job:
    return _job(number, EndEvacuation(1.0, evacuation, "whole", ("venue",)))


class _Bench:
    def __init__(self) -> None:
        self.output = HandOutput()
        self.settled: list[Settled] = []
        self.told: list[Signal] = []
        self.worker = Worker(self.output, VirtualClock(), self.settled.append, self.told.append)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.worker.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    def outcomes(self) -> list[tuple[int, str]]:
        return [(one.decision, one.outcome) for one in self.settled]

    def texts(self) -> list[str]:
        return [signal.text for signal in self.told if isinstance(signal, Fault)]

    def codes(self) -> list[tuple[str, str]]:
        return [(type(signal).__name__, signal.code) for signal in self.told if isinstance(signal, Fault | Recovered)]


def _news(number: int) -> Job:
    """A fault of a device: nobody's life hangs on it."""
    return _job(number, ReportFault(1.0, f"plug-{number}", "silent", "not heard"))


def _fire(number: int) -> Job:
    return _job(number, Raise(1.0, "smoke@det-1", "smoke", "det-1", "room-1", "fire", Tier.ORANGE, "unack", True))


def test_delivers_in_order() -> None:
    """Deliveries arrive in the order in which they were decided, each confirmed before the next."""

    async def story() -> None:
        bench = _Bench()
        for number in (1, 2, 3):
            bench.worker.offer(_event(number))
        async with bench.running():
            await asyncio.sleep(1)
        assert bench.outcomes() == [(1, "confirmed"), (2, "confirmed"), (3, "confirmed")]
        assert bench.worker.health().pending == 0

    run_virtually(story())


def test_an_evacuation_overtakes_a_stuck_line() -> None:
    """An event that hangs does not hold up an evacuation for a moment."""

    async def story() -> None:
        bench = _Bench()
        output = bench.output
        output.gate.clear()
        async with bench.running():
            bench.worker.offer(_event(1))
            await asyncio.sleep(0.5)
            output.gate = asyncio.Event()
            output.gate.set()
            bench.worker.offer(_evacuate(2))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert [delivery.id for delivery in output.confirmed] == ["run-2"]

    run_virtually(story())


def test_an_evacuation_is_repeated_each_second_until_confirmed() -> None:
    """Unconfirmed, the same id goes out every second; after 3 s it is a fault, and the confirmation ends the fault."""

    async def story() -> None:
        bench = _Bench()
        bench.output.gate.clear()
        async with bench.running():
            bench.worker.offer(_evacuate(7))
            await asyncio.sleep(2.5)
            assert bench.codes() == []
            await asyncio.sleep(7)
            assert len(bench.output.tried) == 10
            assert {delivery.id for delivery in bench.output.tried} == {"run-7"}
            assert bench.codes() == [("Fault", "unconfirmed")]
            bench.output.gate.set()
            await asyncio.sleep(1)
        assert bench.outcomes() == [(7, "confirmed")]
        assert bench.codes() == [("Fault", "unconfirmed"), ("Recovered", "unconfirmed")]

    run_virtually(story())


def test_a_failing_evacuation_does_not_spin() -> None:
    """An output that fails at once is still tried once a second, not in a loop; even a final refusal is tried again."""

    async def story() -> None:
        bench = _Bench()
        bench.output.answer = refuse(retry=False)
        async with bench.running():
            bench.worker.offer(_evacuate(7))
            await asyncio.sleep(4.5)
        assert len(bench.output.tried) == 5

    run_virtually(story())


def test_a_stage_does_not_take_back_the_one_before() -> None:
    """Each stage is told until it is confirmed, whatever came after it; the end takes all of them back."""

    async def story() -> None:
        bench = _Bench()
        bench.output.gate.clear()
        async with bench.running():
            bench.worker.offer(_evacuate(1))
            bench.worker.offer(_advance(2, "next"))
            await asyncio.sleep(2.5)
            assert {delivery.id for delivery in bench.output.tried} == {"run-1", "run-2"}
            assert bench.outcomes() == [] and bench.worker.health().pending == 2
            bench.output.gate.set()
            await asyncio.sleep(1)
            assert sorted(bench.outcomes()) == [(1, "confirmed"), (2, "confirmed")]
            bench.output.gate.clear()
            bench.worker.offer(_advance(3, "rest"))
            bench.worker.offer(_evacuate(4, "whole/11"))
            bench.worker.offer(_end(5))
        assert bench.outcomes()[2:] == [(3, "superseded")]

    run_virtually(story())


def test_the_end_of_an_evacuation_takes_back_its_order() -> None:
    """An evacuation that nobody confirmed is not repeated once people ended it; another one goes on."""

    async def story() -> None:
        bench = _Bench()
        bench.output.gate.clear()
        async with bench.running():
            bench.worker.offer(_evacuate(1, "whole/1"))
            bench.worker.offer(_evacuate(2, "east/1"))
            await asyncio.sleep(5)
            bench.worker.offer(_end(3, "whole/1"))
            bench.output.tried.clear()
            await asyncio.sleep(3)
            assert {delivery.id for delivery in bench.output.tried} == {"run-2", "run-3"}
            bench.output.gate.set()
            await asyncio.sleep(2)
        assert bench.outcomes()[0] == (1, "superseded")
        assert sorted(bench.outcomes()[1:]) == [(2, "confirmed"), (3, "confirmed")]
        assert bench.codes() == [("Fault", "unconfirmed"), ("Recovered", "unconfirmed")]

    run_virtually(story())


def test_a_refused_event_does_not_stop_the_line() -> None:
    """What can never be delivered is given up with a fault; the next delivery goes out, and the fault stands on."""

    async def story() -> None:
        bench = _Bench()
        bench.output.answer = refuse(retry=False)
        async with bench.running():
            bench.worker.offer(_event(1))
            await asyncio.sleep(0.1)
            bench.output.answer = lambda delivery: None
            bench.worker.offer(_event(2))
            await asyncio.sleep(0.1)
        assert bench.outcomes() == [(1, "refused"), (2, "confirmed")]
        assert bench.codes() == [("Fault", "refused")]

    run_virtually(story())


def test_a_loss_is_in_view_for_ten_minutes() -> None:
    """Neither the report of the fault itself nor any other delivery ends it sooner; each further loss begins anew."""

    async def story() -> None:
        bench = _Bench()
        async with bench.running():
            for number in (1, 2):
                bench.output.answer = refuse(retry=False)
                bench.worker.offer(_fire(number))
                await asyncio.sleep(0.1)
                bench.output.answer = lambda delivery: None
                bench.worker.offer(_job(10 + number, ReportFault(1.0, "output/out", "refused", "a fire")))
                await asyncio.sleep(LOSS_STANDS_S - 10)
                assert bench.codes() == [("Fault", "refused")], number
            await asyncio.sleep(20)
        assert bench.codes() == [("Fault", "refused"), ("Recovered", "refused")]

    run_virtually(story())


def test_a_loss_stands_while_nobody_knows_that_the_output_works() -> None:
    """Time alone does not end it: something must have been confirmed since."""

    async def story() -> None:
        bench = _Bench()
        bench.output.answer = refuse(retry=False)
        async with bench.running():
            bench.worker.offer(_fire(1))
            await asyncio.sleep(10 * LOSS_STANDS_S)
            assert bench.codes() == [("Fault", "refused")]
            bench.output.answer = lambda delivery: None
            bench.worker.offer(_fire(2))
            await asyncio.sleep(1)
        assert bench.codes() == [("Fault", "refused"), ("Recovered", "refused")]

    run_virtually(story())


def test_a_stuck_line_is_one_fault_while_the_other_works() -> None:
    """What the other line delivers does not end it, nor what is given up of this one while more waits."""

    def stuck(delivery: Delivery) -> None:
        if isinstance(delivery.decision, Raise):
            raise DeliveryFailed("no", retry=True)

    async def story() -> None:
        bench = _Bench()
        bench.output.answer = stuck
        async with bench.running():
            first, second = _fire(1), _fire(2)
            for job in (first, second):
                bench.worker.offer(job)
            for number in range(10, 40):
                bench.worker.offer(_news(number))
                await asyncio.sleep(1)
            bench.worker.discard(first, "lin", "gone")
            await asyncio.sleep(30)
            assert bench.codes() == [("Fault", "undelivered")]
            bench.worker.discard(second, "lin", "gone")
            assert bench.codes() == [("Fault", "undelivered"), ("Recovered", "undelivered")]

    run_virtually(story())


def test_an_output_that_is_down_is_a_fault_and_loses_nothing() -> None:
    """Events wait out an outage, tried with back-off; after 10 s the outage is told, and its end as well."""

    async def story() -> None:
        bench = _Bench()
        bench.output.answer = refuse(retry=True)
        async with bench.running():
            for number in range(5):
                bench.worker.offer(_event(number))
            await asyncio.sleep(60)
            assert bench.codes() == [("Fault", "undelivered")]
            assert 57 <= len(bench.output.tried) <= 82  # about one a second, each wait shortened by up to a quarter
            assert bench.worker.health().pending == 5
            bench.output.answer = lambda delivery: None
            await asyncio.sleep(1.5)
        assert bench.outcomes() == [(number, "confirmed") for number in range(5)]
        assert bench.codes() == [("Fault", "undelivered"), ("Recovered", "undelivered")]

    run_virtually(story())


def test_the_line_is_bounded() -> None:
    """Beyond its bound the oldest deliveries are dropped, settled as dropped, and told once."""

    async def story() -> None:
        bench = _Bench()
        for number in range(PENDING_MAX + 3):
            bench.worker.offer(_event(number))
        assert bench.outcomes() == [(0, "dropped"), (1, "dropped"), (2, "dropped")]
        assert bench.codes() == [("Fault", "overflow")]
        assert bench.worker.health().pending == PENDING_MAX

    run_virtually(story())


def test_a_bug_in_an_output_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    """An exception that no contract knows leaves a traceback and a failed try, and the delivery is made later."""

    def bug(delivery: Delivery) -> None:
        raise ZeroDivisionError("planted")

    async def story() -> None:
        bench = _Bench()
        bench.output.answer = bug
        async with bench.running():
            bench.worker.offer(_event(1))
            await asyncio.sleep(0.05)
            assert "planted" in bench.worker.health().last_error
            bench.output.answer = lambda delivery: None
            await asyncio.sleep(1)
        assert bench.outcomes() == [(1, "confirmed")]

    run_virtually(story())
    assert "Traceback" in caplog.text


def test_an_order_is_made_ready_and_leaves_only_when_it_is_offered(caplog: pytest.LogCaptureFixture) -> None:
    """An output hears of an order before it is durable, of nothing else; should it fail at that, the order goes out."""

    async def story() -> None:
        bench = _Bench()
        async with bench.running():
            for job in (_evacuate(1), _event(2), _fire(3)):
                bench.worker.prepare(job)
            await asyncio.sleep(2)
            assert [one.id for one in bench.output.prepared] == ["run-1"]
            assert bench.output.tried == []
            bench.output.prepared = None  # type: ignore[assignment]  # the bug: it has no such thing any more
            order = _evacuate(4)
            bench.worker.prepare(order)
            bench.worker.offer(order)
            await asyncio.sleep(1)
        assert bench.outcomes() == [(4, "confirmed")]

    run_virtually(story())
    assert "a bug in the output" in caplog.text


def test_an_event_that_an_output_cannot_carry_does_not_stop_the_line(caplog: pytest.LogCaptureFixture) -> None:
    """One decision that trips a bug is given up aloud after a while; the next alarm is told."""

    def bug(delivery: Delivery) -> None:
        if delivery.id == "run-1":
            raise ZeroDivisionError("planted")

    async def story() -> None:
        bench = _Bench()
        bench.output.answer = bug
        async with bench.running():
            bench.worker.offer(_event(1))
            bench.worker.offer(_event(2))
            await asyncio.sleep(EVENT_FAULT_S + 2)
        assert bench.outcomes() == [(1, "refused"), (2, "confirmed")]

    run_virtually(story())


def test_a_worker_goes_on_after_it_was_started_again() -> None:
    """Cancelled and run again, it still owes the evacuation and the event that were under way."""

    async def story() -> None:
        bench = _Bench()
        bench.output.gate.clear()
        async with bench.running():
            bench.worker.offer(_evacuate(1))
            bench.worker.offer(_event(2))
            await asyncio.sleep(0.5)
        bench.output.gate.set()
        async with bench.running():
            await asyncio.sleep(0.5)
        assert sorted(bench.outcomes()) == [(1, "confirmed"), (2, "confirmed")]

    run_virtually(story())


def test_an_order_that_comes_while_the_worker_ends_is_told_by_the_next() -> None:
    """Offered at any step of the end it disturbs nobody, and goes out as soon as the worker runs again."""

    async def story(steps: int) -> None:
        bench = _Bench()
        ending = asyncio.create_task(bench.worker.run())
        await asyncio.sleep(1)
        ending.cancel()
        for _ in range(steps):
            await asyncio.sleep(0)
        bench.worker.offer(_evacuate(1))
        await asyncio.wait([ending], timeout=5)
        assert ending.done(), steps
        async with bench.running():
            await asyncio.sleep(1)
        assert bench.outcomes() == [(1, "confirmed")], steps

    for steps in range(6):
        run_virtually(story(steps))


def test_a_stale_command_is_not_carried_out() -> None:
    """A delivery past its expiry is settled as expired, never reaches the output, and the fault says so."""

    async def story() -> None:
        bench = _Bench()
        async with bench.running():
            bench.worker.offer(_job(1, ZoneTier(1.0, "room-1", Tier.RED), expires=50.0))
            bench.worker.offer(_job(2, Evacuate(1.0, "w/1", "w", ("venue",), "room-1"), expires=50.0))
            await asyncio.sleep(0.1)
            assert sorted(bench.outcomes()) == [(1, "expired"), (2, "expired")]
            assert bench.output.tried == []
            assert bench.codes() == [("Fault", "expired")]
            assert "run-2 was too old before it could be sent" in bench.texts()[0]
            bench.worker.offer(_event(3))
            await asyncio.sleep(LOSS_STANDS_S + 10)
        assert bench.codes() == [("Fault", "expired"), ("Recovered", "expired")]

    run_virtually(story())


@pytest.mark.parametrize("apart", [True, False], ids=["apart", "control: all in one line"])
def test_ten_thousand_notices_hold_up_no_fire(apart: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a full line of notices, the first of which hangs, an evacuation and a fire alarm are tried at once; in one
    line with the notices the fire would wait.
    """
    if not apart:
        monkeypatch.setattr("daemon.outbox.worker.is_urgent", lambda job: False)

    async def story() -> None:
        bench = _Bench()
        bench.output.gate.clear()
        for number in range(PENDING_MAX - 1):
            bench.worker.offer(_news(number))
        async with bench.running():
            await asyncio.sleep(0.5)
            bench.worker.offer(_fire(20_000))
            bench.worker.offer(_evacuate(20_001))
            await asyncio.sleep(0.001)
            tried = [delivery.id for delivery in bench.output.tried]
        assert tried[:1] == ["run-0"]
        assert sorted(tried[1:]) == (["run-20000", "run-20001"] if apart else ["run-20001"])

    run_virtually(story())


def test_what_is_said_of_one_alarm_keeps_its_order() -> None:
    """An alarm's rise and fall go the same way, whatever its tier; so do all changes of a zone."""

    async def story() -> None:
        bench = _Bench()
        changes = [_fire(1), _event(2), _job(3, ZoneTier(2.0, "room-1", Tier.NONE)), _fire(4)]
        for number, job in enumerate(changes):
            bench.worker.offer(_news(100 + number))
            bench.worker.offer(job)
        async with bench.running():
            await asyncio.sleep(1)
        told = [number for number, outcome in bench.outcomes() if outcome == "confirmed"]
        assert [number for number in told if number < 100] == [1, 2, 3, 4]
        assert [number for number in told if number >= 100] == [100, 101, 102, 103]

    run_virtually(story())


def test_a_try_ends_when_the_order_is_void() -> None:
    """Staff are not told to look round after the time for it is over, and no try runs on beyond that."""

    async def story() -> None:
        bench = _Bench()
        bench.output.gate.clear()
        async with bench.running():
            bench.worker.offer(_job(1, Investigate(100.0, "a@b", "room-1", "look", 102.0), expires=102.0))
            await asyncio.sleep(1.9)
            assert bench.outcomes() == []
            await asyncio.sleep(0.5)
            assert bench.outcomes() == [(1, "expired")]
        assert len(bench.output.tried) == 1
        assert "no confirmation within 2 s" in bench.texts()[0]

    run_virtually(story())


def test_each_try_has_a_reason() -> None:
    """It was decided, the last try failed, or nobody confirmed it."""

    async def story() -> None:
        bench = _Bench()
        job = _evacuate(1)
        reasons: list[str] = []

        def answer(delivery: Delivery) -> None:
            reasons.append(job.reason)
            if len(reasons) == 1:
                raise DeliveryFailed("no", retry=True)

        bench.output.answer = answer
        bench.output.gate.clear()
        async with bench.running():
            bench.worker.offer(job)
            await asyncio.sleep(3.5)
            assert (job.tries, job.error) == (4, "no confirmation within 1 s")
        assert reasons == ["decided", "failed", "unconfirmed", "unconfirmed"]

    run_virtually(story())
