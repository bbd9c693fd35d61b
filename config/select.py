"""Which devices and zones a rule is about."""

from collections.abc import Mapping

from config.rules_file import DeviceSelector, ZoneSelector
from rules.venue import Device, Venue, Zone


def several(written: str | list[str] | None) -> list[str]:
    """What may be written as one word or as a list, as a list."""
    return [written] if isinstance(written, str) else written or []


def selected_devices(venue: Venue, selector: DeviceSelector | None) -> tuple[Device, ...]:
    """In the order of the venue file; every device without a selector."""
    if selector is None:
        return tuple(venue.devices.values())
    return tuple(device for device in venue.devices.values() if _fits(device, selector, venue.ancestry))


def _fits(device: Device, selector: DeviceSelector, ancestry: Mapping[str, tuple[str, ...]]) -> bool:
    return (
        (selector.kind is None or device.kind in several(selector.kind))
        and (selector.quantity is None or not device.quantities.isdisjoint(several(selector.quantity)))
        and (selector.ids is None or device.id in selector.ids)
        and (selector.zone is None or not set(several(selector.zone)).isdisjoint(ancestry[device.zone]))
    )


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
