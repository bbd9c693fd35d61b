"""The MQTT output against a real mosquitto."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import Delivery, DeliveryFailed, OutputContext
from drivers.links import mqtt_socket
from drivers.links.mqtt_settings import MqttSettings
from drivers.outputs.mqtt.output import MqttOutput
from drivers.outputs.mqtt.settings import MqttOutputSettings
from rules.decision import (
    Advance,
    Because,
    Chattering,
    Clear,
    Decision,
    EndEvacuation,
    EndFault,
    Evacuate,
    Hidden,
    Raise,
    ReportFault,
    Reroute,
    Shown,
    StageAction,
    Withheld,
    ZoneTier,
)
from rules.plan import EvacuationPlan
from rules.tier import Tier
from rules.venue import Device, Text, Venue, Zone
from tests.broker import Mosquitto
from tests.drivers.desk import PATIENCE_S
from tests.drivers.peer import Peer

VENUE = Venue(
    "ktv",
    {
        "ktv": Zone("ktv", "venue", Text("Starlight KTV", "星光KTV")),
        "room-305": Zone("room-305", "room", Text("Room 305", "305包房"), "ktv"),
    },
    {"det-305": Device("det-305", "smoke_detector", Text("Detector 305"), "room-305", frozenset(), 30.0, "broker")},
)
PLANS = {"whole": EvacuationPlan("whole", ("ktv",), Text("Leave now", "请立即撤离"), Text("Car park", "停车场"))}
BECAUSE = (Because(99.0, "det-305", "smoke_obscuration 5.0 %/m >= 4.8", "fire.yaml:12"),)
ALARM = ("smoke@det-305", "smoke", "det-305", "room-305", "fire")
RAISE = Raise(
    100.0, "smoke@det-305", "smoke", "det-305", "room-305", "fire", Tier.ORANGE, "unack", True, because=BECAUSE
)
CLEAR = Clear(101.0, "smoke@det-305", "smoke", "det-305", "room-305", "fire", Tier.NONE, "normal", False)
EVACUATE = Evacuate(100.0, "e1", "whole", ("ktv",), "room-305", BECAUSE)
LIGHTS = (StageAction("lights_up", "ktv"),)
ADVANCE = Advance(
    160.0, "e1", "whole", "rest", ("room-305",), LIGHTS, ("way-a",), (), origin="room-305", moved=("ktv", "room-305")
)
REROUTE = Reroute(170.0, "e1", "whole", ("ktv", "room-305"), ("way-a", "way-b"), (), "rest", "room-305")
WALL = 1_790_000_000.5


def delivery(decision: Decision, name: str = "d1", expires: float | None = None) -> Delivery:
    return Delivery(name, decision, WALL, expires)


def make_output(broker: Mosquitto, now: float = 100.0, confirm: tuple[str, ...] | None = None) -> MqttOutput:
    link = MqttSettings(host=broker.host, port=broker.port, client_id="tocsin-test")
    settings = MqttOutputSettings(link="broker", confirm=confirm)
    return MqttOutput("broker", settings, OutputContext(VENUE, lambda: now, {"broker": link}, PLANS))


async def order(output: MqttOutput, what: Delivery) -> None:
    """Deliver as the outbox does: again until it is confirmed."""
    while True:
        try:
            return await output.deliver(what)
        except DeliveryFailed as failed:
            if not failed.retry:
                raise


@asynccontextmanager
async def running(output: MqttOutput) -> AsyncIterator[MqttOutput]:
    task = asyncio.create_task(output.run())
    try:
        await connected(output)
        yield output
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def connected(output: MqttOutput) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not output.health.up:
            await asyncio.sleep(0.005)


def content(payload: bytes | bytearray) -> Any:
    return json.loads(payload)


async def test_a_decision_is_an_event_and_a_retained_state(mosquitto: Mosquitto) -> None:
    """Everything a receiver needs is in the event; the standing alarm is retained until it is over."""
    async with running(make_output(mosquitto)) as output:
        async with Peer(mosquitto, "tocsin/event") as people:
            await output.deliver(delivery(RAISE))
            event = await people.hear()
        async with Peer(mosquitto, "tocsin/state/alarm/#") as people:
            state = await people.hear()
            await output.deliver(delivery(CLEAR, "d2"))
            gone = await people.hear()
    assert (event.retain, event.qos) == (False, 1)
    assert content(event.payload) == {
        "id": "d1",
        "type": "raise",
        "at": "2026-09-21T14:13:20.500Z",
        "alarm": "smoke@det-305",
        "rule": "smoke",
        "place": {"id": "det-305", "name": {"en": "Detector 305", "zh": ""}},
        "zone": {"id": "room-305", "name": {"en": "Room 305", "zh": "305包房"}},
        "category": "fire",
        "tier": "orange",
        "level": "II",
        "state": "unack",
        "sounding": True,
        "because": [
            {
                "at": "2026-09-21T14:13:19.500Z",
                "source": {"id": "det-305", "name": {"en": "Detector 305", "zh": ""}},
                "text": "smoke_obscuration 5.0 %/m >= 4.8",
                "line": "fire.yaml:12",
            }
        ],
    }
    assert (state.topic, state.retain) == ("tocsin/state/alarm/smoke@det-305", True)
    assert content(state.payload) == content(event.payload)
    assert (gone.topic, gone.payload) == ("tocsin/state/alarm/smoke@det-305", b"")


async def test_an_alarm_out_of_view_is_no_retained_state(mosquitto: Mosquitto) -> None:
    """Hidden deletes it, what is withheld changes nothing, and Shown brings it back if it stands."""
    hidden = Hidden(101.0, *ALARM, Tier.ORANGE, "normal", False, overlay="shelved", until=160.0, by="Chen")
    withheld = Withheld(102.0, *ALARM, Tier.RED, "normal", False, overlay="shelved")
    gone = Shown(103.0, *ALARM, Tier.NONE, "normal", False, overlay="shelved")
    shown = Shown(104.0, *ALARM, Tier.ORANGE, "unack", True, overlay="shelved")
    held = Chattering(105.0, *ALARM, Tier.NONE, "normal", False, count=3)
    told: tuple[Decision, ...] = (RAISE, hidden, withheld, held)
    async with running(make_output(mosquitto)) as output:
        async with Peer(mosquitto, "tocsin/event") as people:
            for number, decision in enumerate(told):
                await output.deliver(delivery(decision, f"d{number}"))
            events = [content((await people.hear()).payload) for _ in range(4)]
        async with Peer(mosquitto, "tocsin/state/alarm/#") as people:
            await output.deliver(delivery(gone, "d5"))
            empty = await people.hear()
            await output.deliver(delivery(shown, "d6"))
            back = await people.hear()
    assert [event["type"] for event in events] == ["raise", "hidden", "withheld", "chattering"]
    assert (events[1]["overlay"], events[1]["by"]) == ("shelved", "Chen")
    assert events[1]["until"] == "2026-09-21T14:14:19.500Z"
    assert (events[2]["tier"], events[3]["count"]) == ("red", 3)
    assert empty.payload == b"" and not empty.retain
    assert content(back.payload)["type"] == "shown"


async def test_zones_and_faults_are_retained_states(mosquitto: Mosquitto) -> None:
    """A zone's tier stays readable; a fault's topic is emptied when it is over."""
    async with running(make_output(mosquitto)) as output:
        await output.deliver(delivery(ZoneTier(100.0, "room-305", Tier.RED)))
        await output.deliver(delivery(ReportFault(100.0, "det-305", "silent", "not heard for 30 s")))
        await output.deliver(delivery(ReportFault(100.0, "broker/zigbee2mqtt", "bridge_offline", "gone")))
        await output.deliver(delivery(EndFault(101.0, "det-305", "silent")))
        async with Peer(mosquitto, "tocsin/state/zone/#", "tocsin/state/fault/#") as people:
            found = {message.topic: content(message.payload) for message in [await people.hear(), await people.hear()]}
    assert found.keys() == {"tocsin/state/zone/room-305", "tocsin/state/fault/broker/zigbee2mqtt/bridge_offline"}
    assert found["tocsin/state/zone/room-305"]["level"] == "I"


async def test_an_evacuation_is_delivered_when_a_receiver_confirms(mosquitto: Mosquitto) -> None:
    """The trigger is not retained, names the plan's words, and waits for its own id on the confirm topic."""
    async with running(make_output(mosquitto)) as output, Peer(mosquitto, "tocsin/evacuation") as panel:
        telling = asyncio.create_task(order(output, delivery(EVACUATE)))
        trigger = await panel.hear()
        told = content(trigger.payload)
        await panel.tell("tocsin/evacuation/confirm", "rubbish")
        await panel.tell("tocsin/evacuation/confirm", json.dumps({"id": "another", "by": "panel"}))
        assert not telling.done()
        await panel.tell("tocsin/evacuation/confirm", json.dumps({"id": told["id"], "by": "panel"}))
        await telling
        assert output.health.bad == 1
    assert (trigger.retain, trigger.qos) == (False, 1)
    assert told == {
        "id": "d1",
        "action": "evacuate",
        "evacuation": "e1",
        "plan": "whole",
        "zones": ["ktv"],
        "origin": "room-305",
        "message": {"en": "Leave now", "zh": "请立即撤离"},
        "assembly_point": {"en": "Car park", "zh": "停车场"},
        "issued": "2026-09-21T14:13:20.500Z",
        "expires": "2026-09-21T14:14:20.500Z",
        "ttl_s": 60.0,
        "stage": "",
        "actions": [],
        "blocked": [],
    }


async def test_an_unconfirmed_evacuation_is_sent_again_with_the_same_id(mosquitto: Mosquitto) -> None:
    """A try that nobody confirmed repeats the trigger, not the event; a late confirmation counts for the next try.

    What was written beforehand is what would be written then.
    """
    async with (
        running(make_output(mosquitto)) as output,
        Peer(mosquitto, "tocsin/evacuation", "tocsin/event") as panel,
    ):
        output.prepare(delivery(EVACUATE))
        for _ in range(2):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await output.deliver(delivery(EVACUATE))
        heard = [await panel.hear() for _ in range(3)]
        await panel.tell("tocsin/evacuation/confirm", json.dumps({"id": "d1"}))
        async with asyncio.timeout(PATIENCE_S):
            while not output.health.received:
                await asyncio.sleep(0.005)
        await output.deliver(delivery(EVACUATE))
        assert not panel.has_heard
    assert [message.topic for message in heard] == ["tocsin/evacuation", "tocsin/event", "tocsin/evacuation"]
    assert content(heard[0].payload) == content(heard[2].payload)


async def test_nobody_confirms_within_the_limit(mosquitto: Mosquitto) -> None:
    """The output gives up before its caller does, and says that a retry may help."""
    async with running(make_output(mosquitto)) as output:
        with pytest.raises(DeliveryFailed, match=r"not confirmed within 0\.9 s") as failed:
            await output.deliver(delivery(EVACUATE))
        assert failed.value.retry


@pytest.mark.parametrize("named", [True, False], ids=["named", "control: anybody"])
async def test_one_receiver_does_not_answer_for_another(mosquitto: Mosquitto, named: bool) -> None:
    """With receivers named, the one that is missing is told until it answers, and the failure names it; an answer from
    elsewhere or twice from one counts for nobody. With none named the first answer is enough.
    """
    confirm = ("gate", "stage") if named else None
    async with (
        running(make_output(mosquitto, confirm=confirm)) as output,
        Peer(mosquitto, "tocsin/evacuation") as panel,
    ):
        telling = asyncio.create_task(output.deliver(delivery(EVACUATE)))
        await panel.hear()
        for who in ("gate", "gate", "kitchen"):
            await panel.tell("tocsin/evacuation/confirm", json.dumps({"id": "d1", "by": who}))
        if not named:
            await telling
            return
        with pytest.raises(DeliveryFailed, match=r"not confirmed by stage within 0\.9 s"):
            await telling
        telling = asyncio.create_task(order(output, delivery(EVACUATE)))
        await panel.hear()  # it was sent again
        await panel.tell("tocsin/evacuation/confirm", json.dumps({"id": "d1", "by": "stage"}))
        await telling


async def test_a_receiver_may_confirm_with_qos_0(mosquitto: Mosquitto) -> None:
    """Its answer counts, and costs no connection: there is nothing to acknowledge to the broker."""
    async with running(make_output(mosquitto)) as output, Peer(mosquitto, "tocsin/evacuation") as panel:
        telling = asyncio.create_task(order(output, delivery(EVACUATE)))
        await panel.hear()
        await panel.tell("tocsin/evacuation/confirm", json.dumps({"id": "d1"}), qos=0)
        await telling
        await output.deliver(delivery(RAISE, "d2"))
        assert output.health.reconnects == 0


async def test_two_outputs_of_one_broker_do_not_push_each_other_out(mosquitto: Mosquitto) -> None:
    """Each has a client id of its own, also a stand-in over the same link."""
    link = MqttSettings(host=mosquitto.host, port=mosquitto.port)
    context = OutputContext(VENUE, lambda: 100.0, {"broker": link}, PLANS)
    siren, spare = (MqttOutput(name, MqttOutputSettings(link="broker", prefix=name), context) for name in ("a", "b"))
    async with running(siren), running(spare):
        await siren.deliver(delivery(RAISE))
        await spare.deliver(delivery(RAISE))
        await siren.deliver(delivery(CLEAR, "d2"))
        assert (siren.health.reconnects, spare.health.reconnects) == (0, 0)


def test_a_receiver_is_named_once() -> None:
    """Two answers of one are not two receivers."""
    with pytest.raises(ValueError, match="'gate' is named twice"):
        MqttOutputSettings(link="broker", confirm=("gate", "gate"))


async def test_an_all_clear_is_a_trigger_too(mosquitto: Mosquitto) -> None:
    """The end goes the way of the order, and empties the retained state."""
    end = EndEvacuation(101.0, "e1", "whole", ("ktv",))
    async with (
        running(make_output(mosquitto)) as output,
        Peer(mosquitto, "tocsin/evacuation", "tocsin/state/evacuation/#") as panel,
    ):
        telling = asyncio.create_task(order(output, delivery(end, "d2", expires=110.0)))
        messages = {message.topic: message for message in [await panel.hear(), await panel.hear()]}
        await panel.tell("tocsin/evacuation/confirm", json.dumps({"id": "d2", "by": "panel"}))
        await telling
    told = content(messages["tocsin/evacuation"].payload)
    assert (told["action"], told["origin"], told["ttl_s"]) == ("end", None, 10.0)
    assert datetime.fromisoformat(told["expires"]) > datetime.fromisoformat(told["issued"])
    assert messages["tocsin/state/evacuation/whole"].payload == b""


async def test_the_daemon_is_online_until_it_is_gone(mosquitto: Mosquitto) -> None:
    """`online` is retained at each connection; the last will says `offline` when the connection ends."""
    async with Peer(mosquitto, "tocsin/state/daemon") as people:
        async with running(make_output(mosquitto)):
            online = await people.hear()
        offline = await people.hear()
    assert (online.payload, offline.payload) == (b"online", b"offline")
    async with Peer(mosquitto, "tocsin/state/daemon") as people:
        assert (await people.hear()).payload == b"offline"


async def test_states_come_back_after_the_broker_lost_them(mosquitto: Mosquitto) -> None:
    """A broker that was killed forgets what it retained; the output tells it again at the next connection."""
    async with running(make_output(mosquitto)) as output:
        await output.deliver(delivery(RAISE))
        await output.deliver(delivery(ZoneTier(100.0, "room-305", Tier.ORANGE), "d2"))
        await output.deliver(delivery(CLEAR, "d3"))
        mosquitto.kill()
        async with asyncio.timeout(PATIENCE_S):
            while output.health.up:
                await asyncio.sleep(0.005)
        with pytest.raises(DeliveryFailed, match="not reached") as failed:
            await output.deliver(delivery(RAISE, "d4"))
        assert failed.value.retry
        mosquitto.start()
        await connected(output)
        assert output.health.reconnects == 1
        async with Peer(mosquitto, "tocsin/state/zone/#", "tocsin/state/alarm/#") as people:
            message = await people.hear()
            assert message.topic == "tocsin/state/zone/room-305"
            assert not people.has_heard


async def test_more_states_than_the_wire_takes_at_once_are_told_again(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hall full of silent devices must not keep the output from coming back, and the trigger from going out."""
    monkeypatch.setattr(mqtt_socket, "_BACKLOG_LIMIT", 2000)
    zones = [f"zone-{number}" for number in range(30)]
    async with running(make_output(mosquitto)) as output:
        for zone in zones:
            await output.deliver(delivery(ZoneTier(100.0, zone, Tier.RED), zone))
        mosquitto.kill()
        async with asyncio.timeout(PATIENCE_S):
            while output.health.up:
                await asyncio.sleep(0.005)
        mosquitto.start()
        async with Peer(mosquitto, "tocsin/state/zone/#") as people:
            heard = {(await people.hear()).topic.rpartition("/")[2] for _ in zones}
        assert heard == set(zones)
        assert output.health.reconnects == 1


async def test_a_frozen_broker_is_no_delivery(mosquitto: Mosquitto) -> None:
    """Delivered means PUBACK: a broker that takes bytes and says nothing has taken nothing."""
    async with running(make_output(mosquitto)) as output:
        mosquitto.freeze()
        try:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await output.deliver(delivery(RAISE))
        finally:
            mosquitto.thaw()
        await output.deliver(delivery(RAISE))


async def test_a_connection_lost_while_waiting_is_no_delivery(mosquitto: Mosquitto) -> None:
    """The broker dies between PUBLISH and PUBACK: the try fails at once and may be repeated."""
    async with running(make_output(mosquitto)) as output:
        mosquitto.freeze()
        telling = asyncio.create_task(output.deliver(delivery(RAISE)))
        await asyncio.sleep(0)
        mosquitto.kill()
        with pytest.raises(DeliveryFailed) as failed:
            await telling
        assert failed.value.retry


async def test_a_publish_that_the_broker_forbids_is_refused(tmp_path: Path) -> None:
    """MQTT 5 tells what an access list denies: no retry can help, and the reason is the broker's."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    (folder / "acl").write_text("topic read tocsin/#\ntopic write tocsin/state/daemon\n")
    broker = Mosquitto(folder, f"allow_anonymous true\nacl_file {folder / 'acl'}\n")
    broker.start()
    try:
        async with running(make_output(broker)) as output:
            with pytest.raises(DeliveryFailed, match="Not authorized") as failed:
                await output.deliver(delivery(RAISE))
            assert not failed.value.retry
    finally:
        broker.close()


async def test_an_output_needs_a_link_that_exists() -> None:
    """A link that is not there, or not MQTT, is named when the output is made."""
    with pytest.raises(ValueError, match="'nowhere' is not an MQTT link"):
        MqttOutput("out", MqttOutputSettings(link="nowhere"), OutputContext(VENUE, lambda: 0.0, {}))


async def test_what_stood_before_a_restart_is_shown_again_and_not_as_news(mosquitto: Mosquitto) -> None:
    """A new run of the daemon gives a broker that lost everything its states back, and tells no event of them."""
    output = make_output(mosquitto)
    output.take_up([delivery(RAISE, "s1"), delivery(EVACUATE, "e1-id")])
    async with Peer(mosquitto, "tocsin/#") as people, running(output):
        shown = [(await people.hear()).topic for _ in range(3)]
    assert shown == ["tocsin/state/daemon", "tocsin/state/alarm/smoke@det-305", "tocsin/state/evacuation/whole"]


async def test_an_evacuation_in_force_is_repeated_until_its_end(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that comes late, or after a restart of the daemon, gets the trigger under the id it always had."""
    monkeypatch.setattr("drivers.outputs.mqtt.output.REPEAT_TRIGGER_S", 0.05)
    output = make_output(mosquitto)
    output.take_up([delivery(EVACUATE, "e1-id")])
    async with running(output), Peer(mosquitto, "tocsin/evacuation") as late:
        told = [content((await late.hear()).payload) for _ in range(2)]
        assert [(one["id"], one["action"]) for one in told] == [("e1-id", "evacuate")] * 2
        ending = asyncio.create_task(output.deliver(delivery(EndEvacuation(101.0, "e1", "whole", ("ktv",)), "e1-end")))
        while content((await late.hear()).payload)["action"] != "end":
            pass
        await late.tell("tocsin/evacuation/confirm", '{"id":"e1-end","by":"sounders"}')
        await ending
        assert output._in_force == {}


async def test_each_stage_is_a_trigger_of_its_own(mosquitto: Mosquitto) -> None:
    """A further stage orders its own zones under its own id; the state shows stage, all zones, blocked routes."""
    output = make_output(mosquitto, now=160.0)
    async with running(output), Peer(mosquitto, "tocsin/evacuation", "tocsin/state/evacuation/#") as panel:
        telling = asyncio.create_task(output.deliver(delivery(ADVANCE, "d2")))
        messages = {message.topic: content(message.payload) for message in [await panel.hear(), await panel.hear()]}
        await panel.tell("tocsin/evacuation/confirm", json.dumps({"id": "d1", "by": "panel"}))  # of the stage before
        assert not telling.done()
        await panel.tell("tocsin/evacuation/confirm", json.dumps({"id": "d2", "by": "panel"}))
        await telling
    told, shown = messages["tocsin/evacuation"], messages["tocsin/state/evacuation/whole"]
    assert (told["id"], told["action"], told["evacuation"], told["stage"]) == ("d2", "evacuate", "e1", "rest")
    assert (told["zones"], told["origin"], told["blocked"]) == (["room-305"], "room-305", ["way-a"])
    assert told["actions"] == [{"action": "lights_up", "target": "ktv"}]
    assert (shown["type"], shown["stage"], shown["blocked"]) == ("advance", "rest", ["way-a"])
    assert shown["moved"] == ["ktv", "room-305"]


async def test_every_stage_is_repeated_with_the_routes_of_now(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that comes late hears of all zones, and of no way that is blocked meanwhile; so after a restart."""
    monkeypatch.setattr("drivers.outputs.mqtt.output.REPEAT_TRIGGER_S", 0.05)
    output = make_output(mosquitto, now=170.0)
    output.take_up([delivery(EVACUATE, "one"), delivery(ADVANCE, "two"), delivery(REROUTE, "three")])
    async with running(output), Peer(mosquitto, "tocsin/evacuation", "tocsin/state/evacuation/#") as late:
        heard = [await late.hear() for _ in range(3)]
        triggers = [content(one.payload) for one in heard if one.topic == "tocsin/evacuation"][:2]
        (shown,) = (content(one.payload) for one in heard if one.topic != "tocsin/evacuation")
        assert [(one["id"], one["blocked"]) for one in triggers] == [
            (name, ["way-a", "way-b"]) for name in ("one", "two")
        ]
        assert (shown["type"], shown["blocked"], shown["moved"]) == ("reroute", ["way-a", "way-b"], ["ktv", "room-305"])
        await output.deliver(delivery(Reroute(171.0, "e1", "whole", ("ktv", "room-305"), ()), "four"))
        while content((await late.hear()).payload)["blocked"]:
            pass
        ending = asyncio.create_task(output.deliver(delivery(EndEvacuation(172.0, "e1", "whole", ("ktv",)), "end")))
        await late.tell("tocsin/evacuation/confirm", '{"id":"end","by":"sounders"}')
        await ending
        assert output._in_force == {} and output._blocked == {}
