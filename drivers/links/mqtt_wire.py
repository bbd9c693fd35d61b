"""PUBLISH and PUBACK, read from a byte stream and written (sections 3.3 and 3.4 of MQTT 3.1.1 and of MQTT 5).

paho reads a socket byte by byte and builds six objects for each message: 34 us of a 25 us budget, and as much again for
one that it sends. So the two packets that come and go in masses are made here; everything else is paho's.
"""

from typing import NamedTuple

PAYLOAD_LIMIT = 65_536  # bytes; no device of ours says more, and a longer payload is refused as bad input
TOPIC_LIMIT = 65_535  # what two length bytes can say
_KEPT_LIMIT = PAYLOAD_LIMIT + TOPIC_LIMIT + 1024  # of one packet; what comes after is counted and thrown away
_CONTROL_LIMIT = 65_536  # no CONNACK, SUBACK or DISCONNECT is longer
_PUBLISH = 0x30
_PUBACK = 0x40
_QOS_1 = 0x02


class WireError(Exception):
    """The peer does not speak MQTT, or not the part of it that was agreed. The connection is of no further use."""


class Publish(NamedTuple):
    """One message. `size` is the payload's length as sent; one above PAYLOAD_LIMIT is cut. `mid` 0 means QoS 0."""

    topic: bytes
    payload: bytes
    retained: bool
    mid: int
    size: int


class Puback(NamedTuple):
    """The broker has taken the message `mid`; a `code` of 0x80 or more says that it did not (MQTT 5 table 3-4)."""

    mid: int
    code: int


Packet = Publish | Puback


class Packets:
    """Bytes in, whole packets out; holds at most one unfinished packet."""

    def __init__(self, v5: bool) -> None:
        self._v5 = v5
        self._rest = b""
        self._skip = 0  # bytes of an oversized packet still to be thrown away
        self._cut: Publish | None = None

    def feed(self, data: bytes) -> tuple[list[Packet], bytes]:
        """Returns the messages and acknowledgements in `data`, and all other packets as they came. Raises WireError."""
        found: list[Packet] = []
        if self._skip:
            data = self._discard(data, found)
        if self._rest:
            data = self._rest + data
        control = b""
        at, end = 0, len(data)
        while end - at >= 2:
            length = data[at + 1]
            body = at + 2
            if length & 0x80:
                long = _long_length(data, at + 1)
                if long is None:
                    break
                length, body = long
            after = body + length
            kind = data[at] & 0xF0
            if after > end:
                if length > (_KEPT_LIMIT if kind == _PUBLISH else _CONTROL_LIMIT):
                    at = self._begin_discard(data, at, body, length)
                break
            if kind == _PUBLISH:
                found.append(self._publish(data[at], data[body:after], length))
            elif kind == _PUBACK:
                found.append(_puback(data[body:after]))
            else:
                control += data[at:after]
            at = after
        self._rest = data[at:] if at < end else b""
        return found, control

    def _publish(self, first: int, body: bytes, length: int) -> Publish:
        """`body` may be the beginning of a longer packet of `length` bytes."""
        try:
            at = 2 + (body[0] << 8 | body[1])
            topic = body[2:at]
            qos = first & 0x06
            mid = 0
            if qos:
                if qos != _QOS_1:
                    raise WireError("the broker sent QoS 2, which was never subscribed")
                mid = body[at] << 8 | body[at + 1]
                if not mid:
                    raise WireError("the broker sent a message without an identifier")
                at += 2
            if self._v5:
                properties = body[at]
                at += 1
                if properties:
                    at = _after_properties(body, at, properties)
        except IndexError as error:
            raise WireError("the broker sent a PUBLISH that ends before its payload") from error
        if at > length:
            raise WireError("the broker sent a PUBLISH that ends before its payload")
        size = length - at
        payload = body[at : at + PAYLOAD_LIMIT] if size > PAYLOAD_LIMIT else body[at:]
        return Publish(topic, payload, bool(first & 1), mid, size)

    def _begin_discard(self, data: bytes, at: int, body: int, length: int) -> int:
        """Keep the head of an oversized packet once it is here; returns how far `data` is used up."""
        if data[at] & 0xF0 != _PUBLISH:
            raise WireError(f"the broker sent a control packet of {length} bytes")
        if len(data) - body < _KEPT_LIMIT:
            return at
        self._cut = self._publish(data[at], data[body : body + _KEPT_LIMIT], length)
        self._skip = body + length - len(data)
        return len(data)

    def _discard(self, data: bytes, found: list[Packet]) -> bytes:
        gone = min(self._skip, len(data))
        self._skip -= gone
        if not self._skip and self._cut is not None:
            found.append(self._cut)
            self._cut = None
        return data[gone:]


def _long_length(data: bytes, at: int) -> tuple[int, int] | None:
    """Remaining length of two to four bytes: (length, where the body begins), or None when not all of it is here."""
    length = shift = 0
    for position in range(at, min(at + 4, len(data))):
        length |= (data[position] & 0x7F) << shift
        if not data[position] & 0x80:
            return length, position + 1
        shift += 7
    if len(data) >= at + 4:
        raise WireError("the broker sent a length of more than four bytes")
    return None


def _after_properties(body: bytes, at: int, first: int) -> int:
    """Where the payload begins: `first` is the first byte of the properties' length, `at` the place behind it."""
    length, shift = first & 0x7F, 7
    while first & 0x80:
        if shift > 21:
            raise WireError("the broker sent a length of more than four bytes")
        first = body[at]
        at += 1
        length |= (first & 0x7F) << shift
        shift += 7
    return at + length


def _puback(body: bytes) -> Puback:
    if len(body) < 2:
        raise WireError("the broker sent a PUBACK without an identifier")
    return Puback(body[0] << 8 | body[1], body[2] if len(body) > 2 else 0)


def publish_packet(topic: str, payload: bytes, retain: bool, v5: bool, mid: int = 0) -> bytes:
    """A message. Without a `mid` it asks for no acknowledgement (QoS 0), with one for a PUBACK (QoS 1)."""
    name = topic.encode("utf-8")
    body = len(name).to_bytes(2) + name + (mid.to_bytes(2) if mid else b"") + (b"\0" if v5 else b"") + payload
    length, head = len(body), bytearray((_PUBLISH | (_QOS_1 if mid else 0) | retain,))
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    head.append(length)
    return bytes(head) + body


def puback(mid: int) -> bytes:
    """The acknowledgement of a QoS 1 message, the same in both versions when all is well."""
    return bytes((_PUBACK, 2, mid >> 8, mid & 0xFF))
