"""All simulated devices of a venue, as its files describe them: who speaks which dialect over which connection."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from config.setup import LinkSetup, Setup
from drivers.contract import Binding
from drivers.links.mqtt_settings import MqttSettings, TlsSettings
from rules.venue import Device
from simulators.devices.device import Presses, VirtualDevice
from simulators.devices.own import OwnDevice
from simulators.devices.receiver import Receiver
from simulators.devices.tasmota import TasmotaDevice
from simulators.devices.ups_on_line import UpsOnLine
from simulators.devices.zigbee2mqtt import Bridge, ZigbeeDevice
from simulators.wire import Broker, Wire
from simulators.world import World

UP_LIMIT_S = 20.0  # a hundred connections take under a second; a loaded machine may need several


class NoBroker(Exception):
    """Devices cannot connect; says where and why."""


class NotSimulated(Exception):
    """A device, or what a story asks of it, has no simulator; says what there is instead."""


class Fleet:
    """Made from the venue; `run` keeps all wires up. Devices by id in `devices`."""

    def __init__(self, setup: Setup, now: Callable[[], float], *, broker: Broker | None = None, seed: int = 1) -> None:
        """`now` is the story's clock. `broker`: where MQTT devices connect, if not where the venue file says."""
        self.world = World(setup.plan.venue, seed)
        self.devices: dict[str, VirtualDevice] = {}
        self.not_simulated: list[str] = []
        self.brokers: dict[str, Broker] = {}
        self.receivers: list[Receiver] = []
        self._venue = setup.plan.venue
        self._wires: dict[str, list[Wire]] = {}
        self._lines: dict[str, list[UpsOnLine]] = {}
        for link in setup.links:
            self._add_link(link, broker)
        for output in setup.outputs:
            if output.kind == "mqtt":
                there = self.brokers[output.settings.link]
                self.receivers.append(Receiver(output.settings.prefix, there, now))

    @property
    def messages(self) -> int:
        """Reports sent so far, repeats not counted."""
        return sum(device.messages() for device in self.devices.values())

    @property
    def wires(self) -> list[Wire]:
        return [wire for wires in self._wires.values() for wire in wires] + [one.wire for one in self.receivers]

    async def run(self) -> None:
        """Keep every wire up until cancelled. Raises OSError when a serial line's path cannot be written."""
        lines = [line for lines in self._lines.values() for line in lines]
        runs = [*(wire.run() for wire in self.wires), *(line.run() for line in lines)]
        tasks = [asyncio.create_task(run) for run in runs]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def connected(self) -> None:
        """Return once every wire that is not cut has been up. Raises NoBroker."""
        try:
            async with asyncio.timeout(UP_LIMIT_S):
                for wire in self.wires:
                    if not wire.is_cut:
                        await wire.up.wait()
        except TimeoutError:
            down = [wire for wire in self.wires if not wire.up.is_set() and not wire.is_cut]
            raise NoBroker(f"no connection to the broker at {down[0].broker}: {down[0].last_error}") from None

    def tick(self, now: float) -> None:
        """Let time pass in the world, and let every device do what is due."""
        self.world.advance(now)
        for device in self.devices.values():
            device.tick(now)

    def look(self, now: float) -> list[str]:
        """What the detectors nearest to a fire or to fog feel now, in words."""
        seen = []
        for zone, device in self.world.burning(now).items():
            chamber = self.world.chambers.get(device)
            if chamber is not None:
                smoke, heat, co = chamber.smoke_obscuration(), chamber.temperature(), chamber.co()
                seen.append(f"{zone}: smoke {smoke:.1f} %/m, {heat:.0f} C, CO {co:.0f} ppm at {device}")
        return seen

    def press(self, device: str) -> None:
        """Press a button or break a call point's glass. Raises NotSimulated."""
        self._presser(device).press()

    def restore(self, device: str) -> None:
        """Put a call point's glass back. Raises NotSimulated."""
        found = self.devices.get(device)
        if not isinstance(found, OwnDevice) or "contact" not in found.device.quantities:
            raise NotSimulated(f"{device} is no simulated call point")
        found.restore()

    def device(self, device: str) -> VirtualDevice:
        """Raises NotSimulated."""
        found = self.devices.get(device)
        if found is None:
            raise NotSimulated(f"{device} is not simulated: no simulator speaks its driver's language")
        return found

    def set_link(self, link: str, *, up: bool) -> None:
        """Cut or mend every simulated wire of a link. Raises NotSimulated."""
        if link not in self._wires and link not in self._lines:
            raise NotSimulated(f"nothing on the link {link} is simulated")
        for wire in self._wires.get(link, ()):
            wire.mend() if up else wire.cut()
        for line in self._lines.get(link, ()):
            line.revive() if up else line.kill()

    def switch_mains(self, on: bool, zone: str | None) -> None:
        """Mains of a floor, or of all, on or off; a UPS there notices."""
        self.world.switch_mains(on, zone)
        for lines in self._lines.values():
            for line in lines:
                line.follow(self.world.supply(line.device).on)

    def _presser(self, device: str) -> Presses:
        found = self.devices.get(device)
        if isinstance(found, OwnDevice | ZigbeeDevice) and found.device.quantities & {"contact", "pressed"}:
            return found
        raise NotSimulated(f"{device} is no simulated button or call point")

    def _add_link(self, link: LinkSetup, broker: Broker | None) -> None:
        if link.kind == "mqtt":
            self.brokers[link.id] = broker or broker_of(link.settings)
        for attached in link.drivers:
            if link.kind == "mqtt" and attached.kind in DIALECTS:
                bound = [(self._venue.devices[one.device], one) for one in attached.bindings]
                made, wires = DIALECTS[attached.kind](self, attached.settings, self.brokers[link.id], bound)
                self._wires.setdefault(link.id, []).extend(wires)
                self.devices |= {device.device.id: device for device in made}
            elif link.kind == "serial" and attached.kind == "megatec" and _is_ours(Path(link.settings.path)):
                for one in attached.bindings:
                    line = UpsOnLine(self._venue.devices[one.device], Path(link.settings.path))
                    self._lines.setdefault(link.id, []).append(line)
                    self.devices[one.device] = line
            else:
                self.not_simulated += [one.device for one in attached.bindings]

    def measure(self, device: Device) -> Callable[[], dict[str, float | bool]]:
        """What a device's sensors say now, by quantity."""
        chamber, load = self.world.chambers.get(device.id), self.world.loads.get(device.id)
        if chamber is not None:
            return lambda: {
                "smoke_obscuration": chamber.smoke_obscuration(),
                "temperature": chamber.temperature(),
                "co": chamber.co(),
            }
        if load is not None:
            return lambda: {
                "voltage": load.voltage,
                "current": load.current,
                "power": load.power_w,
                "energy": load.energy_kwh,
            }
        return dict


Bound = Sequence[tuple[Device, Binding]]
Made = tuple[Sequence[VirtualDevice], Sequence[Wire]]


def _own(fleet: Fleet, settings: Any, broker: Broker, bound: Bound) -> Made:
    made = [OwnDevice(device, one.address, settings.prefix, broker, fleet.measure(device)) for device, one in bound]
    return made, [device.wire for device in made]


def _zigbee2mqtt(fleet: Fleet, settings: Any, broker: Broker, bound: Bound) -> Made:
    bridge = Bridge(settings.base, broker)
    return [ZigbeeDevice(device, one.address, bridge, fleet.measure(device)) for device, one in bound], [bridge.wire]


def _tasmota(fleet: Fleet, settings: Any, broker: Broker, bound: Bound) -> Made:
    topic = settings.full_topic
    made = [TasmotaDevice(device, one.address, topic, broker, fleet.measure(device)) for device, one in bound]
    return made, [device.wire for device in made]


DIALECTS: dict[str, Callable[[Fleet, Any, Broker, Bound], Made]] = {
    "tocsin": _own,
    "zigbee2mqtt": _zigbee2mqtt,
    "tasmota": _tasmota,
}


def _is_ours(path: Path) -> bool:
    """Whether a simulated port may appear there: never among the system's devices, never over something that exists."""
    return Path("/dev") not in path.parents and not path.exists()


def broker_of(settings: MqttSettings) -> Broker:
    """Where the venue file says the broker is. Raises OSError when a password or certificate cannot be read."""
    password = None
    if settings.password_file is not None:
        password = Path(settings.password_file).read_text(encoding="utf-8").split("\n", 1)[0]
    tls = _tls(settings.tls) if settings.tls is not None else None
    return Broker(settings.host, settings.port, settings.socket, settings.username, password, tls)


def _tls(settings: TlsSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ca)
    if settings.certificate is not None:
        context.load_cert_chain(settings.certificate, settings.key)
    return context
