"""Cutting a byte stream into packets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.links.mqtt_wire import PAYLOAD_LIMIT, Packet, Packets, Puback, Publish, WireError, puback, publish_packet


def length(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def publish(topic: bytes, payload: bytes, mid: int, v5: bool, properties: bytes = b"", retained: bool = False) -> bytes:
    """As the specification writes it, independently of the code under test."""
    body = len(topic).to_bytes(2) + topic
    body += mid.to_bytes(2) if mid else b""
    body += length(len(properties)) + properties if v5 else b""
    body += payload
    return bytes((0x30 | (2 if mid else 0) | retained,)) + length(len(body)) + body


def test_a_message_and_a_control_packet_are_told_apart() -> None:
    """PUBLISH is read, everything else comes out as it went in."""
    pingresp, suback = b"\xd0\x00", b"\x90\x03\x00\x01\x01"
    stream = pingresp + publish(b"t", b"{}", 7, v5=False, retained=True) + suback
    assert Packets(v5=False).feed(stream) == ([Publish(b"t", b"{}", True, 7, 2)], pingresp + suback)


def test_acknowledgements_are_read_with_and_without_a_reason() -> None:
    """MQTT 3.1.1 and the short form of MQTT 5 say only the identifier; a longer one says why, and may say more."""
    stream = b"\x40\x02\x01\x02" + b"\x40\x03\x00\x07\x87" + b"\x40\x05\x00\x08\x10\x01\x00"
    for cut in range(len(stream)):
        packets = Packets(v5=True)
        first, second = packets.feed(stream[:cut])[0], packets.feed(stream[cut:])[0]
        assert first + second == [Puback(0x0102, 0), Puback(7, 0x87), Puback(8, 0x10)]
    with pytest.raises(WireError, match="without an identifier"):
        Packets(v5=True).feed(b"\x40\x01\x01")


MESSAGES = st.lists(
    st.tuples(
        st.binary(min_size=1, max_size=40),
        st.binary(max_size=300),
        st.integers(0, 65_535),
        st.binary(max_size=200),
        st.booleans(),
    ),
    max_size=6,
)


@given(messages=MESSAGES, v5=st.booleans(), cuts=st.lists(st.integers(1, 50), min_size=1))
def test_packets_do_not_depend_on_how_the_stream_is_cut(
    messages: list[tuple[bytes, bytes, int, bytes, bool]], v5: bool, cuts: list[int]
) -> None:
    """Fed whole or in pieces of any size, the same messages come out, and the last unfinished one does not."""
    stream = b"".join(publish(topic, load, mid, v5, more, kept) for topic, load, mid, more, kept in messages)
    expected = [Publish(topic, load, kept, mid, len(load)) for topic, load, mid, _, kept in messages]
    whole = Packets(v5).feed(stream + b"\x30")
    packets, found, at, turn = Packets(v5), list[Packet](), 0, 0
    while at < len(stream):
        step = cuts[turn % len(cuts)]
        found += packets.feed(stream[at : at + step])[0]
        at, turn = at + step, turn + 1
    assert whole == (expected, b"")
    assert found == expected


@given(data=st.binary(max_size=300), v5=st.booleans())
def test_noise_is_packets_or_a_wire_error(data: bytes, v5: bool) -> None:
    """No other exception ever leaves the framing, and what is kept is never longer than what came."""
    packets = Packets(v5)
    try:
        publishes, control = packets.feed(data)
    except WireError:
        return
    payloads = [one.payload for one in publishes if isinstance(one, Publish)]
    assert len(control) + sum(len(one) for one in payloads) <= len(data)


@pytest.mark.parametrize("size", [PAYLOAD_LIMIT, PAYLOAD_LIMIT + 1, 200_000, 5_000_000])
@pytest.mark.parametrize("step", [1000, 32_768, 10_000_000])
def test_a_message_too_long_is_cut_and_the_next_one_read(size: int, step: int) -> None:
    """Of an oversized message the head is kept and the size told; memory stays bounded; the next message is whole."""
    stream = publish(b"big", b"x" * size, 9, v5=True) + publish(b"next", b"y", 10, v5=True)
    packets, found = Packets(v5=True), list[Packet]()
    for at in range(0, len(stream), step):
        found += packets.feed(stream[at : at + step])[0]
        assert len(packets._rest) < 4 * PAYLOAD_LIMIT
    big, after = found
    assert isinstance(big, Publish)
    assert (big.topic, big.mid, big.size, len(big.payload)) == (b"big", 9, size, min(size, PAYLOAD_LIMIT))
    assert after == Publish(b"next", b"y", False, 10, 1)


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (b"\x34\x06\x00\x01t\x00\x01x", "QoS 2"),
        (b"\x32\x05\x00\x01t\x00\x00", "without an identifier"),
        (b"\x30\x02\x00\x09", "ends before"),
        (b"\x30\xff\xff\xff\xff\x01", "four bytes"),
        (b"\x20\xff\xff\x7f" + b"x" * 100, "control packet"),
    ],
)
def test_what_is_not_mqtt_ends_the_connection(stream: bytes, why: str) -> None:
    """A stream that has lost its frame cannot be trusted again, and the reason is told."""
    with pytest.raises(WireError, match=why):
        Packets(v5=False).feed(stream)


@pytest.mark.parametrize("v5", [True, False])
@given(payload=st.binary(max_size=20_000), retain=st.booleans())
def test_what_is_sent_is_what_would_be_read(v5: bool, payload: bytes, retain: bool) -> None:
    """Our own QoS 0 PUBLISH is the one that the specification describes."""
    for mid in (0, 1, 0xFFFF):
        assert publish_packet("a/ü", payload, retain, v5, mid) == publish("a/ü".encode(), payload, mid, v5, b"", retain)


def test_an_acknowledgement_names_its_message() -> None:
    """PUBACK is four bytes in both versions (MQTT 5 section 3.4.2.1)."""
    assert puback(0x1234) == b"\x40\x02\x12\x34"
