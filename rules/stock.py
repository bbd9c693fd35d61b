"""Taking stock after a restart or a change of the venue's files: everybody looks again at what is known already."""

from rules import attendance, blind, looking, presence
from rules.board import Board
from rules.cause import Cause
from rules.decision import Because
from rules.left_over import LeftOver


def begin(board: Board, now: float) -> None:
    """The first signal ever: from here on every device is expected to be heard, and what is true already is told."""
    presence.expect_all(board, now)
    for cause in board.causes.values():
        _look(board, cause, now)


def resume(board: Board, left_over: LeftOver, down_s: float, now: float) -> None:
    """Tocsin was down for so long."""
    presence.resume(board, down_s, now)
    for cause in board.causes.values():
        if cause.alarm.rule.after_outage == "restart":  # its delays count only what it has seen
            for level in cause.alarm.levels:
                level.restart(now)
            board.schedule(cause, now)
    take_stock(board, left_over, now)


def take_stock(board: Board, left_over: LeftOver, now: float) -> None:
    """The venue's files may have changed: what stood and can stand no more ends, and each rule looks at what is
    known already, before any delay is over: a condition that is no longer asked must not become an alarm.
    """
    board.out += left_over.end(board.plan, board.zones.tiers, now)
    for state in board.house.devices.values():
        looking.pass_time(board, state, now)
    for cause in board.causes.values():
        _look(board, cause, now)
    board.suppress(board.causes.values(), now)
    for source, code in list(board.faults.standing):
        if not _can_be_faulted(board, source, code):
            board.out += board.faults.end(source, code, now)
    board.evacuate_overlooked(now)
    board.out += board.evacuations.reroute(now, ())
    attendance.reconsider(board, now)


def _look(board: Board, cause: Cause, now: float) -> None:
    """What the rule no longer lets wait or be put aside comes back."""
    alarm = cause.alarm
    in_vain = alarm.state == "pending" and not cause.waiting
    if cause.update(now) or alarm.standing != alarm.level_tier or in_vain:
        board.settle(cause, now)
    if alarm.rule.highly_managed and "shelved" in alarm.overlays:
        board.uncover(cause, ["shelved"], Because(now, alarm.id, "its rule may not be shelved any more"), now)
    board.out += blind.report(cause, board.faults, now)


def _can_be_faulted(board: Board, source: str, code: str) -> bool:
    """Whether a source is a device, a link or what stands behind it, an output, or Tocsin itself, or the place of
    an alarm whose rule still reports that it cannot decide.
    """
    if code.startswith(blind.BLIND):
        cause = board.causes.get(f"{code.removeprefix(blind.BLIND)}@{source}")
        return cause is not None and cause.alarm.rule.unknown == "fault"
    owner = source.partition("/")[0]
    return source in board.house.devices or owner in board.plan.venue.links or owner in ("tocsin", "output")
