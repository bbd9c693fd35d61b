"""`tocsin top`: the venue live in a terminal. Events make it refresh at once, and every two seconds it asks anyway.

When the daemon does not answer, everything but that fact turns grey within three seconds, and comes back by itself.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Static

from daemon.client import (
    AlarmView,
    AsyncDaemonClient,
    ClientError,
    DeviceView,
    EvacuationView,
    FaultView,
    OrderWord,
    Refused,
    RoleWord,
    StatusView,
    ZoneView,
)
from daemon.terminal.picture import banner, counts, headline, surroundings, zone_grid
from daemon.terminal.tables import (
    ALARM_HEADINGS,
    ASIDE_HEADINGS,
    DEVICE_HEADINGS,
    FAULT_HEADINGS,
    LINK_HEADINGS,
    Cell,
    alarm_row,
    aside_rows,
    device_row,
    fault_row,
    in_view,
    wiring_rows,
)
from daemon.terminal.top_screens import AskWhy, Help
from daemon.terminal.top_style import CSS as STYLE
from daemon.terminal.words import Lang, pick

REFRESH_S = 2.0
ANSWER_S = 1.0  # with REFRESH_S, what is shown is never more than 3 s old without saying so
RETRY_S = 1.0
PANES = ("faults", "links", "devices", "aside")  # one at a time below the alarms
QUIET_S = 0.2  # a storm of events redraws five times a second, not a thousand times

Row = tuple[str, Sequence[Cell]]  # a key that stays the same between refreshes, and the cells


class Snapshot(NamedTuple):
    """Everything shown, asked for in one go."""

    status: StatusView
    alarms: tuple[AlarmView, ...]
    zones: tuple[ZoneView, ...]
    faults: tuple[FaultView, ...]
    evacuations: tuple[EvacuationView, ...]
    devices: tuple[DeviceView, ...]


async def take(client: AsyncDaemonClient, *, devices: bool) -> Snapshot:
    """One after the other: a watcher takes one of the daemon's places, not six. Raises ClientError.

    Devices are asked for only when shown: a thousand of them cost the daemon milliseconds.
    """
    return Snapshot(
        await client.status(),
        await client.alarms(),
        await client.zones(),
        await client.faults(),
        await client.evacuations(),
        await client.devices() if devices else (),
    )


class TopApp(App[None]):
    """The screen of `tocsin top`. `who` and `role` are those under which orders are given."""

    CSS = STYLE
    ENABLE_COMMAND_PALETTE = False
    VERTICAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-short"), (30, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [
        ("a", "acknowledge", "Ack"),
        ("s", "silence", "Silence"),
        ("r", "reset", "Reset"),
        ("1", "pane('faults')", "Faults"),
        ("2", "pane('links')", "Links"),
        ("3", "pane('devices')", "Devices"),
        ("4", "pane('aside')", "Out of view"),
        ("question_mark", "help", "Help"),
        ("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", show=False, priority=True),  # as everywhere at a terminal; Textual only asks back
    ]

    def __init__(self, socket: Path, lang: Lang, who: str, role: RoleWord = "operator") -> None:
        super().__init__()
        self._socket = socket
        self._lang = lang
        self._who = who
        self._role = role
        self._changed = asyncio.Event()
        self._shown = "faults"
        self._seen: Snapshot | None = None
        self._seen_at = time.monotonic()

    def compose(self) -> ComposeResult:
        yield Static(id="lost")
        yield Static(id="head")
        yield Static(id="evacuation")
        with VerticalScroll(id="zones"):
            yield Static(id="grid")
        yield DataTable(id="alarms", cursor_type="row", zebra_stripes=False)
        for pane in PANES:
            yield DataTable(id=pane, cursor_type="row", classes="pane")
        yield Footer(show_command_palette=False)

    @property
    def _venue(self) -> Screen[object]:
        """The screen with the panes, whatever lies over it."""
        return self.screen_stack[0]

    def on_mount(self) -> None:
        self.title = "tocsin top"
        headings = {
            "alarms": ALARM_HEADINGS,
            "faults": FAULT_HEADINGS,
            "aside": ASIDE_HEADINGS,
            "links": LINK_HEADINGS,
            "devices": DEVICE_HEADINGS,
        }
        for pane, words in headings.items():
            self._table(pane).add_columns(*words[self._lang == "zh"])
        self.action_pane(self._shown)
        self._table("alarms").focus()
        self.run_worker(self._refresh_forever(), name="refresh")
        self.run_worker(self._listen_forever(), name="listen")

    def on_resize(self) -> None:
        if self._seen is not None:
            self.call_after_refresh(self._show_zones, self._seen.zones)

    def action_pane(self, shown: str) -> None:
        self._shown = shown
        for pane in PANES:
            self._table(pane).display = pane == shown
        self._changed.set()

    def action_help(self) -> None:
        self.push_screen(Help(self._lang))

    async def action_acknowledge(self) -> None:
        alarm = self._selected()
        if alarm is not None:
            await self._order("acknowledge", alarm, "seen in tocsin top")

    async def action_silence(self) -> None:
        await self._order("silence", "", "silenced in tocsin top")

    def action_reset(self) -> None:
        alarm = self._selected()
        if alarm is None:
            return

        async def reset(why: str | None) -> None:
            if why:
                await self._order("reset", alarm, why)

        self.push_screen(AskWhy(pick((f"Reset {alarm}. Why?", f"复位 {alarm}, 原因?"), self._lang)), reset)

    def _selected(self) -> str | None:
        table = self._table("alarms")
        if not table.row_count:
            self.notify(pick(("No alarm is selected.", "没有选中的报警。"), self._lang), severity="warning")
            return None
        key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key
        return key.value

    async def _order(self, order: OrderWord, target: str, why: str) -> None:
        try:
            async with AsyncDaemonClient(self._socket) as client:
                await client.order(order, target, who=self._who, why=why, role=self._role)
        except Refused as refused:
            self.notify(pick(("Refused: ", "被拒绝: "), self._lang) + refused.reason, severity="error", timeout=10)
        except ClientError as error:
            self.notify(str(error), severity="error", timeout=10)
        else:
            done = pick((f"{order} {target or 'all'}: done", f"{order} {target}: 已完成"), self._lang)
            self.notify(done)
            self._changed.set()

    async def _listen_forever(self) -> None:
        while True:
            with suppress(ClientError):  # the refresh finds out and says so
                async with AsyncDaemonClient(self._socket) as client:
                    async for _event in client.events():
                        self._changed.set()
            self._changed.set()
            await asyncio.sleep(RETRY_S)

    async def _refresh_forever(self) -> None:
        async with AsyncDaemonClient(self._socket, timeout_s=ANSWER_S) as client:
            while True:
                try:
                    self._show(await take(client, devices=self._shown == "devices"))
                    pause = REFRESH_S
                except ClientError as error:
                    self._show_lost(error)
                    pause = RETRY_S
                await asyncio.sleep(QUIET_S)
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause - QUIET_S):
                        await self._changed.wait()
                self._changed.clear()

    @property
    def _open(self) -> bool:
        """Whether the panes are there. When the app closes they go before its workers do."""
        return bool(self._venue.query("#head"))

    def _show_lost(self, error: ClientError) -> None:
        if not self._open:
            return
        age = time.monotonic() - self._seen_at
        first = pick(("NO DAEMON", "守护进程无响应"), self._lang)
        old = pick((f"what is below is {age:.0f} s old", f"以下内容是 {age:.0f} 秒前的"), self._lang)
        self._venue.query_one("#lost", Static).update(Text(f"{first}: {old if self._seen else ''}\n{error}"))
        self._venue.set_class(True, "lost")

    def _show(self, seen: Snapshot) -> None:
        if not self._open:
            return
        self._seen, self._seen_at = seen, time.monotonic()
        self._venue.set_class(False, "lost")
        around = surroundings(seen.status, self._lang)
        head = Text("\n").join((headline(seen.status, self._lang), counts(seen.status, self._lang), *around))
        self._venue.query_one("#head", Static).update(head)
        evacuation = self._venue.query_one("#evacuation", Static)
        evacuation.display = bool(seen.evacuations)
        evacuation.update(Text("\n").join(banner(one, self._lang) for one in seen.evacuations))
        self._show_zones(seen.zones)
        self._fill("alarms", [(alarm.alarm, alarm_row(alarm, self._lang)) for alarm in in_view(seen.alarms)])
        self._show_panes(seen)

    def _show_zones(self, zones: Sequence[ZoneView]) -> None:
        width = max(40, self.size.width - 2)  # the scroll bar
        self._venue.query_one("#grid", Static).update(Text("\n").join(zone_grid(zones, width, self._lang)))

    def _show_panes(self, seen: Snapshot) -> None:
        rows: Sequence[Row]
        if self._shown == "faults":
            rows = [(f"{one.source}/{one.code}", fault_row(one, self._lang)) for one in seen.faults]
        elif self._shown == "links":
            rows = [(str(row[0]), row) for row in wiring_rows(seen.status, self._lang)]
        elif self._shown == "aside":
            rows = [(f"{row[0]} {row[1]}", row) for row in aside_rows(seen.alarms, self._lang)]
        else:
            rows = [(one.device, device_row(one, self._lang)) for one in seen.devices]
        self._fill(self._shown, rows)
        words = (
            ("Alarms", "报警"),
            ("Faults", "故障"),
            ("Links and outputs", "线路与输出"),
            ("Devices", "设备"),
            ("Out of view", "未显示"),
        )
        shown = len(in_view(seen.alarms))
        sizes = (shown, len(seen.faults), len(seen.status.links), seen.status.devices, len(seen.alarms) - shown)
        for pane, title, size in zip(("alarms", *PANES), words, sizes, strict=True):
            self._table(pane).border_title = f"{pick(title, self._lang)} {size}"

    def _fill(self, pane: str, rows: Sequence[Row]) -> None:
        """Puts the rows in the table and keeps the cursor on the row with the same key."""
        table = self._table(pane)
        old = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value if table.row_count else None
        top = table.scroll_y
        table.clear()
        for key, cells in rows:
            table.add_row(*cells, key=key)
        keys = [key for key, _ in rows]
        if old in keys:
            table.move_cursor(row=keys.index(old), scroll=False)
        table.scroll_to(y=top, animate=False)

    def _table(self, pane: str) -> DataTable[Cell]:
        return self._venue.query_one(f"#{pane}", DataTable)
