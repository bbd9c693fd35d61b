"""A Zigbee2MQTT bridge and the Zigbee devices behind it, publishing as Zigbee2MQTT 2.x was seen to publish.

All cached attributes in every message, unknown ones null; `action` only in the message of the press; availability
retained and left online when the bridge dies; nothing about a device retained.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from rules.venue import Device
from simulators.devices.device import Heartbeat
from simulators.physics.noise import noise
from simulators.wire import Broker, Will, Wire

# Zigbee2MQTT's default is 0; venues that trust it with lives set `device_options: {qos: 1}`.
DEVICE_QOS = 1
ALARM_AT = 5.1  # %/m, mean sensitivity of real smoke alarms (NIST house tests)
QUIET_AT = 3.0  # %/m, below which a detector's own alarm ends
# Attributes of the model each kind pretends to be, as published before anything is known.
HEIMAN_SMOKE: dict[str, object] = {
    "ac_status": False,
    "battery": None,
    "battery_defect": False,
    "battery_low": False,
    "restore_reports": False,
    "smoke": False,
    "supervision_reports": False,
    "tamper": False,
    "test": False,
    "trouble": False,
}
TUYA_SOS: dict[str, object] = {"battery": None, "voltage": None}
TUYA_PLUG: dict[str, object] = {
    "child_lock": None,
    "countdown": None,
    "indicator_mode": None,
    "power_outage_memory": None,
    "state": "ON",
}

Measure = Callable[[], dict[str, float | bool]]


class Bridge:
    """The one MQTT connection that all Zigbee devices of a base topic share."""

    def __init__(self, base: str, broker: Broker) -> None:
        self.base = base
        self.devices: list[ZigbeeDevice] = []
        self._state_topic = f"{base}/bridge/state"
        self.wire = Wire(
            broker, f"sim-{base}-bridge", will=Will(self._state_topic, _state(online=False)), on_up=self._online
        )

    def add(self, device: "ZigbeeDevice") -> None:
        """Pair a device."""
        self.devices.append(device)

    def say(self, address: str, payload: bytes) -> None:
        """Publish a device's message."""
        self.wire.publish(f"{self.base}/{address}", payload, qos=DEVICE_QOS)

    def tell_availability(self, address: str, *, online: bool) -> None:
        """Publish whether the bridge believes a device to be there."""
        self.wire.publish(f"{self.base}/{address}/availability", _state(online=online), retain=True)

    def _online(self) -> None:
        self.wire.publish(self._state_topic, _state(online=True), retain=True)
        for device in self.devices:
            if not device.muted:
                self.tell_availability(device.address, online=True)


class ZigbeeDevice:
    """One smoke detector, SOS button or plug behind a bridge."""

    def __init__(self, device: Device, address: str, bridge: Bridge, measure: Measure, seed: int = 1) -> None:
        self.device = device
        self.address = address
        self.muted = False
        self._bridge = bridge
        self._measure = measure
        self._heartbeat = Heartbeat.of(device, seed)
        self._noise = noise(seed, f"zigbee {device.id}")
        self._attributes: dict[str, object] = dict(_model(device.kind))
        self._pressed = False
        self._sent = 0
        bridge.add(self)

    def press(self) -> None:
        """Press and release the SOS button."""
        self._pressed = True

    def tick(self, now: float) -> None:
        if self.muted:
            return
        changed = self._update()
        if self._pressed and self._bridge.wire.up.is_set():
            self._pressed = False
            self._publish(now, action="emergency")
        elif changed or self._heartbeat.due(now):
            self._publish(now)

    def mute(self) -> None:
        self.muted = True

    def unmute(self) -> None:
        self.muted = False

    def kill(self) -> None:
        """A Zigbee device that dies is noticed by nobody for hours: availability stays online."""
        self.muted = True

    def revive(self) -> None:
        self.muted = False
        self._bridge.tell_availability(self.address, online=True)

    def messages(self) -> int:
        return self._sent

    def _update(self) -> bool:
        """Take in what the sensors say; true when a report is due for it."""
        measured = self._measure()
        if "smoke_obscuration" in measured and "smoke" in self._attributes:
            was = bool(self._attributes["smoke"])
            smoke = float(measured["smoke_obscuration"]) >= (QUIET_AT if was else ALARM_AT)
            self._attributes["smoke"] = smoke
            return smoke != was
        for name in ("voltage", "current", "power", "energy"):
            if self.device.kind in ("plug", "power_meter") and name in measured:
                self._attributes[name] = round(float(measured[name]), 2)
        return False

    def _publish(self, now: float, *, action: str | None = None) -> None:
        last_seen = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = {**self._attributes, "last_seen": last_seen, "linkquality": self._noise.randint(80, 160)}
        if action is not None:
            message["action"] = action
        self._bridge.say(self.address, json.dumps(dict(sorted(message.items())), separators=(",", ":")).encode())
        self._heartbeat.spoke(now)
        self._sent += 1


def _model(kind: str) -> dict[str, object]:
    match kind:
        case "smoke_detector":
            return HEIMAN_SMOKE
        case "plug" | "power_meter":
            return TUYA_PLUG
        case _:
            return TUYA_SOS


def _state(*, online: bool) -> bytes:
    return b'{"state":"online"}' if online else b'{"state":"offline"}'
