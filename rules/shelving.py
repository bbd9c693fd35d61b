"""What people put aside and take back: alarms shelved for a time, devices out of service. Never without an end.

Shelving keeps a nuisance from view. Out of service says that a device is worked on: its alarms count nowhere. Both are
refused where they could hide a danger: shelving for every highly managed alarm, out of service for one that is in alarm
or about to be, or that is no device's own. Only a commander takes a device away that is stuck in its alarm: one that
was acknowledged, while nobody looks into it and nobody is led out.
"""

from typing import assert_never

from rules.alarm import Alarm
from rules.board import Board
from rules.cause import Cause
from rules.decision import Because, OverlayKind
from rules.overlay import Overlay
from rules.signal import InService, OutOfService, Role, Shelve, Unshelve

OverlayOrder = Shelve | Unshelve | OutOfService | InService


def carry_out(board: Board, order: OverlayOrder, by: Because, now: float) -> str:
    """Do it. Returns why it is refused, empty when it is done."""
    match order:
        case Shelve():
            return _shelve(board, order, now)
        case Unshelve():
            return _take_back(board, _causes(board, order.alarm), "shelved", by, now)
        case OutOfService():
            return _out_of_service(board, order, now)
        case InService():
            return _take_back(board, _causes(board, order.target), "out_of_service", by, now)
        case _:
            assert_never(order)


def _shelve(board: Board, order: Shelve, now: float) -> str:
    cause = board.causes.get(order.alarm)
    longest_s = board.plan.limits.shelve_max_s
    for_s = longest_s if order.once and order.for_s == 0 else order.for_s
    if cause is None:
        return "there is no such alarm"
    if cause.alarm.rule.highly_managed:
        return f"{cause.alarm.rule.id} warns of fire, of people in need, or evacuates: such an alarm is never shelved"
    if not 0 < for_s <= longest_s:
        return f"found {for_s:g} s, expected more than 0 and at most {longest_s:g} s"
    board.cover(cause, Overlay("shelved", now, now + for_s, order.who, order.why, order.once), now)
    return ""


def _out_of_service(board: Board, order: OutOfService, now: float) -> str:
    causes = _causes(board, order.target)
    longest_s = board.plan.limits.out_of_service_max_s
    if not causes:
        return "there is no such alarm, and no device of that name that a rule watches"
    if not 0 < order.for_s <= longest_s:
        return f"found {order.for_s:g} s, expected more than 0 and at most {longest_s:g} s"
    for cause in causes:
        reason = _kept_in_service(board, cause.alarm, order.role)
        if reason:
            return reason
    overlay = Overlay("out_of_service", now, now + order.for_s, order.who, order.why)
    for cause in causes:
        board.cover(cause, overlay, now)
    return ""


def _kept_in_service(board: Board, alarm: Alarm, role: Role) -> str:
    """Why an alarm cannot be put out of service; empty when it can."""
    if not alarm.rule.highly_managed:
        return ""
    if alarm.rule.each != "device":
        return f"{alarm.id} is no device's own alarm: put the devices out of service that are worked on"
    if alarm.raising_at is not None:
        return f"{alarm.id} signals, and its delay or its verification runs: wait until it is over"
    return _not_stuck(board, alarm, role) if alarm.up or alarm.standing else ""


def _not_stuck(board: Board, alarm: Alarm, role: Role) -> str:
    """Why an alarm that is up is not that of a stuck device, which nothing but this could ever end."""
    if alarm.state != "acked" or role != "commander":
        return (
            f"{alarm.id} is in alarm: deal with it, reset it, then put it out of service; if the device is stuck, "
            "acknowledge its alarm, and a commander may"
        )
    if board.evacuations.in_force:
        return f"{alarm.id} is in alarm, and an evacuation is in force: end that first"
    if board.investigations.looks_into(alarm):
        return f"{alarm.id} is being looked into: stand the investigation down first"
    return ""


def _take_back(board: Board, causes: list[Cause], kind: OverlayKind, by: Because, now: float) -> str:
    if not causes:
        return "there is no such alarm"
    covered = [cause for cause in causes if kind in cause.alarm.overlays]
    for cause in covered:
        board.uncover(cause, [kind], by, now)
    return "" if covered else f"it is not {kind.replace('_', ' ')}"


def _causes(board: Board, target: str) -> list[Cause]:
    """The alarm of this id, or all alarms of the device of this id."""
    if target in board.causes:
        return [board.causes[target]]
    return [one for one in board.causes.values() if one.alarm.rule.each == "device" and one.alarm.place == target]
