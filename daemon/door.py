"""The door of the pump: what comes through it can be written down and read back, whichever driver it came from."""

import math

from rules.hearing import BAD_VALUE
from rules.signal import Fault, Reading, Signal


def sound(signal: Signal) -> Signal:
    """The signal; a reading whose value is no number, or an endless one, is the fault that it means.

    The journal is JSON, which knows no NaN and no infinity: such a reading would be written as nothing, and the row
    could never be folded again. The engine makes the same fault of it. Codecs refuse such values themselves.
    """
    if type(signal) is not Reading or math.isfinite(signal.value):
        return signal
    text = f"{signal.quantity} {signal.value!r} is no number"
    return Fault(signal.at, signal.device, f"{BAD_VALUE}{signal.quantity}", text, signal.quantity)
