"""The watchdog is petted only while everything it vouches for has really turned: each predicate is broken in turn."""

import asyncio
from collections.abc import Callable

import pytest

from daemon.watchdog import PROBE_S, Probe, Watchdog
from tests.daemon.virtual_time import run_virtually


def _answer(done: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(0.01, done)


def _swallow(done: Callable[[], None]) -> None:
    """A pump or a journal that hangs."""


async def _pets(probe: Probe, *, supervisor_dies: bool = False) -> list[float]:
    loop = asyncio.get_running_loop()
    pets: list[float] = []

    async def kept() -> None:
        await asyncio.sleep(4.5 if supervisor_dies else 1e6)

    task = asyncio.create_task(kept())
    beating = asyncio.create_task(Watchdog(probe, [task], lambda message: pets.append(loop.time())).run())
    await asyncio.sleep(10.5)
    for each in (task, beating):
        each.cancel()
    await asyncio.wait([task, beating])
    return pets


@pytest.mark.parametrize(
    ("probe", "dies", "last_pet_s"), [(_answer, False, 10.0), (_swallow, False, 2.0), (_answer, True, 4.0)]
)
def test_it_is_petted_while_all_is_well_and_not_a_moment_longer(probe: Probe, dies: bool, last_pet_s: float) -> None:
    """A message that no longer comes through pump and journal, or a dead supervisor, ends the petting."""

    async def story() -> None:
        pets = await _pets(probe, supervisor_dies=dies)
        assert pets[0] == pytest.approx(1.0)
        assert pets[-1] == pytest.approx(last_pet_s)
        assert last_pet_s <= 10.0 - PROBE_S or len(pets) == 10

    run_virtually(story())


async def test_a_late_loop_is_not_petted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A beat that comes more than a second late says that the loop was blocked, and keeps still."""
    pets: list[str] = []
    watchdog = Watchdog(_answer, [], pets.append)
    assert watchdog._well(now=1.0, lag_s=0.5)
    assert not watchdog._well(now=1.0, lag_s=1.5)
