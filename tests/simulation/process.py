"""One life of the daemon: the real one, with its clock, its disk and its wires replaced."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from daemon import app, clock, opening
from daemon.api.house import House
from daemon.journal import anchoring
from daemon.journal import writer as writer_module
from daemon.outbox import sender
from daemon.start import Start
from drivers.links import mqtt as link_module
from drivers.outputs.mqtt import output as output_module
from tests.simulation.broker import Broker, SimConnection
from tests.simulation.disk import Disk, StagedWriter
from tests.simulation.loop import Killed, SimLoop
from tests.simulation.world import Time, World


class Process:
    """`run` returns when the daemon was killed or has stopped, and raises what ended it otherwise."""

    def __init__(
        self, number: int, world: World, disk: Disk, brokers: dict[int, Broker], start: Start, state: Path, boot: Path
    ) -> None:
        self.number = number
        self.state = state
        self.alive = True
        self.house: House | None = None
        self.loop = SimLoop(world, self._before_step)
        self.steps = 0
        self.kill_at_step: int | None = None
        self._world = world
        self._disk = disk
        self._brokers = brokers
        self._start = start
        self._boot = boot
        self._writer: StagedWriter | None = None
        self._stop = asyncio.Event()

    def run(self) -> None:
        task = self.loop.create_task(app.run(self._start, self.state, self._serve, self._stop, asyncio.Event()))
        task.add_done_callback(lambda _: self.loop.stop())
        with self._staged():
            try:
                self.loop.run_forever()
            except Killed:
                return
        task.result()

    def kill(self) -> None:
        """From whatever the world does, or from within a step."""
        self.alive = False
        raise Killed

    def stop(self) -> None:
        """SIGTERM."""
        self.loop.call_soon(self._stop.set)

    def bury(self) -> None:
        """Let go of files and threads, once the disk's image was taken. The dead loop's tasks are not told."""
        self.alive = False
        for task in asyncio.all_tasks(self.loop):
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # a killed process leaves all its tasks
        if self._writer is not None:
            self._writer.abandon()
        self.loop.close()

    @property
    def degraded(self) -> bool:
        """Whether anything may have been told or acknowledged that is not written."""
        return self.house is not None and bool(self.house._journal.degraded or self.house._journal._released)

    def _before_step(self) -> None:
        self.steps += 1
        if self.steps == self.kill_at_step:
            self.kill()

    async def _serve(self, house: House) -> None:
        self.house = house
        await asyncio.Event().wait()

    def _make_writer(self, *given: Any) -> StagedWriter:
        self._writer = StagedWriter(self.loop, self._disk, *given)
        return self._writer

    def _connect(self, settings: Any, identity: Any, user: Any, opener: Any = None) -> SimConnection:
        return SimConnection(self._brokers[settings.port], lambda: self.alive, settings, identity, user)

    @contextmanager
    def _staged(self) -> Iterator[None]:
        """The real modules, with what reaches the world outside replaced."""
        self._boot.write_text(f"boot-{self._world.boot}\n")
        time = Time(self._world)
        with ExitStack() as stack:
            for name, module in sorted(sys.modules.items()):
                if name.startswith("daemon.") and getattr(module, "time", None) is sys.modules["time"]:
                    stack.enter_context(patch.object(module, "time", time))
            for module, attribute, stand_in in (
                (clock, "BOOT_ID", self._boot),
                (app, "secrets", SimpleNamespace(token_hex=lambda _: f"{self.number:04}")),
                (app, "gc", SimpleNamespace(disable=_nothing, enable=_nothing, collect=_nothing, freeze=_nothing)),
                (opening, "open_database", self._disk.open),
                (app, "Writer", self._make_writer),
                (writer_module, "open_database", self._disk.open),
                (anchoring, "threading", SimpleNamespace(Thread=_AtOnce)),
                (sender, "_random", self._world.chance),
                (link_module, "MqttConnection", self._connect),
                (output_module, "MqttConnection", self._connect),
            ):
                stack.enter_context(patch.object(module, attribute, stand_in))
            yield


class _AtOnce:
    """A thread that has done its work when it is started."""

    def __init__(self, target: Callable[[], None], name: str, daemon: bool) -> None:
        self.start = target

    def join(self, within_s: float) -> None:
        """There is nothing to wait for."""

    def is_alive(self) -> bool:
        return False


def _nothing() -> None:
    """Garbage is collected as ever."""
