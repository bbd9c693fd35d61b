"""What devices and links tell: readings, believed or not, and faults."""

from rules import presence
from rules.board import Board
from rules.conditions import FAULTED
from rules.decision import Decision
from rules.device_state import DeviceState
from rules.faults import LINK_DOWN
from rules.looking import look
from rules.quantity import QUANTITIES, Kind, Quantity
from rules.signal import Fault, LinkDown, LinkUp, Reading, Recovered

BAD_VALUE = "bad_value:"  # fault code, the quantity follows: a value that no working sensor reports
UNVERIFIED = "unverified"  # fault code: an alarm is told only by a retained message, so it may be old or may be now


def reading(board: Board, told: Reading, now: float) -> None:
    """A device told a value. What the plan does not know is passed over."""
    state = board.house.devices.get(told.device)
    quantity = QUANTITIES.get(told.quantity)
    if state is None or quantity is None or told.quantity not in state.device.quantities:
        return
    if not quantity.accepts(told.value):
        fault(board, _bad_value(told, quantity, now), now)
    elif told.provenance == "retained":
        _retained(board, state, told, now)
    else:
        _live(board, state, told, quantity, now)


def _live(board: Board, state: DeviceState, told: Reading, quantity: Quantity, now: float) -> None:
    presence.hear(board, state, now)
    if told.origin is not None:
        state.seen.add(told.origin)
        if state.is_late(told.quantity, told.origin) and quantity.kind is not Kind.EVENT:
            _late(board, state, told, now)
            return
        state.told[told.quantity] = told.origin
    if state.faults:  # before it is believed: who looks now must not see a value that the others have not taken over
        state.unverified.pop(told.quantity, None)
        _end_value_faults(board, state, told.quantity, now)
    before = state.values.get(told.quantity)
    state.believe(told.quantity, told.value, now)
    if before == told.value and quantity.kind is Kind.STATE:
        return
    look(board, state, told.quantity, now)
    if quantity.kind is Kind.EVENT:
        state.values[told.quantity] = False
        look(board, state, told.quantity, now)


def _late(board: Board, state: DeviceState, told: Reading, now: float) -> None:
    """News overtook this reading on its way. It counts as an instant of the past: it can raise an alarm, and ends
    none. The news may be unknown by now: the device was silent in between.
    """
    newer = state.values.get(told.quantity)
    state.values[told.quantity] = told.value
    look(board, state, told.quantity, now, past=True)
    if newer is None:
        del state.values[told.quantity]
    else:
        state.values[told.quantity] = newer
    look(board, state, told.quantity, now)


def _retained(board: Board, state: DeviceState, told: Reading, now: float) -> None:
    """A state of unknown age: shown, never believed. A danger in it is a fault to look at, and what is known to the
    contrary is believed no more: it may have come while nobody listened.
    """
    danger = QUANTITIES[told.quantity].alarming and told.value is True
    known = state.values.get(told.quantity)
    if known is True or (known is not None and not danger):
        return
    state.unverified[told.quantity] = told.value
    if danger:
        text = f"a retained message says {told.quantity}; whether it is so now is unknown: look at the device"
        fault(board, Fault(now, told.device, UNVERIFIED, text, told.quantity), now)


def _end_value_faults(board: Board, state: DeviceState, quantity: str, now: float) -> None:
    """A good value ends the faults that its bad or its unverified predecessor caused."""
    if f"{BAD_VALUE}{quantity}" in state.faults:
        _end_fault(board, state.device.id, f"{BAD_VALUE}{quantity}", now)
    still = any(value is True and QUANTITIES[name].alarming for name, value in state.unverified.items())
    if UNVERIFIED in state.faults and not still:
        _end_fault(board, state.device.id, UNVERIFIED, now)


def _bad_value(told: Reading, quantity: Quantity, now: float) -> Fault:
    text = f"{quantity.name} {told.value!r} is not {quantity.expected}"
    return Fault(now, told.device, f"{BAD_VALUE}{quantity.name}", text, quantity.name)


def fault(board: Board, occurred: Fault, now: float) -> None:
    """A device, a link or Tocsin itself is not well."""
    explained_by = board.suppression.explanation(occurred.source, occurred.code)
    board.out += board.faults.report(occurred.source, occurred.code, occurred.text, now, explained_by)
    state = board.house.devices.get(occurred.source)
    if state is None:
        return
    state.faults.add(occurred.code)
    look(board, state, FAULTED, now)
    if occurred.quantity is not None and state.doubt(occurred.quantity, now):
        look(board, state, occurred.quantity, now)


def recovered(board: Board, told: Recovered, now: float) -> None:
    """It is well again."""
    _end_fault(board, told.source, told.code, now)


def _end_fault(board: Board, source: str, code: str, now: float) -> None:
    board.out += board.faults.end(source, code, now)
    state = board.house.devices.get(source)
    if state is not None:
        state.faults.discard(code)
        look(board, state, FAULTED, now)


def link(board: Board, told: LinkUp | LinkDown, now: float) -> None:
    """A link went down or came up: what it explains is hidden, or shown again."""
    said: list[Decision]
    if isinstance(told, LinkDown):
        said = board.faults.report(told.link, LINK_DOWN, told.reason, now)
    else:
        said = board.faults.end(told.link, LINK_DOWN, now)
    board.out += said
    if said:
        board.suppress(board.suppression.behind(told.link), now)
