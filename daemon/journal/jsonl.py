"""The journal as JSON lines: one object for each signal, decision and settled delivery, in the order of the journal."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from daemon.journal.export import Progress
from daemon.journal.rows import PAGE_ROWS, Reader, Row, Span, share_of

_encoder = msgspec.json.Encoder()


def write(reader: Reader, span: Span, out: BinaryIO, progress: Progress) -> int:
    """Implements daemon.journal.export.Write."""
    count = 0
    share = share_of(reader, span)
    for number, row in enumerate(reader.rows(span)):
        if number % PAGE_ROWS == 0:
            progress(share(row.seq))
        for item in _items(reader, row):
            out.write(_encoder.encode(item) + b"\n")
            count += 1
    progress(1.0)
    return count


def _items(reader: Reader, row: Row) -> Iterator[dict[str, Any]]:
    head = {"row": row.seq, "wall": row.wall}
    for signal in reader.signals(row):
        yield {**head, "type": signal.__struct_config__.tag, **msgspec.structs.asdict(signal)}
    for event in reader.events(row):
        yield {**head, "type": "decision", "id": event.id, "decision": event.decision}
    for settled in reader.settled(row):
        yield {**head, "type": "settlement", **msgspec.structs.asdict(settled)}
