"""The one place that builds the daemon, starts it and stops it."""

import asyncio
import gc
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from config.setup import Setup
from daemon import wall
from daemon.api.house import House
from daemon.calendar import Calendar
from daemon.clock import SystemClock
from daemon.guard import Guard
from daemon.heartbeat import Heartbeat
from daemon.history.setup import build_exports, zones_of
from daemon.journal.anchoring import Anchoring
from daemon.journal.anchors import FILE as ANCHORS
from daemon.journal.journal import Journal
from daemon.journal.keeping import keeping_of
from daemon.journal.writer import Writer
from daemon.maintenance import Maintenance
from daemon.notify import sd_notify
from daemon.opening import JOURNAL, Opened, first_words, open_journal, under_builtin_rules
from daemon.outbox.broadcast import Broadcast
from daemon.outbox.ledger import SAFE, Run
from daemon.outbox.outbox import Outbox
from daemon.outbox.standing import standing
from daemon.outbox.worker import Worker
from daemon.proof import Prover
from daemon.pump import Pump
from daemon.quarantine import Quarantine
from daemon.reload import Reloader
from daemon.restart import Reconciliation
from daemon.rule_sets import RuleSets
from daemon.start import Start, going_on
from daemon.supervisor import Supervisor
from daemon.vitals import Vitals
from daemon.watchdog import Watchdog
from drivers.contract import Beat, Beating, Delivery, Link, Output, OutputContext, Proving
from drivers.registry import LINKS, OUTPUTS
from rules.engine import Engine
from rules.signal import Fault, Recovered
from rules.tier import Tier

DATABASE = "journal.db"

# a stop takes at most the sum of these, 9.5 s: systemd kills after 10 s
STOP_LINKS_S = 2.0
STOP_PUMP_S = 1.0
STOP_OUTPUTS_S = 1.5
STOP_SNAPSHOT_S = 1.0
STOP_TASKS_S = 1.5
STOP_JOURNAL_S = 2.0
STOP_ANCHOR_S = 0.5

_log = logging.getLogger(__name__)


async def run(
    start: Start,
    state: Path,
    serve_api: "Callable[[House], Awaitable[None]]",
    stop: asyncio.Event,
    hangup: asyncio.Event,
) -> None:
    """Run the daemon until `stop` is set; `hangup` makes it take the venue's files anew. Raises what the engine raises:
    its state is then unknown.
    """
    gc.disable()  # until all of it stands: what is made now stays, and would be walked again and again
    sets = RuleSets(state)
    quarantine = Quarantine(state)
    if start.safe_mode:
        _log.critical("SAFE MODE: %s; only the built-in rules are in force", start.safe_mode)
        start = replace(start, setup=under_builtin_rules(start.setup))
    opened = open_journal(state / DATABASE, start, sets, quarantine)
    if not start.safe_mode:
        start = going_on(start, opened.memory.engine, sets)
    parts = _Parts(start, state / DATABASE, sets, opened, quarantine)
    del start, opened  # a reload puts others in force, and the first engine must not be held beside them
    await parts.run(serve_api, stop, hangup)


class _Parts:
    """All that runs, and in which order it starts and stops."""

    def __init__(self, start: Start, path: Path, sets: RuleSets, opened: Opened, quarantine: Quarantine) -> None:
        setup, self._safe_mode = start.setup, start.safe_mode
        clock, memory = opened.clock, opened.memory
        self._clock = clock
        self._without_journal = bool(opened.problem)
        self._first_words = first_words(opened, start.safe_mode)
        self._reconciliation = Reconciliation(memory, clock, clock.down_s, opened.problem, start.safe_mode)
        self._owed = memory.ledger.owed()
        name = f"{SAFE if start.safe_mode else ''}{secrets.token_hex(4)}"
        this = Run(name, clock.stamp().boot, tuple(output.id for output in setup.outputs))
        broadcast = Broadcast()
        keeping = keeping_of(setup)
        writer = Writer(path, opened.connection, this, keeping)
        if start.safe_mode:
            writer.holds_older_state = True  # a snapshot of this engine would bury what the venue's rules know
        self._journal = Journal(writer, memory.ledger, self._on_degraded, self._on_recovered, setup.journal.gather_s)
        self._outbox = Outbox(this, clock, broadcast)
        self._pump = Pump(
            memory.engine,
            self._journal,
            clock,
            self._outbox,
            next_decision=memory.next_decision,
            untold=memory.news,
            quarantine=quarantine,
            guard=Guard(memory.engine) if start.safe_mode else None,
            doubtful=lambda: bool(self._wall.doubt),
        )
        self._wall = wall.Wall(clock, memory.last, opened.believed_wall, lambda: self._pump.engine.plan)
        links: dict[str, tuple[str, Link]] = {
            link.id: (link.kind, LINKS[link.kind].build(link.id, link.settings, link.drivers, self._pump, clock.now))
            for link in setup.links
        }
        context = OutputContext(
            setup.plan.venue,
            clock.now,
            {link.id: link.settings for link in setup.links},
            setup.plan.evacuation_plans,
            {
                link.id: driver.settings.prefix
                for link in setup.links
                for driver in link.drivers
                if getattr(driver.settings, "proof", False)
            },
        )
        outputs: list[Output] = [
            OUTPUTS[output.kind].build(output.id, output.settings, context) for output in setup.outputs
        ]
        shown = [*memory.ledger.in_force(), *_shown(this, memory.engine, clock)]
        for output in outputs:
            output.take_up(shown)
        self._workers = [Worker(output, clock, self._outbox.settle, self._pump.report) for output in outputs]
        then = {output.id: output.then for output in setup.outputs if output.then}
        self._outbox.connect(self._workers, self._journal.submit, then, [delivery.decision for delivery in shown])
        self._supervisor = Supervisor(clock, self._pump.report)
        self._anchoring = Anchoring(
            path.with_name(ANCHORS), self._journal.stands, clock, self._pump.report, self._pump.tell
        )
        self._calendar = Calendar(
            setup.plan.schedules, setup.time_zone, clock, self._pump.report, lambda: bool(self._wall.doubt)
        )
        self._maintenance = Maintenance(
            setup.maintenance, setup.time_zone, path, clock, self._pump.report, lambda: bool(self._wall.doubt)
        )
        self._links = {name: link for name, (_, link) in links.items()}
        self._provers = [
            Prover(self._links[output.proves], trail, output, this.name, clock, self._pump.report)
            for output in outputs
            if isinstance(output, Proving) and output.proves
            if (trail := getattr(self._links[output.proves], "trail", None)) is not None
        ]
        self._heartbeats = [
            Heartbeat(output.name, output, self._beat) for output in outputs if isinstance(output, Beating)
        ]
        self._outputs = outputs
        self._reloader = Reloader(start, sets, self._pump, clock.now, self._adopt)
        self._exports = build_exports(setup, path, clock, self._pump.report)
        self._vitals = Vitals(clock, self._pump.report)
        self.house = House(
            clock,
            self._pump,
            self._journal,
            links,
            self._outbox,
            broadcast,
            self._reloader,
            self._exports,
            self._vitals,
            self._provers,
            start.safe_mode,
        )

    async def run(
        self, serve_api: "Callable[[House], Awaitable[None]]", stop: asyncio.Event, hangup: asyncio.Event
    ) -> None:
        self._journal.start()
        for signal in self._first_words:
            self._pump.report(signal)
        self._reloader.begin()
        self._wall.begin(self._pump.report, self._on_clock)
        self._calendar.look()
        self._pump.put((), self._tell_restart)
        pump = asyncio.create_task(self._pump.run(), name="pump")
        telling = [self._keep(f"output/{output.name}", _staying(output.run)) for output in self._outputs]
        telling += [self._keep(worker.source, worker.run) for worker in self._workers]
        self._outbox.resume(self._owed)
        hearing = [self._keep(name, link.run) for name, link in self._links.items()]
        api = self._keep("tocsin/api", lambda: serve_api(self.house))
        calendar = self._keep("tocsin/calendar", self._calendar.run)
        clock = self._keep(wall.SOURCE, self._wall.run)
        reloader = self._keep("tocsin/rules", lambda: self._reloader.run(hangup))
        audit = self._keep("tocsin/audit", self._anchoring.run)
        upkeep = self._keep("tocsin/maintenance", self._maintenance.run)
        history = [self._keep(export.source, export.run) for export in self._exports]
        kept = [*telling, *hearing, api, calendar, clock, reloader, audit, upkeep, *history]
        kept += [self._keep(prover.source, prover.run) for prover in self._provers]
        kept += [self._keep(heartbeat.source, heartbeat.run) for heartbeat in self._heartbeats]
        beating = Watchdog(lambda done: self._pump.put((), done), kept, self._all_is_well, self._vitals.beat)
        watchdog = asyncio.create_task(beating.run(), name="watchdog")
        await asyncio.sleep(0)  # every task has begun; the API has bound its socket, or said why not
        gc.enable()
        gc.collect()
        gc.freeze()  # what stands now stays: the collector need not walk it again in the middle of an alarm
        sd_notify("READY=1")
        if self._safe_mode:
            sd_notify(f"STATUS=SAFE MODE: {self._safe_mode}")
        _log.info("ready")
        stopping = asyncio.create_task(stop.wait())
        lasting = (pump, watchdog, *kept)
        ends: list[asyncio.Future[Any]] = [*lasting, self._journal.ended, stopping]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        try:
            self._look_for_the_dead(lasting)
        finally:
            sd_notify("STOPPING=1")
            stopping.cancel()
            await _end([*hearing, api, calendar, clock, reloader, audit, upkeep, *history], STOP_LINKS_S)
            if not pump.done():
                await self._settle()
            await _end([*telling, pump, watchdog], STOP_TASKS_S)
            if await asyncio.to_thread(self._journal.close, STOP_JOURNAL_S):
                self._anchoring.finish(STOP_ANCHOR_S)
            else:
                _log.error("the journal did not end within %.0f s; what it could not write is lost", STOP_JOURNAL_S)

    def _look_for_the_dead(self, lasting: "Sequence[asyncio.Task[None]]") -> None:
        """None of them ends by itself. Raises what ended one, or RuntimeError; the service manager starts us anew."""
        for task in lasting:
            if task.done():
                if not task.cancelled():
                    task.result()
                raise RuntimeError(f"{task.get_name()} has ended, which it never should")
        if self._journal.ended.done():
            raise RuntimeError("the journal's thread has ended, which it never should; the log says why")

    def _all_is_well(self, word: str) -> None:
        sd_notify(word)
        for heartbeat in self._heartbeats:
            heartbeat.all_is_well()

    def _beat(self) -> Beat:
        engine = self._pump.engine
        tier = engine.zone_tiers().get(engine.plan.venue.root, Tier.NONE)
        doubtful = bool(self._wall.doubt)
        return Beat(self._clock.wall(), doubtful, tier.word, len(engine.faults()), len(engine.evacuations()))

    def _keep(self, source: str, run: Callable[[], Awaitable[None]]) -> "asyncio.Task[None]":
        return asyncio.create_task(self._supervisor.keep(source, run), name=source)

    async def _settle(self) -> None:
        """Let what was heard be decided, what was decided be told, and the next start be quick."""
        await self._through(STOP_PUMP_S)
        try:
            async with asyncio.timeout(STOP_OUTPUTS_S):
                for worker in self._workers:
                    await worker.rest()
        except TimeoutError:
            _log.warning("stopped with deliveries unconfirmed; they are taken up at the next start")
        self._outbox.flush()
        self._journal.wants_snapshot = True
        await self._through(STOP_SNAPSHOT_S)

    async def _through(self, within_s: float) -> None:
        """Wait until everything put so far is durable."""
        done = asyncio.Event()
        self._pump.put((), done.set)
        try:
            await asyncio.wait_for(done.wait(), within_s)
        except TimeoutError:
            _log.warning("pump and journal did not come to rest within %.1f s", within_s)

    def _tell_restart(self) -> None:
        """The first words are durable."""
        report = self._reconciliation.report(self._pump.engine)
        self.house.restart = report
        self._pump.tell(report)

    def _on_clock(self) -> None:
        self._calendar.look()
        self._maintenance.clock_moved()

    def _adopt(self, setup: Setup) -> None:
        for output in self._outputs:
            output.rename(setup.plan.venue, setup.plan.evacuation_plans)
        self._calendar.follow(setup.plan.schedules, setup.time_zone)
        for export in self._exports:
            export.follow(zones_of(setup.plan.venue))

    def _on_degraded(self, reason: str) -> None:
        _log.error("journal: %s; alarms go on from memory", reason)
        text = f"{reason}; alarms go on from memory and are written when it works again"
        self._pump.report(Fault(self._clock.now(), JOURNAL, "degraded", text))

    def _on_recovered(self) -> None:
        _log.warning("journal: works again; signals lost %d", self._journal.lost_signals)
        self._pump.report(Recovered(self._clock.now(), JOURNAL, "degraded"))
        if self._without_journal and self._journal.holds_older_state:
            text = (
                "it was opened after the start and holds alarms of an earlier run: restart the daemon to take them up"
            )
            self._pump.report(Fault(self._clock.now(), JOURNAL, "older_state", text))
        elif self._without_journal:
            self._pump.report(Recovered(self._clock.now(), JOURNAL, "unusable"))


def _shown(run: Run, engine: Engine, clock: SystemClock) -> list[Delivery]:
    """What stands, for outputs that keep states; it is no news, so these ids are never seen as repeats of anything."""
    decisions = standing(engine, clock.now())
    return [
        Delivery(f"{run.name}-standing-{number}", decision, clock.wall_of(decision.at))
        for number, decision in enumerate(decisions)
    ]


def _staying(run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """An output without a connection has nothing to keep running, and may return."""

    async def stay() -> None:
        await run()
        await asyncio.Event().wait()

    return stay


async def _end(tasks: "Sequence[asyncio.Task[None]]", within_s: float) -> None:
    """Cancel them, and wait a bounded time: one that will not end must not keep the others."""
    for task in tasks:
        task.cancel()
    if tasks:
        _, left = await asyncio.wait(tasks, timeout=within_s)
        for task in left:
            _log.error("%s did not end within %.0f s", task.get_name(), within_s)
