"""The MQTT link against a real mosquitto."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.contract import Binding, Decoded, Dialect, Receipt
from drivers.links.mqtt import CLIENT_ID_TAKEN, DRIVER_ERROR, UNSTABLE, MqttLink
from drivers.links.mqtt_settings import MqttSettings, TlsSettings
from drivers.links.mqtt_socket import open_socket
from drivers.links.quarantine import BAD_INPUT, FAULT_AFTER, UNKNOWN_DEVICE
from drivers.registry import DRIVERS
from drivers.tocsin.driver import TocsinDialect
from drivers.tocsin.settings import TocsinSettings
from drivers.zigbee2mqtt.settings import Zigbee2MqttSettings
from rules.signal import Fault, LinkDown, LinkUp, Reading, Recovered, Signal
from tests.broker import Mosquitto
from tests.drivers.desk import PATIENCE_S, Desk
from tests.drivers.peer import Peer

BINDINGS = tuple(
    Binding(device, device, frozenset(("smoke_obscuration", "temperature"))) for device in ("det-1", "det-2")
)
TOPIC = "tocsin/dev/det-1/readings"


def settings(broker: Mosquitto, **more: object) -> MqttSettings:
    return MqttSettings.model_validate({"host": broker.host, "port": broker.port, "client_id": "tocsin-test", **more})


def payload(seq: int, value: object = 20.0) -> str:
    return json.dumps({"boot": "b", "seq": seq, "readings": {"temperature": value}})


def make_link(
    wanted: MqttSettings, desk: Desk, dialects: Sequence[Dialect] | None = None, opener: object = open_socket
) -> MqttLink:
    if dialects is None:
        dialects = [TocsinDialect(TocsinSettings(), BINDINGS)]
    return MqttLink("broker", wanted, dialects, BINDINGS, desk, time.monotonic, opener)  # type: ignore[arg-type]


@asynccontextmanager
async def running(link: MqttLink) -> AsyncIterator[MqttLink]:
    task = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def seqs(desk: Desk) -> list[int]:
    return [reading.origin.seq for reading in desk.of(Reading) if reading.origin is not None]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_message_is_forgotten_by_the_broker_only_when_done(mosquitto: Mosquitto, protocol: str) -> None:
    """Unacknowledged messages come again on the next connection, acknowledged ones do not."""
    wanted = settings(mosquitto, protocol=protocol)
    first, second, third = Desk(prompt=False), Desk(), Desk()
    async with Peer(mosquitto) as device:
        async with running(make_link(wanted, first)):
            await first.count(LinkUp, 1)
            await device.tell(TOPIC, payload(1))
            await device.tell(TOPIC, payload(2))
            await first.count(Reading, 2)
        async with running(make_link(wanted, second)):
            await second.count(Reading, 2)
            await device.tell(TOPIC, payload(3))
            await second.count(Reading, 3)
            await asyncio.sleep(0)  # the loop turns once: prompt desks call `done` then
            async with Peer(mosquitto, "tocsin/cmd/+/ack", client_id="listener") as listener:
                await listener.hear()  # sent after the acknowledgements, on the same connection
        async with running(make_link(wanted, third)):
            await third.count(LinkUp, 1)
            await device.tell(TOPIC, payload(4))
            await third.count(Reading, 1)
    assert sorted(seqs(second)) == [1, 2, 3]
    assert seqs(third) == [4]


async def test_an_acknowledgement_of_a_lost_connection_is_not_sent(mosquitto: Mosquitto) -> None:
    """Message identifiers are used again after a reconnect: what is done late must not acknowledge another message."""
    desk = Desk(prompt=False)
    async with running(make_link(settings(mosquitto), desk)):
        await desk.count(LinkUp, 1)
        async with Peer(mosquitto) as device:
            await device.tell(TOPIC, payload(1))
            await desk.count(Reading, 1)
        mosquitto.stop()
        await desk.count(LinkDown, 1)
        mosquitto.start()
        await desk.count(Reading, 2)
        late, again = desk.waiting
        late()
        async with Peer(mosquitto) as device:
            await device.tell(TOPIC, payload(2))
            await desk.count(Reading, 3)
        again()
    assert seqs(desk) == [1, 1, 2]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_device_gets_its_receipt_only_when_done(mosquitto: Mosquitto, protocol: str) -> None:
    """The application acknowledgement waits for durability, and gathers numbers into ranges."""
    desk = Desk(prompt=False)
    async with running(make_link(settings(mosquitto, protocol=protocol), desk)):
        await desk.count(LinkUp, 1)
        async with Peer(mosquitto, "tocsin/cmd/det-1/ack", "marker") as device:
            for seq in (7, 8, 10):
                await device.tell(TOPIC, payload(seq))
            await desk.count(Reading, 3)
            await device.tell("marker", b"")
            assert (await device.hear()).topic == "marker"  # no receipt came before it
            desk.settle()
            receipt = await device.hear()
    assert (receipt.topic, receipt.qos, receipt.retain) == ("tocsin/cmd/det-1/ack", 0, False)
    assert json.loads(receipt.payload) == {"boot": "b", "seqs": [[7, 8], [10, 10]]}


async def test_a_broker_that_is_absent_is_told_once_and_found_when_it_comes(mosquitto: Mosquitto) -> None:
    """First failure loud, repeats quiet, recovery said."""
    mosquitto.kill()
    desk = Desk()
    attempts: list[int] = []

    def counting(wanted: MqttSettings) -> socket.socket:
        attempts.append(1)
        if len(attempts) == 3:
            mosquitto.start()
        return open_socket(wanted)

    async with running(make_link(settings(mosquitto), desk, opener=counting)) as link:
        await desk.count(LinkUp, 1)
        assert link.health.up
    (down,) = desk.of(LinkDown)
    assert "cannot reach the broker at 127.0.0.1" in down.reason and "refused" in down.reason
    assert len(attempts) == 3


async def test_a_killed_broker_is_told_and_found_again(mosquitto: Mosquitto) -> None:
    """kill -9 of the broker: down with a reason, up again, and readings flow."""
    desk = Desk()
    async with running(make_link(settings(mosquitto), desk)) as link:
        await desk.count(LinkUp, 1)
        mosquitto.kill()
        await desk.count(LinkDown, 1)
        assert not link.health.up and link.health.last_error
        mosquitto.start()
        await desk.count(LinkUp, 2)
        async with Peer(mosquitto) as device:
            await device.tell(TOPIC, payload(1))
            await desk.count(Reading, 1)
        assert link.health.reconnects == 1


async def test_a_frozen_broker_is_noticed(mosquitto: Mosquitto) -> None:
    """A broker that holds the connection and says nothing is lost after at most twice the keep-alive."""
    desk = Desk()
    async with running(make_link(settings(mosquitto, keepalive=2), desk)):
        await desk.count(LinkUp, 1)
        mosquitto.freeze()
        began = time.monotonic()
        try:
            await desk.count(LinkDown, 1)
        finally:
            mosquitto.thaw()
    assert time.monotonic() - began < 10.0


POISON = {
    "not JSON": b"smoke!",
    "not UTF-8": b'{"boot":"\xff\xfe","seq":1,"readings":{}}',
    "UTF-16": '{"boot":"b","seq":1,"readings":{}}'.encode("utf-16"),
    "empty": b"",
    "nested without end": b'{"boot":' + b"[" * 60_000,
    "nested and closed": b'{"boot":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "a list": b"[1,2,3]",
    "wrong types": b'{"boot":1,"seq":"x","readings":[]}',
    "a key twice": b'{"boot":"b","seq":1,"seq":2,"readings":{"temperature":20}}',
    "5 MB": b"x" * 5_000_000,
    "100,000 deep": b"[" * 100_000,
}


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_poison_is_quarantined_and_the_next_message_handled(mosquitto: Mosquitto, protocol: str) -> None:
    """Whatever bytes come, the next message is handled, and nothing of it comes again."""
    desk = Desk()
    async with running(make_link(settings(mosquitto, protocol=protocol), desk)) as link:
        await desk.count(LinkUp, 1)
        async with Peer(mosquitto) as device:
            for number, poison in enumerate(POISON.values(), 1):
                await device.tell(TOPIC, poison)
                await device.tell(TOPIC, payload(number))
                await desk.count(Reading, number)
        assert link.health.bad == len(POISON)
        assert len(link.quarantine.exhibits) == len(POISON)
        assert link.health.reconnects == 0
    assert [reading.value for reading in desk.of(Reading)] == [20.0] * len(POISON)
    assert desk.of(Fault) == []
    async with running(make_link(settings(mosquitto, protocol=protocol), again := Desk())) as link:
        await again.count(LinkUp, 1)
        async with Peer(mosquitto) as device:
            await device.tell(TOPIC, payload(99))
            await again.count(Reading, 1)
        assert link.health.bad == 0


async def test_bad_input_in_a_row_is_a_fault_until_a_good_message(mosquitto: Mosquitto) -> None:
    """Five unreadable messages of one device in a row are a fault that quotes the last; a good one ends it."""
    desk = Desk()
    async with running(make_link(settings(mosquitto), desk)):
        await desk.count(LinkUp, 1)
        async with Peer(mosquitto) as device:
            for _ in range(FAULT_AFTER + 2):
                await device.tell(TOPIC, "rubbish")
            (fault,) = await desk.count(Fault, 1)
            await device.tell(TOPIC, payload(1))
            await desk.until(lambda: Recovered(desk.signals[-1].at, "det-1", BAD_INPUT) in desk.signals)
    assert (fault.source, fault.code) == ("det-1", BAD_INPUT)
    assert "b'rubbish'" in fault.text and TOPIC in fault.text


@pytest.mark.parametrize("written", ["NaN", "Infinity", "1e999", "null", '"20"', "true", "5000"])
async def test_a_bad_value_is_a_fault_at_once_and_never_a_number(mosquitto: Mosquitto, written: str) -> None:
    """One bad value is told as a fault of that quantity; the rest of the message counts; a good value ends it."""
    desk = Desk()
    message = '{"boot":"b","seq":1,"readings":{"temperature":%s,"smoke_obscuration":0.5}}'
    async with running(make_link(settings(mosquitto), desk)):
        await desk.count(LinkUp, 1)
        async with Peer(mosquitto) as device:
            await device.tell(TOPIC, message % written)
            await device.tell(TOPIC, (message % written).replace(":1,", ":2,"))
            await desk.count(Reading, 2)
            await device.tell(TOPIC, payload(3))
            await desk.count(Reading, 3)
    (fault,) = desk.of(Fault)
    assert (fault.source, fault.code, fault.quantity) == ("det-1", "bad_value:temperature", "temperature")
    values = [(reading.quantity, reading.value) for reading in desk.of(Reading)]
    assert values == [("smoke_obscuration", 0.5), ("smoke_obscuration", 0.5), ("temperature", 20.0)]
    assert [ended.source for ended in desk.of(Recovered) if ended.code == fault.code] == ["det-1"]


async def test_an_unknown_device_is_a_fault_of_the_link_after_repetition(mosquitto: Mosquitto) -> None:
    """A device that nobody configured is told once, by name, and gets no receipt."""
    desk = Desk()
    async with running(make_link(settings(mosquitto), desk)) as link:
        await desk.count(LinkUp, 1)
        async with Peer(mosquitto, "tocsin/cmd/#") as device:
            for seq in range(FAULT_AFTER + 3):
                await device.tell("tocsin/dev/det-9/readings", payload(seq))
            (fault,) = await desk.count(Fault, 1)
            await device.tell(TOPIC, payload(1))
            assert (await device.hear()).topic == "tocsin/cmd/det-1/ack"
        assert link.health.bad == FAULT_AFTER + 3
    assert (fault.source, fault.code) == ("broker", UNKNOWN_DEVICE)
    assert "'det-9'" in fault.text
    assert len(desk.of(Fault)) == 1


async def test_retained_messages_are_told_as_such(mosquitto: Mosquitto) -> None:
    """A retained reading carries its provenance; the same message live does not."""
    desk = Desk()
    async with Peer(mosquitto) as device:
        await device.tell(TOPIC, payload(1), retain=True)
        async with running(make_link(settings(mosquitto), desk)):
            await desk.count(Reading, 1)
            await device.tell(TOPIC, payload(2), retain=True)
            await desk.count(Reading, 2)
    assert [reading.provenance for reading in desk.of(Reading)] == ["retained", "live"]


def test_a_retained_reading_earns_no_receipt() -> None:
    """A device that retains what it says goes on repeating it until it was believed, not only seen."""
    dialect = TocsinDialect(TocsinSettings(), BINDINGS)
    assert dialect.decode(TOPIC, payload(1).encode(), True, 1.0).receipt is None
    assert dialect.decode(TOPIC, payload(1).encode(), False, 1.0).receipt == Receipt("det-1", "b", 1)
    assert dialect.decode(TOPIC, b'{"boot":"b","seq":1,"readings":{"co":1}}', True, 1.0).signals == ()


async def test_a_link_that_crashed_runs_again(mosquitto: Mosquitto) -> None:
    """The supervisor starts the same link once more; nothing that it needs was thrown away with the crash."""
    desk = Desk()
    link = make_link(settings(mosquitto), desk)
    async with running(link):
        await desk.count(LinkUp, 1)
    async with running(link):
        await desk.count(LinkUp, 2)
        assert link.health.up


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_retained_state_that_changed_while_we_were_away_is_learnt(mosquitto: Mosquitto, protocol: str) -> None:
    """A bridge says with QoS 0 that it is back; no session keeps that, but the retained message tells it."""
    dialect = DRIVERS["zigbee2mqtt"].build("broker", Zigbee2MqttSettings(), [])
    wanted, state = settings(mosquitto, protocol=protocol), "zigbee2mqtt/bridge/state"
    async with Peer(mosquitto) as bridge:
        async with running(make_link(wanted, first := Desk(), [dialect])):
            await first.count(LinkUp, 1)
            await bridge.tell(state, "offline", retain=True)
            (fault,) = await first.count(Fault, 1)
        await bridge.tell(state, "online", retain=True, qos=0)
        async with running(make_link(wanted, second := Desk(), [dialect])):
            await second.until(lambda: (fault.source, fault.code) in [(s.source, s.code) for s in second.of(Recovered)])
            assert second.of(Fault) == []


async def test_messages_that_the_inbox_refused_are_asked_for_again(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An inbox that was full never says done; before the broker falls silent for that, we take up the session anew."""
    monkeypatch.setattr("drivers.links.mqtt._SETTLE_LIMIT_S", 0.1)
    desk = Desk(prompt=False)
    async with running(make_link(settings(mosquitto), desk)):
        await desk.count(LinkUp, 1)
        async with Peer(mosquitto) as device:
            await device.tell(TOPIC, payload(1))
            (down,) = await desk.count(LinkDown, 1)
            await desk.count(Reading, 2)
            desk.settle()
    assert "not settled" in down.reason
    assert seqs(desk) == [1, 1]


async def test_messages_that_no_dialect_asked_for_are_dropped_and_counted(mosquitto: Mosquitto) -> None:
    """A subscription left over in the session from an older configuration harms nobody."""
    async with Peer(mosquitto, "old/#", client_id="tocsin-test", persistent=True):
        pass
    async with Peer(mosquitto) as device:
        await device.tell("old/topic", b"old news")
        async with running(make_link(settings(mosquitto, protocol="3.1.1"), desk := Desk())) as link:
            await desk.count(LinkUp, 1)
            await device.tell(TOPIC, payload(1))
            await desk.count(Reading, 1)
            assert (link.dropped, link.health.bad) == (1, 0)


async def test_a_client_id_used_twice_is_a_fault_and_no_race(mosquitto: Mosquitto) -> None:
    """A broker that only hangs up on us: after three short connections a fault names the client id; waits grow."""
    desk = Desk()
    async with running(make_link(settings(mosquitto), desk)) as link:
        await desk.count(LinkUp, 1)
        began = time.monotonic()
        for thefts in range(1, 4):
            async with Peer(mosquitto, client_id="tocsin-test"):
                await desk.count(LinkDown, thefts)
                await desk.count(LinkUp, thefts + 1)
        assert time.monotonic() - began > 0.75 * (0.2 + 0.4 + 0.8)
        assert link.health.reconnects == 3
    (fault,) = desk.of(Fault)
    assert (fault.source, fault.code) == ("broker", UNSTABLE)
    assert "'tocsin-test'" in fault.text


@asynccontextmanager
async def false_broker(port: int, granted: int, *after: int) -> AsyncIterator[MqttSettings]:
    """Speaks just enough MQTT 5: CONNACK, SUBACK with `granted` for two filters, then the bytes `after`, then ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(bytes((0x20, 3, 0, 0, 0)))
        subscribe = await reader.read(1024)
        writer.write(bytes((0x90, 5, subscribe[2], subscribe[3], 0, granted, granted, *after)))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", port):
        yield MqttSettings(port=port, client_id="tocsin-test")


async def test_a_broker_that_names_the_theft_is_believed_at_once(free_port: int) -> None:
    """DISCONNECT with reason 0x8E, which mosquitto 2.0.11 does not send to the victim: a fault the first time."""
    desk = Desk()
    async with false_broker(free_port, 1, 0xE0, 2, 0x8E, 0) as wanted, running(make_link(wanted, desk)):
        (fault,) = await desk.count(Fault, 1)
    assert (fault.source, fault.code) == ("broker", CLIENT_ID_TAKEN)
    assert "'tocsin-test'" in fault.text


async def test_a_refused_subscription_is_a_link_that_is_down(free_port: int) -> None:
    """A link that hears nothing must not look well: the reason names the filters that were refused."""
    desk = Desk()
    async with false_broker(free_port, 0x87) as wanted, running(make_link(wanted, desk)) as link:
        (down,) = await desk.count(LinkDown, 1)
        assert not link.health.up
    assert "tocsin/dev/+/readings (Not authorized)" in down.reason
    assert desk.of(LinkUp) == []


async def test_a_peer_that_speaks_nonsense_is_left(free_port: int) -> None:
    """Bytes that are no MQTT end the connection with a reason, and no exception."""
    desk = Desk()
    async with false_broker(free_port, 1, 0x34, 6, 0, 1, 0x74, 0, 1, 0) as wanted, running(make_link(wanted, desk)):
        (down,) = await desk.count(LinkDown, 1)
    assert "QoS 2" in down.reason


async def test_a_broker_that_never_answers_is_left(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An open port that says nothing is not waited for longer than the limit, and the reason says what to try."""
    monkeypatch.setattr("drivers.links.mqtt_client.READY_LIMIT_S", 0.1)
    silent = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        silent.set()
        writer.close()

    desk = Desk()
    async with (
        await asyncio.start_server(serve, "127.0.0.1", free_port),
        running(make_link(MqttSettings(port=free_port), desk)),
    ):
        (down,) = await desk.count(LinkDown, 1)
        await silent.wait()
    assert "did not answer our CONNECT" in down.reason and '"3.1.1"' in down.reason


async def test_faults_of_the_link_end_when_it_has_been_well_for_long(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver's bug and an unstable connection are over after their quiet time, by the link's own clock."""
    monkeypatch.setattr("drivers.links.mqtt._HOUSEKEEPING_S", 0.01)
    later = [0.0]
    desk = Desk()
    link = MqttLink("broker", settings(mosquitto), [Buggy()], BINDINGS, desk, lambda: time.monotonic() + later[0])
    async with running(link):
        await desk.count(LinkUp, 1)
        async with Peer(mosquitto) as device:
            await device.tell(TOPIC, "bug")
            await desk.count(Fault, 1)
            for thefts in range(1, 4):
                async with Peer(mosquitto, client_id="tocsin-test"):
                    await desk.count(LinkUp, thefts + 1)
        await desk.count(Fault, 2)
        before = len(desk.of(Recovered))
        later[0] = 1000.0
        await desk.count(Recovered, before + 2)
    assert {ended.code for ended in desk.of(Recovered)[before:]} == {DRIVER_ERROR, UNSTABLE}


async def test_a_certificate_and_tls_carry_readings(mosquitto_tls: Mosquitto) -> None:
    """TLS with a client certificate: connected, and a burst larger than a TLS record arrives whole."""
    tls = TlsSettings(ca=str(mosquitto_tls.ca), certificate=str(mosquitto_tls.certificate), key=str(mosquitto_tls.key))
    desk = Desk()
    async with running(make_link(settings(mosquitto_tls, tls=tls), desk)):
        await desk.count(LinkUp, 1)
        async with Peer(mosquitto_tls) as device:
            await asyncio.gather(*(device.tell(TOPIC, payload(seq)) for seq in range(300)))
            await desk.count(Reading, 300)
    assert sorted(seqs(desk)) == list(range(300))


async def test_a_server_that_the_authority_does_not_know_is_refused(mosquitto_tls: Mosquitto, tmp_path: Path) -> None:
    """Without the right authority there is no connection, and the reason says so."""
    desk = Desk()
    async with running(make_link(settings(mosquitto_tls, tls=TlsSettings()), desk)):
        (down,) = await desk.count(LinkDown, 1)
    assert "certificate" in down.reason.lower()


async def test_a_password_is_read_from_its_file(mosquitto_password: Mosquitto, tmp_path: Path) -> None:
    """A wrong password is a link that is down and says why; the right one, once in the file, needs no restart."""
    file = tmp_path / "password"
    file.write_text("wrong\n")
    desk = Desk()
    login = {"username": mosquitto_password.username, "password_file": str(file)}
    async with running(make_link(settings(mosquitto_password, **login), desk)):
        (down,) = await desk.count(LinkDown, 1)
        file.write_text(f"{mosquitto_password.password}\n")
        await desk.count(LinkUp, 1)
    assert "refused" in down.reason and "uthori" in down.reason


async def test_a_password_file_that_is_missing_is_named(mosquitto_password: Mosquitto, tmp_path: Path) -> None:
    """A missing file is a reason like any other, not a crash."""
    desk = Desk()
    login = {"username": "tocsin", "password_file": str(tmp_path / "nowhere")}
    async with running(make_link(settings(mosquitto_password, **login), desk)):
        (down,) = await desk.count(LinkDown, 1)
    assert "nowhere" in down.reason


async def test_small_packets_are_not_held_back(mosquitto: Mosquitto) -> None:
    """TCP_NODELAY is set on the very socket that paho speaks through."""
    opened: list[socket.socket] = []

    def keeping(wanted: MqttSettings) -> socket.socket:
        opened.append(open_socket(wanted))
        return opened[-1]

    desk = Desk()
    async with running(make_link(settings(mosquitto), desk, opener=keeping)):
        await desk.count(LinkUp, 1)
        assert len(opened) == 1
        assert opened[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


async def test_a_unix_socket_carries_as_well(tmp_path: Path) -> None:
    """The broker's Unix socket in place of host and port."""
    path = tmp_path / "broker.sock"
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder, f"allow_anonymous true\nlistener 0 {path}\n")
    broker.start()
    try:
        desk = Desk()
        async with running(make_link(settings(broker, socket=str(path)), desk)):
            await desk.count(LinkUp, 1)
            async with Peer(broker) as device:
                await device.tell(TOPIC, payload(1))
                await desk.count(Reading, 1)
        assert seqs(desk) == [1]
    finally:
        broker.close()


async def test_a_name_server_that_hangs_blocks_nothing(mosquitto: Mosquitto) -> None:
    """Opening happens off the loop; a link that is stopped meanwhile closes the socket that comes too late."""
    release: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    begun = asyncio.Event()
    late: list[socket.socket] = []

    def hanging(wanted: MqttSettings) -> socket.socket:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(asyncio.wait_for(release, PATIENCE_S), loop).result()
        late.append(open_socket(wanted))
        return late[0]

    desk = Desk()
    async with running(make_link(settings(mosquitto), desk, opener=hanging)):
        await begun.wait()
    release.set_result(None)
    async with asyncio.timeout(PATIENCE_S):
        while not late or late[0].fileno() != -1:
            await asyncio.sleep(0.01)
    assert desk.of(LinkUp) == []


async def test_an_inbox_that_fails_ends_the_connection_and_does_not_spin(mosquitto: Mosquitto) -> None:
    """A message that cannot even be handed over is not acknowledged: it comes again on the next connection, once."""

    class Failing(Desk):
        failures = 0

        def put(self, signals: Sequence[Signal], done: Callable[[], None] | None = None) -> None:
            if done is not None and not self.failures:
                self.failures += 1
                raise RuntimeError("the pump is broken")
            super().put(signals, done)

    desk = Failing()
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(str(context["exception"])))
    async with running(make_link(settings(mosquitto), desk)) as link:
        await desk.count(LinkUp, 1)
        async with Peer(mosquitto) as device:
            await device.tell(TOPIC, payload(1))
            await desk.count(Reading, 1)
            await desk.count(LinkUp, 2)  # the session's messages come before the subscription is confirmed
        assert link.health.reconnects == 1
    assert told == ["the pump is broken"]


class Buggy:
    """A dialect with a bug in it."""

    filters: tuple[str, ...] = ("tocsin/#",)

    def __init__(self) -> None:
        self._sound = TocsinDialect(TocsinSettings(), BINDINGS)

    def decode(self, topic: str, payload: bytes, retained: bool, at: float) -> Decoded:
        if b"bug" in payload:
            raise ZeroDivisionError("no one thought of this")
        return self._sound.decode(topic, payload, retained, at)

    def acknowledge(self, receipts: Sequence[Receipt]) -> Sequence[tuple[str, bytes]]:
        return self._sound.acknowledge(receipts)


async def test_a_bug_in_a_driver_does_not_blind_the_link(mosquitto: Mosquitto) -> None:
    """The message is quarantined and acknowledged, a fault says which driver failed on what, the next is handled."""
    desk = Desk()
    async with running(make_link(settings(mosquitto), desk, [Buggy()])) as link:
        await desk.count(LinkUp, 1)
        async with Peer(mosquitto) as device:
            await device.tell(TOPIC, "bug")
            await device.tell(TOPIC, "bug")
            await device.tell(TOPIC, payload(1))
            await desk.count(Reading, 1)
        assert link.health.reconnects == 0
    (fault,) = desk.of(Fault)
    assert (fault.source, fault.code) == ("broker", DRIVER_ERROR)
    assert "ZeroDivisionError: no one thought of this" in fault.text
