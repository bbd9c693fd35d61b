"""`tocsin top` on a real socket, driven by keys: what it shows, what it orders, what it does without a daemon."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Static

from daemon.core import Event
from daemon.terminal import top
from daemon.terminal.top import TopApp
from daemon.terminal.words import Lang
from rules.decision import ReportFault
from rules.overlay import Overlay
from rules.signal import Acknowledge, Reset, Silence
from rules.status import EvacuationStatus, FaultStatus
from rules.tier import Tier
from tests.daemon.fake_core import FakeCore, alarm
from tests.daemon.served import served

LIMIT_S = 20
SHELVED = Overlay("shelved", 40.0, 160.0, "chen", "known heater")
EVACUATION = EvacuationStatus("whole-building-1", "whole-building", ("ktv",), "room-305", 95.0)


@pytest.fixture
def core() -> FakeCore:
    return FakeCore(standing=[alarm(), alarm("det-306", Tier.RED)], tiers={"room-305": Tier.ORANGE, "ktv": Tier.RED})


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    return tmp_path / "api.sock"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redraws at once and retries soon, so that a test waits for facts, not for pauses."""
    monkeypatch.setattr(top, "QUIET_S", 0.01)
    monkeypatch.setattr(top, "RETRY_S", 0.05)


class Watched:
    """A running app and ways to wait for what it shows."""

    def __init__(self, app: TopApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    def text(self, pane: str) -> str:
        return str(self.app.screen_stack[0].query_one(f"#{pane}", Static).content)

    def rows(self, pane: str) -> list[list[str]]:
        table: DataTable[object] = self.app.screen_stack[0].query_one(f"#{pane}", DataTable)
        return [[str(cell) for cell in table.get_row_at(row)] for row in range(table.row_count)]

    @property
    def lost(self) -> bool:
        return self.app.screen_stack[0].has_class("lost")

    async def until(self, fact: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not fact():
                await self.pilot.pause(0.01)


@asynccontextmanager
async def watching(socket: Path, lang: Lang = "en", size: tuple[int, int] = (80, 24)) -> AsyncIterator[Watched]:
    app = TopApp(socket, lang, "lin")
    async with app.run_test(size=size) as pilot:
        yield Watched(app, pilot)


async def test_it_shows_zones_alarms_and_evacuation(core: FakeCore, socket: Path) -> None:
    """At 80x24 the venue, its rooms with letters, the alarms worst first and the evacuation are all on the screen."""
    core.evacuating = [EVACUATION]
    async with served(core, socket), watching(socket) as seen:
        await seen.until(lambda: len(seen.rows("alarms")) == 2)
        assert "Starlight KTV RED" in seen.text("head")
        assert "305O" in seen.text("grid") and "304 " in seen.text("grid")
        assert [row[0] for row in seen.rows("alarms")] == ["RED", "ORANGE"]
        assert "EVACUATION IN FORCE" in seen.text("evacuation")
        for pane in ("head", "evacuation", "zones", "alarms", "faults"):
            region = seen.app.query_one(f"#{pane}").region
            assert region.height >= 2 and region.bottom <= 23, pane


async def test_an_event_is_shown_at_once(core: FakeCore, socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision reaches the screen by the event stream, not at the next poll."""
    monkeypatch.setattr(top, "REFRESH_S", 3600.0)
    async with served(core, socket), watching(socket) as seen:
        await seen.until(lambda: len(seen.rows("alarms")) == 2 and bool(core.queues))
        core.faulty = [FaultStatus("broker", "down", "connection refused", 99.0)]
        core.tell(Event(1, 1.79e9, ReportFault(99.0, "broker", "down", "connection refused")))
        await seen.until(lambda: len(seen.rows("faults")) == 1)
        assert "connection refused" in " ".join(seen.rows("faults")[0])


async def test_without_events_it_asks_anyway(core: FakeCore, socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes without a decision (a clock, a count, a link) is shown by the regular refresh."""
    monkeypatch.setattr(top, "REFRESH_S", 0.05)
    async with served(core, socket), watching(socket) as seen:
        await seen.until(lambda: "journal ok" in seen.text("head"))
        core.degraded = "disk full"
        await seen.until(lambda: "JOURNAL DEGRADED" in seen.text("head"))
        assert "journal ok" not in seen.text("head")


async def test_keys_acknowledge_silence_and_reset(core: FakeCore, socket: Path) -> None:
    """a acts on the selected alarm, s on all, r asks for the reason first and orders nothing without one."""
    async with served(core, socket), watching(socket) as seen:
        await seen.until(lambda: len(seen.rows("alarms")) == 2)
        await seen.pilot.press("down", "a")
        await seen.until(lambda: len(core.orders) == 1)
        await seen.pilot.press("s")
        await seen.until(lambda: len(core.orders) == 2)
        await seen.pilot.press("r", "escape", "r", "enter", "r", *"dust", "enter")
        await seen.until(lambda: len(core.orders) == 3)
    assert core.orders == [
        Acknowledge(100.0, "smoke@det-305", "lin", "seen in tocsin top"),
        Silence(100.0, "", "lin", "silenced in tocsin top"),
        Reset(100.0, "smoke@det-305", "lin", "dust"),
    ]


async def test_a_refusal_is_shown(core: FakeCore, socket: Path) -> None:
    """The engine's reason appears on the screen; nothing pretends that the order was carried out."""
    core.refuse = "its cause must be gone first"
    async with served(core, socket), watching(socket) as seen:
        await seen.until(lambda: len(seen.rows("alarms")) == 2)
        await seen.pilot.press("a")
        await seen.until(lambda: bool(seen.app._notifications))
        assert [one.message for one in seen.app._notifications] == ["Refused: its cause must be gone first"]


async def test_the_cursor_stays_on_its_alarm(core: FakeCore, socket: Path) -> None:
    """A new alarm above does not slide another one under the finger that acknowledges."""
    async with served(core, socket), watching(socket) as seen:
        await seen.until(lambda: len(seen.rows("alarms")) == 2 and bool(core.queues))
        await seen.pilot.press("down")
        core.standing = [alarm("det-110", Tier.RED, 99.0), *core.standing]
        core.tell(Event(1, 1.79e9, ReportFault(99.0, "x", "y", "z")))
        await seen.until(lambda: len(seen.rows("alarms")) == 3)
        await seen.pilot.press("a")
        await seen.until(lambda: len(core.orders) == 1)
    assert core.orders[0] == Acknowledge(100.0, "smoke@det-305", "lin", "seen in tocsin top")


async def test_a_dead_daemon_greys_the_screen_and_a_new_one_brings_it_back(core: FakeCore, socket: Path) -> None:
    """Old colours are never taken for live ones; recovery needs no hand."""
    async with watching(socket) as seen:
        async with served(core, socket):
            await seen.until(lambda: len(seen.rows("alarms")) == 2)
            assert not seen.lost
        await seen.until(lambda: seen.lost)
        assert "NO DAEMON" in seen.text("lost") and "s old" in seen.text("lost")
        assert len(seen.rows("alarms")) == 2
        async with served(core, socket):
            await seen.until(lambda: not seen.lost)


async def test_a_hanging_daemon_greys_the_screen_too(
    core: FakeCore, socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that accepts and never answers is noticed within REFRESH_S + ANSWER_S, also behind an open help page."""
    assert top.REFRESH_S + top.ANSWER_S <= 3.0
    monkeypatch.setattr(top, "REFRESH_S", 0.05)
    monkeypatch.setattr(top, "ANSWER_S", 0.5)
    async with AsyncExitStack() as hanging, watching(socket) as seen:
        async with served(core, socket):
            await seen.until(lambda: len(seen.rows("alarms")) == 2)
            await seen.pilot.press("question_mark")
        await hanging.enter_async_context(await asyncio.start_unix_server(hang, str(socket)))
        await seen.until(lambda: seen.lost and "did not answer in time" in seen.text("lost"))


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes every request and answers none."""
    while await reader.read(65536):
        pass
    writer.close()


async def test_panes_and_help(core: FakeCore, socket: Path) -> None:
    """1 to 4 show faults, links, devices and what is out of view; help opens without covering the evacuation."""
    core.evacuating = [EVACUATION]
    core.standing.append(alarm("det-307", Tier.NONE, state="normal", overlays=(SHELVED,)))
    async with served(core, socket), watching(socket, size=(120, 40)) as seen:
        await seen.until(lambda: len(seen.rows("alarms")) == 2)
        await seen.pilot.press("2")
        await seen.until(lambda: any("broker (mqtt)" in row[0] for row in seen.rows("links")))
        await seen.pilot.press("3")
        await seen.until(lambda: len(seen.rows("devices")) == 60)
        await seen.pilot.press("4")
        await seen.until(lambda: [row[0] for row in seen.rows("aside")] == ["smoke@det-307"])
        assert len(seen.rows("alarms")) == 2
        await seen.pilot.press("question_mark")
        await seen.until(lambda: bool(seen.app.screen.query("#help")))
        assert (
            seen.app.screen.query_one("#help").region.y
            > seen.app.screen_stack[0].query_one("#evacuation").region.bottom
        )
        await seen.pilot.press("escape")
        await seen.until(lambda: len(seen.app.screen_stack) == 1)


async def test_chinese(core: FakeCore, socket: Path) -> None:
    """With --lang zh names, tiers, states and the evacuation are in Chinese."""
    core.evacuating = [EVACUATION]
    async with served(core, socket), watching(socket, "zh") as seen:
        await seen.until(lambda: len(seen.rows("alarms")) == 2)
        assert "星光KTV 红色" in seen.text("head") and "305橙" in seen.text("grid")
        assert seen.rows("alarms")[0][:3] == ["红色", "未确认 ♪", "306包房"]
        assert "疏散进行中" in seen.text("evacuation") and "请立即撤离" in seen.text("evacuation")
