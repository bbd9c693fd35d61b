"""Which topic belongs to which Tasmota device."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from drivers.contract import Binding, Decoded, Receipt
from drivers.links.quarantine import UnknownDevice
from drivers.payload import bound
from drivers.tasmota.codec import Wiring, decode_energy, decode_lwt, decode_object, decode_power
from drivers.tasmota.settings import TasmotaSettings

_PREFIX, _TOPIC = "%prefix%", "%topic%"
_OBJECTS = (("tele", "SENSOR"), ("tele", "STATE"), ("stat", "RESULT"), ("stat", "STATUS8"), ("stat", "STATUS10"))
_SUBJECTS = (*_OBJECTS, ("tele", "LWT"), ("tele", "ENERGY"), ("stat", "POWER"))
_OPTIONS = {"relay", "switch", "button", "phase"}

Decoder = Callable[[bytes, bool, float], Decoded]


class TasmotaDialect:
    """One table of topics, made once. Raises ValueError for options that cannot be."""

    def __init__(self, settings: TasmotaSettings, bindings: Sequence[Binding]) -> None:
        self._levels = settings.full_topic.split("/")
        self._ignored = settings.ignore
        depths = {one.address.count("/") + 1 for one in bindings} or {1}
        self.filters = tuple(
            self._topic(prefix, "/".join("+" * depth), subject)
            for depth in sorted(depths)
            for prefix, subject in _SUBJECTS
        )
        self._topics: dict[str, Decoder] = {}
        for one in bindings:
            self._bind(one)

    def decode(self, topic: str, payload: bytes, retained: bool, at: float) -> Decoded:
        """Raises BadInput, and UnknownDevice for a topic of a device that nobody configured."""
        if not payload:
            return Decoded()
        decoder = self._topics.get(topic)
        if decoder is not None:
            return decoder(payload, retained, at)
        address = self._address(topic)
        if address in self._ignored:
            return Decoded()
        raise UnknownDevice(address, payload)

    def acknowledge(self, receipts: Sequence[Receipt]) -> Sequence[tuple[str, bytes]]:
        """Tasmota knows no receipts."""
        return ()

    def _bind(self, one: Binding) -> None:
        wanted, wiring = bound(one.quantities), _wiring(one)
        for prefix, subject in _OBJECTS:
            self._topics[self._topic(prefix, one.address, subject)] = partial(decode_object, one.device, wanted, wiring)
        self._topics[self._topic("tele", one.address, "LWT")] = partial(decode_lwt, one.device)
        self._topics[self._topic("tele", one.address, "ENERGY")] = partial(decode_energy, one.device, wanted, wiring)
        self._topics[self._topic("stat", one.address, "POWER")] = partial(decode_power, one.device, wanted, wiring)

    def _topic(self, prefix: str, address: str, subject: str) -> str:
        named = {_PREFIX: prefix, _TOPIC: address}
        return "/".join([*(named.get(level, level) for level in self._levels), subject])

    def _address(self, topic: str) -> str:
        """The device's own part of a topic that matches one of our filters."""
        levels = topic.split("/")
        begin = self._levels.index(_TOPIC)
        return "/".join(levels[begin : len(levels) - (len(self._levels) - begin)])


def _wiring(binding: Binding) -> Wiring:
    options: Mapping[str, object] = binding.options
    numbers: dict[str, int] = {}
    for option in _OPTIONS & options.keys():
        value = options[option]
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 32:
            raise ValueError(f"device {binding.device}: options.{option} must be a whole number from 1, not {value!r}")
        numbers[option] = value
    sensor = options.get("sensor", "")
    if not isinstance(sensor, str):
        raise ValueError(f"device {binding.device}: options.sensor must be a name such as DS18B20, not {sensor!r}")
    return Wiring(**numbers, sensor=sensor)
