"""Which topic of Tocsin's own dialect belongs to which device."""

from collections.abc import Sequence

from drivers.contract import Binding, Decoded, Receipt, Trail
from drivers.links.quarantine import UnknownDevice
from drivers.payload import bound
from drivers.tocsin.codec import decode_proof, decode_readings, decode_status, encode_receipts
from drivers.tocsin.proof import ADDRESS, answer_topic, probe_topic
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
        self._probe = probe_topic(settings.prefix)
        self.trail = Trail() if settings.proof and self._probe not in self._readings else None
        if self.trail is not None:
            self._acknowledge[ADDRESS] = answer_topic(settings.prefix)

    def decode(self, topic: str, payload: bytes, retained: bool, at: float) -> Decoded:
        """Raises BadInput, and UnknownDevice for an address that nobody configured."""
        known = self._readings.get(topic)
        if known is not None:
            return decode_readings(known[0], known[1], payload, retained, at)
        if topic == self._probe and self.trail is not None:
            return self._prove(self.trail, payload, retained, at)
        device = self._status.get(topic)
        if device is not None:
            return decode_status(device, payload, retained, at)
        raise UnknownDevice(topic[len(self._devices) :].partition("/")[0], payload)

    def _prove(self, trail: Trail, payload: bytes, retained: bool, at: float) -> Decoded:
        trail.arrived += 1
        decoded = decode_proof(ADDRESS, payload, retained, at)
        if decoded.receipt is not None:
            trail.read = (decoded.receipt.boot, decoded.receipt.seq)
        return decoded

    def acknowledge(self, receipts: Sequence[Receipt]) -> Sequence[tuple[str, bytes]]:
        """One message for each device and boot."""
        if self.trail is not None:
            for one in receipts:
                if one.device == ADDRESS:
                    self.trail.kept = (one.boot, one.seq)
        return [(self._acknowledge[device], payload) for device, payload in encode_receipts(receipts)]
