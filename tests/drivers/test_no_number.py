"""No driver tells a value that is no number: NaN, infinities, and what becomes one on the way."""

import math

import pytest

from drivers.contract import BadInput, Binding, Decoded
from drivers.megatec.codec import parse
from drivers.registry import DRIVERS
from rules.signal import Reading

WORDS = ("NaN", "Infinity", "-Infinity", "1e999", "-1e999")
MESSAGES = {
    "tocsin": ("tocsin/dev/it/readings", '{"boot":"b","seq":1,"readings":{"temperature":%s,"co":3}}'),
    "zigbee2mqtt": ("zigbee2mqtt/it", '{"temperature":%s,"co":3}'),
    "tasmota": ("tele/it/SENSOR", '{"ENERGY":{"Voltage":%s,"Power":3}}'),
}


def test_every_driver_has_its_message() -> None:
    """A new family is asked for its own."""
    assert {*MESSAGES, "megatec"} == DRIVERS.keys()


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("kind", sorted(MESSAGES))
def test_a_value_that_is_no_number_is_evidence_and_the_rest_is_told(kind: str, word: str) -> None:
    """One value is spoilt, not the message."""
    driver, (topic, payload) = DRIVERS[kind], MESSAGES[kind]
    quantities = frozenset({"temperature", "co", "voltage", "power"})
    dialect = driver.build("broker", driver.settings(), [Binding("it", "it", quantities)])
    decoded: Decoded = dialect.decode(topic, (payload % word).encode(), False, 1.0)
    values = [signal.value for signal in decoded.signals if isinstance(signal, Reading)]
    assert values == [3.0] and math.isfinite(values[0])
    assert len(decoded.bad) == 1


@pytest.mark.parametrize("word", [b"nan  ", b"inf  ", b"1e999", b"-inf "])
def test_a_serial_answer_with_a_value_that_is_no_number_is_refused_whole(word: bytes) -> None:
    """A frame has no part that could be believed without the others."""
    with pytest.raises(BadInput):
        parse(b"(%s 195.0 229.9 014 49.9 27.5 30.0 00001001" % word)
