"""Who looks when a device or what surrounds it changes: the causes that ask about it, and no others."""

from collections.abc import Iterable

from rules.board import Board
from rules.cause import GroupCause
from rules.device_state import DeviceState


def look(board: Board, state: DeviceState, name: str, now: float, past: bool = False) -> None:
    """Something of this name changed at a device: let those look who watch it. `past`: as it was, no longer is.

    All take the change over before any looks: one that looks because another alarm changed must not see half of it.
    """
    state.count(name, now, past)
    watchers = board.house.watchers[state.device.id].get(name, ())
    board.update([cause for watcher in watchers if (cause := watcher.take(now)) is not None], now, past)
    board.timers.set(("held", state.device.id), state.due(now))


def pass_time(board: Board, state: DeviceState, now: float) -> None:
    """Time changes what the windows of a device say, although nothing was heard: let those look who watch it.

    What is counted may be new; and who waits may have seen it all already.
    """
    for name in state.timed_names():
        state.count(name, now)
        watchers = board.house.watchers[state.device.id].get(name, ())
        for watcher in watchers:
            watcher.take(now)
        board.update([watcher.cause for watcher in watchers], now)
    board.timers.set(("held", state.device.id), state.due(now))


def stop_waiting(board: Board, device: str, now: float) -> None:
    """What a device has not told by now is unknown: let those look to whom that matters."""
    board.update(board.house.minding.get(device, ()), now)


def look_around(board: Board, changed: Iterable[str], now: float) -> None:
    """The surroundings changed: let those who ask one of these words look."""
    for word in sorted(changed):
        for state in board.house.devices.values():
            state.count(word, now)
        for cause in board.house.surrounded.get(word, ()):
            if isinstance(cause, GroupCause):
                cause.refresh(now)
            board.update([cause], now)
