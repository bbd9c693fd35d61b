"""The lists in the journal's columns, as JSON text: an item that cannot be written or read costs itself alone."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

import msgspec

Item = TypeVar("Item")

_log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder()
_raws = msgspec.json.Decoder(list[msgspec.Raw])


def encode(items: Sequence[object]) -> str | None:
    """None for no items: an empty column costs nothing. What cannot be written is left out and logged."""
    if not items:
        return None
    try:
        return encode_all(items)
    except UnicodeEncodeError:
        return encode_all(writable(items))


def encode_all(items: Sequence[object]) -> str:
    """Raises UnicodeEncodeError for a name with half a surrogate pair."""
    return _encoder.encode(items).decode()


def writable(items: Iterable[Item]) -> list[Item]:
    """Those that can be written: one that cannot must not keep the rest from it."""
    return [item for item in items if _can_be_written(item)]


def _can_be_written(item: object) -> bool:
    try:
        _encoder.encode(item)
    except UnicodeEncodeError as error:
        _log.error("journal: an item cannot be written: %s: %.80r", error.reason, item)
        return False
    return True


class Column(Generic[Item]):
    """Reads one kind of list; `name` is what people call an item."""

    def __init__(self, name: str, item: object) -> None:
        self._name = name
        self._all = msgspec.json.Decoder(list[item])  # type: ignore[valid-type]  # a type made at run time
        self._one = msgspec.json.Decoder(item)

    def decode(self, text: str | None, where: str, problems: list[str]) -> list[Item]:
        """Adds what cannot be read to `problems`. Raises msgspec.DecodeError when the text is no list at all."""
        if text is None:
            return []
        try:
            return self._all.decode(text)
        except msgspec.MsgspecError:
            return list(self._readable(_raws.decode(text), where, problems))

    def _readable(self, raws: Iterable[msgspec.Raw], where: str, problems: list[str]) -> Iterator[Item]:
        for raw in raws:
            try:
                yield self._one.decode(raw)
            except msgspec.MsgspecError as error:
                problems.append(f"{where}: a {self._name} cannot be read ({error}) and is lost: {bytes(raw)[:80]!r}")
