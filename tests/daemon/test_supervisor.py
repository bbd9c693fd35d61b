"""Drivers that crash are started again, told about, and never take the daemon with them."""

import asyncio

import pytest

from daemon.supervisor import Supervisor
from rules.signal import Fault, Recovered, Signal
from tests.daemon.virtual_time import VirtualClock, run_virtually


def test_five_crashes_in_a_minute_are_a_fault_and_the_driver_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """The fault comes with the fifth crash, once; a minute without a crash ends it."""
    told: list[Signal] = []
    starts: list[float] = []

    async def driver() -> None:
        starts.append(asyncio.get_running_loop().time())
        if len(starts) <= 7:
            raise OSError("planted")
        await asyncio.Event().wait()

    async def story() -> None:
        keeping = asyncio.create_task(Supervisor(VirtualClock(), told.append).keep("link-1", driver))
        while len(starts) < 5:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        assert [type(signal) for signal in told] == [Fault]
        await asyncio.sleep(300)
        assert not keeping.done()
        keeping.cancel()
        await asyncio.wait([keeping])

    run_virtually(story())
    assert [(type(signal), signal.source, signal.code) for signal in told if isinstance(signal, Fault | Recovered)] == [
        (Fault, "link-1", "driver_failed"),
        (Recovered, "link-1", "driver_failed"),
    ]
    assert len(starts) == 8
    assert "planted" in caplog.text


def test_rare_crashes_are_no_fault() -> None:
    """A driver that crashes once in twenty seconds is only started again, without a growing wait."""
    told: list[Signal] = []
    starts: list[float] = []

    async def driver() -> None:
        starts.append(asyncio.get_running_loop().time())
        await asyncio.sleep(20)
        raise OSError("planted")

    async def story() -> None:
        keeping = asyncio.create_task(Supervisor(VirtualClock(), told.append).keep("link-1", driver))
        await asyncio.sleep(600)
        keeping.cancel()
        await asyncio.wait([keeping])

    run_virtually(story())
    assert told == []
    assert len(starts) > 25


def test_a_driver_that_returns_is_started_again() -> None:
    """Ending by itself breaks the contract just as a crash does."""
    told: list[Signal] = []

    async def driver() -> None:
        await asyncio.sleep(0)

    async def story() -> None:
        keeping = asyncio.create_task(Supervisor(VirtualClock(), told.append).keep("link-1", driver))
        await asyncio.sleep(30)
        keeping.cancel()
        await asyncio.wait([keeping])

    run_virtually(story())
    assert len(told) == 1
