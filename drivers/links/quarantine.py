"""What becomes of input that cannot be believed: kept for people to see, counted, and told as faults in good measure.

A single bad value is a fault of its device at once, because the quantity is now unknown. A whole message that cannot be
read is one only after several in a row, because a lone one tells more about the line than about the device.
"""

from collections import deque
from collections.abc import Iterable, Sequence

from msgspec import Struct

from drivers.contract import BadInput, Binding
from rules.signal import Fault, Reading, Recovered, Signal

FAULT_AFTER = 5  # unreadable messages in a row from one source
KEPT = 32  # of the last bad inputs, for people
KEPT_BYTES = 256  # of each
_SUSPECTS_LIMIT = 256  # unknown addresses counted at a time; an attacker can invent any number
_STRANGER_QUIET_S = 600.0  # unheard for so long, an unknown device is no longer worth a fault
UNKNOWN_DEVICE = "unknown_device"
BAD_INPUT = "bad_input"


class UnknownDevice(BadInput):
    """A message from an address that no configured device has."""

    def __init__(self, address: str, evidence: bytes) -> None:
        super().__init__(f"no device is configured with the address {address!r}", evidence)
        self.address = address


class Exhibit(Struct, frozen=True):
    """One bad input as it is kept."""

    at: float
    where: str  # topic or path
    reason: str
    evidence: bytes


class Quarantine:
    """The bookkeeping of one link. Every method returns the signals to hand on, in order."""

    def __init__(self, link: str, bindings: Iterable[Binding]) -> None:
        self._link = link
        self.exhibits: deque[Exhibit] = deque(maxlen=KEPT)
        self._in_a_row: dict[str, int] = {}
        self._standing: set[str] = set()  # sources with a bad_input fault
        self._bad_values: set[tuple[str, str]] = set()  # (device, quantity)
        # What stood when the last process ended may still stand in its journal: the first good word ends it.
        self._unproven: set[tuple[str, str]] = {(one.device, name) for one in bindings for name in one.quantities}
        self._unread: set[str] = {device for device, _ in self._unproven}
        self._strangers: dict[str, int] = {}
        self._stranger_at: float | None = None

    @property
    def quiet(self) -> bool:
        """Whether `good` has nothing to say about any message: the usual case, worth a short cut."""
        return not (self._unproven or self._unread or self._in_a_row or self._bad_values)

    def good(self, signals: Sequence[Signal], at: float) -> Sequence[Signal]:
        """A message that could be read, perhaps with bad values told beside it by `bad_value`."""
        ended: list[Signal] = []
        for signal in signals:
            if not isinstance(signal, Reading) or signal.provenance == "retained":  # it may be older than the bad one
                continue
            if signal.device in self._in_a_row or signal.device in self._unread:
                self._end_row(signal.device, at, ended)
            measured = (signal.device, signal.quantity)
            if measured in self._bad_values or measured in self._unproven:
                self._bad_values.discard(measured)
                self._unproven.discard(measured)
                ended.append(Recovered(at, signal.device, f"bad_value:{signal.quantity}"))
        if self._link in self._in_a_row:
            self._end_row(self._link, at, ended)
        return (*signals, *ended) if ended else signals

    def bad_value(self, bad: BadInput, where: str, at: float) -> Sequence[Signal]:
        """One value of a message cannot be believed. `bad.device` and `bad.quantity` are known."""
        self._keep(bad, where, at)
        assert bad.quantity is not None
        measured = (bad.device, bad.quantity)
        self._unproven.discard(measured)
        if measured in self._bad_values:
            return ()
        self._bad_values.add(measured)
        text = f"{bad} in {where}; expected a value that {bad.quantity} can have"
        return (Fault(at, bad.device, f"bad_value:{bad.quantity}", text, bad.quantity),)

    def bad_message(self, bad: BadInput, where: str, at: float) -> Sequence[Signal]:
        """A message of which nothing can be believed."""
        self._keep(bad, where, at)
        if isinstance(bad, UnknownDevice):
            return self._stranger(bad, where, at)
        source = bad.device or self._link
        count = self._in_a_row[source] = self._in_a_row.get(source, 0) + 1
        if count < FAULT_AFTER or source in self._standing:
            return ()
        self._standing.add(source)
        return (
            Fault(at, source, BAD_INPUT, f"{count} messages in a row could not be read; the last: {bad} in {where}"),
        )

    def tick(self, at: float) -> Sequence[Signal]:
        """To be called now and then: ends the fault of unknown devices that have fallen silent."""
        if self._stranger_at is None or at - self._stranger_at < _STRANGER_QUIET_S:
            return ()
        self._stranger_at = None
        self._strangers.clear()
        return (Recovered(at, self._link, UNKNOWN_DEVICE),)

    def _stranger(self, bad: UnknownDevice, where: str, at: float) -> Sequence[Signal]:
        if bad.address not in self._strangers and len(self._strangers) >= _SUSPECTS_LIMIT:
            self._strangers.pop(next(iter(self._strangers)))
        count = self._strangers[bad.address] = self._strangers.get(bad.address, 0) + 1
        told = self._stranger_at is not None
        if told:
            self._stranger_at = at
        if told or count < FAULT_AFTER:
            return ()
        self._stranger_at = at
        text = (
            f"{count} messages on {where}, but {bad}; add the device to the venue file, "
            "or name it in the driver's `ignore` when it does not matter"
        )
        return (Fault(at, self._link, UNKNOWN_DEVICE, text),)

    def _end_row(self, source: str, at: float, ended: list[Signal]) -> None:
        self._in_a_row.pop(source, None)
        if source in self._standing or source in self._unread:
            self._standing.discard(source)
            self._unread.discard(source)
            ended.append(Recovered(at, source, BAD_INPUT))

    def _keep(self, bad: BadInput, where: str, at: float) -> None:
        self.exhibits.append(Exhibit(at, where, bad.reason, bad.evidence[:KEPT_BYTES]))
