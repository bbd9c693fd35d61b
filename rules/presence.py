"""Which devices are there: each is heard again within its staleness time, or what it said is unknown from then on."""

from rules import looking
from rules.board import Board
from rules.conditions import ABSENT
from rules.device_state import DeviceState
from rules.faults import OFFLINE, SILENCES, SILENT
from rules.signal import Heard


def expect_all(board: Board, now: float) -> None:
    """The first signal ever: from here on every device is expected to be heard."""
    for state in board.house.devices.values():
        state.expected_by = now + state.device.stale_after_s
        board.timers.set(("silent", state.device.id), state.expected_by)
        _await(board, state, now)


def resume(board: Board, down_s: float, now: float) -> None:
    """Nothing was heard while the process was down: that is no device's silence."""
    for state in board.house.devices.values():
        if not state.absent:
            state.expected_by = max(state.expected_by, now + state.device.stale_after_s)
            if state.awaited_until > now - down_s:
                _await(board, state, now)


def take_up(board: Board, now: float) -> None:
    """After a restore: set the timers of the devices; one that is new to the plan is expected from now on."""
    for state in board.house.devices.values():
        state.expected_by = state.expected_by or now + state.device.stale_after_s
        state.awaited_until = state.awaited_until or now + state.device.stale_after_s
        board.timers.set(("silent", state.device.id), None if state.absent else state.expected_by)
        board.timers.set(("held", state.device.id), state.due(now))
        if state.device.id in board.house.minding and state.awaited_until > now:
            board.timers.set(("awaited", state.device.id), state.awaited_until)


def told(board: Board, heard: Heard, now: float) -> None:
    """A gateway or a last will says whether a device is there."""
    state = board.house.devices.get(heard.device)
    if state is None:
        return
    if heard.online:
        hear(board, state, now)
    else:
        _lose(board, state, OFFLINE, "it was reported offline: look at the device and its power", now)


def hear(board: Board, state: DeviceState, now: float) -> None:
    """A device gave a sign of life."""
    state.heard_at = now
    state.expected_by = now + state.device.stale_after_s
    if not state.absent:
        return
    state.gone = ""
    board.timers.set(("silent", state.device.id), state.expected_by)
    _await(board, state, now)
    for code in SILENCES:
        board.out += board.faults.end(state.device.id, code, now)
    looking.look(board, state, ABSENT, now)


def silent(board: Board, state: DeviceState, due: float, now: float) -> None:
    """A silence timer that was set to `due` is over. It is set lazily: moved only now, not with every reading."""
    if state.expected_by > due:
        board.timers.set(("silent", state.device.id), state.expected_by)
        return
    last = "never heard" if state.heard_at is None else f"last heard {now - state.heard_at:.1f} s ago"
    text = f"nothing heard within {state.device.stale_after_s:g} s ({last}): look at the device and its link"
    _lose(board, state, SILENT, text, now)


def _lose(board: Board, state: DeviceState, code: str, text: str, now: float) -> None:
    """The device is gone: everything it said is unknown from now on.

    Rules that ask `absent` look once while the last values still count, so that `on_battery and absent` is true of
    a UPS that falls silent on battery.
    """
    if state.absent:
        return
    state.gone = text
    board.timers.set(("silent", state.device.id), None)
    explained_by = board.suppression.explanation(state.device.id, code)
    board.out += board.faults.report(state.device.id, code, text, now, explained_by)
    looking.look(board, state, ABSENT, now)
    state.forget(now)
    for name in sorted(board.house.watchers[state.device.id]):
        looking.look(board, state, name, now)
    looking.stop_waiting(board, state.device.id, now)


def _await(board: Board, state: DeviceState, now: float) -> None:
    """Give a device its staleness time to tell what is not known yet; then it matters to those who mind."""
    state.awaited_until = now + state.device.stale_after_s
    if state.device.id in board.house.minding:
        board.timers.set(("awaited", state.device.id), state.awaited_until)
