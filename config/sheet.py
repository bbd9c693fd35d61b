"""venue.yaml checked entry by entry: those that have the right form, and the ids of all."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from config.document import Document, Path
from config.evacuation_file import PlanEntry
from config.form import Form
from config.history_file import HistoryEntry
from config.hours import DutyEntry, SpanEntry
from config.journal_file import JournalEntry
from config.maintenance_file import MaintenanceEntry
from config.problem import Mark, Problems
from config.venue_file import (
    DeviceEntry,
    ExemptEntry,
    LimitsEntry,
    LinkEntry,
    OutputEntry,
    VenueEntry,
    VenueShell,
    ZoneEntry,
    forms,
)

T = TypeVar("T")

_SHELL: Form[VenueShell] = Form(VenueShell)
_HEAD: Form[VenueEntry] = Form(VenueEntry)


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """An entry of the right form, and its path in the file."""

    path: Path
    entry: T


@dataclass(frozen=True)
class Sheet:
    """`ids` are those of every entry, also of one that is otherwise wrong, so that one mistake is not told twice."""

    document: Document
    venue: VenueEntry | None
    links: list[Written[LinkEntry]]
    zones: list[Written[ZoneEntry]]
    devices: list[Written[DeviceEntry]]
    outputs: list[Written[OutputEntry]]
    plans: list[Written[PlanEntry]]
    ids: dict[str, frozenset[str]]
    exempt: list[Written[ExemptEntry]]
    never_slower_than_s: float | None
    schedules: dict[str, list[SpanEntry]]
    duty: DutyEntry | None
    limits: LimitsEntry
    history: list[Written[HistoryEntry]]
    journal: JournalEntry
    maintenance: MaintenanceEntry | None

    def mark(self, path: Path) -> Mark:
        return self.document.mark(path)


def read_sheet(document: Document, problems: Problems) -> Sheet:
    """Check the form of everything in an expanded venue.yaml."""
    shell = _SHELL.fit(document, (), problems)
    data = document.data if isinstance(document.data, dict) else {}
    # When the whole fits, so does the head of it.
    head = shell.venue if shell else _HEAD.fit(document, ("venue",), problems) if "venue" in data else None
    sections = {section: list(_entries(section, document, problems)) for section in forms()}
    ids = {section: frozenset(raw_ids(document, section)) for section in forms()}
    venue = data.get("venue")
    root = venue.get("id") if isinstance(venue, dict) else None
    if isinstance(root, str):
        ids["zones"] |= {root}
    named = data.get("schedules")
    ids["schedules"] = frozenset(named) if isinstance(named, dict) else frozenset()
    return Sheet(
        document,
        head,
        sections["links"],
        sections["zones"],
        sections["devices"],
        sections["outputs"],
        sections["evacuation_plans"],
        ids,
        sections["exempt"],
        shell.never_slower_than if shell else None,
        shell.schedules if shell else {},
        shell.duty if shell else None,
        shell.limits if shell else LimitsEntry(),
        sections["history"],
        shell.journal if shell else JournalEntry(),
        shell.maintenance if shell else None,
    )


def _entries(section: str, document: Document, problems: Problems) -> Iterator[Written[Any]]:
    for index, _ in document.items(section):
        entry = forms()[section].fit(document, (section, index), problems)
        if entry is not None:
            yield Written((section, index), entry)


def raw_ids(document: Document, section: str) -> Iterator[str]:
    """The id of every entry of a list that has one, whatever else is wrong with it."""
    for _, entry in document.items(section):
        named = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(named, str):
            yield named
