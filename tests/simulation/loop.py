"""An event loop in virtual time that can be killed between any two of its steps."""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context
from typing import Any, TypeVarTuple, Unpack

from tests.simulation.world import World

_Given = TypeVarTuple("_Given")


class Killed(SystemExit):
    """kill -9: no handler of the daemon's runs after it. asyncio lets a SystemExit through to whoever runs the loop."""


class _Selector(selectors.SelectSelector):
    """Instead of waiting it lets the world go on until something is to be done here."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self.woken = False  # the world has given the loop something to do

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        world = self._world
        until = float("inf") if timeout is None else world.now + max(0.0, timeout)
        self.woken = False
        while not self.woken:
            instant = min(until, world.next_at())
            if instant == float("inf"):
                raise RuntimeError("nothing will ever happen again")
            world.pass_until(instant)
            if instant == until:
                break
        return []


class SimLoop(asyncio.SelectorEventLoop):
    """`before_step` is called before each callback and may raise Killed."""

    def __init__(self, world: World, before_step: Callable[[], None]) -> None:
        self._world = world
        self._before_step = before_step
        self._sim_selector = _Selector(world)
        super().__init__(self._sim_selector)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._world.now - self._world.slept_s - self._world.booted_at

    def call_soon(
        self, callback: Callable[[Unpack[_Given]], object], *args: *_Given, context: Context | None = None
    ) -> asyncio.Handle:
        self._sim_selector.woken = True
        return super().call_soon(self._step, callback, args, context=context)

    def call_soon_threadsafe(
        self, callback: Callable[[Unpack[_Given]], object], *args: *_Given, context: Context | None = None
    ) -> asyncio.Handle:
        """The journal's thread runs only while the loop waits for it (`disk.py`)."""
        return self.call_soon(callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[_Given]], object],
        *args: *_Given,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        self._sim_selector.woken = True  # it may be due sooner than all that was
        return super().call_at(when, self._step, callback, args, context=context)

    def run_in_executor(  # type: ignore[override]  # at once, and so without a thread: the result is there already
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - as the executor does
            future.set_exception(error)
        return future

    def _step(self, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        self._before_step()
        callback(*args)
