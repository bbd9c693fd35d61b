"""A whole, checked configuration: what the daemon builds itself from, by way of `drivers.registry`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.history_file import HistoryEntry
from config.maintenance_file import MaintenanceEntry
from drivers.registry import Attached
from rules.plan import Plan


@dataclass(frozen=True, slots=True)
class LinkSetup:
    """For LINKS[kind].build(id, settings, drivers, inbox, now)."""

    id: str
    kind: str
    settings: Any  # an instance of LINKS[kind].settings
    drivers: tuple[Attached, ...]


@dataclass(frozen=True, slots=True)
class OutputSetup:
    """For OUTPUTS[kind].build(id, settings, context)."""

    id: str
    kind: str
    settings: Any  # an instance of OUTPUTS[kind].settings
    then: str = ""  # the output that takes over what this one does not get confirmed in time


@dataclass(frozen=True, slots=True)
class HistorySetup:
    """A database that gets the journal; `settings` are those of config.history_file, paths as they are written."""

    id: str
    settings: HistoryEntry


@dataclass(frozen=True, slots=True)
class JournalSetup:
    """What the journal keeps and for how long. `deadbands` by quantity, in its unit: readings that differ by less are
    thinned. Readings that decide nothing are gathered for `gather_s`."""

    records_s: float
    readings_s: float
    max_bytes: int
    gather_s: float
    deadbands: dict[str, float]


@dataclass(frozen=True)
class Setup:
    """Everything a configuration directory says. `files` are all the files read, in order; `digest` names this set.

    `exempt` says of each device that need not lead to red why not.
    """

    directory: Path
    time_zone: str
    plan: Plan
    links: tuple[LinkSetup, ...]
    outputs: tuple[OutputSetup, ...]
    files: tuple[Path, ...]
    digest: str
    journal: JournalSetup
    exempt: dict[str, str] = field(default_factory=dict)
    history: tuple[HistorySetup, ...] = ()
    maintenance: MaintenanceEntry | None = None
