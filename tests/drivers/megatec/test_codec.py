"""What is taken for a Megatec reply, and what never is."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import BadInput
from drivers.megatec.codec import FRAME_MAX, HALF_FRAME_S, Frames, Identity, Rating, Refused, Reply, Status, parse

STATUS = b"(226.0 195.0 226.0 014 49.9 27.5 30.0 00001000"
RATING = b"#220.0 004 24.00 50.0"
IDENTITY = b"#SANTAK          C1K        VT12046Q  "
GOOD = (STATUS, RATING, IDENTITY)
FLAGS = ("mains_failed", "battery_low", "regulating", "failed", "line_interactive", "testing", "shutting_down")


def _whole(data: bytes) -> list[Reply | BadInput]:
    return Frames().feed(data, 0.0)


def _plain(found: list[Reply | BadInput]) -> list[object]:
    """Comparable: a BadInput is told apart by its evidence and reason."""
    return [(one.reason, one.evidence) if isinstance(one, BadInput) else one for one in found]


def test_status_is_read_field_by_field() -> None:
    """Each field of a Q1 answer lands where the protocol puts it."""
    assert parse(b"(226.1 195.0 229.9 014 49.9 27.5 30.0 00001001") == Status(
        input_v=226.1,
        fault_v=195.0,
        output_v=229.9,
        load_percent=14.0,
        frequency_hz=49.9,
        battery_v=27.5,
        per_cell=False,
        mains_failed=False,
        battery_low=False,
        regulating=False,
        failed=False,
        line_interactive=True,
        testing=False,
        shutting_down=False,
    )


@pytest.mark.parametrize(("bit", "name"), list(enumerate(FLAGS)))
def test_each_flag_is_one_bit(bit: int, name: str) -> None:
    """The flags stand from left to right as b7 to b1, and each sets only its own."""
    flags = bytearray(b"00000000")
    flags[bit] = ord("1")
    status = parse(STATUS[:-8] + bytes(flags))
    assert [other for other in FLAGS if getattr(status, other)] == [name]


def test_volts_of_a_cell_are_told_apart_from_volts_of_the_pack() -> None:
    """One digit before the point is an online UPS that tells one cell."""
    status = parse(b"(226.0 195.0 226.0 014 49.9 2.28 30.0 00000000")
    assert isinstance(status, Status)
    assert (status.battery_v, status.per_cell) == (2.28, True)


def test_dashes_are_no_reading() -> None:
    """A value that the UPS does not measure is None and never a number."""
    status = parse(b"(---.- ---.- ---.- --- --.- --.- --.- 10001000")
    assert isinstance(status, Status)
    assert status.mains_failed
    values = (status.input_v, status.output_v, status.load_percent, status.frequency_hz, status.battery_v)
    assert values == (None,) * 5


@pytest.mark.parametrize(
    "frame",
    [
        b"(26.0 195.0 226.0 014 49.9 27.5 30.0 00001000",  # a digit lost
        b"(226.0 195.0 226.0 014 49.9 27.5 30.0 0001000",  # a flag lost
        b"(226.0 195.0 226.0 014 49.9 27.5 30.0 00021000",  # a flag that is none
        b"(2-6.0 195.0 226.0 014 49.9 27.5 30.0 00001000",  # half a number
        b"(226.0 195.0 226.0 999 49.9 27.5 30.0 00001000",  # a load of 999 %
        b"(226,0 195.0 226.0 014 49.9 27.5 30.0 00001000",
        b"(226.0 195.0 226.0 014 49.9 27.5 30.0 00001000 ",
        b"(226.0 195.0 226.0 014 49.9 nan. 30.0 00001000",
        "(२२६.० 195.0 226.0 014 49.9 27.5 30.0 00001000".encode(),
        b"(ACK",
        b"OK",
        b"\xff\xfe\x00",
    ],
)
def test_a_damaged_status_is_bad_and_not_a_smaller_number(frame: bytes) -> None:
    """Whatever is lost or changed in a field's shape costs the frame, with the bytes as evidence."""
    with pytest.raises(BadInput) as bad:
        parse(frame)
    assert bad.value.evidence == frame


def test_rating_and_identity() -> None:
    """F tells the nominal battery voltage in either of its two shapes, I the maker's words."""
    assert parse(b"#220.0 000 024.0 50.0") == Rating(220.0, 24.0)
    assert parse(RATING) == Rating(220.0, 24.0)
    assert parse(IDENTITY) == Identity("SANTAK C1K VT12046Q")


def test_an_identity_may_hold_a_bracket() -> None:
    """A maker's name is free text: a bracket in it does not begin another frame."""
    assert _whole(b"#SANTAK (CN)     C1K        VT12046Q  \r") == [Identity("SANTAK (CN) C1K VT12046Q")]


@pytest.mark.parametrize("frame", [b"(NAK", b"Q1", b"F", b"I"])
def test_an_unknown_command_comes_back(frame: bytes) -> None:
    """An echo or (NAK is a refusal, not damage."""
    assert parse(frame) == Refused(frame)


def test_any_division_of_the_bytes_gives_the_same() -> None:
    """Whole, byte by byte and cut at every point, with noise and a half frame between, the outcome is the same."""
    stream = b"\n" + STATUS + b"\r" + RATING + b"\r\xf0\x9f" + STATUS[:20] + STATUS + b"\r" + IDENTITY + b"\r" + STATUS
    whole = _plain(_whole(stream))
    assert [one for one in whole if not isinstance(one, tuple)] == [
        parse(one) for one in (STATUS, RATING, STATUS, IDENTITY)
    ]
    for cut in range(len(stream) + 1):
        frames = Frames()
        assert _plain(frames.feed(stream[:cut], 0.0) + frames.feed(stream[cut:], 0.1)) == whole
    frames = Frames()
    assert _plain([one for byte in stream for one in frames.feed(bytes([byte]), 0.0)]) == whole


def test_half_a_frame_costs_itself_only() -> None:
    """A start byte inside a frame begins a new one: the frame behind a torn one is taken."""
    torn, good = _whole(STATUS[:30] + STATUS + b"\r")
    assert isinstance(torn, BadInput) and torn.evidence == STATUS[:30]
    assert good == parse(STATUS)


def test_silence_ends_half_a_frame() -> None:
    """The rest of a frame that comes after the pause is not glued to its beginning."""
    frames = Frames()
    assert frames.feed(STATUS[:10], 5.0) == []
    assert frames.deadline() == 5.0 + HALF_FRAME_S
    assert frames.expire(5.0 + HALF_FRAME_S / 2) == []
    (half,) = frames.expire(5.0 + HALF_FRAME_S)
    assert isinstance(half, BadInput) and half.evidence == STATUS[:10]
    assert frames.deadline() is None
    (rest,) = frames.feed(STATUS[10:] + b"\r", 6.0)
    assert isinstance(rest, BadInput)


def test_bytes_after_the_pause_do_not_need_expire_to_be_called() -> None:
    """A loop that was late still does not glue two halves: `feed` looks at the time itself."""
    frames = Frames()
    frames.feed(STATUS[:10], 0.0)
    first, second = frames.feed(STATUS[10:] + b"\r", 60.0)
    assert isinstance(first, BadInput) and isinstance(second, BadInput)
    assert frames.feed(STATUS + b"\r", 60.0) == [parse(STATUS)]


def test_a_megabyte_without_an_end_stays_bounded() -> None:
    """Noise without CR is let go in pieces, and the first whole frame after it is taken."""
    frames = Frames()
    bad = frames.feed(b"x" * 1_000_000, 0.0)
    assert len(bad) == 1_000_000 // (FRAME_MAX + 1)
    assert all(isinstance(one, BadInput) and len(one.evidence) <= FRAME_MAX + 1 for one in bad)
    assert frames.feed(STATUS + b"\r", 0.1)[-1] == parse(STATUS)


def test_every_single_bit_flip_is_bad_or_the_same_shape() -> None:
    """One flipped bit never changes how many frames there are, raises nothing, and makes no number out of range."""
    for position in range(len(STATUS)):
        for bit in range(8):
            damaged = bytearray(STATUS)
            damaged[position] ^= 1 << bit
            for one in _whole(bytes(damaged) + b"\r" + STATUS + b"\r")[:-1]:
                if isinstance(one, Status):
                    assert one.load_percent is None or one.load_percent <= 300.0
            assert _whole(bytes(damaged) + b"\r" + STATUS + b"\r")[-1] == parse(STATUS)


@given(st.lists(st.one_of(st.binary(max_size=90), st.sampled_from([one + b"\r" for one in GOOD])), max_size=12))
def test_fuzz_never_raises_and_resynchronises(pieces: list[bytes]) -> None:
    """Invariant: any bytes are frames or evidence, never an exception, and a good frame after an end is taken."""
    frames = Frames()
    for at, piece in enumerate(pieces):
        for one in frames.feed(piece, float(at) * 0.01):
            assert isinstance(one, BadInput | Status | Rating | Identity | Refused)
            assert not isinstance(one, BadInput) or len(one.evidence) <= FRAME_MAX + 1
    frames.feed(b"\r", 1.0)
    assert frames.feed(STATUS + b"\r", 1.0) == [parse(STATUS)]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=6))
def test_fuzz_division_does_not_matter(stream: bytes, cuts: list[int]) -> None:
    """Invariant: how the stream is cut into reads changes nothing of what is found."""
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    frames = Frames()
    parts = [one for start, end in pairwise(edges) for one in frames.feed(stream[start:end], 0.0)]
    assert _plain(parts) == _plain(_whole(stream))


def test_recorded_vectors(shared_data: Path) -> None:
    """Frames that NUT's own drivers understood are understood here, each with the meaning NUT gave it."""
    seen = 0
    for line in (shared_data / "frame_vectors.jsonl").read_text().splitlines():
        vector = json.loads(line)
        if vector["protocol"] != "megatec" or vector["dir"] != "reply":
            continue
        (reply,) = _whole(bytes.fromhex(vector["hex"]))
        meaning = vector["meaning"]
        if vector["name"] == "Q1":
            assert isinstance(reply, Status)
            words = meaning.replace(",", " ").split()
            assert reply.mains_failed == ("OB" in words)
            assert reply.battery_low == ("LB" in words)
            assert reply.testing == ("CAL" in words)
            assert reply.failed == ("selftest" in meaning)
            assert reply.regulating == bool({"BOOST", "BYPASS", "TRIM"} & set(words))
        else:
            assert isinstance(reply, Rating if vector["name"] == "F" else Identity)
        seen += 1
    assert seen >= 8
