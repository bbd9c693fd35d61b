"""The journal as an Apache Parquet table: one line for each signal and decision, in the order of the journal.

Needs pyarrow, which is no part of the service: 55 MB to fetch, 171 MB on the disk of a small box.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec
import pyarrow as arrow
import pyarrow.parquet as files

from daemon.core import Event
from daemon.journal.export import Progress
from daemon.journal.rows import PAGE_ROWS, Reader, Row, Span, share_of
from rules.signal import Reading, Signal

GROUP_LINES = 50_000  # in memory at once, about 20 MB

_WORD = arrow.dictionary(arrow.int32(), arrow.string())
SCHEMA = arrow.schema(
    [
        ("row", arrow.int64()),
        ("time", arrow.timestamp("us", "UTC")),
        ("at", arrow.float64()),  # engine time, seconds
        ("kind", _WORD),  # as in --format jsonl; a decision by its own kind
        ("device", _WORD),
        ("quantity", _WORD),
        ("value", arrow.float64()),  # in the quantity's unit; a contact is 1 or 0
        ("provenance", _WORD),
        ("decision", arrow.int64()),  # its number
        ("body", arrow.string()),  # all of it as JSON, for what is no reading
    ]
)
_encoder = msgspec.json.Encoder()
_Line = tuple[Any, ...]  # in the order of SCHEMA


def write(reader: Reader, span: Span, out: BinaryIO, progress: Progress) -> int:
    """Implements daemon.journal.export.Write."""
    count = 0
    share = share_of(reader, span)
    with files.ParquetWriter(out, SCHEMA, compression="zstd") as table:
        lines: list[_Line] = []
        for number, row in enumerate(reader.rows(span)):
            if number % PAGE_ROWS == 0:
                progress(share(row.seq))
            lines += _lines(reader, row)
            if len(lines) >= GROUP_LINES:
                count += _flush(table, lines)
        count += _flush(table, lines)
    progress(1.0)
    return count


def _flush(table: Any, lines: list[_Line]) -> int:
    count = len(lines)
    if count:
        columns = [
            arrow.array(column, field.type) for column, field in zip(zip(*lines, strict=True), SCHEMA, strict=True)
        ]
        table.write_batch(arrow.record_batch(columns, schema=SCHEMA))
        lines.clear()
    return count


def _lines(reader: Reader, row: Row) -> Iterator[_Line]:
    offset_s = row.wall - row.at
    for signal in reader.signals(row):
        yield _heard(signal, row.seq, offset_s)
    for event in reader.events(row):
        yield _decided(event, row.seq)


def _heard(signal: Signal, row: int, offset_s: float) -> _Line:
    time_us, kind = int((offset_s + signal.at) * 1e6), signal.__struct_config__.tag
    if isinstance(signal, Reading):
        told = (signal.device, signal.quantity, float(signal.value), signal.provenance)
        return row, time_us, signal.at, kind, *told, None, None
    body = _encoder.encode(msgspec.structs.asdict(signal)).decode()
    return row, time_us, signal.at, kind, getattr(signal, "device", None), None, None, None, None, body


def _decided(event: Event, row: int) -> _Line:
    decision = event.decision
    kind, body = decision.__struct_config__.tag, _encoder.encode(decision).decode()
    return row, int(event.wall * 1e6), decision.at, kind, None, None, None, None, event.id, body
