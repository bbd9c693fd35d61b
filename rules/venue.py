"""The venue as the engine sees it: a tree of zones, and the devices in them."""

from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Text:
    """Words for people, in English and Chinese."""

    en: str
    zh: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """A way out of a zone: `through` are the zones that it passes, `to` is where it ends."""

    id: str
    through: tuple[str, ...]
    to: Text


@dataclass(frozen=True, slots=True)
class Zone:
    """Where people are warned or led out. `parent` is None for the venue itself, which is the root.

    `routes` serve the zone and all below it; `capacity` is the most people that may be there, for those who count them.
    """

    id: str
    kind: str
    name: Text
    parent: str | None = None
    neighbours: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """One thing that reports or acts. Unheard for `stale_after_s` seconds it is a fault.

    `fed_by` is the meter, UPS or plug that its power comes through.
    """

    id: str
    kind: str
    name: Text
    zone: str
    quantities: frozenset[str]
    stale_after_s: float
    link: str
    fed_by: str | None = None


@dataclass(frozen=True)
class Venue:
    """All zones and devices by id. `root` is the zone without a parent."""

    root: str
    zones: dict[str, Zone]
    devices: dict[str, Device]
    links: tuple[str, ...] = field(default=())

    @cached_property
    def ancestry(self) -> dict[str, tuple[str, ...]]:
        """For each zone: itself, its parent, and so on to the root."""
        chains: dict[str, tuple[str, ...]] = {}
        for zone in self.zones.values():
            chain: list[str] = []
            at: str | None = zone.id
            while at is not None:
                chain.append(at)
                at = self.zones[at].parent
            chains[zone.id] = tuple(chain)
        return chains

    @cached_property
    def feeders(self) -> dict[str, tuple[str, ...]]:
        """For each device: what its power comes through, nearest first. A circle is followed once."""
        chains: dict[str, tuple[str, ...]] = {}
        for device in self.devices.values():
            chain: list[str] = []
            at = device.fed_by
            while at is not None and at in self.devices and at not in chain and at != device.id:
                chain.append(at)
                at = self.devices[at].fed_by
            chains[device.id] = tuple(chain)
        return chains

    @cached_property
    def next_to(self) -> dict[str, tuple[str, ...]]:
        """For each zone: its neighbours, whichever of the two names the other, in the venue's order."""
        pairs = {(zone.id, other) for zone in self.zones.values() for other in zone.neighbours}
        return {
            zone: tuple(other for other in self.zones if (zone, other) in pairs or (other, zone) in pairs)
            for zone in self.zones
        }

    @cached_property
    def holders(self) -> dict[str, frozenset[str]]:
        """For each zone: itself and every zone that holds it."""
        return {zone: frozenset(chain) for zone, chain in self.ancestry.items()}

    @cached_property
    def devices_within(self) -> dict[str, tuple[str, ...]]:
        """For each zone: the devices in it and in every zone below it."""
        found: dict[str, list[str]] = {zone: [] for zone in self.zones}
        for device in self.devices.values():
            for zone in self.ancestry[device.zone]:
                found[zone].append(device.id)
        return {zone: tuple(ids) for zone, ids in found.items()}
