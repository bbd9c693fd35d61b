"""Cases for MQTT dialects that anyone can add without writing code: one YAML file each, in a driver's `cases/`.

about: which device, and what the case shows
settings: {}                        # of the driver, when not the usual ones
devices:
  - {device: det, address: smoke_lobby, quantities: [smoke, tamper], options: {}}
messages:
  - topic: zigbee2mqtt/smoke_lobby
    payload: '{"smoke":true}'
    retained: true                  # when it is
    readings: {smoke: true}         # of the only device; nothing said means none
    provenance: retained            # when not live
    heard: online                   # or offline
    fault: bridge_offline           # or recovered: bridge_offline
    bad: [smoke]                    # quantities that could not be believed
    refused: not JSON               # words from the reason why the whole message is bad input
    unknown: smoke_attic            # the address that nobody configured
"""

from pathlib import Path
from typing import Any

import yaml

from drivers.contract import BadInput, Binding, Decoded
from drivers.links.quarantine import UnknownDevice
from drivers.registry import DRIVERS
from rules.signal import Fault, Heard, Reading, Recovered

AT = 1000.0
_KEYS = {
    "topic",
    "payload",
    "retained",
    "readings",
    "provenance",
    "heard",
    "fault",
    "recovered",
    "bad",
    "refused",
    "unknown",
}


def case_files(folder: Path) -> list[Path]:
    """All cases of a driver. There is at least one."""
    found = sorted((folder / "cases").glob("*.yaml"))
    assert found, f"{folder}/cases holds no case"
    return found


def check_case(kind: str, path: Path) -> None:
    """Send the case's messages through the driver and compare. Raises AssertionError that names file and message."""
    case = yaml.safe_load(path.read_text("utf-8"))
    assert case["about"] and case["messages"], f"{path} says nothing"
    bindings = [
        Binding(one.get("device", one["address"]), one["address"], frozenset(one["quantities"]), one.get("options", {}))
        for one in case["devices"]
    ]
    driver = DRIVERS[kind]
    dialect = driver.build("broker", driver.settings.model_validate(case.get("settings", {})), bindings)
    for number, message in enumerate(case["messages"], 1):
        assert not message.keys() - _KEYS, f"{path}, message {number}: what is {message.keys() - _KEYS}?"
        expected = {key: value for key, value in message.items() if key not in ("topic", "payload", "retained")}
        told = outcome(dialect, message["topic"], message["payload"].encode(), message.get("retained", False))
        refused = expected.pop("refused", "")
        assert refused in told.pop("refused", ""), f"{path}, message {number}"
        assert told == expected, f"{path}, message {number}"


def outcome(dialect: Any, topic: str, payload: bytes, retained: bool) -> dict[str, Any]:
    """What the dialect makes of a message, in the words of a case."""
    try:
        decoded: Decoded = dialect.decode(topic, payload, retained, AT)
    except UnknownDevice as unknown:
        return {"unknown": unknown.address}
    except BadInput as bad:
        return {"refused": str(bad)}
    told: dict[str, Any] = {}
    for signal in decoded.signals:
        assert signal.at == AT
        match signal:
            case Reading():
                told.setdefault("readings", {})[signal.quantity] = signal.value
                if signal.provenance != "live":
                    told["provenance"] = signal.provenance
            case Heard():
                told["heard"] = "online" if signal.online else "offline"
            case Fault():
                told["fault"] = signal.code
            case Recovered():
                told["recovered"] = signal.code
            case _:
                raise AssertionError(f"a driver told {signal}")
    if decoded.bad:
        told["bad"] = sorted(bad.quantity or "?" for bad in decoded.bad)
    return told
