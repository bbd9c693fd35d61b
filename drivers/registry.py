"""Which kinds of link, driver and output there are: one line each. `config` reads the settings, `daemon` calls `build`.

`settings` is the pydantic model of what stands in the venue file beside the keys that all have (`id`, `kind`, and on a
link `drivers`). Importing this module imports settings only; what a kind needs to run is imported when it is built.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from drivers.contract import Binding, Inbox, Link, Now, Output, OutputContext
from drivers.links.mqtt_settings import MqttSettings
from drivers.links.serial_settings import SerialSettings
from drivers.megatec.settings import MegatecSettings
from drivers.outputs.log.settings import LogOutputSettings
from drivers.outputs.mqtt.settings import MqttOutputSettings
from drivers.settings import Settings
from drivers.tasmota.settings import TasmotaSettings
from drivers.tocsin.settings import TocsinSettings
from drivers.zigbee2mqtt.settings import Zigbee2MqttSettings


@dataclass(frozen=True, slots=True)
class Attached:
    """One driver on a link, and the devices bound to it there."""

    kind: str
    settings: Any  # an instance of DRIVERS[kind].settings
    bindings: tuple[Binding, ...]


@dataclass(frozen=True, slots=True)
class LinkKind:
    """`build(name, settings, attached, inbox, now)` makes the link, its drivers included; it connects only in `run`."""

    settings: type[Settings]
    build: Callable[[str, Any, Sequence[Attached], Inbox, Now], Link]


@dataclass(frozen=True, slots=True)
class DriverKind:
    """A driver that runs on links of kind `link`. `build(link_name, settings, bindings)` is called by that link."""

    settings: type[Settings]
    link: str
    build: Callable[[str, Any, Sequence[Binding]], Any]


@dataclass(frozen=True, slots=True)
class OutputKind:
    """`build(name, settings, context)` makes the output; it connects only in `run`."""

    settings: type[Settings]
    build: Callable[[str, Any, OutputContext], Output]


def _mqtt_link(name: str, settings: Any, attached: Sequence[Attached], inbox: Inbox, now: Now) -> Link:
    from drivers.links.mqtt import MqttLink

    dialects = [DRIVERS[one.kind].build(name, one.settings, one.bindings) for one in attached]
    bindings = [binding for one in attached for binding in one.bindings]
    return MqttLink(name, settings, dialects, bindings, inbox, now)


def _tocsin(link: str, settings: Any, bindings: Sequence[Binding]) -> Any:
    from drivers.tocsin.driver import TocsinDialect

    return TocsinDialect(settings, bindings)


def _zigbee2mqtt(link: str, settings: Any, bindings: Sequence[Binding]) -> Any:
    from drivers.zigbee2mqtt.driver import Zigbee2MqttDialect

    return Zigbee2MqttDialect(link, settings, bindings)


def _tasmota(link: str, settings: Any, bindings: Sequence[Binding]) -> Any:
    from drivers.tasmota.driver import TasmotaDialect

    return TasmotaDialect(settings, bindings)


def _serial_link(name: str, settings: Any, attached: Sequence[Attached], inbox: Inbox, now: Now) -> Link:
    from drivers.links.serial import SerialLink

    if len(attached) != 1:
        raise ValueError(f"link {name}: a serial line runs exactly one driver, and {len(attached)} are configured")
    driver = DRIVERS[attached[0].kind].build(name, attached[0].settings, attached[0].bindings)
    return SerialLink(name, settings, driver, inbox, now)


def _megatec(link: str, settings: Any, bindings: Sequence[Binding]) -> Any:
    from drivers.megatec.driver import MegatecDriver

    return MegatecDriver(settings, bindings)


def _mqtt_output(name: str, settings: Any, context: OutputContext) -> Output:
    from drivers.outputs.mqtt.output import MqttOutput

    return MqttOutput(name, settings, context)


def _log_output(name: str, settings: Any, context: OutputContext) -> Output:
    from drivers.outputs.log.output import LogOutput

    return LogOutput(name, settings, context)


LINKS: dict[str, LinkKind] = {
    "mqtt": LinkKind(MqttSettings, _mqtt_link),
    "serial": LinkKind(SerialSettings, _serial_link),
}

DRIVERS: dict[str, DriverKind] = {
    "tocsin": DriverKind(TocsinSettings, "mqtt", _tocsin),
    "zigbee2mqtt": DriverKind(Zigbee2MqttSettings, "mqtt", _zigbee2mqtt),
    "tasmota": DriverKind(TasmotaSettings, "mqtt", _tasmota),
    "megatec": DriverKind(MegatecSettings, "serial", _megatec),
}

OUTPUTS: dict[str, OutputKind] = {
    "mqtt": OutputKind(MqttOutputSettings, _mqtt_output),
    "log": OutputKind(LogOutputSettings, _log_output),
}
