"""Which topic of a Zigbee2MQTT bridge belongs to which device. Friendly names may contain slashes."""

from collections.abc import Mapping, Sequence

from drivers.contract import Binding, Decoded, Receipt
from drivers.links.quarantine import UnknownDevice
from drivers.payload import bound
from drivers.zigbee2mqtt.codec import Vocabulary, decode_action, decode_availability, decode_bridge, decode_device
from drivers.zigbee2mqtt.settings import Zigbee2MqttSettings
from rules.quantity import Quantity

_AVAILABILITY = "/availability"
_ACTION = "/action"
_COMMANDS = ("set", "get")


class Zigbee2MqttDialect:
    """One table of devices, made once. Raises ValueError for options that cannot be."""

    def __init__(self, link: str, settings: Zigbee2MqttSettings, bindings: Sequence[Binding]) -> None:
        self.filters: tuple[str, ...] = (f"{settings.base}/#",)
        self._root = f"{settings.base}/"
        self._bridge = f"{link}/zigbee2mqtt"
        self._ignored = settings.ignore
        usual = Vocabulary(settings.actions, settings.quiet_actions)
        self._devices: dict[str, tuple[str, dict[str, Quantity], Vocabulary]] = {
            one.address: (one.device, bound(one.quantities), _vocabulary(one, usual)) for one in bindings
        }

    def decode(self, topic: str, payload: bytes, retained: bool, at: float) -> Decoded:
        """Raises BadInput, and UnknownDevice for a friendly name that nobody configured."""
        name = topic[len(self._root) :]
        known = self._devices.get(name)
        if known is not None:
            return decode_device(*known, payload, retained, at) if payload else Decoded()
        if name == "bridge/state":
            return decode_bridge(self._bridge, payload, at)
        if not payload or not name or name.startswith("bridge/"):
            return Decoded()
        return self._beside(name, payload, retained, at)

    def acknowledge(self, receipts: Sequence[Receipt]) -> Sequence[tuple[str, bytes]]:
        """Zigbee2MQTT knows no receipts."""
        return ()

    def _beside(self, name: str, payload: bytes, retained: bool, at: float) -> Decoded:
        """A topic below a device's own, or a device that nobody configured."""
        known = self._devices.get(name.removesuffix(_AVAILABILITY))
        if known is not None:
            return decode_availability(known[0], payload, retained, at)
        known = self._devices.get(name.removesuffix(_ACTION))
        if known is not None:
            device, wanted, words = known
            return decode_action(device, words, payload, retained, at) if "pressed" in wanted else Decoded()
        levels = name.split("/")
        above = {"/".join(levels[:depth]) for depth in range(1, len(levels) + 1)}
        if any(word in levels[1:] for word in _COMMANDS) or any(one in self._devices for one in above):
            return Decoded()
        if above & self._ignored:
            return Decoded()
        raise UnknownDevice(name.removesuffix(_AVAILABILITY).removesuffix(_ACTION), payload)


def _vocabulary(binding: Binding, usual: Vocabulary) -> Vocabulary:
    return Vocabulary(
        _words(binding, "actions", usual.actions),
        _words(binding, "quiet_actions", usual.quiet),
    )


def _words(binding: Binding, option: str, usual: frozenset[str]) -> frozenset[str]:
    options: Mapping[str, object] = binding.options
    given = options.get(option)
    if given is None:
        return usual
    if not isinstance(given, list | tuple) or not all(isinstance(word, str) for word in given):
        raise ValueError(f"device {binding.device}: options.{option} must be a list of words, not {given!r}")
    return frozenset(given)
