"""Every recorded Zigbee2MQTT and Tasmota message of the shared data, against the meaning written beside it."""

import json
from pathlib import Path
from typing import Any

from drivers.contract import Binding
from drivers.registry import DRIVERS
from rules.quantity import QUANTITIES
from tests.drivers.case import outcome

NAMES = {  # the recording's word -> ours
    "smoke": "smoke",
    "tamper": "tamper",
    "battery_low": "battery_low",
    "test": "test",
    "power": "power",
    "power_w": "power",
    "voltage": "voltage",
    "voltage_v": "voltage",
    "current": "current",
    "current_a": "current",
    "energy": "energy",
    "energy_kwh": "energy",
}
ON_OFF = {"state": "relay", "relay": "relay", "ack": "relay"}
NOT_READ = {60: "a Zigbee device behind Tasmota's own gateway", 46: "smoke_density has no unit of its own"}
EVERYTHING = frozenset(QUANTITIES)


def test_every_recorded_message_means_what_was_written_down(shared_data: Path) -> None:
    """Each sample gives exactly the readings, the availability or the bridge state that its recorder noted."""
    lines = (shared_data / "mqtt_samples.jsonl").read_text("utf-8").splitlines()
    samples = [one for one in map(json.loads, lines) if one["dialect"] in ("zigbee2mqtt", "tasmota")]
    assert len(samples) >= 39
    wrong = [f"{one['n']}: {told} for {one}" for one in samples if (told := disagreement(one))]
    assert wrong == []


def disagreement(sample: dict[str, Any]) -> str:
    """Empty when the driver reads what the recorder wrote."""
    driver = DRIVERS[sample["dialect"]]
    binding = Binding("it", address(sample), quantities(sample["meaning"]))
    dialect = driver.build("broker", driver.settings(), [binding])
    told = outcome(dialect, sample["topic"], sample["payload"].encode(), False)
    readings, heard = told.get("readings", {}), told.get("heard")
    meaning = sample["meaning"]
    if sample["n"] in NOT_READ or "direction" in meaning or "bridge" in meaning:
        return "" if not readings else f"{readings}"
    if "online" in meaning:
        return "" if heard == ("online" if meaning["online"] else "offline") else f"{told}"
    if "bridge_online" in meaning:
        return "" if ("recovered" if meaning["bridge_online"] else "fault") in told else f"{told}"
    return "" if readings == expected(meaning) and "bad" not in told else f"{told} instead of {expected(meaning)}"


def expected(meaning: dict[str, Any]) -> dict[str, Any]:
    readings: dict[str, Any] = {NAMES[word]: value for word, value in meaning.items() if word in NAMES}
    if "battery" in meaning:  # its voltage is the battery's own, in mV, and nothing for a mains rule
        readings.pop("voltage", None)
    readings |= {name: meaning[word] == "ON" for word, name in ON_OFF.items() if word in meaning}
    readings |= {"pressed": True} if "action" in meaning else {}
    return readings | ({"contact": meaning["contacts"]["1"]} if "contacts" in meaning else {})


def quantities(meaning: dict[str, Any]) -> frozenset[str]:
    """What the device is configured to measure: what the recorder cared for, and the press that did not happen."""
    named = frozenset(expected(meaning))
    return named | {"pressed"} if "note" in meaning and "press" in meaning["note"].lower() else named


def address(sample: dict[str, Any]) -> str:
    """The device's part of the topic."""
    topic = str(sample["topic"])
    if sample["dialect"] == "tasmota":
        return topic.split("/")[1]
    name = topic.removeprefix("zigbee2mqtt/")
    for suffix in ("/availability", "/action", "/set", "/get"):
        name = name.removesuffix(suffix)
    return "somebody" if name.startswith("bridge/") else name
