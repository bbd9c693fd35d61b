"""Whatever bytes come, a codec returns readings that their quantities accept, or raises BadInput; nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import BadInput, Binding, Decoded
from drivers.registry import DRIVERS
from rules.quantity import QUANTITIES
from rules.signal import Reading

TOPICS = {
    "tocsin": ("tocsin/dev/it/readings", "tocsin/dev/it/status", "tocsin/dev/other/readings"),
    "zigbee2mqtt": (
        "zigbee2mqtt/it",
        "zigbee2mqtt/it/action",
        "zigbee2mqtt/it/availability",
        "zigbee2mqtt/bridge/state",
    ),
    "tasmota": ("tele/it/SENSOR", "tele/it/STATE", "stat/it/RESULT", "tele/it/LWT", "tele/it/ENERGY", "stat/it/POWER"),
}
KEYS = (
    *sorted(QUANTITIES),
    *("boot", "seq", "readings", "action", "sos", "state", "linkquality", "battery_state"),
    *("ENERGY", "Power", "Voltage", "Current", "Total", "StatusSNS", "POWER", "Switch1", "Button1", "Action"),
    *("Temperature", "TempUnit"),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["ON", "OFF", "online", "emergency", "F", "9f2c"]),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=6), inner, max_size=6)
    ),
    max_leaves=20,
)
PAYLOADS = st.one_of(
    st.binary(max_size=200),
    TREES.map(lambda tree: json.dumps(tree).encode()),
    st.fixed_dictionaries({"boot": LEAVES, "seq": LEAVES, "readings": TREES}).map(
        lambda tree: json.dumps(tree).encode()
    ),
)


@pytest.mark.parametrize("kind", sorted(TOPICS))
@given(data=st.data())
def test_a_codec_believes_only_what_can_be(kind: str, data: st.DataObject) -> None:
    """No exception but BadInput leaves a codec, and no reading that its quantity would refuse."""
    driver = DRIVERS[kind]
    dialect = driver.build("broker", driver.settings(), [Binding("it", "it", frozenset(QUANTITIES))])
    topic, payload = data.draw(st.sampled_from(TOPICS[kind])), data.draw(PAYLOADS)
    try:
        decoded: Decoded = dialect.decode(topic, payload, data.draw(st.booleans()), 1.0)
    except BadInput as refused:
        decoded = Decoded(bad=(refused,))
    for signal in decoded.signals:
        if isinstance(signal, Reading):
            assert QUANTITIES[signal.quantity].accepts(signal.value)
            assert isinstance(signal.value, float | bool)
    for bad in decoded.bad:
        assert len(str(bad)) < 1000
    if decoded.receipt is not None:
        (acknowledged,) = dialect.acknowledge([decoded.receipt])
        assert json.loads(acknowledged[1])["seqs"] == [[decoded.receipt.seq, decoded.receipt.seq]]
