"""What follows when the surroundings change: the calendar turns, duty changes, a show begins or ends.

Each order returns why it cannot be carried out, or nothing.
"""

from rules import looking
from rules.board import Board
from rules.decision import Because, DutyChange, EndShowMode, ShowMode
from rules.signal import Calendar, Duty, EndShow, StartShow
from rules.surroundings import NOBODY_ON_DUTY, SHOW_MAX_S


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
    _end_show(board, order.zone, by, now)
    _begin_held(board, now)
    return ""


def show_over(board: Board, zone: str, now: float) -> None:
    """The time of a show is over."""
    show = board.surroundings.shows[zone]
    _end_show(
        board, zone, Because(now, zone, f"the {show.until - show.since:g} s that {show.who} gave it are over"), now
    )
    _begin_held(board, now)


def take_up(board: Board) -> None:
    """After a restore: shows go on until their time is over."""
    for zone in board.surroundings.shows:
        _time_show(board, zone)


def _time_show(board: Board, zone: str) -> None:
    """Set the timer of a show, or none when no show is on there."""
    show = board.surroundings.shows.get(zone)
    board.timers.set(("show", zone), None if show is None else show.until)


def _end_show(board: Board, zone: str, because: Because, now: float) -> None:
    del board.surroundings.shows[zone]
    _time_show(board, zone)
    board.out.append(EndShowMode(now, zone, (because,)))


def _look_around(board: Board, changed: set[str], now: float) -> None:
    """Conditions look again; without anybody on duty no show goes on and no investigation waits."""
    if board.surroundings.nobody_on_duty:
        because = board.surroundings.duty_evidence(now)
        for zone in sorted(board.surroundings.shows):
            _end_show(board, zone, because, now)
        for cause in board.investigations.cut_short(now):
            board.take_as_true(cause, now)
    looking.look_around(board, changed, now)
    _begin_held(board, now)


def _begin_held(board: Board, now: float) -> None:
    """Alarms that nothing holds back any more begin their investigation, if they still stand."""
    for cause, investigation, alarm in board.investigations.released():
        board.investigate(cause, investigation, alarm, now)
