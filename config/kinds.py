"""The kinds of device: what one measures and how long it may be silent, unless the venue file says otherwise."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviceKind:
    """`stale_after_s` is the silence, in seconds, after which such a device counts as lost."""

    meaning: str
    quantities: tuple[str, ...]
    stale_after_s: float


# GB 4717 and EN 54-2 8.1: a fault of the wiring to a fire detector or call point is indicated within 100 s.
_FIRE_S = 100.0
# A battery-powered radio button speaks when pressed and about once a day: Zigbee2MQTT calls it offline after 25 h.
_RADIO_BUTTON_S = 25 * 3600.0
SILENT_MAX_S = _RADIO_BUTTON_S  # a device of danger to people that is silent for longer is lost to any radio network
WIRED_MAX_S = _FIRE_S
# Tasmota reports each TelePeriod, 300 s as delivered; three missed reports.
_METER_S = 900.0
# NUT calls a UPS dead after 15 s without data.
_UPS_S = 15.0

DEVICE_KINDS: dict[str, DeviceKind] = {
    "smoke_detector": DeviceKind("smoke, and often heat or CO beside it", ("smoke", "tamper", "battery_low"), _FIRE_S),
    "heat_detector": DeviceKind("heat: a limit, a rate of rise, or the temperature itself", ("temperature",), _FIRE_S),
    "call_point": DeviceKind("break-glass: a person has seen a fire", ("contact",), _FIRE_S),
    "fire_panel": DeviceKind("the certified panel's alarm contact, read only", ("contact", "trouble"), _FIRE_S),
    "panic_button": DeviceKind("a person calls for help", ("pressed", "battery_low"), _RADIO_BUTTON_S),
    "gas_detector": DeviceKind("combustible gas", ("gas", "tamper", "battery_low"), _FIRE_S),
    "power_meter": DeviceKind("mains of a floor or board", ("voltage", "current", "power", "energy"), _METER_S),
    "plug": DeviceKind("mains of one appliance", ("voltage", "current", "power"), _METER_S),
    "ups": DeviceKind(
        "an uninterruptible power supply",
        (
            "on_battery",
            "ups_battery_low",
            "ups_failed",
            "ups_bypass",
            "voltage",
            "output_voltage",
            "frequency",
            "load",
            "battery_voltage",
        ),
        _UPS_S,
    ),
}
