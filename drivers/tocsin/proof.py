"""The proof of life: a message that goes round the house as a device's would, and tells of no device.

An output sends it, the link hears it, the driver reads it, rules and journal take it, and the receipt comes back to the
output. It carries no reading, so it can neither raise nor hide an alarm.
"""

import msgspec

from drivers.tocsin.codec import Message

ADDRESS = "tocsin-proof"  # where a device would have its own

_encoder = msgspec.json.Encoder()


class Answer(msgspec.Struct):
    """A receipt, as a device gets it."""

    boot: str
    seqs: list[tuple[int, int]]


_answer = msgspec.json.Decoder(Answer)


def probe_topic(prefix: str) -> str:
    """Where it is sent."""
    return f"{prefix}/dev/{ADDRESS}/readings"


def answer_topic(prefix: str) -> str:
    """Where its receipt comes."""
    return f"{prefix}/cmd/{ADDRESS}/ack"


def probe(boot: str, seq: int) -> bytes:
    """A message of the dialect without readings."""
    return _encoder.encode(Message(boot, seq, {}))


def answered(payload: bytes) -> tuple[str, list[tuple[int, int]]]:
    """Whose probes a receipt names, as inclusive ranges. Raises msgspec.MsgspecError."""
    answer = _answer.decode(payload)
    return answer.boot, answer.seqs
