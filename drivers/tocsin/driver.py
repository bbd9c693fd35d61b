"""Which topic of Tocsin's own dialect belongs to which device."""

from collections.abc import Sequence

from drivers.contract import Binding, Decoded, Receipt
from drivers.links.quarantine import UnknownDevice
from drivers.payload import bound
from drivers.tocsin.codec import decode_readings, decode_status, encode_receipts
from drivers.tocsin.settings import TocsinSettings
from rules.quantity import Quantity


class TocsinDialect:
    """One table of topics, made once."""

    def __init__(self, settings: TocsinSettings, bindings: Sequence[Binding]) -> None:
        self._devices = f"{settings.prefix}/dev/"
        self.filters: tuple[str, ...] = (f"{self._devices}+/readings", f"{self._devices}+/status")
        self._readings: dict[str, tuple[str, dict[str, Quantity]]] = {}
        self._status: dict[str, str] = {}
        self._acknowledge: dict[str, str] = {}
        for one in bindings:
            self._readings[f"{self._devices}{one.address}/readings"] = (one.device, bound(one.quantities))
            self._status[f"{self._devices}{one.address}/status"] = one.device
            self._acknowledge[one.device] = f"{settings.prefix}/cmd/{one.address}/ack"

    def decode(self, topic: str, payload: bytes, retained: bool, at: float) -> Decoded:
        """Raises BadInput, and UnknownDevice for an address that nobody configured."""
        known = self._readings.get(topic)
        if known is not None:
            return decode_readings(known[0], known[1], payload, retained, at)
        device = self._status.get(topic)
        if device is not None:
            return decode_status(device, payload, retained, at)
        raise UnknownDevice(topic[len(self._devices) :].partition("/")[0], payload)

    def acknowledge(self, receipts: Sequence[Receipt]) -> Sequence[tuple[str, bytes]]:
        """One message for each device and boot."""
        return [(self._acknowledge[device], payload) for device, payload in encode_receipts(receipts)]
