"""What follows when a timer is over: nothing was told, and yet something happens."""

from typing import assert_never

from rules import attendance, covering, lifecycle, looking, presence
from rules.board import Board
from rules.cause import Cause
from rules.decision import Because
from rules.timers import Key


def ring(board: Board, key: Key, due: float, now: float) -> None:
    """Let the one act whose timer was set to `due`."""
    kind, whose = key
    match kind:
        case "silent":
            presence.silent(board, board.house.devices[whose], due, now)
        case "awaited":
            looking.stop_waiting(board, whose, now)
        case "held":
            looking.pass_time(board, board.house.devices[whose], now)
        case "show":
            attendance.show_over(board, whose, now)
        case "stage":
            board.out += board.evacuations.ring(whose, now)
        case "flood":
            board.end_flood(now)
        case "investigate":
            if board.investigations.expire(board.causes[whose], now):
                board.take_as_true(board.causes[whose], now)
        case "window":
            board.update([board.causes[whose]], now)
            board.schedule(board.causes[whose], now)
        case "overlay":
            _overlays_over(board, board.causes[whose], now)
        case "re_alarm":
            alarm = board.causes[whose].alarm
            board.announce(alarm, lifecycle.re_alarm(alarm, now), now)
        case "level" | "chatter":
            _delays_over(board, board.causes[whose], now)
        case _:
            assert_never(kind)


def _overlays_over(board: Board, cause: Cause, now: float) -> None:
    over = covering.over(cause.alarm, now)
    by = Because(now, over[-1].by, "the time given for it is over")
    board.uncover(cause, [one.kind for one in over], by, now)


def _delays_over(board: Board, cause: Cause, now: float) -> None:
    for level in cause.alarm.levels:
        level.expire(now)
    cause.alarm.chatter.expire(now)
    board.settle(cause, now)
