"""The sample venue's devices on a real broker: what they say is what Tocsin's own drivers read, and how they die."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.load import load
from config.setup import Setup
from drivers.contract import Decoded
from drivers.registry import DRIVERS
from rules.signal import Reading
from simulators.fleet import Fleet, NoBroker, NotSimulated
from simulators.wire import Broker, Wire
from tests.broker import Mosquitto

KTV = Path(__file__).resolve().parents[2] / "config" / "samples" / "ktv"
LIMIT_S = 15.0  # for what takes milliseconds


class Heard:
    """Everything said at the broker, in order."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes, bool]] = []
        self._more = asyncio.Event()

    def take(self, topic: str, payload: bytes, retained: bool) -> None:
        self.messages.append((topic, payload, retained))
        self._more.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Return when the condition holds; raises TimeoutError."""
        async with asyncio.timeout(LIMIT_S):
            while not true():
                self._more.clear()
                await self._more.wait()

    def payloads(self, topic: str) -> list[bytes]:
        return [payload for said, payload, _ in self.messages if said == topic]


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return load(KTV, [f"links.ups-line.path={tmp_path / 'ups-line'}"])


@asynccontextmanager
async def _alive(setup: Setup, mosquitto: Mosquitto) -> AsyncIterator[tuple[Fleet, Heard]]:
    """All devices connected, and somebody who hears everything."""
    broker, heard = Broker(mosquitto.host, mosquitto.port), Heard()
    listener = Wire(broker, "listener", filters=("#",), on_message=heard.take)
    fleet = Fleet(setup, lambda: 0.0, broker=broker)
    running = [asyncio.create_task(listener.run())]
    try:
        await asyncio.wait_for(listener.up.wait(), LIMIT_S)
        running.append(asyncio.create_task(fleet.run()))
        await fleet.connected()
        yield fleet, heard
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_every_message_is_read_by_tocsins_drivers(setup: Setup, mosquitto: Mosquitto) -> None:
    """All 149 MQTT devices report, and the drivers find nothing bad in it and every quantity of the venue file."""
    async with _alive(setup, mosquitto) as (fleet, heard):
        for second in range(61):
            fleet.tick(float(second))
            await asyncio.sleep(0)
        fleet.press("sos-208")
        fleet.tick(61.0)
        await heard.until(lambda: bool(heard.payloads("zigbee2mqtt/room208/panic/availability")))
        await heard.until(lambda: any(b"emergency" in one for one in heard.payloads("zigbee2mqtt/room208/panic")))
        messages = list(heard.messages)
    read: dict[str, set[str]] = {}
    for link in setup.links:
        for attached in link.drivers if link.kind == "mqtt" else ():
            dialect = DRIVERS[attached.kind].build(link.id, attached.settings, attached.bindings)
            mine = [one for one in messages if _belongs(one[0], dialect.filters)]
            for topic, payload, retained in mine:
                decoded: Decoded = dialect.decode(topic, payload, retained, 0.0)
                assert decoded.bad == (), topic
                for signal in decoded.signals:
                    if isinstance(signal, Reading):
                        read.setdefault(signal.device, set()).add(signal.quantity)
    for device in setup.plan.venue.devices.values():
        if device.kind not in ("ups", "panic_button"):
            assert read[device.id] == device.quantities, device.id
    assert read["sos-208"] == {"pressed"}
    assert not {device for device in read if device.startswith("sos-")} - {"sos-208"}


async def test_death_of_one_detector_is_its_own(setup: Setup, mosquitto: Mosquitto) -> None:
    """A detector that loses power is told offline by its last will, at once; no other is."""
    async with _alive(setup, mosquitto) as (fleet, heard):
        fleet.device("det-212").kill()
        await heard.until(lambda: heard.payloads("tocsin/dev/det-212/status")[-1:] == [b"offline"])
        assert [topic for topic, payload, _ in heard.messages if payload == b"offline"] == ["tocsin/dev/det-212/status"]
        fleet.device("det-212").revive()
        await heard.until(lambda: heard.payloads("tocsin/dev/det-212/status")[-1:] == [b"online"])


async def test_a_muted_detector_stays_connected_and_says_nothing(setup: Setup, mosquitto: Mosquitto) -> None:
    """A frozen detector sends no reading and no last will, while its neighbour goes on."""
    async with _alive(setup, mosquitto) as (fleet, heard):
        fleet.device("det-212").mute()
        for second in range(30):
            fleet.tick(float(second))
        await heard.until(lambda: len(heard.payloads("tocsin/dev/det-213/readings")) >= 2)
        assert heard.payloads("tocsin/dev/det-212/readings") == []
        assert b"offline" not in heard.payloads("tocsin/dev/det-212/status")


async def test_a_call_point_repeats_itself_until_it_is_acknowledged(setup: Setup, mosquitto: Mosquitto) -> None:
    """The same boot and number every 2 s, until the acknowledgement of just that message comes."""
    async with _alive(setup, mosquitto) as (fleet, heard):
        fleet.press("call-2-a")
        fleet.tick(0.0)
        fleet.tick(2.0)
        topic = "tocsin/dev/call-2-a/readings"
        await heard.until(lambda: len(heard.payloads(topic)) == 2)
        first, second = heard.payloads(topic)
        assert first == second
        told = json.loads(first)
        assert told["readings"]["contact"] is True
        own = fleet.device("call-2-a")
        listener = Wire(Broker(mosquitto.host, mosquitto.port), "tocsin-itself")
        task = asyncio.create_task(listener.run())
        await asyncio.wait_for(listener.up.wait(), LIMIT_S)
        ack = {"boot": told["boot"], "seqs": [[told["seq"], told["seq"]]]}
        listener.publish("tocsin/cmd/call-2-a/ack", json.dumps(ack).encode())
        await heard.until(lambda: bool(heard.payloads("tocsin/cmd/call-2-a/ack")))
        async with asyncio.timeout(LIMIT_S):
            while own.keeper.waiting:  # type: ignore[attr-defined]
                await asyncio.sleep(0)
        task.cancel()
        fleet.tick(4.0)
        fleet.tick(6.0)
        assert len(heard.payloads(topic)) == 2


async def test_the_bridge_dies_with_its_last_will_and_availability_lies(setup: Setup, mosquitto: Mosquitto) -> None:
    """As with the real Zigbee2MQTT: bridge/state goes offline, the devices' availability stays online."""
    async with _alive(setup, mosquitto) as (fleet, heard):
        await heard.until(lambda: bool(heard.payloads("zigbee2mqtt/room101/panic/availability")))
        fleet.set_link("broker", up=False)
        await heard.until(lambda: heard.payloads("zigbee2mqtt/bridge/state")[-1:] == [b'{"state":"offline"}'])
        assert heard.payloads("zigbee2mqtt/room101/panic/availability") == [b'{"state":"online"}']
        fleet.press("sos-101")
        fleet.tick(1.0)
        fleet.set_link("broker", up=True)
        await fleet.connected()
        fleet.tick(2.0)
        await heard.until(lambda: any(b"emergency" in one for one in heard.payloads("zigbee2mqtt/room101/panic")))


async def test_plugs_die_with_the_mains_and_meters_read_nothing(setup: Setup, mosquitto: Mosquitto) -> None:
    """A blackout: the plug's last will says Offline, the floor meter goes on and reports 0 V at once."""
    async with _alive(setup, mosquitto) as (fleet, heard):
        for second in range(12):
            fleet.tick(float(second))
        fleet.switch_mains(False, None)
        for second in range(12, 15):
            fleet.tick(float(second))
        await heard.until(lambda: heard.payloads("tele/plug-1-1/LWT")[-1:] == [b"Offline"])
        await heard.until(lambda: any(b'"Voltage":0,' in one for one in heard.payloads("tele/meter-1/SENSOR")))
        assert heard.payloads("tele/meter-1/LWT") == [b"Online"]


async def test_no_broker_is_said_with_its_address(
    setup: Setup, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Devices that cannot connect say where they tried and why it failed."""
    monkeypatch.setattr("simulators.fleet.UP_LIMIT_S", 0.5)
    fleet = Fleet(setup, lambda: 0.0, broker=Broker(port=free_port))
    running = asyncio.create_task(fleet.run())
    with pytest.raises(NoBroker, match=f"127.0.0.1:{free_port}: .*refused"):
        await fleet.connected()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_what_has_no_simulator_says_so(setup: Setup) -> None:
    """A story that asks for it is told which device, and why not."""
    fleet = Fleet(setup, lambda: 0.0)
    with pytest.raises(NotSimulated, match="det-101 is no simulated button"):
        fleet.press("det-101")
    with pytest.raises(NotSimulated, match="sos-101 is no simulated call point"):
        fleet.restore("sos-101")
    with pytest.raises(NotSimulated, match="det-999 is not simulated"):
        fleet.device("det-999")
    with pytest.raises(NotSimulated, match="nothing on the link"):
        fleet.set_link("other", up=False)


def test_a_simulated_line_never_takes_a_real_ones_place(tmp_path: Path) -> None:
    """Neither under /dev nor where something lies already does a pseudo-terminal appear."""
    assert Fleet(load(KTV), lambda: 0.0).not_simulated == ["ups-1"]
    there = tmp_path / "line"
    there.touch()
    assert Fleet(load(KTV, [f"links.ups-line.path={there}"]), lambda: 0.0).not_simulated == ["ups-1"]


def _belongs(topic: str, filters: tuple[str, ...]) -> bool:
    from paho.mqtt.client import topic_matches_sub

    return any(topic_matches_sub(one, topic) for one in filters)
