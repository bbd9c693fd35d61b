"""Tasmota plugs and meters: LWT, STATE and SENSOR under tele/, one connection each."""

import json
from collections.abc import Callable
from datetime import datetime

from rules.venue import Device
from simulators.devices.device import Heartbeat
from simulators.wire import Broker, Will, Wire

POWER_MOVED_W = 200.0  # PowerDelta, the change that makes a plug report at once
VOLTAGE_MOVED_V = 20.0  # VoltageHigh and VoltageLow do so for the mains
REPORT_EVERY_AT_MOST_S = 1.0


class TasmotaDevice:
    """A plug (dies with the mains) or a meter on the floor board (fed by the UPS: goes on and reads 0 V)."""

    def __init__(
        self,
        device: Device,
        address: str,
        full_topic: str,
        broker: Broker,
        measure: Callable[[], dict[str, float | bool]],
        seed: int = 1,
    ) -> None:
        self.device = device
        self._measure = measure
        self._tele = full_topic.replace("%prefix%", "tele").replace("%topic%", address)
        self._heartbeat = Heartbeat.of(device, seed)
        self._started: float | None = None
        self._told = (0.0, 0.0)
        self._told_at = float("-inf")
        self._muted = False
        self._powerless = False
        self._sent = 0
        self.wire = Wire(broker, f"sim-{device.id}", will=Will(f"{self._tele}/LWT", b"Offline"), on_up=self._online)

    def tick(self, now: float) -> None:
        if self._started is None:
            self._started = now
        measured = self._measure()
        if self.device.kind == "plug":
            self._follow_mains(float(measured["voltage"]) > 0.0)
        if self._muted or self._powerless:
            return
        if self._heartbeat.due(now):
            self._publish("STATE", self._state(now))
            self._tell(measured, now)
            self._heartbeat.spoke(now)
        elif self._moved(measured, now):
            self._tell(measured, now)

    def mute(self) -> None:
        self._muted = True

    def unmute(self) -> None:
        self._muted = False

    def kill(self) -> None:
        self._muted = True
        self.wire.cut()

    def revive(self) -> None:
        self._muted = False
        self._started = None
        self.wire.mend()

    def messages(self) -> int:
        return self._sent

    def _follow_mains(self, alive: bool) -> None:
        if alive == self._powerless:
            self._powerless = not alive
            if alive and not self._muted:
                self.wire.mend()
            elif not alive:
                self.wire.cut()

    def _moved(self, measured: dict[str, float | bool], now: float) -> bool:
        voltage, power = float(measured["voltage"]), float(measured["power"])
        far = abs(voltage - self._told[0]) >= VOLTAGE_MOVED_V or (
            self.device.kind == "plug" and abs(power - self._told[1]) >= POWER_MOVED_W
        )
        return far and now - self._told_at >= REPORT_EVERY_AT_MOST_S

    def _tell(self, measured: dict[str, float | bool], now: float) -> None:
        voltage, power, current = (float(measured[name]) for name in ("voltage", "power", "current"))
        apparent = voltage * current
        energy = {
            "TotalStartTime": "2025-01-01T00:00:00",
            "Total": round(float(measured["energy"]), 3),
            "Power": round(power),
            "ApparentPower": round(apparent),
            "Factor": round(power / apparent, 2) if apparent else 0.0,
            "Voltage": round(voltage),
            "Current": round(current, 3),
        }
        self._publish("SENSOR", {"Time": _local_time(), "ENERGY": energy})
        self._told, self._told_at = (voltage, power), now

    def _state(self, now: float) -> dict[str, object]:
        uptime_s = int(now - (self._started or now))
        return {
            "Time": _local_time(),
            "Uptime": f"0T{uptime_s // 3600:02}:{uptime_s // 60 % 60:02}:{uptime_s % 60:02}",
            "UptimeSec": uptime_s,
            "POWER": "ON",
            "Wifi": {"AP": 1, "RSSI": 86, "Signal": -57},
        }

    def _publish(self, what: str, message: dict[str, object]) -> None:
        if self.wire.publish(f"{self._tele}/{what}", json.dumps(message, separators=(",", ":")).encode(), qos=0):
            self._sent += 1

    def _online(self) -> None:
        self.wire.publish(f"{self._tele}/LWT", b"Online", retain=True)


def _local_time() -> str:
    return datetime.now().isoformat(timespec="seconds")  # noqa: DTZ005 - Tasmota says local time without a zone
