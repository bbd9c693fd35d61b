"""Devices that speak Tocsin's own MQTT dialect: numbered messages, repeated until Tocsin says that they are kept."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from rules.quantity import QUANTITIES, Kind
from rules.venue import Device
from simulators.devices.device import Heartbeat
from simulators.wire import Broker, Will, Wire

REPEAT_EVERY_S = 2.0  # the dialect's rule
# Messages kept until acknowledged: what a controller with 32 kB to spare holds, and 40 minutes at a report every 10 s.
UNACKNOWLEDGED_MAX = 256
# So that a whole floor that comes back does not flood the link; the rest follows once these are acknowledged.
REPEATED_AT_ONCE = 16
REPORT_EVERY_AT_MOST_S = 1.0  # a chamber that fills does not report faster
MOVED = {"smoke_obscuration": 0.4, "temperature": 0.7, "co": 3.0}  # a change worth a report of its own

ALARM_AT = 5.1  # %/m, where a detector that decides by itself says smoke (NIST house tests, mean of real alarms)

Readings = dict[str, float | bool]


@dataclass(slots=True)
class Unacknowledged:
    """One message that Tocsin has not confirmed. An urgent one is never dropped for room."""

    payload: bytes
    sent_at: float
    urgent: bool


class Keeper:
    """Numbers messages and keeps them until they are acknowledged. Pure."""

    def __init__(self, boot: str) -> None:
        self.boot = boot
        self.seq = 0
        self.dropped = 0
        self.waiting: dict[int, Unacknowledged] = {}

    def message(self, readings: Readings, now: float, *, urgent: bool) -> bytes:
        """The payload of a new message, kept from now on."""
        self.seq += 1
        payload = json.dumps({"boot": self.boot, "seq": self.seq, "readings": readings}, separators=(",", ":")).encode()
        self.waiting[self.seq] = Unacknowledged(payload, now, urgent)
        if len(self.waiting) > UNACKNOWLEDGED_MAX:
            routine = (seq for seq, message in self.waiting.items() if not message.urgent)
            del self.waiting[next(routine, min(self.waiting))]
            self.dropped += 1
        return payload

    def acknowledged(self, payload: bytes) -> None:
        """Take note of an acknowledgement; one that is not ours or cannot be read changes nothing."""
        try:
            said = json.loads(payload)
            ranges = [(int(first), int(last)) for first, last in said["seqs"]] if said["boot"] == self.boot else []
        except (ValueError, TypeError, KeyError):
            return
        for first, last in ranges:
            for seq in [seq for seq in self.waiting if first <= seq <= last]:
                del self.waiting[seq]

    def due(self, now: float) -> list[bytes]:
        """Messages to repeat now, urgent ones first."""
        late = [(not one.urgent, seq) for seq, one in self.waiting.items() if now - one.sent_at >= REPEAT_EVERY_S]
        again = [self.waiting[seq] for _, seq in sorted(late)[:REPEATED_AT_ONCE]]
        for one in again:
            one.sent_at = now
        return [one.payload for one in again]


class OwnDevice:
    """One detector, call point or button with a connection of its own. `measure` gives what its sensors say now."""

    def __init__(
        self, device: Device, address: str, prefix: str, broker: Broker, measure: Callable[[], Readings], seed: int = 1
    ) -> None:
        self.device = device
        self._measure = measure
        self._readings_topic = f"{prefix}/dev/{address}/readings"
        self._status_topic = f"{prefix}/dev/{address}/status"
        self._heartbeat = Heartbeat.of(device, seed)
        self._states = [name for name in sorted(device.quantities) if QUANTITIES[name].kind is Kind.STATE]
        self._told: Readings = {}
        self._told_at = float("-inf")
        self._contact = False
        self._pressed = False
        self._muted = False
        self._sent = 0
        self.keeper = Keeper(_new_boot())
        self.wire = Wire(
            broker,
            f"sim-{device.id}",
            will=Will(self._status_topic, b"offline"),
            filters=(f"{prefix}/cmd/{address}/ack",),
            on_up=self._online,
            on_message=self._received,
        )

    def press(self) -> None:
        """A call point's glass breaks and stays broken until `restore`; a button is pressed once."""
        if "contact" in self.device.quantities:
            self._contact = True
        else:
            self._pressed = True

    def restore(self) -> None:
        """Put the call point's glass back."""
        self._contact = False

    def tick(self, now: float) -> None:
        if self._muted:
            return
        readings = self._now()
        urgent = self._pressed or any(readings[name] is not self._told.get(name, False) for name in self._states)
        if urgent or self._heartbeat.due(now) or self._moved(readings, now):
            self._report(readings, now, urgent=urgent)
        for payload in self.keeper.due(now):
            self.wire.publish(self._readings_topic, payload)

    def mute(self) -> None:
        self._muted = True

    def unmute(self) -> None:
        self._muted = False

    def kill(self) -> None:
        self._muted = True
        self.wire.cut()

    def revive(self) -> None:
        self._muted = False
        self.keeper = Keeper(_new_boot())
        self._told = {}
        self.wire.mend()

    def messages(self) -> int:
        return self._sent

    def _now(self) -> Readings:
        """What the device reports: its numbers, and the states that it has."""
        sensed = self._measure()
        readings: Readings = {name: value for name, value in sensed.items() if name in self.device.quantities}
        for name in self._states:
            readings[name] = False
        if "smoke" in self._states:
            readings["smoke"] = float(sensed.get("smoke_obscuration", 0.0)) >= ALARM_AT
        if "contact" in self._states:
            readings["contact"] = self._contact
        return readings

    def _moved(self, readings: Readings, now: float) -> bool:
        if now - self._told_at < REPORT_EVERY_AT_MOST_S:
            return False
        return any(
            abs(float(value) - float(self._told.get(name, value))) >= MOVED.get(name, float("inf"))
            for name, value in readings.items()
        )

    def _report(self, readings: Readings, now: float, *, urgent: bool) -> None:
        if self._pressed:
            readings = {**readings, "pressed": True}
            self._pressed = False
        if not readings:  # a plain button has nothing to say but that it is there
            self._heartbeat.spoke(now)
            self.wire.publish(self._status_topic, b"online", retain=True)
            return
        payload = self.keeper.message(readings, now, urgent=urgent)
        self.wire.publish(self._readings_topic, payload)
        self._sent += 1
        self._told, self._told_at = readings, now
        self._heartbeat.spoke(now)

    def _online(self) -> None:
        if not self._muted:
            self.wire.publish(self._status_topic, b"online", retain=True)

    def _received(self, topic: str, payload: bytes, retained: bool) -> None:
        if not self._muted:
            self.keeper.acknowledged(payload)


def _new_boot() -> str:
    return secrets.token_hex(4)  # 32 bits: no two boots of one device in its life have the same
