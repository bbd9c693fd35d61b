"""The demo: a broker, the real daemon, a venue full of devices, a story; everything of it gone when it ends."""

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.load import load
from config.setup import Setup
from daemon.client import AsyncDaemonClient, ClientError
from simulators import scenario_file
from simulators.daemon_process import DaemonProcess
from simulators.fleet import Fleet
from simulators.picture import Picture
from simulators.play import Play
from simulators.stage import Clock, Stage
from simulators.tell import Lines, Several, Tally, Teller, verdict_line
from simulators.wire import Broker


@dataclass(frozen=True, slots=True)
class Told:
    """How the demo ended: the last lines to show, and whether what the story promised was kept as far as it went."""

    lines: tuple[str, ...]
    kept: bool


class Demo:
    """`run` does everything, once."""

    def __init__(
        self,
        scenario: str,
        config: Path,
        *,
        broker: Broker | None,
        settings: Sequence[str],
        seconds: float,
        picture: bool,
        say: Callable[[str], None],
    ) -> None:
        self._scenario = scenario
        self._config = config
        self._broker = broker
        self._settings = list(settings)
        self._seconds = seconds
        self._picture = picture
        self._say = say
        self._over = asyncio.Event()

    async def run(self) -> Told:
        """Raises ConfigError, DaemonFailed, NoBroker, OSError, ImportError (no broker can be made here)."""
        file = scenario_file.load(self._scenario)
        with _signals(self._over.set), tempfile.TemporaryDirectory(prefix="tocsin-demo-") as name:
            folder = Path(name)
            async with self._some_broker() as wiring:
                overrides = [*wiring, *self._serial_lines(folder), *file.scenario.overrides, *self._settings]
                setup = load(self._config, overrides)
                scenario_file.check(file, setup.plan)
                daemon = DaemonProcess(self._config, folder, overrides)
                try:
                    return await self._perform(file, setup, daemon)
                finally:
                    await daemon.stop()

    async def _perform(self, file: scenario_file.ScenarioFile, setup: Setup, daemon: DaemonProcess) -> Told:
        clock, tally = Clock(), Tally()
        fleet, story = Fleet(setup, clock.now), Play(file.scenario)
        self._introduce(file, setup, fleet)
        if not await self._unless_over(daemon.start()):
            return Told((), kept=True)
        picture = Picture(daemon.socket) if self._picture else None
        told: Teller = tally if picture else Several((tally, Lines(self._say)))
        stage = Stage(story, fleet, daemon.socket, clock, told)
        parts: list[Coroutine[Any, Any, None]] = [stage.perform(self._ends), daemon.ended()]
        if picture is not None:
            parts.append(picture.show())
        await _first(parts)
        readings = await _readings(daemon.socket)
        finished = clock.now() >= file.scenario.length
        if finished:
            story.finish(clock.now())
        broken = [verdict_line(one) for one in story.verdicts if one.state == "failed"]
        return Told((*broken, tally.summary(readings)), kept=not broken and not stage.failures)

    def _ends(self, now: float) -> bool:
        return self._over.is_set() or (self._seconds > 0 and now >= self._seconds)

    def _introduce(self, file: scenario_file.ScenarioFile, setup: Setup, fleet: Fleet) -> None:
        venue, story = setup.plan.venue, file.scenario
        name = venue.zones[venue.root].name.en
        self._say(f"{name}: {len(fleet.devices)} devices on {len(fleet.wires)} MQTT connections and a serial line.")
        self._say(f"{story.title.en}: the story takes {story.length:g} s. The daemon starts ...")
        ends = f"It ends after {self._seconds:g} s" if self._seconds else "It goes on as long as you like"
        self._say(f"{ends}; {'q leaves it' if self._picture else 'Ctrl-C ends it'}.")

    @contextlib.asynccontextmanager
    async def _some_broker(self) -> AsyncIterator[list[str]]:
        """The overrides that lead every MQTT link of the venue to the given broker, or to one of our own."""
        links = [link.id for link in load(self._config, self._settings).links if link.kind == "mqtt"]
        if self._broker is not None:
            yield _at(links, self._broker.host, self._broker.port)
            return
        from simulators.demo_broker import PROTOCOL, DemoBroker

        broker = DemoBroker()
        await broker.start()
        try:
            yield [*_at(links, broker.host, broker.port), *(f'links.{link}.protocol="{PROTOCOL}"' for link in links)]
        finally:
            await broker.stop()

    def _serial_lines(self, folder: Path) -> list[str]:
        """The overrides that put every serial line of the venue into our folder."""
        lines = [link.id for link in load(self._config, self._settings).links if link.kind == "serial"]
        return [f"links.{line}.path={folder / line}" for line in lines]

    async def _unless_over(self, work: Coroutine[Any, Any, None]) -> bool:
        """False when the user ended the demo before the work was done."""
        await _first([work, _waited(self._over)])
        return not self._over.is_set()


async def _waited(event: asyncio.Event) -> None:
    await event.wait()


async def _first(parts: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run all until one ends; end the others, and raise what it raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _readings(socket: Path) -> int:
    try:
        async with AsyncDaemonClient(socket) as client:
            return (await client.status()).readings
    except ClientError:
        return 0


def _at(links: Sequence[str], host: str, port: int) -> list[str]:
    return [text for link in links for text in (f'links.{link}.host="{host}"', f"links.{link}.port={port}")]


@contextlib.contextmanager
def _signals(over: Callable[[], None]) -> Any:
    """Ctrl-C, a closed terminal or `kill` end the demo in order."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, over)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
