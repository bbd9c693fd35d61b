"""Packed signals are the very signals again, bit by bit, and damage is noticed."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.journal.compact import BOOK_MAX, Book, Name, Unreadable, epoch_of, filtered, pack, unpack
from rules.signal import Acknowledge, Heard, Origin, Reading, Signal, Tick

_names = st.sampled_from(["det-1", "det-2", "烟感-3", "x" * 64])
_ats = st.floats(0, 1e9)
_origins = st.none() | st.builds(Origin, st.sampled_from(["boot", "b2", ""]), st.integers(0, 2**53))
_values = st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
_readings = st.builds(
    Reading,
    _ats,
    _names,
    st.sampled_from(["temperature", "smoke"]),
    _values,
    st.sampled_from(["live", "retained", "resumed"]),
    _origins,
)
_signals: st.SearchStrategy[Signal] = st.one_of(
    _readings,
    st.builds(Tick, _ats),
    st.builds(Heard, _ats, _names, st.booleans()),
    st.builds(Acknowledge, _ats, _names, _names, _names),
)


def _known(book: Book) -> Mapping[int, Name]:
    return dict(book.new)


@given(st.lists(_signals, max_size=40))
def test_what_is_packed_comes_back(signals: list[Signal]) -> None:
    """Any mixture of routine and other signals keeps every bit and its order."""
    book, problems = Book(7), list[str]()
    packed, others = pack(signals, book)
    assert all(isinstance(signal, Acknowledge) for signal in others)
    if packed is None:
        assert others == signals
        return
    assert epoch_of(packed) == 7
    again = unpack(packed, _known(book), others, problems)
    assert again == signals and problems == []
    assert [type(one.value) for one in again if isinstance(one, Reading)] == [
        type(one.value) for one in signals if isinstance(one, Reading)
    ]


@given(st.lists(_signals, max_size=30), st.sets(st.integers(0, 30)))
def test_some_can_be_taken_out(signals: list[Signal], unwanted: set[int]) -> None:
    """What is left keeps every bit and its order, also among signals that are not packed."""
    book, problems, places = Book(7), list[str](), iter(range(31))
    packed, others = pack(signals, book)
    if packed is None:
        return
    left = filtered(packed, lambda at, number, value: next(places) not in unwanted)
    routine = [place for place, signal in enumerate(signals) if not isinstance(signal, Acknowledge)]
    gone = {place for number, place in enumerate(routine) if number in unwanted}
    expected = [signal for place, signal in enumerate(signals) if place not in gone]
    if left is None:
        assert expected == others
    else:
        assert unpack(left, _known(book), others, problems) == expected and problems == []


@given(st.data())
def test_a_flipped_bit_is_noticed(data: st.DataObject) -> None:
    """Whichever bit of packed signals changes on the disk, they are refused, not believed."""
    book = Book(1)
    packed, _ = pack([Reading(1.0, "det-1", "temperature", 21.5), Tick(2.0)], book)
    assert packed is not None
    place = data.draw(st.integers(0, len(packed) * 8 - 1))
    flipped = bytearray(packed)
    flipped[place // 8] ^= 1 << place % 8
    with pytest.raises(Unreadable):
        epoch_of(bytes(flipped))
    for length in (0, 3, len(packed) - 1):
        with pytest.raises(Unreadable):
            epoch_of(packed[:length])


def test_what_cannot_be_told_costs_itself_alone() -> None:
    """A value that is no number, and a number without a name, are told; their neighbours are there."""
    book, problems = Book(1), list[str]()
    lost, kept = Reading(1.0, "det-1", "temperature", float("nan")), Reading(2.0, "det-2", "temperature", 21.5)
    packed, _ = pack([lost, kept, Tick(3.0), Heard(4.0, "det-3")], book)
    assert packed is not None
    names = {number: name for number, name in book.new if name.device != "det-3"}
    assert unpack(packed, names, [], problems) == [kept, Tick(3.0)]
    assert ["was no number" in problems[0], "stands for" in problems[1], len(problems)] == [True, True, 2]


def test_a_book_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that calls itself new each time fills a book, which then is full: memory has a bound."""
    book = Book(1)
    for boot in range(BOOK_MAX):
        assert not book.full
        pack([Reading(1.0, "det-1", "temperature", 21.5, "live", Origin(f"b{boot}", 1))], book)
    assert book.full


def test_a_reading_takes_few_bytes() -> None:
    """Beside a few others, a usual reading takes at most 25 bytes; on the disk comes its part of the row."""
    book = Book(1)
    signals = [
        Reading(100_000.0 + n / 7, f"det-{n % 40}", "temperature", 20 + n / 10, "live", Origin("b0ffee", 70_000 + n))
        for n in range(20)
    ]
    packed, _ = pack(signals, book)
    assert packed is not None and len(packed) / len(signals) <= 25
