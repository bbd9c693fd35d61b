"""What follows when the surroundings change: the calendar turns, duty changes, a show begins or ends.

Each order returns why it cannot be carried out, or nothing.
"""

from rules import looking
from rules.board import Board
from rules.decision import Because, DutyChange, ShowMode
from rules.signal import Calendar, Duty, EndShow, StartShow
from rules.surroundings import NOBODY_ON_DUTY, SHOW_MAX_S
from rules.tier import Tier


def calendar(board: Board, told: Calendar, now: float) -> None:
    """A schedule became active or inactive, or unknown. Schedules that the plan does not have are passed over."""
    surroundings = board.surroundings
    nobody = surroundings.nobody_on_duty
    if told.schedule not in board.plan.schedules or not surroundings.take_calendar(told):
        return
    if surroundings.nobody_on_duty != nobody:
        board.out.append(DutyChange(now, nobody, (surroundings.duty_evidence(now),)))
    _look_around(
        board, {told.schedule, NOBODY_ON_DUTY} if surroundings.nobody_on_duty != nobody else {told.schedule}, now
    )


def duty(board: Board, said: Duty, now: float) -> str:
    """A person says whether somebody is on duty."""
    surroundings = board.surroundings
    if surroundings.duty_rule is None:
        return "the venue's file says nothing of duty: somebody always counts as on duty"
    surroundings.take_duty(said, now)
    board.out.append(DutyChange(now, said.staffed, (surroundings.duty_evidence(now),)))
    _look_around(board, {NOBODY_ON_DUTY}, now)
    return ""


def start_show(board: Board, order: StartShow, by: Because, now: float) -> str:
    """A show begins. Somebody must be on duty: single smoke alarms are theirs to judge."""
    if order.zone not in board.plan.venue.zones:
        return "there is no such zone"
    if not 0 < order.for_s <= SHOW_MAX_S:
        return f"a show lasts more than 0 and at most {SHOW_MAX_S / 3600:g} h, not {order.for_s:g} s"
    if order.zone == board.plan.venue.root:
        return "it is the whole venue: a show is in a part of it, and elsewhere one alarm is looked into as ever"
    if board.evacuations.in_force:
        return f"people are led out: {next(iter(board.evacuations.in_force))} is in force"
    fire = _fire_in(board, order.zone)
    if fire:
        return f"{fire} stands or waits for its reset: deal with it first"
    if board.surroundings.nobody_on_duty:
        return f"somebody must watch a show: {board.surroundings.duty_evidence(now).text}"
    show = board.surroundings.take_show(order, now)
    _time_show(board, order.zone)
    board.out.append(ShowMode(now, order.zone, show.until, order.who, (by,)))
    return ""


def end_show(board: Board, order: EndShow, by: Because, now: float) -> str:
    """A person ends a show before its time."""
    if order.zone not in board.surroundings.shows:
        return "no show is on there"
    board.end_show(order.zone, by, now)
    board.begin_held(now)
    return ""


def show_over(board: Board, zone: str, now: float) -> None:
    """The time of a show is over."""
    show = board.surroundings.shows[zone]
    over = f"the {show.until - show.since:g} s that {show.who} gave it are over"
    board.end_show(zone, Because(now, zone, over), now)
    board.begin_held(now)


def take_up(board: Board) -> None:
    """After a restore: shows go on until their time is over."""
    for zone in board.surroundings.shows:
        _time_show(board, zone)


def _time_show(board: Board, zone: str) -> None:
    board.timers.set(("show", zone), board.surroundings.shows[zone].until)


def _fire_in(board: Board, zone: str) -> str:
    """A fire alarm that stands or is shown in a zone, in a part of it or for what holds it; empty when none is."""
    ancestry = board.plan.venue.ancestry
    for cause in board.causes.values():
        alarm = cause.alarm
        near = zone in ancestry[alarm.zone] or alarm.zone in ancestry[zone]
        if near and alarm.rule.category == "fire" and (alarm.up or alarm.stands(Tier.BLUE)):
            return alarm.id
    return ""


def reconsider(board: Board, now: float) -> None:
    """Duty, or the rules, may be others: nobody is waited for who is not there, and what is still to be looked into is.

    A duty schedule that is new with the venue's files is told right after them, and this is gone through then.
    """
    if board.surroundings.duty_untold:
        return
    _leave_nobody_waiting(board, now)
    _begin_waiting(board, now)


def _look_around(board: Board, changed: set[str], now: float) -> None:
    """What is around the devices changed: conditions look again."""
    _leave_nobody_waiting(board, now)
    looking.look_around(board, changed, now)
    _begin_waiting(board, now)


def _leave_nobody_waiting(board: Board, now: float) -> None:
    """Without anybody on duty no show goes on and no investigation waits."""
    if board.surroundings.nobody_on_duty:
        because = board.surroundings.duty_evidence(now)
        for zone in sorted(board.surroundings.shows):
            board.end_show(zone, because, now)
        for cause in board.investigations.cut_short(now):
            board.take_as_true(cause, now)


def _begin_waiting(board: Board, now: float) -> None:
    """What no show and no schedule holds back any more is looked into, and what stood when its investigation came."""
    board.begin_held(now)
    for cause, investigation, alarm in board.investigations.overlooked():
        board.investigate(cause, investigation, alarm, now)
