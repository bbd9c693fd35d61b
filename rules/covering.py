"""An alarm under an overlay: it rests at normal, its condition goes on, and afterwards it is shown as it is then.

What may lie over an alarm is in `rules.overlay`.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from rules import lifecycle
from rules.alarm import Alarm, Move
from rules.decision import Because, Hidden, OverlayKind, Shown, Withheld
from rules.overlay import Overlay
from rules.tier import Tier


def cover(alarm: Alarm, overlay: Overlay, now: float) -> Hidden | None:
    """Lay an overlay over an alarm, or renew the one of its kind: it goes out of view.

    None when nobody need be told: it is suppressed and was not in view, so it may never come.
    """
    said_anyway = alarm.up or overlay.kind != "suppressed"
    alarm.overlays = {**alarm.overlays, overlay.kind: overlay}
    hidden = _hide(alarm, overlay, (Because(now, overlay.by, overlay.why),), now)
    return hidden if said_anyway else None


def withhold(alarm: Alarm, before: Tier, after: Tier, because: tuple[Because, ...], now: float) -> Withheld | None:
    """The condition of an alarm out of view is looked at; None when it did not change."""
    if before == after:
        return None
    alarm.withheld = True
    said = lifecycle.change(Withheld, alarm, now, because, overlay=next(iter(alarm.overlays)))
    return replace(said, tier=after)


def uncover(
    alarm: Alarm, kinds: Sequence[OverlayKind], waiting: bool, by: Because, found: tuple[Because, ...], now: float
) -> Shown | Hidden | None:
    """Take overlays off an alarm. When the last one is gone it comes into view again, as it is now.

    `waiting` says that an on-delay or an investigation runs, `found` is the evidence for what stands. None when nobody
    need be told: a suppression is over under which nothing happened, or under which the alarm stays.
    """
    alarm.overlays = {kind: one for kind, one in alarm.overlays.items() if kind not in kinds}
    if not alarm.overlays:
        return _show(alarm, kinds[-1], waiting, (by, *found), now)
    if kinds[-1] == "suppressed":
        return None
    still = next(iter(alarm.overlays.values()))
    return _hide(alarm, still, (by, Because(now, still.by, still.why)), now)


def over(alarm: Alarm, now: float) -> list[Overlay]:
    """Those of its overlays whose time is over at this instant."""
    return [one for one in alarm.overlays.values() if one.until is not None and one.until <= now]


def _hide(alarm: Alarm, overlay: Overlay, because: tuple[Because, ...], now: float) -> Hidden:
    alarm.withheld = alarm.withheld or alarm.up
    alarm.move(Move.HIDE)
    alarm.settle()
    said = lifecycle.change(Hidden, alarm, now, because, overlay=overlay.kind, until=overlay.until, by=overlay.by)
    return replace(said, tier=alarm.standing)


def _show(alarm: Alarm, overlay: OverlayKind, waiting: bool, because: tuple[Because, ...], now: float) -> Shown | None:
    """Begin anew from what is true now. A person's overlay is always said to be over."""
    lifecycle.settle(alarm, Tier.NONE, alarm.standing, waiting, because, now)
    missed, alarm.withheld = alarm.withheld, False
    if overlay == "suppressed" and not missed:
        return None
    return lifecycle.change(Shown, alarm, now, because, overlay=overlay)
