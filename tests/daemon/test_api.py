"""The API over a real Unix socket: what it answers, what it takes, what it refuses."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from daemon.api import server as api
from daemon.core import ReloadReport
from rules.decision import Acknowledged, Because
from rules.signal import (
    Acknowledge,
    AdvanceEvacuation,
    AllClear,
    Duty,
    EndShow,
    InService,
    Order,
    OrderEvacuation,
    OutOfService,
    Reset,
    Shelve,
    Silence,
    StartShow,
    Unshelve,
)
from rules.status import EvacuationStatus, FaultStatus
from rules.tier import Tier
from tests.daemon.fake_core import WALL, FakeCore, alarm
from tests.daemon.served import served

PlainOrder = type[Acknowledge | Silence | Reset | OrderEvacuation | AllClear | Unshelve | InService]


@pytest.fixture
def core() -> FakeCore:
    return FakeCore()


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    return tmp_path / "api.sock"


def http(socket: Path) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(socket)), base_url="http://daemon")


async def get(core: FakeCore, socket: Path, path: str) -> Any:
    async with served(core, socket), http(socket) as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


async def post(core: FakeCore, socket: Path, order: str, **options: Any) -> httpx.Response:
    async with served(core, socket), http(socket) as client:
        return await client.post(f"/v1/orders/{order}", **options)


async def test_status_says_what_people_ask_first(core: FakeCore, socket: Path) -> None:
    """Status names the venue in both languages, counts alarms by tier, and tells wall time beside engine time."""
    core.standing = [alarm(), alarm("det-306", Tier.RED)]
    core.tiers = {"ktv": Tier.RED}
    core.degraded = "disk full"
    status = await get(core, socket, "/v1/status")
    assert status["venue_name"] == {"en": "Starlight KTV", "zh": "星光KTV"}
    assert status["tier"] == "red"
    assert status["alarms"] == {"none": 0, "blue": 0, "yellow": 0, "orange": 1, "red": 1}
    assert (status["time"], status["engine_time"], status["up_s"]) == ("2026-09-21T14:15:00.000Z", 100.0, 100.0)
    assert status["journal"]["degraded"] == "disk full"
    assert status["links"][0]["name"] == "broker" and status["links"][0]["up"] is True
    assert [plan["plan"] for plan in status["plans"]] == ["whole-building"]


async def test_alarms_come_worst_first_then_newest(core: FakeCore, socket: Path) -> None:
    """The alarm at the top of the list is the one to look at."""
    core.standing = [
        alarm("det-101", Tier.BLUE, 99.0),
        alarm("det-102", Tier.RED, 10.0),
        alarm("det-103", Tier.RED, 20.0),
    ]
    alarms = await get(core, socket, "/v1/alarms")
    assert [one["place"] for one in alarms] == ["det-103", "det-102", "det-101"]
    assert alarms[0]["tier"] == "red"
    assert alarms[0]["zone_name"]["en"] == "Room 103"
    assert alarms[0]["because"][0]["line"] == "fire.yaml:9"
    assert alarms[0]["since_at"] == 20.0 and alarms[0]["since"] == "2026-09-21T14:13:40.000Z"


async def test_zones_devices_faults_and_evacuations_carry_names(core: FakeCore, socket: Path) -> None:
    """Every id that a person must find comes with the name on the door."""
    core.tiers = {"room-305": Tier.ORANGE}
    core.faulty = [FaultStatus("det-212", "silent", "unheard for 30 s", 80.0), FaultStatus("broker", "down", "x", 90.0)]
    core.evacuating = [EvacuationStatus("whole-building-1", "whole-building", ("ktv",), "room-305", 95.0)]
    async with served(core, socket), http(socket) as client:
        zones = (await client.get("/v1/zones")).json()
        devices = (await client.get("/v1/devices")).json()
        faults = (await client.get("/v1/faults")).json()
        evacuations = (await client.get("/v1/evacuations")).json()
    assert zones[0]["zone"] == "ktv" and zones[0]["parent"] is None
    assert {zone["zone"]: zone["tier"] for zone in zones}["room-305"] == "orange"
    assert devices[0]["zone_name"]["zh"] == "101包房" and devices[0]["values"] == {"smoke_obscuration": 0.4}
    assert [fault["source_name"]["en"] for fault in faults] == ["broker", "Detector 212"]
    assert evacuations[0]["assembly_point"]["en"] == "Car park" and evacuations[0]["origin_name"]["en"] == "Room 305"


@pytest.mark.parametrize(
    ("order", "signal"),
    [
        ("duty-on", Duty(100.0, True, "Lin", "early shift")),
        ("duty-off", Duty(100.0, False, "Lin", "early shift")),
        ("start-show", StartShow(100.0, "stage", 600.0, "Lin", "early shift")),
        ("end-show", EndShow(100.0, "stage", "Lin", "early shift")),
    ],
)
async def test_orders_about_the_surroundings(core: FakeCore, socket: Path, order: str, signal: Order) -> None:
    """Duty has no target, and a show has a time."""
    said = {"target": "stage" if "show" in order else "", "who": "Lin", "why": "early shift"}
    timed = {"for_s": 600} if order == "start-show" else {}
    assert (await post(core, socket, order, json={**said, **timed})).status_code == 200
    assert core.orders == [signal]


async def test_a_show_without_a_time_is_no_order(core: FakeCore, socket: Path) -> None:
    """What weakens detection says when it ends."""
    answer = await post(core, socket, "start-show", json={"target": "stage", "who": "Lin", "why": "haze"})
    assert answer.status_code == 422 and "for_s" in answer.json()["detail"]
    assert core.orders == []


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        ("acknowledge", Acknowledge),
        ("silence", Silence),
        ("reset", Reset),
        ("evacuate", OrderEvacuation),
        ("advance", AdvanceEvacuation),
        ("all-clear", AllClear),
        ("unshelve", Unshelve),
        ("in-service", InService),
    ],
)
async def test_each_order_reaches_the_core_whole(
    core: FakeCore, socket: Path, order: str, kind: Callable[..., Order]
) -> None:
    """Target, who, why and role arrive as given, stamped with engine time, as the signal of that order."""
    said = {"target": "x", "who": "Lin 林", "why": "saw it"}
    assert (await post(core, socket, order, json=said)).status_code == 200
    assert (await post(core, socket, order, json={**said, "role": "commander"})).status_code == 200
    assert core.orders == [
        kind(100.0, "x", "Lin 林", "saw it"),
        kind(100.0, "x", "Lin 林", "saw it", "commander"),
    ]


async def test_what_is_put_aside_says_for_how_long(core: FakeCore, socket: Path) -> None:
    """Shelving and out of service carry their time; a time that is no time is refused."""
    said = {"target": "x", "who": "lin", "why": "painting", "role": "engineer"}
    await post(core, socket, "shelve", json={**said, "for_s": 60, "once": True})
    await post(core, socket, "out-of-service", json={**said, "for_s": 3600})
    assert core.orders == [
        Shelve(100.0, "x", 60.0, True, "lin", "painting", "engineer"),
        OutOfService(100.0, "x", 3600.0, "lin", "painting", "engineer"),
    ]
    assert (await post(core, socket, "shelve", json={**said, "for_s": -1})).status_code == 422


async def test_an_order_answers_with_its_decisions(core: FakeCore, socket: Path) -> None:
    """Who gave an order sees what it did without asking again."""
    because = (Because(100.0, "lin", "seen"),)
    core.answer = (
        Acknowledged(100.0, "smoke@det-305", "smoke", "det-305", "room-305", "fire", Tier.RED, "acked", False, because),
    )
    answer = await post(core, socket, "acknowledge", json={"target": "smoke@det-305", "who": "lin", "why": "seen"})
    (decision,) = answer.json()["decisions"]
    assert decision["kind"] == "acknowledged" and decision["state"] == "acked" and decision["tier"] == "red"
    assert decision["sounding"] is False


async def test_a_refused_order_is_409_with_the_engines_reason(core: FakeCore, socket: Path) -> None:
    """The engine's own words reach the person, whatever the order was refused for."""
    core.refuse = "no alarm smok@det-305 stands"
    answer = await post(core, socket, "acknowledge", json={"target": "smok@det-305", "who": "lin", "why": "seen"})
    assert answer.status_code == 409
    assert answer.json() == {"detail": core.refuse, "refused": core.refuse}


GOOD = {"target": "x", "who": "lin", "why": "seen"}


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({**GOOD, "who": ""}, "who: must not be empty"),
        ({**GOOD, "why": "   "}, "why: must not be empty"),
        ({**GOOD, "target": ""}, "target: must not be empty"),
        ({**GOOD, "why": "x" * 501}, "why: String should have at most 500 characters"),
        ({**GOOD, "who": "lin\nroot"}, "who: must be one line of printable text"),
        ({**GOOD, "why": "\x1b[2J"}, "why: must be one line of printable text"),
        ({**GOOD, "who": 7}, "who: Input should be a valid string"),
        ({**GOOD, "tier": "red"}, "tier: Extra inputs are not permitted"),
        ({"target": "x"}, "who: Field required; why: Field required"),
    ],
)
async def test_an_order_without_a_name_and_a_reason_is_not_taken(
    core: FakeCore, socket: Path, body: dict[str, object], complaint: str
) -> None:
    """A misworded order says what is wrong and never reaches the engine."""
    answer = await post(core, socket, "reset", json=body)
    assert (answer.status_code, answer.json()) == (422, {"detail": complaint})
    assert core.orders == []


async def test_silence_without_a_target_means_all(core: FakeCore, socket: Path) -> None:
    """The one order that may name nothing is the one that stops every sounder."""
    answer = await post(core, socket, "silence", json={"who": "lin", "why": "heard"})
    assert answer.status_code == 200
    assert core.orders == [Silence(100.0, "", "lin", "heard")]


async def test_an_order_that_hangs_is_said_to_hang(
    core: FakeCore, socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for ever to learn whether an order was carried out."""
    monkeypatch.setattr(api, "ORDER_S", 0.05)
    core.order_takes = asyncio.Event()
    answer = await post(core, socket, "evacuate", json=GOOD)
    assert answer.status_code == 504
    assert "look before you repeat it" in answer.json()["detail"]


async def endless() -> Any:
    for _ in range(100):
        yield b"x" * 1000


@pytest.mark.parametrize(
    ("options", "status", "detail"),
    [
        ({"content": b"x" * 20_000}, 413, "the body is longer than 16384 bytes"),
        ({"content": endless()}, 413, "the body is longer than 16384 bytes"),
        ({"content": b"\xff\xfe", "headers": {"content-type": "application/json"}}, None, None),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 422, None),
        ({"content": b"[" * 16_000, "headers": {"content-type": "application/json"}}, None, None),
        ({"json": [1]}, 422, None),
    ],
)
async def test_a_bad_body_is_answered_in_json(
    core: FakeCore, socket: Path, options: dict[str, Any], status: int | None, detail: str | None
) -> None:
    """Whatever bytes come, the answer is a 4xx with a detail, and the next order is taken."""
    async with served(core, socket), http(socket) as client:
        answer = await client.post("/v1/orders/reset", **options)
        assert (await client.post("/v1/orders/reset", json=GOOD)).status_code == 200
    assert 400 <= answer.status_code < 500
    assert status in (None, answer.status_code)
    assert detail in (None, answer.json()["detail"])
    assert answer.json()["detail"]


async def test_what_is_not_there_is_said_in_json(core: FakeCore, socket: Path) -> None:
    """Unknown paths, orders and methods have the same shape of answer as everything else; there is no web page."""
    async with served(core, socket), http(socket) as client:
        answers = [
            await client.get("/"),
            await client.get("/docs"),
            await client.put("/v1/status"),
            await client.post("/v1/orders/dance", json=GOOD),
        ]
    assert [answer.status_code for answer in answers] == [404, 404, 405, 422]
    assert all(answer.json()["detail"] for answer in answers)


async def test_a_failing_core_is_500_in_json(core: FakeCore, socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug behind one route neither ends the API nor leaks a traceback to the client."""

    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(core, "faults", fail)
    async with served(core, socket), http(socket) as client:
        answer = await client.get("/v1/faults")
        assert (answer.status_code, answer.json()) == (500, {"detail": "the daemon could not answer; its log says why"})
        assert (await client.get("/v1/zones")).status_code == 200


async def test_time_is_the_cores(core: FakeCore, socket: Path) -> None:
    """Wall time comes from the core's clock, which knows about steps; the API reads no clock of its own."""
    core.time = 86_400.0
    status = await get(core, socket, "/v1/status")
    assert status["time"] == "2026-09-22T14:13:20.000Z"
    assert core.wall_of(core.time) == WALL + 86_400


async def test_a_reload_answers_with_what_came_of_it(core: FakeCore, socket: Path) -> None:
    """Refused files are an answer too: the request was carried out."""
    core.reloaded = ReloadReport("refused", "abc", problems=("house.yaml:1:2: no",), count=3)
    async with served(core, socket), http(socket) as client:
        answer = await client.post("/v1/reload", json={"who": "lin", "why": "tuned"})
        nobody = await client.post("/v1/reload", json={})
    assert (answer.status_code, nobody.status_code) == (200, 422)
    assert answer.json()["problems"] == ["house.yaml:1:2: no"] and answer.json()["count"] == 3
    assert core.reloads == [("lin", "tuned")]
