"""What lies over an alarm and keeps it from view: shelved, suppressed by design, out of service (ISA-18.2 G, H, I)."""

from msgspec import Struct

from rules.decision import OverlayKind


class Overlay(Struct, frozen=True, array_like=True):
    """One of them. `until` is engine time, None for a suppression: it lasts as long as its cause.

    `by` is the person, or the alarm or link that explains the suppressed one. `once`: it ends when the alarm next
    returns to normal.
    """

    kind: OverlayKind
    since: float
    until: float | None
    by: str
    why: str
    once: bool = False
