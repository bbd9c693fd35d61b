"""What the daemon's event stream tells, as facts of a story."""

from daemon.client import EventView
from simulators.play import Fact


def fact_of(event: EventView, at: float) -> Fact | None:
    """The fact in an event seen at `at`; None for one that no story asks about.

    Evacuations are not taken from here: they count when the trigger reaches the sounder controller.
    """
    match event.kind:
        case "raise" | "escalate" if event.tier not in (None, "none"):
            return Fact(at, "alarm", event.alarm, event.tier or "")
        case "clear":
            return Fact(at, "cleared", event.alarm)
        case "investigate":
            return Fact(at, "investigation", event.alarm, event.step)
        case "stand_down":
            return Fact(at, "stand_down", event.alarm)
        case "report_fault":
            return Fact(at, "fault", event.source, event.code)
        case "end_fault":
            return Fact(at, "recovered", event.source, event.code)
        case _:
            return None
