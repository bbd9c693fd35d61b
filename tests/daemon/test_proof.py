"""Proof of life over a real broker: it goes round, it names the leg that is dead, and it is no alarm."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest

from daemon import proof
from daemon.clock import SystemClock
from daemon.proof import Prover
from drivers.contract import BadInput, Beat, Binding, DeliveryFailed, OutputContext
from drivers.links.mqtt import MqttLink
from drivers.links.mqtt_settings import MqttSettings
from drivers.links.quarantine import UnknownDevice
from drivers.outputs.mqtt.output import MqttOutput
from drivers.outputs.mqtt.settings import MqttOutputSettings
from drivers.tocsin import driver as dialect_module
from drivers.tocsin.driver import TocsinDialect
from drivers.tocsin.settings import TocsinSettings
from rules.signal import Fault, LinkUp, Reading, Recovered, Signal, Tick
from rules.venue import Text, Venue, Zone
from tests.broker import Mosquitto
from tests.drivers.desk import PATIENCE_S, Desk
from tests.drivers.peer import Peer

VENUE = Venue("hall", {"hall": Zone("hall", "venue", Text("Hall"))}, {}, ())
DETECTOR = Binding("det-1", "det-1", frozenset({"smoke_obscuration"}))
PROBES = "tocsin/dev/tocsin-proof/readings"


class Round:
    """A link with a device, an output, and who sends proofs of life round."""

    def __init__(
        self, broker: Mosquitto, *, hears: str = "tocsin", prompt: bool = True, protocol: Literal["5", "3.1.1"] = "5"
    ) -> None:
        settings = MqttSettings(host=broker.host, port=broker.port, protocol=protocol)
        clock = SystemClock()
        self.desk = Desk(prompt)
        dialect = TocsinDialect(TocsinSettings(prefix=hears), [DETECTOR])
        self.link = MqttLink("broker", settings, [dialect], [DETECTOR], self.desk, clock.now)
        context = OutputContext(VENUE, clock.now, {"broker": settings}, {}, {"broker": "tocsin"})
        self.output = MqttOutput("siren", MqttOutputSettings(link="broker", heartbeat=1.0), context)
        self.told: list[Signal] = []
        assert self.link.trail is not None
        self.prover = Prover(self.link, self.link.trail, self.output, "run", clock, self.told.append)

    @asynccontextmanager
    async def running(self, *, output: bool = True) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.link.run())]
        await self.desk.count(LinkUp, 1)
        if output:
            tasks.append(asyncio.create_task(self.output.run()))
            await until(lambda: self.output.health.up)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def faults(self) -> list[str]:
        return [one.text if isinstance(one, Fault) else type(one).__name__ for one in self.told]


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not happened():
            await asyncio.sleep(0.005)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not come back within a second is given up."""
    monkeypatch.setattr(proof, "LIMIT_S", 1.0)


@pytest.fixture
def fenced(tmp_path: Path) -> Iterator[Callable[[str], Mosquitto]]:
    """A running broker with this access list."""
    started: list[Mosquitto] = []

    def start(access: str) -> Mosquitto:
        (tmp_path / "acl").write_text(access)
        (tmp_path / "broker").mkdir()
        broker = Mosquitto(tmp_path / "broker", f"allow_anonymous true\nacl_file {tmp_path / 'acl'}\n")
        broker.start()
        started.append(broker)
        return broker

    yield start
    for broker in started:
        broker.close()


async def test_it_goes_round_and_tells_the_rules_of_no_device(mosquitto: Mosquitto) -> None:
    """Output, broker, link, driver, inbox, receipt and back; what the engine is told is that time has passed."""
    house = Round(mosquitto)
    async with house.running():
        await house.prover.look()
        await house.prover.look()
    health = house.prover.health()
    assert health.proven_at is not None and health.took_s < proof.LIMIT_S and health.error == ""
    assert len(house.desk.of(Tick)) == 2 and not house.desk.of(Reading) and not house.desk.of(Fault)
    assert house.told == []


async def test_each_dead_leg_is_named_and_its_end_told(
    mosquitto: Mosquitto, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One fault for the leg that failed, whatever it is, and its end when the next one comes round."""
    house = Round(mosquitto)

    def unreadable(*_: object) -> None:
        raise BadInput("planted", b"")

    async with house.running():
        with monkeypatch.context() as patch:
            patch.setattr(dialect_module, "decode_proof", unreadable)
            await house.prover.look()
            await house.prover.look()
        await house.prover.look()
        assert house.faults()[1:] == ["Recovered"] and "its driver" not in house.faults()[0]
        assert "it came over link broker, but the driver could not read it" in house.faults()[0]
        assert isinstance(house.told[1], Recovered)


async def test_a_journal_that_takes_nothing_is_named(mosquitto: Mosquitto, soon: None) -> None:
    """The driver has read it, and nobody says that its effect is durable."""
    house = Round(mosquitto, prompt=False)
    async with house.running():
        await house.prover.look()
    assert "rules and journal did not take it within 1 s" in house.faults()[0]


async def test_a_link_that_hears_nothing_is_named(mosquitto: Mosquitto, soon: None) -> None:
    """The broker has taken it, and the link, although connected, was not given it."""
    house = Round(mosquitto, hears="elsewhere")
    async with house.running():
        await house.prover.look()
    assert "the broker took it and link broker did not get it" in house.faults()[0]


async def test_an_output_without_a_connection_is_named(mosquitto: Mosquitto, soon: None) -> None:
    """No alarm would get out either, and there is none by which anybody would notice."""
    house = Round(mosquitto)
    async with house.running(output=False):
        await house.prover.look()
    assert "output siren does not reach the broker" in house.faults()[0]


async def test_a_way_back_that_is_shut_is_named(fenced: Callable[[str], Mosquitto], soon: None) -> None:
    """A broker that gives the output no receipts would not give it confirmations either."""
    broker = fenced("topic readwrite tocsin/dev/#\ntopic readwrite tocsin/state/#\ntopic read tocsin/evacuation/#\n")
    house = Round(broker)
    async with house.running():
        await house.prover.look()
    assert "the answer did not come back to output siren" in house.faults()[0]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_where_the_broker_forbids_it_there_is_none(
    fenced: Callable[[str], Mosquitto], soon: None, caplog: pytest.LogCaptureFixture, protocol: Literal["5", "3.1.1"]
) -> None:
    """One fault that says what right to give, and not asked again: asking costs the output's connection. MQTT 3.1.1
    has no refusal: there the cut itself is the answer.
    """
    access = "topic read tocsin/dev/#\ntopic readwrite tocsin/state/#\ntopic read tocsin/evacuation/#\n"
    house = Round(fenced(access), protocol=protocol)
    async with house.running():
        await house.prover.look()
        await until(lambda: house.output.health.reconnects > 0)
        asked = house.prover._seq
        await house.prover.look()
        assert house.prover._seq == asked
    assert house.output.health.reconnects == 1 and len(house.told) == 1
    assert "let Tocsin's user write PREFIX/dev/tocsin-proof/readings" in house.faults()[0]
    assert house.prover.health().error == "off: the broker forbids it"
    assert caplog.text.count("proof of life is off") == 1


async def test_a_broker_that_restarts_in_the_middle_forbids_nothing(
    mosquitto: Mosquitto, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both connections end: the proof goes on with the next look."""
    house = Round(mosquitto)

    async def lost(boot: str, seq: int) -> None:
        mosquitto.stop()
        await until(lambda: not house.output.health.up)
        raise DeliveryFailed("the connection was lost", retry=True)

    async with house.running():
        with monkeypatch.context() as patch:
            patch.setattr(house.output, "probe", lost)
            await house.prover.look()
        mosquitto.start()
        await until(lambda: house.link.health.up and house.output.health.up)
        await house.prover.look()
    assert house.told == [] and house.prover.health().error == "" and house.prover.health().proven_at is not None


async def test_a_link_that_is_down_is_not_told_twice(mosquitto: Mosquitto, soon: None) -> None:
    """LinkDown says it already, and better."""
    house = Round(mosquitto)
    async with house.running():
        mosquitto.stop()
        await until(lambda: not house.link.health.up and not house.output.health.up)
        await house.prover.look()
        assert house.told == []
        mosquitto.start()


def test_a_retained_or_unwanted_probe_is_nothing() -> None:
    """One that the broker keeps proves nothing, and with `proof: false` it is a device that nobody knows."""
    payload = json.dumps({"boot": "run-siren", "seq": 1, "readings": {}}).encode()
    dialect = TocsinDialect(TocsinSettings(), [DETECTOR])
    kept = dialect.decode(PROBES, payload, True, 5.0)
    assert (kept.signals, kept.receipt) == ((), None)
    live = dialect.decode(PROBES, payload, False, 5.0)
    assert live.signals == (Tick(5.0),) and live.receipt is not None
    with pytest.raises(UnknownDevice):
        TocsinDialect(TocsinSettings(proof=False), [DETECTOR]).decode(PROBES, payload, False, 5.0)


async def test_a_heartbeat_counts_and_says_how_it_is(mosquitto: Mosquitto) -> None:
    """As often as was asked for, not retained, numbered within one run."""
    house = Round(mosquitto)
    times = [10.0, 10.5, 11.0, 11.9, 12.0]
    house.output._now = lambda: times[0]
    async with house.running(), Peer(mosquitto, "tocsin/heartbeat") as panel:
        while times:
            house.output.beat(lambda: Beat(1_790_000_000.0, False, "red", 2, 1))
            times.pop(0)
        heard = [await panel.hear() for _ in range(3)]
        assert not panel.has_heard
    told = [json.loads(message.payload) for message in heard]
    assert [one["seq"] for one in told] == [1, 2, 3] and len({one["boot"] for one in told}) == 1
    assert {key: told[0][key] for key in ("every_s", "health", "faults", "tier", "evacuations", "time_doubtful")} == {
        "every_s": 1.0,
        "health": "faults",
        "faults": 2,
        "tier": "red",
        "evacuations": 1,
        "time_doubtful": False,
    }
    assert not heard[0].retain
