"""The form of venue.yaml: a model for each kind of entry. What they say of each other is checked in `venue_checks`."""

from functools import cache, reduce
from operator import or_
from types import GenericAlias
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field, WithJsonSchema, create_model

from config.evacuation_file import ROUTES_MAX, PlanEntry, RouteEntry
from config.form import Form
from config.history_file import HistoryEntry
from config.hours import DutyEntry, Spans
from config.journal_file import JournalEntry
from config.kinds import DEVICE_KINDS
from config.maintenance_file import MaintenanceEntry
from config.problem import did_you_mean
from config.words import Duration, Id, Words
from drivers.registry import DRIVERS, LINKS, OUTPUTS
from drivers.settings import Settings
from rules.quantity import QUANTITIES

PATTERN = r"^[a-z0-9*][a-z0-9_*-]{0,63}$"  # an id in which * stands for any characters

Ranges = dict[str, str | list[str | int]]

_KIND = WithJsonSchema({"type": "string", "enum": sorted(DEVICE_KINDS)})
_QUANTITY = WithJsonSchema({"type": "string", "enum": sorted(QUANTITIES)})


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        if known:  # a machine without time zone data cannot tell
            hint = did_you_mean(name, known)
            message = f"found {name!r}, expected one like Asia/Shanghai"
            raise ValueError(f"{message} ({hint})" if hint else message) from None
    return name


class VenueEntry(Settings):
    """The venue itself; its id is also the id of the zone that holds all others."""

    id: Id
    name: Words
    time_zone: Annotated[str, Field(max_length=64), AfterValidator(_time_zone)] = "UTC"


class ZoneEntry(Settings):
    """A place where people are warned or led out. Without `in` it belongs to the venue itself."""

    ranges: Ranges | None = Field(None, alias="for")
    id: Id
    kind: Id
    name: Words | None = None
    parent: Id | None = Field(None, alias="in")
    neighbours: list[Id] = []
    routes: Annotated[list[RouteEntry], Field(max_length=ROUTES_MAX)] = []
    capacity: Annotated[int, Field(ge=0, le=1_000_000)] | None = None


class DeviceEntry(Settings):
    """One thing that reports. Without `address` its id is its address; what else is left out comes from its kind."""

    ranges: Ranges | None = Field(None, alias="for")
    id: Id
    kind: Annotated[str, _KIND]
    name: Words | None = None
    zone: Id
    link: Id
    driver: str
    address: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    quantities: Annotated[list[Annotated[str, _QUANTITY]], Field(min_length=1)] | None = None
    stale_after: Annotated[Duration, Field(gt=0)] | None = None
    fed_by: Id | None = None
    options: dict[str, Any] = {}


class ExemptEntry(Settings):
    """Devices that need not lead to red, and why not: ids, or patterns of ids such as sos-*."""

    devices: Annotated[list[Annotated[str, Field(pattern=PATTERN)]], Field(min_length=1)]
    why: Annotated[str, Field(min_length=10, max_length=1000)]


class LimitsEntry(Settings):
    """For how long at a time people may put an alarm aside, or a device out of service."""

    shelve_max: Annotated[Duration, Field(gt=0, le=24 * 3600)] = 8 * 3600.0
    out_of_service_max: Annotated[Duration, Field(gt=0)] = 7 * 24 * 3600.0


class DriverEntry(Settings):
    """What every driver on a link has; the rest are the settings of its kind."""

    kind: str


class LinkEntry(Settings):
    """What every link has; the rest are the settings of its kind."""

    id: Id
    kind: str
    drivers: Annotated[list[Any], Field(min_length=1)]


class OutputEntry(Settings):
    """What every output has; the rest are the settings of its kind. `then` names the output that takes over what this
    one does not get confirmed in time; that one is told nothing else."""

    id: Id
    kind: str
    then: Id | None = None


class VenueShell(Settings):
    """The keys at the top of venue.yaml. Their entries are checked one by one, so that one bad entry hides no other."""

    venue: VenueEntry
    rules: list[str]
    links: list[Any]
    zones: list[Any]
    devices: list[Any]
    outputs: list[Any]
    evacuation_plans: list[Any] = []
    history: list[Any] = []
    exempt: list[Any] = []
    never_slower_than: Annotated[Duration, Field(gt=0)] | None = None
    schedules: dict[Id, Spans] = {}
    duty: DutyEntry | None = None
    limits: LimitsEntry = LimitsEntry()
    journal: JournalEntry = JournalEntry()
    maintenance: MaintenanceEntry | None = None


def _with_settings(kind: str, base: type[Settings], settings: type[Settings], **fields: Any) -> type[Settings]:
    """The model of one kind of entry: what all entries have, and the settings of the kind."""
    return create_model(
        f"{kind.title()}{base.__name__}",
        __base__=(settings, base),
        __doc__=settings.__doc__,
        kind=(_only(kind), ...),
        **fields,
    )


def _only(word: str) -> Any:
    return Literal[word]


def _list_of(entry: Any) -> Any:
    return GenericAlias(list, (entry,))


def _any_of(models: list[type[Settings]]) -> Any:
    return Annotated[reduce(or_, models), Field(discriminator="kind")] if len(models) > 1 else models[0]


def _link_model(kind: str) -> type[Settings]:
    drivers = [_with_settings(name, DriverEntry, one.settings) for name, one in DRIVERS.items() if one.link == kind]
    if not drivers:
        return _with_settings(kind, LinkEntry, LINKS[kind].settings)
    entries = (_list_of(_any_of(drivers)), Field(min_length=1))
    return _with_settings(kind, LinkEntry, LINKS[kind].settings, drivers=entries)


@cache
def link_entry() -> Any:
    """The type of an entry of `links`: one model for each kind of link, with the drivers that run on it."""
    return _any_of([_link_model(kind) for kind in LINKS])


@cache
def output_entry() -> Any:
    """The type of an entry of `outputs`."""
    return _any_of([_with_settings(kind, OutputEntry, one.settings) for kind, one in OUTPUTS.items()])


@cache
def forms() -> dict[str, Form[Any]]:
    """For each list of venue.yaml the form of one of its entries."""
    return {
        "links": Form(link_entry()),
        "zones": Form(ZoneEntry),
        "devices": Form(DeviceEntry),
        "outputs": Form(output_entry()),
        "evacuation_plans": Form(PlanEntry),
        "history": Form(HistoryEntry),
        "exempt": Form(ExemptEntry),
    }


@cache
def venue_file() -> type[Settings]:
    """The model of the whole file, for its JSON Schema."""
    return create_model(
        "VenueFile",
        __base__=VenueShell,
        links=(_list_of(link_entry()), ...),
        zones=(list[ZoneEntry], ...),
        devices=(list[DeviceEntry], ...),
        outputs=(_list_of(output_entry()), ...),
        evacuation_plans=(list[PlanEntry], []),
        history=(list[HistoryEntry], []),
        exempt=(list[ExemptEntry], []),
    )
