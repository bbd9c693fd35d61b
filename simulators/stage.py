"""Plays a story: the venue's devices on their wires, the daemon watched from outside, people's orders given."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from daemon.client import AsyncDaemonClient, ClientError, NoDaemon, Refused, StreamEnded, TimedOut
from simulators.actions import act
from simulators.fleet import Fleet, NotSimulated
from simulators.play import Fact, Play
from simulators.scenario import OrderAction, Step
from simulators.seen import fact_of
from simulators.tell import Teller

TURN_S = 0.1  # how often the world moves and devices look at themselves; a press waits for at most one turn
TWO_WIRES_S = (
    0.25  # a trigger and the alarm behind it come by broker and API: which was first is known only after a while
)
LOOK_EVERY_S = 5.0  # people are told this often what a fire does
LISTEN_LIMIT_S = 10.0  # a daemon that is ready answers in milliseconds
LISTEN_AGAIN_S = 0.2  # a daemon that restarts is heard again this soon


class Clock:
    """Seconds of the story: 0 until `start`, then real time."""

    def __init__(self) -> None:
        self._began: float | None = None

    def start(self) -> None:
        self._began = asyncio.get_running_loop().time()

    def now(self) -> float:
        return 0.0 if self._began is None else asyncio.get_running_loop().time() - self._began


class Stage:
    """One story in one venue. `perform` plays it to its end."""

    def __init__(self, play: Play, fleet: Fleet, socket: Path, clock: Clock, teller: Teller) -> None:
        self._play = play
        self._fleet = fleet
        self._socket = socket
        self._clock = clock
        self._teller = teller
        self._orders: set[asyncio.Task[None]] = set()
        self._triggers = 0
        self.failures: list[str] = []

    async def perform(self, over: Callable[[float], bool] | None = None) -> None:
        """Play to the story's length, or until `over` says so of the story's time.

        Raises ClientError when no daemon answers, NoBroker when the devices cannot connect.
        """
        for step in self._play.due(0.0):
            self._carry_out(0.0, step)
        listening = asyncio.Event()
        parts = (self._fleet.run(), self._listen(listening), self._tell(listening, over or self._at_its_end))
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (*tasks, *self._orders):
                task.cancel()
            await asyncio.gather(*tasks, *self._orders, return_exceptions=True)

    async def _tell(self, listening: asyncio.Event, over: Callable[[float], bool]) -> None:
        async with asyncio.timeout(LISTEN_LIMIT_S):
            await listening.wait()
        await self._fleet.connected()
        self._clock.start()
        await self._turn(over)

    def _at_its_end(self, now: float) -> bool:
        return now >= self._play.scenario.length

    async def _turn(self, over: Callable[[float], bool]) -> None:
        next_look = LOOK_EVERY_S
        while not over(now := self._clock.now()):
            self._fleet.tick(now)
            for step in self._play.due(now):
                self._carry_out(now, step)
            self._collect_triggers(now)
            if now >= next_look:
                next_look = now + LOOK_EVERY_S
                for text in self._fleet.look(now):
                    self._teller.look(now, text)
            await asyncio.sleep(TURN_S)

    def _collect_triggers(self, now: float) -> None:
        carried_out = [
            trigger
            for receiver in self._fleet.receivers
            for trigger in receiver.arrivals.carried_out
            if trigger.at <= now - TWO_WIRES_S
        ]
        for trigger in carried_out[self._triggers :]:
            self._teller.trigger(trigger.at, trigger.plan, trigger.action)
            if trigger.action == "evacuate":
                self._note_fact(Fact(trigger.at, "evacuation", trigger.plan))
        self._triggers = len(carried_out)

    def _note_fact(self, fact: Fact) -> None:
        for verdict in self._play.happened(fact):
            self._teller.verdict(fact.at, verdict)

    async def _listen(self, listening: asyncio.Event) -> None:
        """Follow the daemon's events; a daemon that restarts is followed again."""
        while True:
            try:
                async with AsyncDaemonClient(self._socket) as client:
                    async for event in client.events(listening):
                        now = self._clock.now()
                        self._teller.event(now, event)
                        fact = fact_of(event, now)
                        if fact is not None:
                            self._note_fact(fact)
            except (StreamEnded, NoDaemon, TimedOut) as error:
                if not listening.is_set():
                    raise
                self._teller.note(self._clock.now(), f"lost sight of the daemon: {error}")
            await asyncio.sleep(LISTEN_AGAIN_S)

    def _carry_out(self, now: float, step: Step) -> None:
        self._teller.step(now, step)
        try:
            if step.order is not None:
                task = asyncio.create_task(self._give(step.order))
                self._orders.add(task)
                task.add_done_callback(self._orders.discard)
            else:
                act(self._fleet, step, now)
        except NotSimulated as error:
            self._fail(now, str(error))

    async def _give(self, order: OrderAction) -> None:
        target = order.target
        try:
            async with AsyncDaemonClient(self._socket) as client:
                await client.order(order.verb, target, who=order.who, why=order.why, role=order.role)
        except Refused as error:
            self._fail(self._clock.now(), f"{order.verb} {target} was refused: {error.reason}")
        except ClientError as error:
            self._fail(self._clock.now(), f"{order.verb} {target} did not reach the daemon: {error}")

    def _fail(self, now: float, text: str) -> None:
        self.failures.append(text)
        self._teller.note(now, text)
