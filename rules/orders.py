"""What people order: each order is carried out or refused with a reason, never silently ignored."""

from typing import assert_never

from rules import attendance, lifecycle, roles, shelving
from rules.alarm import Alarm
from rules.board import Board
from rules.cause import Cause
from rules.decision import Because, Refuse
from rules.investigation import Investigation
from rules.plan import Rule
from rules.signal import (
    Acknowledge,
    AdvanceEvacuation,
    AllClear,
    Duty,
    EndShow,
    InService,
    Order,
    OrderEvacuation,
    OutOfService,
    Reset,
    Shelve,
    Silence,
    StartShow,
    Unshelve,
)

RESET_HINTS = {
    "unack": ": acknowledge it, and its cause must be gone",
    "acked": ": its cause must be gone first; a commander may put a device out of service that is stuck",
    "latched_unack": ": acknowledge it first",
}


def carry_out(board: Board, order: Order, now: float) -> None:
    """Do what a person ordered, if their role may."""
    reason = roles.refusal(order, _rule_of(board, order))
    if reason:
        _refuse(board, order, reason, now)
        return
    by = Because(now, order.who, order.why)
    match order:
        case Acknowledge():
            _acknowledge(board, order, by, now)
        case Silence():
            _silence(board, order, now)
        case Reset():
            _reset(board, order, by, now)
        case OrderEvacuation():
            _evacuate(board, order, by, now)
        case AdvanceEvacuation():
            _advance(board, order, by, now)
        case AllClear():
            _all_clear(board, order, by, now)
        case Duty():
            _unless(board, order, attendance.duty(board, order, now), now)
        case StartShow():
            _unless(board, order, attendance.start_show(board, order, by, now), now)
        case EndShow():
            _unless(board, order, attendance.end_show(board, order, by, now), now)
        case Shelve() | Unshelve() | OutOfService() | InService():
            _unless(board, order, shelving.carry_out(board, order, by, now), now)
        case _:
            assert_never(order)


def _rule_of(board: Board, order: Order) -> Rule | None:
    """The rule of the alarm to be reset, if there is one."""
    cause = board.causes.get(order.alarm) if isinstance(order, Reset) else None
    return cause.alarm.rule if cause is not None else None


def _refuse(board: Board, order: Order, reason: str, now: float) -> None:
    word, target = _named(order)
    board.out.append(Refuse(now, word, target, reason))


def _unless(board: Board, order: Order, reason: str, now: float) -> None:
    """Refuse when there is a reason to."""
    if reason:
        _refuse(board, order, reason, now)


def _named(order: Order) -> tuple[str, str]:
    """The word for an order, and what it is about."""
    match order:
        case Acknowledge():
            return "acknowledge", order.alarm
        case Silence():
            return "silence", order.alarm or "all"
        case Reset():
            return "reset", order.alarm
        case OrderEvacuation():
            return "evacuate", order.plan
        case AdvanceEvacuation():
            return "advance", order.evacuation
        case AllClear():
            return "all-clear", order.evacuation
        case Duty():
            return "duty", "on" if order.staffed else "off"
        case StartShow():
            return "start-show", order.zone
        case EndShow():
            return "end-show", order.zone
        case Shelve():
            return "shelve", order.alarm
        case Unshelve():
            return "unshelve", order.alarm
        case OutOfService():
            return "out-of-service", order.target
        case InService():
            return "in-service", order.target
        case _:
            assert_never(order)


def _words(alarm: Alarm) -> str:
    return next(iter(alarm.overlays), alarm.state).replace("_", " ")


def _acknowledge(board: Board, order: Acknowledge, by: Because, now: float) -> None:
    cause = board.causes.get(order.alarm)
    if cause is None:
        _refuse(board, order, "there is no such alarm", now)
        return
    before = cause.alarm.tier
    decision = lifecycle.acknowledge(cause.alarm, order.who, order.why, now)
    if decision is not None:
        board.present(cause.alarm, decision, before, now)
    asked = board.investigations.acknowledge(cause.alarm, by, now)
    board.out += asked
    if not asked and decision is None:
        _refuse(board, order, f"it is {_words(cause.alarm)}, nothing waits for it", now)


def _silence(board: Board, order: Silence, now: float) -> None:
    if order.alarm and order.alarm not in board.causes:
        _refuse(board, order, "there is no such alarm", now)
        return
    chosen = [board.causes[order.alarm]] if order.alarm else list(board.causes.values())
    sounding = [cause.alarm for cause in chosen if cause.alarm.sounding]
    for alarm in sounding:
        board.present(alarm, lifecycle.silence(alarm, order.who, order.why, now), alarm.tier, now)
    if not sounding:
        _refuse(board, order, "nothing is sounding", now)


def _reset(board: Board, order: Reset, by: Because, now: float) -> None:
    cause = board.causes.get(order.alarm)
    if cause is None:
        _refuse(board, order, "there is no such alarm", now)
    elif cause.investigation is not None and cause.investigation.running:
        _stand_down(board, cause, cause.investigation, by, now)
    else:
        _reset_alarm(board, cause, order, by, now)


def _reset_alarm(board: Board, cause: Cause, order: Reset, by: Because, now: float) -> None:
    alarm, before = cause.alarm, cause.alarm.tier
    decision = lifecycle.reset(alarm, order.who, order.why, now)
    if decision is None:
        _refuse(board, order, f"it is {_words(alarm)}{RESET_HINTS.get(alarm.state, '')}", now)
        return
    if cause.investigation is not None:
        cause.investigation.end()
    board.present(alarm, decision, before, now)
    for looking, investigation in board.investigations.withdrawn(alarm):
        _stand_down(board, looking, investigation, by, now)


def _stand_down(board: Board, cause: Cause, investigation: Investigation, by: Because, now: float) -> None:
    board.out.append(board.investigations.stand_down(cause, investigation, by, now))
    board.settle(cause, now)


def _evacuate(board: Board, order: OrderEvacuation, by: Because, now: float) -> None:
    plan = board.plan.evacuation_plans.get(order.plan)
    if plan is None:
        _refuse(board, order, "there is no such evacuation plan", now)
        return
    decisions = board.evacuations.ordered(plan, now, (by,))
    board.out += decisions
    if decisions:
        board.end_shows(by, now)
    else:
        _refuse(board, order, "it is in force already", now)


def _advance(board: Board, order: AdvanceEvacuation, by: Because, now: float) -> None:
    if order.evacuation not in board.evacuations.in_force:
        _refuse(board, order, "no such evacuation is in force", now)
        return
    decisions = board.evacuations.advance(order.evacuation, now, (by,))
    board.out += decisions
    if not decisions:
        _refuse(board, order, "all its stages have begun", now)


def _all_clear(board: Board, order: AllClear, by: Because, now: float) -> None:
    if order.evacuation not in board.evacuations.in_force:
        _refuse(board, order, "no such evacuation is in force", now)
        return
    plan = board.evacuations.in_force[order.evacuation].plan
    board.out += board.evacuations.end(order.evacuation, now, (by,))
    board.update(board.investigations.forget(plan), now)
