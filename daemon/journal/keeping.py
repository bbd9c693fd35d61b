"""What a journal keeps, and for how long."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a reader of journals need not load what a venue's files are checked with
    from config.setup import Setup

DAY_S = 86400.0
AUDIT_KEPT_S = 30 * DAY_S  # records of the audit stay at least so long, however large the journal is
AUDIT_RECORDS = 10_000  # and at least so many
SIGNAL_BYTES = 30  # at most, on the disk


@dataclass(frozen=True, slots=True)
class Keeping:
    """Readings go first, by age or by size; records of the audit by age, and never the young or the last ones.

    `deadbands` by quantity: of a device's readings that differ by less from the last one kept, only one each `told_s`
    of that device is kept, so that its silences stay visible.
    """

    readings_s: float = 30 * DAY_S
    records_s: float = 90 * DAY_S
    max_bytes: int = 1_000_000_000
    deadbands: Mapping[str, float] = field(default_factory=dict)
    told_s: Mapping[str, float] = field(default_factory=dict)

    @property
    def signals(self) -> int:
        """About how many fit."""
        return self.max_bytes // SIGNAL_BYTES


def keeping_of(setup: "Setup") -> Keeping:
    """As the venue's file says. A reading of each device is kept twice in its staleness time, whatever it says."""
    journal = setup.journal
    told_s = {device.id: device.stale_after_s / 2 for device in setup.plan.venue.devices.values()}
    return Keeping(journal.readings_s, journal.records_s, journal.max_bytes, journal.deadbands, told_s)
