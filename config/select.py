"""Which devices and zones a rule is about."""

from collections.abc import Iterable

from config.rules_file import DeviceSelector, ZoneSelector
from rules.venue import Device, Venue, Zone


def several(written: str | list[str] | None) -> list[str]:
    """What may be written as one word or as a list, as a list."""
    return [written] if isinstance(written, str) else written or []


def selected_devices(venue: Venue, selector: DeviceSelector | None) -> tuple[Device, ...]:
    """In the order of the venue file; every device without a selector."""
    if selector is None:
        return tuple(venue.devices.values())
    found: Iterable[Device] = venue.devices.values()
    zones = several(selector.zone)
    # a rule about one device or one room does not go through a venue of a thousand devices
    if selector.ids is not None and len(selector.ids) == 1:
        found = [venue.devices[device] for device in selector.ids if device in venue.devices]
    elif len(zones) == 1:
        found = [venue.devices[device] for device in venue.devices_within[zones[0]]]
    if zones:
        found = [device for device in found if not venue.holders[device.zone].isdisjoint(zones)]
    if selector.ids is not None:
        ids = frozenset(selector.ids)
        found = [device for device in found if device.id in ids]
    if selector.kind is not None:
        kinds = frozenset(several(selector.kind))
        found = [device for device in found if device.kind in kinds]
    if selector.quantity is not None:
        quantities = frozenset(several(selector.quantity))
        found = [device for device in found if not device.quantities.isdisjoint(quantities)]
    return tuple(found)


def selected_zones(venue: Venue, selector: ZoneSelector | None) -> tuple[Zone, ...]:
    """In the order of the venue file; every zone without a selector."""
    return tuple(
        zone
        for zone in venue.zones.values()
        if selector is None
        or (
            (selector.kind is None or zone.kind in several(selector.kind))
            and (selector.ids is None or zone.id in selector.ids)
        )
    )
